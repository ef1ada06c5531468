/*
 * What the runtime opens before the container's first process exists, because that process could
 * not: namespaces to join, and, when it will be in a user or mount namespace of less right, the
 * rootfs and the sources of bind mounts as detached trees. Id-mapped mounts are made here for the
 * same reason: the kernel wants CAP_SYS_ADMIN over the file system's own user namespace.
 *
 * A tree copied from the host's shared mounts is in their peer group: what the container mounts
 * there would appear on the host. So it gets the propagation the plan wants for the host's mounts.
 */
#include "internal.h"
#include "source.h"

#include "base/arena.h"
#include "kern/compat.h"
#include "kern/hook.h"
#include "kern/idmap.h"
#include "kern/namespaces.h"

#include <fcntl.h>
#include <unistd.h>

unsigned long source_propagation(const struct plan *plan)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == PLAN_OP_HOST_PROPAGATION)
			return op->flags.value & ~(uint64_t)MS_REC;
	}
	return MS_SLAVE;
}

static struct id_range *ranges_of(const struct list *map)
{
	struct id_range *ranges = xcalloc(map->count ? map->count : 1, sizeof(*ranges));

	for (size_t i = 0; i < map->count; i++) {
		const struct plan_id_map *from = list_at(struct plan_id_map, map, i);

		ranges[i] = (struct id_range){
			.inside = from->inside.value,
			.outside = from->outside.value,
			.size = from->size.value,
		};
	}
	return ranges;
}

static int user_namespace_of(const struct plan *plan, const int *joins,
			     const struct plan_mount *mount, int *ret, struct err *e)
{
	bool is_own = mount->uid_map.count > 0;
	const struct list *users = is_own ? &mount->uid_map : &plan->uid_map;
	const struct list *groups = is_own ? &mount->gid_map : &plan->gid_map;
	auto_free struct id_range *user_ranges = NULL, *group_ranges = NULL;
	struct id_map user_map, group_map;
	size_t i = 0;

	list_each(struct plan_join, join, &plan->joins)
	{
		if (!is_own && join->flag.value == CLONE_NEWUSER) {
			*ret = fcntl(joins[i], F_DUPFD_CLOEXEC, 3);
			return *ret < 0 ? fail(e, errno, "duplicate a descriptor") : 0;
		}
		i++;
	}
	user_ranges = ranges_of(users);
	group_ranges = ranges_of(groups);
	user_map = (struct id_map){user_ranges, users->count};
	group_map = (struct id_map){group_ranges, groups->count};
	return idmap_user_namespace(&user_map, &group_map, ret, e);
}

static int map_ids(const struct plan *plan, const int *joins, const struct plan_mount *plan_mount,
		   struct mount *mount, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_fd int user_namespace = FD_NONE;
	int r = user_namespace_of(plan, joins, plan_mount, &user_namespace, e);

	if (r < 0)
		return r;
	change.user_namespace = user_namespace;
	change.recursive = plan_mount->idmap_recursive.value;
	return mount_change(mount, &change, e);
}

int source_open(const struct plan *plan, const int *joins, const struct plan_mount *from,
		struct mount *ret, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount mount = MOUNT_NONE;
	unsigned int how = (from->set.value & MS_REC ? MOUNT_RECURSIVE : 0) |
			   (from->source_no_follow.value ? MOUNT_NO_FOLLOW : 0);
	int r = mount_clone(AT_FDCWD, from->source, how, &mount, e);

	change.set = mount_attributes_from_flags(from->set.value);
	change.clear = mount_attributes_from_flags(from->clear.value);
	if (r == 0 && (change.set || change.clear))
		r = mount_change(&mount, &change, e);
	if (r == 0 && from->idmap.value)
		r = map_ids(plan, joins, from, &mount, e);
	if (r < 0)
		return r;
	*ret = mount;
	mount = MOUNT_NONE;
	return 0;
}

/* Whether the container's process will have fewer rights over the host's tree than we have. */
static bool needs_sources(const struct plan *plan, const struct facts *facts)
{
	const uint64_t admin = 1ULL << 21; /* CAP_SYS_ADMIN */

	if (!(facts->capabilities_effective & admin))
		return false;
	if (plan->new_namespaces.value & CLONE_NEWUSER)
		return true;
	list_each(struct plan_join, join, &plan->joins)
	{
		if (join->flag.value & (CLONE_NEWUSER | CLONE_NEWNS))
			return true;
	}
	return false;
}

static int open_source(const struct handover *handover, const struct plan_op *op, struct mount *ret,
		       struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = source_open(handover->plan, handover->joins, op->mount, &mount, e);

	change.propagation = source_propagation(handover->plan);
	change.recursive = true;
	if (r == 0 && !(change.propagation & MS_SHARED))
		r = mount_change(&mount, &change, e);
	if (r < 0)
		return r;
	*ret = mount;
	mount = MOUNT_NONE;
	return 0;
}

/* `all`: the container's side could open none; else only those whose ids are mapped, since that
 * takes a look at our /proc with our pids. */
static int open_sources(struct handover *handover, bool all, struct err *e)
{
	size_t i = 0;

	list_each(struct plan_op, op, &handover->plan->ops)
	{
		size_t index = i++;
		char byte;
		int r;

		if (op->kind.value != PLAN_OP_ROOT && op->kind.value != PLAN_OP_BIND)
			continue;
		if (!all && !op->mount->idmap.value)
			continue;
		/* A link that is copied is not mounted. */
		if (op->mount->copy_symlink.value &&
		    readlink(op->mount->source, &byte, sizeof(byte)) >= 0)
			continue;
		r = open_source(handover, op, &handover->sources[index], e);
		/* The container's side tries itself, and says what happens then. */
		if (r < 0 && op->mount->may_fail.value)
			continue;
		if (r < 0)
			return op->origin ? wrap(e, "%s", op->origin) : r;
	}
	return 0;
}

static int open_joins(struct handover *handover, struct err *e)
{
	size_t i = 0;

	list_each(struct plan_join, join, &handover->plan->joins)
	{
		int r = namespace_open(join->path, join->flag.value, &handover->joins[i++], e);

		if (r < 0)
			return wrap(e, "%s", join->origin);
	}
	return 0;
}

/* A kernel parameter must not be the host's, which a joined namespace can turn out to be. */
static int check_sysctl(const struct handover *handover, const struct plan_op *op, struct err *e)
{
	uint64_t flag = op->flags.value;
	size_t i = 0;

	/* Without one it cannot be anybody else's: the planner of a guest says so. */
	if (!op->flags.is_set || (handover->plan->new_namespaces.value & flag))
		return 0;
	list_each(struct plan_join, join, &handover->plan->joins)
	{
		bool is_own = true;

		if (join->flag.value == flag) {
			int r = namespace_is_own(handover->joins[i], flag, &is_own, e);

			if (r < 0)
				return r;
			if (!is_own)
				return 0;
		}
		i++;
	}
	return refuse(e, EPERM, "%s: belongs to the host, not to the container", op->origin);
}

int handover_open(struct handover *handover, struct err *e)
{
	const struct plan *plan = handover->plan;
	int r;

	handover->sources = xcalloc(plan->ops.count + 1, sizeof(*handover->sources));
	handover->joins = xcalloc(plan->joins.count + 1, sizeof(*handover->joins));
	for (size_t i = 0; i < plan->ops.count; i++)
		handover->sources[i] = MOUNT_NONE;
	for (size_t i = 0; i < plan->joins.count; i++)
		handover->joins[i] = FD_NONE;
	r = open_joins(handover, e);
	if (r == 0)
		r = hook_file_open(plan->hook_stdout, HOOK_STDOUT, &handover->hook_out, e);
	if (r == 0)
		r = hook_file_open(plan->hook_stderr, HOOK_STDERR, &handover->hook_error, e);
	list_each(struct plan_op, op, &plan->ops)
	{
		if (r == 0 && op->kind.value == PLAN_OP_SYSCTL)
			r = check_sysctl(handover, op, e);
	}
	if (r == 0)
		r = open_sources(handover, needs_sources(plan, handover->facts), e);
	return r;
}

void handover_done(struct handover *handover)
{
	for (size_t i = 0; handover->sources && i < handover->plan->ops.count; i++)
		mount_done(&handover->sources[i]);
	for (size_t i = 0; handover->joins && i < handover->plan->joins.count; i++)
		fd_close(&handover->joins[i]);
	free(handover->sources);
	free(handover->joins);
	handover->sources = NULL;
	handover->joins = NULL;
	cgroup_entry_done(&handover->entry);
	fd_close(&handover->image_fd);
	fd_close(&handover->start_fd);
	fd_close(&handover->result_fd);
	fd_close(&handover->hook_out);
	fd_close(&handover->hook_error);
	for (int i = 0; i < 3; i++)
		fd_close(&handover->stdio[i]);
}
