/*
 * Device nodes and links of the container.
 *
 * A node is made below the rootfs by descriptor and looked at again: what stands in /dev must be
 * the device, whatever the image or a hook put there. What exists already is left alone when it is
 * that device, and refused when it is something else, but for the default devices, which an image
 * may have replaced by its own. Where mknod(2) is not permitted, the host's node is bound over an
 * empty file.
 */
#include "child.h"

#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

static bool is_device_of(int fd, const struct plan_device *device)
{
	mode_t type = device->mode.value & S_IFMT;
	struct stat st;

	if (type == S_IFIFO)
		return fstat(fd, &st) == 0 && S_ISFIFO(st.st_mode);
	return fd_is_device(fd, type, device->major.value, device->minor.value);
}

/* Opens what is there. 1: nothing. */
static int open_existing(struct child *child, const struct plan_op *op, int *ret, struct err *e)
{
	int r = path_open(child->root, op->target, O_PATH | O_NOFOLLOW, 0, ret, e);

	return r == -ENOENT ? 1 : r;
}

static int check_existing(struct child *child, const struct plan_op *op, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = open_existing(child, op, &fd, e);

	if (r != 0)
		return r;
	if (is_device_of(fd, op->device) || op->device->is_default.value)
		return 0;
	return refuse(e, EEXIST, "'%s' exists and is not the device", op->target);
}

static int own(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_device *device = op->device;
	auto_fd int fd = FD_NONE;
	int r = path_open(child->root, op->target, O_PATH | O_NOFOLLOW, 0, &fd, e);

	if (r < 0)
		return r;
	if (!is_device_of(fd, device))
		return refuse(e, EPERM, "'%s' was changed by somebody else", op->target);
	if ((device->uid.value || device->gid.value) &&
	    fchownat(fd, "", device->uid.value, device->gid.value, AT_EMPTY_PATH) < 0)
		return fail(e, errno, "set the owner of '%s'", op->target);
	return 0;
}

/* The node on the host: at the same path, else by its number. */
static int open_host(const struct plan_op *op, int *ret, struct err *e)
{
	const struct plan_device *device = op->device;
	char path[64];
	auto_fd int fd = open(op->target, O_PATH | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0 || !is_device_of(fd, device)) {
		(void)snprintf(path, sizeof(path), "/dev/%s/%u:%u",
			       (device->mode.value & S_IFMT) == S_IFBLK ? "block" : "char",
			       device->major.value, device->minor.value);
		fd_close(&fd);
		fd = open(path, O_PATH | O_CLOEXEC);
	}
	if (fd < 0)
		return fail(e, errno, "find the host's device node for '%s'", op->target);
	if (!is_device_of(fd, device))
		return refuse(e, ENODEV, "'%s' on the host is another device", op->target);
	*ret = take_fd(&fd);
	return 0;
}

static int bind_device(struct child *child, const struct plan_op *op, struct err *e)
{
	auto_fd int host = FD_NONE, target = FD_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = open_existing(child, op, &target, e);

	if (r == 0 && is_device_of(target, op->device))
		return 0;
	if (r == 0 && !fd_is_regular(target))
		return op->device->is_default.value
			       ? 0
			       : refuse(e, EEXIST, "'%s' exists and is not the device", op->target);
	if (r >= 0)
		r = open_host(op, &host, e);
	if (r == 0 && target < 0)
		r = path_make_target(child->root, op->target, false, PATH_NO_FOLLOW, &target, e);
	if (r == 0)
		r = mount_clone(host, NULL, 0, &mount, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, NULL, e);
	return r;
}

static int make_node(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_device *device = op->device;
	int r = path_mknod(child->root, op->target, device->mode.value, device->major.value,
			   device->minor.value, e);

	if (r == PATH_WAS_THERE)
		return check_existing(child, op, e);
	if (r == -EPERM && (device->mode.value & S_IFMT) != S_IFIFO)
		return bind_device(child, op, e);
	return r == PATH_MADE ? own(child, op, e) : r;
}

int op_device(struct child *child, const struct plan_op *op, struct err *e)
{
	int r = op->device->bind.value ? bind_device(child, op, e) : make_node(child, op, e);

	return r < 0 ? wrap(e, "device '%s'", op->target) : 0;
}

int op_link(struct child *child, const struct plan_op *op, struct err *e)
{
	int r = path_symlink(child->root, op->target, op->text, e);

	return r < 0 ? r : 0;
}

int op_ptmx(struct child *child, const struct plan_op *op, struct err *e)
{
	static const char wanted[] = "pts/ptmx";
	char text[PATH_MAX];
	struct err ignored;
	int r;

	if (path_read_link(child->root, op->target, text, &ignored) == 0 &&
	    strcmp(text, wanted) == 0)
		return 0;
	r = path_unlink(child->root, op->target, false, e);
	if (r == 0)
		r = path_symlink(child->root, op->target, wanted, e);
	return r < 0 ? r : 0;
}
