/*
 * Mounts as objects: see kern/mount.h.
 *
 * A detached mount has no place in the tree, so nobody else can see it, swap its target or use it
 * while its attributes are still too generous; and it is attached to a descriptor, not to a path
 * that must be resolved again (CVE-2021-30465 and its relatives).
 *
 * The calls came in two steps: open_tree, move_mount, fsopen with Linux 5.2, mount_setattr with
 * 5.12. Between the two, changes of attributes wait until the mount is attached. An outer seccomp
 * filter may answer EPERM instead of ENOSYS; asking with a descriptor that cannot be valid tells
 * the two apart, since only a kernel that runs the call says EBADF.
 */
#include "kern/mount.h"

#include "base/arena.h"
#include "base/log.h"
#include "kern/compat.h"
#include "mount-internal.h"

#include <fcntl.h>
#include <sys/stat.h>

struct mount_pending *mount_pending_new(void)
{
	struct mount_pending *pending = xcalloc(1, sizeof(*pending));

	pending->source = FD_NONE;
	pending->change = MOUNT_CHANGE_NONE;
	pending->below = MOUNT_CHANGE_NONE;
	return pending;
}

void mount_pending_free(struct mount_pending *pending)
{
	if (!pending)
		return;
	fd_close(&pending->source);
	free(pending->type);
	free(pending->device);
	free(pending->data);
	free(pending->reason);
	free(pending);
}

void mount_done(struct mount *mount)
{
	fd_close(&mount->fd);
	mount_pending_free(mount->pending);
	mount->pending = NULL;
}

/* Whether the kernel runs open_tree(2) at all. */
static bool has_open_tree(void)
{
	return sys_open_tree(FD_NONE, "", OPEN_TREE_CLOEXEC | AT_EMPTY_PATH) >= 0 || errno == EBADF;
}

static int clone_pending(int directory, const char *path, unsigned int flags, struct mount *ret,
			 struct err *e)
{
	struct mount_pending *pending;
	int fd;

	if (path[0] == '\0')
		fd = fcntl(directory, F_DUPFD_CLOEXEC, 3);
	else
		fd = openat(directory, path,
			    O_PATH | O_CLOEXEC | (flags & MOUNT_NO_FOLLOW ? O_NOFOLLOW : 0));
	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	pending = mount_pending_new();
	pending->source = fd;
	pending->recursive = flags & MOUNT_RECURSIVE;
	*ret = (struct mount){.fd = FD_NONE, .pending = pending};
	return 0;
}

int mount_clone(int directory, const char *path, unsigned int flags, struct mount *ret,
		struct err *e)
{
	unsigned int how = OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC | AT_EMPTY_PATH;
	const char *text = path ? path : "";
	int fd;

	if (flags & MOUNT_RECURSIVE)
		how |= AT_RECURSIVE;
	if (flags & MOUNT_NO_FOLLOW)
		how |= AT_SYMLINK_NOFOLLOW;
	fd = sys_open_tree(directory, text, how);
	if (fd >= 0) {
		*ret = (struct mount){.fd = fd, .pending = NULL};
		return 0;
	}
	if (errno == ENOSYS || (errno == EPERM && !has_open_tree()))
		return clone_pending(directory, text, flags, ret, e);
	return fail(e, errno, "clone mount tree '%s'", text);
}

int mount_create(const char *type, const char *source, unsigned long flags, const char *data,
		 struct mount *ret, struct err *e)
{
	char *reason = NULL;
	struct mount_pending *pending;
	int fd = FD_NONE;
	int r = mount_modern_create(type, source, flags, data, &fd, &reason, e);

	if (r == 0) {
		*ret = (struct mount){.fd = fd, .pending = NULL};
		return 0;
	}
	if (r != -EOPNOTSUPP)
		return r;
	log_debug("mount of type '%s' by mount(2): %s", type, reason);
	pending = mount_pending_new();
	pending->type = xstrdup(type);
	pending->device = xstrdup(source ? source : type);
	pending->data = data ? xstrdup(data) : NULL;
	pending->flags = flags;
	pending->reason = reason;
	*ret = (struct mount){.fd = FD_NONE, .pending = pending};
	return 0;
}

/* The kernel's rules for times: changing any of them means clearing all of them first. */
static struct kern_mount_attr to_attributes(const struct mount_change *change)
{
	struct kern_mount_attr attributes = {
		.attr_set = change->set,
		.attr_clr = change->clear & ~(uint64_t)MOUNT_ATTR__ATIME,
		.propagation = change->propagation,
	};

	if ((change->set | change->clear) & MOUNT_ATTR__ATIME)
		attributes.attr_clr |= MOUNT_ATTR__ATIME;
	if (change->user_namespace >= 0) {
		attributes.attr_set |= MOUNT_ATTR_IDMAP;
		attributes.userns_fd = (uint64_t)change->user_namespace;
	}
	return attributes;
}

/* 0 or -errno. */
static int set_attributes(int fd, const struct mount_change *change)
{
	struct kern_mount_attr attributes = to_attributes(change);
	unsigned int flags = AT_EMPTY_PATH | (change->recursive ? AT_RECURSIVE : 0);
	struct err ignored;
	uint64_t current;

	if (sys_mount_setattr(fd, "", flags, &attributes) == 0)
		return 0;
	if (errno != EPERM || !change->best_effort_clear || attributes.attr_clr == 0)
		return -errno;
	/* What is set and may not be cleared is locked: leave it as it is. */
	if (mount_attributes(fd, &current, &ignored) < 0)
		return -EPERM;
	attributes.attr_clr &= ~current & ~(uint64_t)MOUNT_ATTR__ATIME;
	attributes.attr_set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	return sys_mount_setattr(fd, "", flags, &attributes) == 0 ? 0 : -errno;
}

static int refuse_change(const struct mount_change *change, int code, struct err *e)
{
	if (change->user_namespace >= 0) {
		if (code == EINVAL)
			return fail(e, code, "id-map mount: the file system does not allow it");
		return fail(e, code, "id-map mount");
	}
	return fail(e, code, "set attributes 0x%llx, clear 0x%llx of mount%s",
		    (unsigned long long)change->set, (unsigned long long)change->clear,
		    change->recursive ? " recursively" : "");
}

/* Whether the classic call can express it. */
static bool is_classic(const struct mount_change *change)
{
	return change->user_namespace < 0;
}

static bool is_absent(int r)
{
	return r == -ENOSYS || r == -EPERM;
}

static int refuse_old(struct err *e)
{
	return refuse(e, EOPNOTSUPP,
		      "this kernel has no mount_setattr(2), which id-mapped mounts need");
}

int mount_change_fd(int fd, const struct mount_change *change, struct err *e)
{
	int r = set_attributes(fd, change);

	if (r == 0)
		return 0;
	if (r == -ENOSYS && !is_classic(change))
		return refuse_old(e);
	if (!is_absent(r) || !is_classic(change))
		return refuse_change(change, -r, e);
	r = mount_classic_change(fd, change, e);
	if (r == 0 && change->recursive && (change->set || change->clear))
		r = mount_change_below(fd, change, e);
	return r;
}

/* A later change wins where they disagree. */
static void merge(struct mount_change *all, const struct mount_change *change)
{
	if ((change->set | change->clear) & MOUNT_ATTR__ATIME)
		all->set &= ~(uint64_t)MOUNT_ATTR__ATIME;
	all->set = (all->set & ~change->clear) | change->set;
	all->clear = (all->clear & ~change->set) | change->clear;
	all->best_effort_clear |= change->best_effort_clear;
}

/* Remembers a change until the mount is attached. */
static void remember(struct mount *mount, const struct mount_change *change)
{
	if (!mount->pending)
		mount->pending = mount_pending_new();
	if (change->propagation)
		mount->pending->propagation =
			(unsigned long)change->propagation | (change->recursive ? MS_REC : 0);
	if (!change->set && !change->clear)
		return;
	merge(&mount->pending->change, change);
	mount->pending->has_change = true;
	if (!change->recursive)
		return;
	merge(&mount->pending->below, change);
	mount->pending->has_below = true;
}

int mount_change(struct mount *mount, const struct mount_change *change, struct err *e)
{
	int r;

	if (mount->is_attached)
		return mount_change_fd(mount->fd, change, e);
	if (mount->fd >= 0) {
		r = set_attributes(mount->fd, change);
		if (r == 0)
			return 0;
		/* Of a seccomp filter, or it will be said again. */
		if (!is_absent(r))
			return refuse_change(change, -r, e);
	}
	if (!is_classic(change))
		return refuse_old(e);
	remember(mount, change);
	return 0;
}

/* Makes the changes that had to wait. */
static int change_attached(int fd, const struct mount_pending *pending, struct err *e)
{
	int r = 0;

	if (pending && pending->has_change)
		r = mount_change_fd(fd, &pending->change, e);
	if (r == 0 && pending && pending->has_below)
		r = mount_change_below(fd, &pending->below, e);
	if (r == 0 && pending && pending->propagation)
		r = mount_propagation(fd, pending->propagation, e);
	return r;
}

/* move_mount(2) says EINVAL where mount(2) said ENOTDIR, which callers look for. */
static int attach_code(int mount_fd, int target, int code)
{
	struct stat source;
	struct stat place;

	if (code == EINVAL && fstat(mount_fd, &source) == 0 && fstat(target, &place) == 0 &&
	    S_ISDIR(source.st_mode) != S_ISDIR(place.st_mode))
		return ENOTDIR;
	return code;
}

static int attached(struct mount *mount, struct err *e)
{
	int r;

	mount->is_attached = true;
	r = change_attached(mount->fd, mount->pending, e);
	mount_pending_free(mount->pending);
	mount->pending = NULL;
	return r;
}

int mount_attach(struct mount *mount, int target, int root, const char *path, struct err *e)
{
	int r;

	if (mount->fd < 0) {
		r = mount_classic_attach(mount->pending, target, root, path, &mount->fd, e);
		if (r < 0)
			return r;
	} else if (sys_move_mount(mount->fd, "", target, "",
				  MOVE_MOUNT_F_EMPTY_PATH | MOVE_MOUNT_T_EMPTY_PATH) < 0) {
		return fail(e, attach_code(mount->fd, target, errno), "attach mount to '%s'",
			    path ? path : "descriptor");
	}
	return attached(mount, e);
}

int mount_attach_at(struct mount *mount, int directory, const char *name, int root,
		    const char *path, struct err *e)
{
	auto_fd int target = FD_NONE;

	/* A link is not followed: there is no MOVE_MOUNT_T_SYMLINKS. */
	if (mount->fd >= 0) {
		if (sys_move_mount(mount->fd, "", directory, name, MOVE_MOUNT_F_EMPTY_PATH) < 0)
			return fail(e, errno, "attach mount to '%s'", path);
		return attached(mount, e);
	}
	target = openat(directory, name, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return fail(e, errno, "open '%s'", path);
	return mount_attach(mount, target, root, path, e);
}
