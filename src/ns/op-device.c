/*
 * Device nodes and links of the container.
 *
 * A node is made below the rootfs by descriptor and looked at again: what stands in /dev must be
 * the device, whatever the image or a hook put there. What exists already is left alone when it is
 * that device, and refused when it is something else, but for the default devices, which an image
 * may have replaced by its own. Where mknod(2) is not permitted, the host's node is bound over an
 * empty file. Devices and links stand in a row in the plan and nearly all in one directory, whose
 * descriptor is kept from one to the next.
 */
#include "child.h"

#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

void child_forget_place(struct child *child)
{
	fd_close(&child->place);
}

/* child->place becomes the directory of `path`, made when it is missing. */
static int find_place(struct child *child, const char *path, char *ret_leaf, struct err *e)
{
	const char *slash = strrchr(path, '/');
	size_t length = slash ? (size_t)(slash - path) + 1 : 0;
	bool is_plain = length > 0 && slash[1] != '\0' && strlen(slash + 1) < PATH_LEAF_SIZE &&
			strcmp(slash + 1, ".") != 0 && strcmp(slash + 1, "..") != 0;
	int r;

	if (child->place >= 0 && is_plain && length == child->place_length &&
	    strncmp(path, child->place_path, length) == 0) {
		(void)snprintf(ret_leaf, PATH_LEAF_SIZE, "%s", slash + 1);
		return 0;
	}
	child_forget_place(child);
	r = path_parent(child->root, path, true, &child->place, ret_leaf, e);
	child->place_path = path;
	/* A path of another form is not compared with. */
	child->place_length = is_plain ? length : 0;
	return r;
}

static bool is_node_of(const struct stat *st, const struct plan_device *device)
{
	mode_t type = device->mode.value & S_IFMT;

	if ((st->st_mode & S_IFMT) != type)
		return false;
	return type == S_IFIFO || st->st_rdev == makedev(device->major.value, device->minor.value);
}

static bool is_device_of(int fd, const struct plan_device *device)
{
	struct stat st;

	return fstat(fd, &st) == 0 && is_node_of(&st, device);
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

/* What was just made must still be there, and becomes its owner's. */
static int own(struct child *child, const struct plan_op *op, const char *leaf, struct err *e)
{
	const struct plan_device *device = op->device;
	bool has_owner = device->uid.value || device->gid.value;
	auto_fd int fd = FD_NONE;
	struct stat st;
	int r;

	if (has_owner) {
		fd = openat(child->place, leaf, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		r = fd < 0 ? -1 : fstat(fd, &st);
	} else {
		r = fstatat(child->place, leaf, &st, AT_SYMLINK_NOFOLLOW);
	}
	if (r < 0)
		return fail(e, errno, "look at '%s'", op->target);
	if (!is_node_of(&st, device))
		return refuse(e, EPERM, "'%s' was changed by somebody else", op->target);
	if (has_owner && fchownat(fd, "", device->uid.value, device->gid.value, AT_EMPTY_PATH) < 0)
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
	char leaf[PATH_LEAF_SIZE];
	int r = find_place(child, op->target, leaf, e);

	if (r == 0)
		r = path_mknod_at(child->place, leaf, device->mode.value, device->major.value,
				  device->minor.value, e);
	/* On v1 the runtime denies everything first, and may just be allowing this one. */
	if (r == -EPERM) {
		r = handshake_wait(child->handshake, MESSAGE_IN_CGROUP, e);
		if (r == 0)
			r = path_mknod_at(child->place, leaf, device->mode.value,
					  device->major.value, device->minor.value, e);
	}
	if (r == PATH_WAS_THERE)
		return check_existing(child, op, e);
	if (r == -EPERM && (device->mode.value & S_IFMT) != S_IFIFO)
		return bind_device(child, op, e);
	return r == PATH_MADE ? own(child, op, leaf, e) : r;
}

int op_device(struct child *child, const struct plan_op *op, struct err *e)
{
	int r = op->device->bind.value ? bind_device(child, op, e) : make_node(child, op, e);

	return r < 0 ? wrap(e, "device '%s'", op->target) : 0;
}

int op_link(struct child *child, const struct plan_op *op, struct err *e)
{
	char leaf[PATH_LEAF_SIZE];
	int r = find_place(child, op->target, leaf, e);

	if (r == 0)
		r = path_symlink_at(child->place, leaf, op->text, e);
	return r < 0 ? wrap(e, "link '%s'", op->target) : 0;
}

int op_ptmx(struct child *child, const struct plan_op *op, struct err *e)
{
	static const char wanted[] = "pts/ptmx";
	char text[sizeof(wanted) + 1], leaf[PATH_LEAF_SIZE];
	int r = find_place(child, op->target, leaf, e);
	ssize_t length;

	if (r < 0)
		return r;
	length = readlinkat(child->place, leaf, text, sizeof(text));
	if (length == (ssize_t)strlen(wanted) && memcmp(text, wanted, (size_t)length) == 0)
		return 0;
	if ((length >= 0 || errno != ENOENT) && unlinkat(child->place, leaf, 0) < 0 &&
	    errno != ENOENT)
		return fail(e, errno, "remove '%s'", op->target);
	r = path_symlink_at(child->place, leaf, wanted, e);
	return r < 0 ? wrap(e, "link '%s'", op->target) : 0;
}
