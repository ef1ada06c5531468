/*
 * checkpoint: a running container becomes files, and is deleted unless it is left running.
 *
 * What was planned at create is planned again from the private copy of the configuration; that
 * needs nothing of the caller's, since no process is made.
 */
#include "images.h"
#include "notify.h"

#include "planner/build.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

static int plan_again(struct container *container, const struct plan **ret, struct err *e)
{
	struct planner_options options = {
		.id = container->id,
		.bundle = container->record.bundle,
		.systemd_cgroup = container->record.systemd_cgroup.value,
		.no_cgroup = container->runtime->no_cgroup,
		.seccomp_cache_fd = FD_NONE,
	};
	const struct oci_config *config;

	/* What create was asked by $NOTIFY_SOCKET. */
	if (faccessat(container->state_fd, NOTIFY_DIRECTORY, F_OK, AT_SYMLINK_NOFOLLOW) == 0)
		options.notify_directory =
			arena_printf(&container->arena, "%s/%s/" NOTIFY_DIRECTORY,
				     container->runtime->root, container->id);
	if (container_config(container, &config, e) < 0 || container_facts(container, e) < 0)
		return -e->code;
	return planner_build(&container->arena, config, container->facts, &options, ret, e);
}

static int checkpoint_make(struct container *container, const struct runtime_checkpoint *options,
			   struct err *e)
{
	struct backend_checkpoint checkpoint = options->checkpoint;
	const struct plan *plan;
	int r;

	if (container->backend->ops->has_machine)
		plan = NULL; /* refused by the backend, in its own words */
	else if (plan_again(container, &plan, e) < 0)
		return -e->code;
	if (images_open(&options->images, &container->record.annotations, true, &container->arena,
			&checkpoint.images, e) < 0)
		return -e->code;
	r = container->backend->ops->checkpoint(container->backend, plan, &checkpoint, e);
	images_done(&checkpoint.images);
	return r < 0 ? wrap(e, "checkpoint of container '%s'", container->id) : 0;
}

int runtime_checkpoint(const struct runtime *runtime, const struct runtime_checkpoint *options,
		       struct err *e)
{
	const struct backend_checkpoint *checkpoint = &options->checkpoint;
	auto_container *container = NULL;

	if (checkpoint->parent_path && checkpoint->parent_path[0] == '/')
		return refuse(e, EINVAL, "--parent-path: must be relative to the images, not '%s'",
			      checkpoint->parent_path);
	if (container_find(runtime, options->id, CONTAINER_CHANGE, &container, e) < 0 ||
	    phase_check(container->phase, VERB_CHECKPOINT, options->id, e) < 0 ||
	    checkpoint_make(container, options, e) < 0)
		return -e->code;
	if (checkpoint->leave_running || checkpoint->pre_dump)
		return 0;
	if (container_destroy(container, e) < 0)
		return wrap(e, "delete the container after its checkpoint");
	return 0;
}
