/*
 * The root directory of the container: bound from the host, made the root, and what is changed on
 * it afterwards.
 *
 * pivot_root(2) wants the new root to be a mount whose parent is not shared, or the change would
 * spread to the host's namespace. A mount that the runtime has opened for us (user namespaces) may
 * have to go over "/" itself, where the way to the rootfs is closed to mapped ids: path lookups
 * still start below it, so the host stays reachable until the pivot.
 */
#include "child.h"

#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

int op_host_propagation(struct child *child, const struct plan_op *op, struct err *e)
{
	(void)child;
	return mount_propagation_path("/", op->flags.value | MS_REC, e);
}

/* The mount above is shared only if the plan keeps the host's propagation. Not every directory is
 * the root of a mount: go up to the one that is. */
static int make_parent_private(const char *rootfs, struct err *e)
{
	char path[PATH_MAX];

	if ((size_t)snprintf(path, sizeof(path), "%s", rootfs) >= sizeof(path))
		return fail(e, ENAMETOOLONG, "root directory '%s'", rootfs);
	for (;;) {
		char *slash = strrchr(path, '/');
		int r;

		r = mount_propagation_path(path[0] ? path : "/", MS_PRIVATE, e);
		if (r != -EINVAL || !path[0] || !slash)
			return r;
		*slash = '\0';
	}
}

static bool is_host_shared(const struct plan *plan)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == PLAN_OP_HOST_PROPAGATION)
			return op->flags.value & MS_SHARED;
	}
	return true;
}

static struct mount *source_of(struct child *child, const struct plan_op *op)
{
	size_t index = (size_t)(op - (const struct plan_op *)child->plan->ops.items);
	struct mount *source = &child->handover->sources[index];

	return source->fd >= 0 || source->pending ? source : NULL;
}

static int attach_root(struct mount *mount, const char *rootfs, struct err *e)
{
	auto_fd int target = open(rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (top < 0)
		return fail(e, errno, "open '/'");
	if (target >= 0)
		return mount_attach(mount, target, top, rootfs, e);
	if (errno != EACCES)
		return fail(e, errno, "open '%s'", rootfs);
	return mount_attach(mount, top, top, "/", e);
}

int op_root(struct child *child, const struct plan_op *op, struct err *e)
{
	const char *rootfs = op->mount->source;
	struct mount *prepared = source_of(child, op);
	auto_mount own = MOUNT_NONE;
	struct mount *mount = prepared ? prepared : &own;
	int r = 0;

	if (is_host_shared(child->plan))
		r = make_parent_private(rootfs, e);
	if (r == 0 && !prepared)
		r = mount_clone(AT_FDCWD, rootfs, MOUNT_RECURSIVE, &own, e);
	if (r == 0)
		r = attach_root(mount, rootfs, e);
	if (r < 0)
		return wrap(e, "root directory '%s'", rootfs);
	if (!fd_is_directory(mount->fd))
		return refuse(e, ENOTDIR, "root directory '%s' is not a directory", rootfs);
	child->root = take_fd(&mount->fd);
	return 0;
}

static int change_root(struct child *child, struct err *e)
{
	if (child->root < 0)
		child->root = open(child->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (child->root < 0)
		return fail(e, errno, "open '%s'", child->plan->rootfs);
	if (fchdir(child->root) < 0 || chroot(".") < 0 || chdir("/") < 0)
		return fail(e, errno, "chroot to '%s'", child->plan->rootfs);
	return 0;
}

/* Changing the root of a namespace that is not the container's would change the host's. */
static bool has_mount_namespace(const struct plan *plan)
{
	if (plan->new_namespaces.value & CLONE_NEWNS)
		return true;
	list_each(struct plan_join, join, &plan->joins)
	{
		if (join->flag.value == CLONE_NEWNS)
			return true;
	}
	return false;
}

int op_pivot(struct child *child, const struct plan_op *op, struct err *e)
{
	if (op->flags.value == PLAN_PIVOT_CHROOT)
		return change_root(child, e);
	if (!has_mount_namespace(child->plan) || child->root < 0)
		return refuse(e, EINVAL, "the plan changes the root of the host");
	if (op->flags.value == PLAN_PIVOT_MOVE)
		return mount_move_root(child->root, e);
	return mount_pivot(child->root, e);
}

int op_root_propagation(struct child *child, const struct plan_op *op, struct err *e)
{
	return mount_propagation(child->root, op->flags.value, e);
}

int op_make_cwd(struct child *child, const struct plan_op *op, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = path_mkdir_all(child->root, op->target, 0755, &fd, e);

	/* Somebody may only be allowed to look there after the change of identity, or the path may
	 * be one of a descriptor: what it is shows when the process changes to it. */
	return r == -EACCES || r == -ELOOP ? 0 : r;
}

int op_root_readonly(struct child *child, const struct plan_op *op, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;

	(void)op;
	change.set = MOUNT_ATTR_RDONLY;
	return mount_change_fd(child->root, &change, e);
}
