/*
 * Paths that become read-only or disappear.
 *
 * A masked file is covered by the host's /dev/null, verified by its descriptor and copied before
 * the root changes; the container's own could be anything by then (CVE-2025-31133). Where the
 * kernel has no copies that are mounted nowhere, the host's is gone with the old root; there it is
 * the container's, opened once and looked at. A masked directory is covered by one empty read-only
 * tmpfs that all of them share. The first is attached, the others are copies of it, since only what
 * is in our namespace can be copied on every kernel. Only a target that is missing may be skipped.
 */
#include "child.h"

#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>

#define MEMORY_MAJOR 1
#define NULL_MINOR   3

static int open_null(struct mount *ret, struct err *e)
{
	auto_fd int fd = open("/dev/null", O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "open '/dev/null'");
	if (!fd_is_device(fd, S_IFCHR, MEMORY_MAJOR, NULL_MINOR))
		return refuse(e, EPERM, "'/dev/null' of the host is not the null device");
	return mount_clone(fd, NULL, 0, ret, e);
}

static int open_own_null(struct child *child, struct mount *ret, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = path_open(child->root, "/dev/null", O_PATH | O_NOFOLLOW, 0, &fd, e);

	if (r < 0)
		return r;
	if (!fd_is_device(fd, S_IFCHR, MEMORY_MAJOR, NULL_MINOR))
		return refuse(e, EPERM, "the container's '/dev/null' is not the null device");
	return mount_clone(fd, NULL, 0, ret, e);
}

int mask_prepare(struct child *child, struct err *e)
{
	list_each(struct plan_op, op, &child->plan->ops)
	{
		if (op->kind.value == PLAN_OP_MASK_PATH)
			return open_null(&child->null, e);
	}
	return 0;
}

/* 1: there is nothing at the path. */
static int open_covered(struct child *child, const struct plan_op *op, int *ret, struct err *e)
{
	int r = path_open(child->root, op->target, O_PATH, 0, ret, e);

	return r == -ENOENT || r == -ENOTDIR ? 1 : r;
}

int op_readonly_path(struct child *child, const struct plan_op *op, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_fd int target = FD_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = open_covered(child, op, &target, e);

	if (r == 1)
		return 0;
	change.set = MOUNT_ATTR_RDONLY;
	change.recursive = true;
	if (r == 0)
		r = mount_clone(target, NULL, MOUNT_RECURSIVE, &mount, e);
	if (r == 0)
		r = mount_change(&mount, &change, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, NULL, e);
	return r < 0 ? wrap(e, "make '%s' read-only", op->target) : 0;
}

static int make_hidden(struct child *child, struct err *e)
{
	if (child->hidden_is_attached)
		return 0;
	return mount_create("tmpfs", "tmpfs", MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC,
			    "nr_blocks=1,nr_inodes=1", &child->hidden, e);
}

/* Attaches `first`, or a copy of it once it is somewhere. */
static int cover(struct child *child, struct mount *first, bool *is_attached, int target,
		 const char *path, struct err *e)
{
	auto_mount copy = MOUNT_NONE;
	int r;

	if (!*is_attached) {
		*is_attached = true;
		return child_attach(child, first, target, path, NULL, e);
	}
	r = mount_clone(first->fd, NULL, 0, &copy, e);
	return r == 0 ? child_attach(child, &copy, target, path, NULL, e) : r;
}

int op_mask_path(struct child *child, const struct plan_op *op, struct err *e)
{
	auto_fd int target = FD_NONE;
	int r = open_covered(child, op, &target, e);

	if (r == 1)
		return 0;
	if (r == 0 && fd_is_directory(target)) {
		r = make_hidden(child, e);
		if (r == 0)
			r = cover(child, &child->hidden, &child->hidden_is_attached, target,
				  op->target, e);
	} else if (r == 0) {
		if (child->null.pending) {
			mount_done(&child->null);
			r = open_own_null(child, &child->null, e);
		}
		if (r == 0)
			r = cover(child, &child->null, &child->null_is_attached, target, op->target,
				  e);
	}
	return r < 0 ? wrap(e, "mask '%s'", op->target) : 0;
}
