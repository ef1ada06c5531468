/*
 * What checkpoint and restore tell CRIU alike.
 *
 * CRIU saves what is the container's and must be told what is not: bind mounts from the host,
 * joined namespaces, pipes of the caller. The plan, made again from the private copy of the
 * configuration, says what those are.
 */
#include "images.h"

#include "kern/compat.h"
#include "kern/namespaces.h"

#include <sched.h>
#include <string.h>

void *images_add(struct arena *arena, struct list *list, size_t size)
{
	char *items = arena_alloc(arena, (list->count + 1) * size);

	if (list->count)
		memcpy(items, list->items, list->count * size);
	memset(items + list->count * size, 0, size);
	list->items = items;
	return items + list->count++ * size;
}

bool images_is_external(const struct plan_op *op)
{
	switch (op->kind.value) {
	case PLAN_OP_BIND:
		return !op->mount->copy_symlink.value;
	case PLAN_OP_DEVICE:
		return op->device->bind.value;
	default:
		return false;
	}
}

static enum criu_cgroups cgroups_of(enum backend_cgroups_mode mode)
{
	switch (mode) {
	case BACKEND_CGROUPS_SOFT:
		return CRIU_CGROUPS_SOFT;
	case BACKEND_CGROUPS_FULL:
		return CRIU_CGROUPS_FULL;
	case BACKEND_CGROUPS_STRICT:
		return CRIU_CGROUPS_STRICT;
	case BACKEND_CGROUPS_IGNORE:
		break;
	}
	return CRIU_CGROUPS_IGNORE;
}

/* What CRIU has no way to save. */
static int check_plan(const struct ns_backend *ns, const struct plan *plan, struct err *e)
{
	list_each(struct plan_join, join, &plan->joins)
	{
		const char *name = namespace_name(join->flag.value);

		if (join->flag.value &
		    (CLONE_NEWUSER | CLONE_NEWNS | CLONE_NEWCGROUP | CLONE_NEWTIME))
			return refuse(e, EOPNOTSUPP,
				      "%s: a container in somebody else's %s namespace cannot be "
				      "checkpointed",
				      join->origin, name ? name : "unknown");
	}
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == PLAN_OP_CGROUP &&
		    ns->context.facts->cgroup_mode != CGROUP_MODE_UNIFIED)
			return refuse(e, EOPNOTSUPP,
				      "%s: with version 1 of cgroups, a container with a cgroup "
				      "mount cannot be checkpointed",
				      op->origin ? op->origin : "mounts");
	}
	return 0;
}

static int check_lazy(const struct backend_images *images, struct err *e)
{
	bool has_lazy = false;

	if (!images->lazy_pages)
		return 0;
	if (criu_has_lazy_pages(&has_lazy, e) < 0)
		return wrap(e, "--lazy-pages");
	return has_lazy ? 0
			: refuse(e, EOPNOTSUPP,
				 "--lazy-pages: this criu or kernel cannot (userfaultfd)");
}

int images_request(struct ns_backend *ns, const struct plan *plan,
		   const struct backend_images *images, struct criu_request *ret, struct err *e)
{
	*ret = (struct criu_request){
		.images_fd = images->images_fd,
		.work_fd = images->work_fd,
		.work_path = images->work_path,
		.config_file = images->config_file,
		.status_fd = FD_NONE,
		.empty_namespaces = images->empty_namespaces,
		.cgroups = cgroups_of(images->cgroups_mode),
		.ext_unix_sk = images->ext_unix_sk,
		.tcp_established = images->tcp_established,
		.tcp_close = images->tcp_close,
		.shell_job = images->shell_job,
		.file_locks = images->file_locks,
		.auto_dedup = images->auto_dedup,
		.lazy_pages = images->lazy_pages,
		.orphan_terminal = plan->process && plan->process->terminal.value,
	};
	if (check_plan(ns, plan, e) < 0)
		return -e->code;
	return check_lazy(images, e);
}
