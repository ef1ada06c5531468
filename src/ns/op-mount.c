/*
 * File systems mounted in the container.
 *
 * A mount is made apart, then attached to a descriptor of the target that was resolved inside the
 * rootfs; then the path is resolved again and must lead to the new mount, so that somebody who
 * moves directories meanwhile (a shared volume, a hook) gets an error and not a mount elsewhere.
 * proc and sysfs go on ordinary directories only: through a link they would be where nobody looks,
 * and masks would cover a fake (CVE-2019-19921, CVE-2025-54867).
 */
#include "child.h"

#include "base/str.h"
#include "kern/compat.h"
#include "kern/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <sys/stat.h>

static int check_place(struct child *child, int fd, const char *path, unsigned int follow,
		       struct err *e)
{
	auto_fd int again = FD_NONE;
	bool is_same = false;
	int r = path_open(child->root, path, O_PATH | (follow & PATH_NO_FOLLOW ? O_NOFOLLOW : 0), 0,
			  &again, e);

	if (r == 0)
		r = mount_is_same_place(fd, again, &is_same, e);
	if (r < 0)
		return r;
	if (!is_same)
		return refuse(e, EPERM, "'%s' was changed by somebody else while mounting there",
			      path);
	return 0;
}

static int apply_attributes(struct mount *mount, const struct plan_mount *plan, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;

	if (!plan->attr_set.value && !plan->attr_clear.value)
		return 0;
	change.set = plan->attr_set.value;
	change.clear = plan->attr_clear.value;
	change.recursive = true;
	return mount_change(mount, &change, e);
}

/* What may be mounted below /proc the planner has looked at, by its name. A link of the image may
 * lead there under another name (CVE-2019-16884). */
static int check_not_proc(struct child *child, int target, const char *path, struct err *e)
{
	const char *below = str_after(path, "/proc");
	auto_fd int proc = FD_NONE;
	uint64_t here = 0, there = 0;
	struct err ignored;
	int r;

	if ((below && (*below == '\0' || *below == '/')) ||
	    !fd_is_filesystem(target, PROC_SUPER_MAGIC))
		return 0;
	/* Another one, elsewhere, is an ordinary mount. */
	if (path_open(child->root, "/proc", O_PATH | O_NOFOLLOW, 0, &proc, &ignored) < 0)
		return 0;
	r = mount_id(proc, &there, e);
	if (r == 0)
		r = mount_id(target, &here, e);
	if (r == 0 && here == there)
		r = refuse(e, EPERM, "'%s' leads into /proc, where it cannot be mounted", path);
	return r;
}

int child_attach(struct child *child, struct mount *mount, int target, const char *path,
		 const struct plan_mount *plan, struct err *e)
{
	unsigned int follow = plan && plan->target_no_follow.value ? PATH_NO_FOLLOW : 0;
	int r = plan ? check_not_proc(child, target, path, e) : 0;

	if (r == 0)
		r = mount_attach(mount, target, child->root, path, e);
	/* A mount over the container's "/" hides what the root descriptor shows. */
	if (r == 0 && path[1] != '\0')
		r = check_place(child, mount->fd, path, follow, e);
	if (r == 0 && plan)
		r = apply_attributes(mount, plan, e);
	for (size_t i = 0; r == 0 && plan && i < plan->propagation.count; i++)
		r = mount_propagation(mount->fd,
				      (unsigned long)(uint32_t)plan->propagation.values[i], e);
	return r;
}

static bool is_kernel_tree(const char *type)
{
	return str_is(type, "proc") || str_is(type, "sysfs");
}

static int open_target(struct child *child, const struct plan_op *op, int *ret, struct err *e)
{
	const struct plan_mount *mount = op->mount;
	bool is_strict = is_kernel_tree(mount->type) || mount->target_no_follow.value;
	auto_fd int fd = FD_NONE;
	int r = path_make_target(child->root, op->target, !mount->target_is_file.value,
				 is_strict ? PATH_NO_FOLLOW : 0, &fd, e);

	if (r < 0)
		return r;
	if (is_kernel_tree(mount->type) && !fd_is_directory(fd))
		return refuse(e, ENOTDIR,
			      "filesystem '%s' must be mounted on an ordinary directory",
			      mount->type);
	*ret = take_fd(&fd);
	return 0;
}

/* Options with what only shows here: the mode of the directory below, and the label. */
static int make_data(struct child *child, const struct plan_mount *mount, int target,
		     const char **ret, struct err *e)
{
	struct stat st;
	const char *data = mount->data;

	if (mount->keep_mode.value) {
		if (fstat(target, &st) < 0)
			return fail(e, errno, "look at the mount point");
		data = arena_printf(&child->arena, "mode=%o%s%s", st.st_mode & 07777U,
				    data ? "," : "", data ? data : "");
	}
	if (mount->label)
		data = arena_printf(&child->arena, "%s%scontext=\"%s\"", data ? data : "",
				    data ? "," : "", mount->label);
	*ret = data;
	return 0;
}

int op_mount(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_mount *plan = op->mount;
	auto_fd int target = FD_NONE;
	auto_mount mount = MOUNT_NONE;
	const char *data = NULL;
	int r = open_target(child, op, &target, e);

	if (r == 0)
		r = make_data(child, plan, target, &data, e);
	if (r == 0)
		r = mount_create(plan->type, plan->source, plan->set.value, data, &mount, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, plan, e);
	if (r == 0 && plan->copy_up.value)
		r = copy_up(target, mount.fd, e);
	if (r < 0)
		return wrap(e, "mount '%s' on '%s'", plan->type, op->target);
	return 0;
}

/* That it is the root of a mount the kernel checks (EINVAL). */
static int open_mount_point(struct child *child, const struct plan_op *op, int *ret, struct err *e)
{
	return path_open(child->root, op->target, O_PATH, 0, ret, e);
}

int op_remount(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_mount *plan = op->mount;
	struct mount_change change = MOUNT_CHANGE_NONE;
	struct mount mount = MOUNT_NONE;
	auto_fd int fd = FD_NONE;
	int r = open_mount_point(child, op, &fd, e);

	change.set = mount_attributes_from_flags(plan->set.value);
	change.clear = mount_attributes_from_flags(plan->clear.value);
	if (r == 0 && !(plan->set.value & MS_BIND))
		r = mount_reconfigure(fd, plan->type, plan->set.value & ~(uint64_t)MS_REMOUNT,
				      plan->data, e);
	if (r == 0 && (change.set || change.clear))
		r = mount_change_fd(fd, &change, e);
	mount.fd = fd;
	if (r == 0)
		r = apply_attributes(&mount, plan, e);
	for (size_t i = 0; r == 0 && i < plan->propagation.count; i++)
		r = mount_propagation(fd, (unsigned long)(uint32_t)plan->propagation.values[i], e);
	return r < 0 ? wrap(e, "remount '%s'", op->target) : 0;
}

int op_readonly_mount(struct child *child, const struct plan_op *op, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_fd int fd = FD_NONE;
	int r = open_mount_point(child, op, &fd, e);

	change.set = MOUNT_ATTR_RDONLY;
	if (r == 0)
		r = mount_change_fd(fd, &change, e);
	return r < 0 ? wrap(e, "make '%s' read-only", op->target) : 0;
}
