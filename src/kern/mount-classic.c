/*
 * What mount(2) does where the new API is missing or refuses.
 *
 * mount(2) takes paths only, so targets are given as /proc/self/fd/N, whose last step is a jump to
 * the very file of the descriptor: a swapped directory cannot lead elsewhere. It follows that
 * procfs must be the real one (proc_fd_path checks that). The new mount then covers the target,
 * and no descriptor denotes it yet: it is opened again inside the root and must be what was
 * mounted, or somebody has moved the place meanwhile and the whole is given up.
 *
 * Unlike open_tree(2), which the runtime can call for a container in a user namespace, mount(2)
 * binds only what is in the caller's own mount namespace: what was opened in another is looked up
 * by its path here, and must be the same file.
 *
 * A remount replaces all attributes at once, so those that are not to change must be repeated;
 * those that a more privileged user namespace has set may not be cleared (EPERM).
 */
#include "kern/compat.h"
#include "kern/path.h"
#include "kern/proc.h"
#include "mount-internal.h"

#include <fcntl.h>

/* What the path of `fd` leads to in this mount namespace, if that is the same. */
static int reopen_here(int fd, int *ret, struct err *e)
{
	char link[PROC_FD_PATH_SIZE], path[PATH_MAX];
	auto_fd int again = FD_NONE;
	ssize_t length;
	int r = proc_fd_path(fd, link, e);

	if (r < 0)
		return r;
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return fail(e, errno, "find the path of a descriptor");
	path[length] = '\0';
	again = open(path, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (again < 0)
		return fail(e, errno, "open '%s' without open_tree(2)", path);
	if (!fd_is_same(fd, again))
		return refuse(e, EXDEV, "'%s' is another file in this mount namespace", path);
	*ret = take_fd(&again);
	return 0;
}

static int bind_on(const struct mount_pending *pending, const char *target, struct err *e)
{
	unsigned long flags = MS_BIND | (pending->recursive ? MS_REC : 0);
	auto_fd int here = FD_NONE;
	char source[PROC_FD_PATH_SIZE];
	int r = proc_fd_path(pending->source, source, e);

	if (r < 0)
		return r;
	if (mount(source, target, NULL, flags, NULL) == 0)
		return 0;
	if (errno != EINVAL)
		return fail(e, errno, "bind mount");
	r = reopen_here(pending->source, &here, e);
	if (r == 0)
		r = proc_fd_path(here, source, e);
	if (r < 0)
		return r;
	if (mount(source, target, NULL, flags, NULL) < 0)
		return fail(e, errno, "bind mount");
	return 0;
}

static int mount_pending_on(const struct mount_pending *pending, const char *target, struct err *e)
{
	if (pending->source >= 0)
		return bind_on(pending, target, e);
	if (mount(pending->device, target, pending->type, pending->flags, pending->data) == 0)
		return 0;
	return fail(e, errno, "mount of type '%s'%s%s", pending->type,
		    pending->reason && *pending->reason ? ": " : "",
		    pending->reason ? pending->reason : "");
}

/* Whether `fd` is the root of what was just mounted, and not what was there before. */
static int check_mounted(const struct mount_pending *pending, int target, int fd, const char *path,
			 struct err *e)
{
	uint64_t before = 0, after = 0;
	int r = mount_id(target, &before, e);

	if (r == 0)
		r = mount_id(fd, &after, e);
	if (r < 0)
		return r;
	if (before == after || (pending->source >= 0 && !fd_is_same(pending->source, fd)))
		return refuse(e, EAGAIN, "'%s' was changed by others while mounting on it", path);
	return 0;
}

int mount_classic_attach(const struct mount_pending *pending, int target, int root,
			 const char *path, int *ret_fd, struct err *e)
{
	char name[PROC_FD_PATH_SIZE];
	auto_fd int fd = FD_NONE;
	int no_follow = fd_is_symlink(target) ? O_NOFOLLOW : 0;
	int r;

	if (root < 0 || !path)
		return refuse(e, EOPNOTSUPP, "mounting here needs the new mount API");
	r = proc_fd_path(target, name, e);
	if (r == 0)
		r = mount_pending_on(pending, name, e);
	if (r == 0)
		r = path_open(root, path, O_PATH | no_follow, 0, &fd, e);
	if (r == 0)
		r = check_mounted(pending, target, fd, path, e);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int remount(int fd, const char *path, const struct mount_change *change, struct err *e)
{
	uint64_t current, wanted;
	int r = mount_attributes(fd, &current, e);

	if (r < 0)
		return r;
	wanted = (current & ~change->clear) | change->set;
	if (change->set & MOUNT_ATTR__ATIME)
		wanted = (current & ~change->clear & ~(uint64_t)MOUNT_ATTR__ATIME) | change->set;
	r = mount(NULL, path, NULL, MS_REMOUNT | MS_BIND | mount_flags_from_attributes(wanted),
		  NULL);
	if (r < 0 && errno == EPERM && change->best_effort_clear)
		r = mount(NULL, path, NULL,
			  MS_REMOUNT | MS_BIND |
				  mount_flags_from_attributes(
					  current | (change->set & ~(uint64_t)MOUNT_ATTR__ATIME)),
			  NULL);
	if (r < 0)
		return fail(e, errno, "remount with attributes 0x%llx", (unsigned long long)wanted);
	return 0;
}

int mount_classic_change(int fd, const struct mount_change *change, struct err *e)
{
	char path[PROC_FD_PATH_SIZE];
	unsigned long recursive = change->recursive ? MS_REC : 0;
	int r = proc_fd_path(fd, path, e);

	if (r < 0)
		return r;
	if (change->set || change->clear) {
		r = remount(fd, path, change, e);
		if (r < 0)
			return r;
	}
	if (change->propagation &&
	    mount(NULL, path, NULL, (unsigned long)change->propagation | recursive, NULL) < 0)
		return fail(e, errno, "change propagation of mount");
	return 0;
}

int mount_reconfigure(int fd, const char *type, unsigned long flags, const char *data,
		      struct err *e)
{
	char path[PROC_FD_PATH_SIZE];
	int r = proc_fd_path(fd, path, e);

	if (r < 0)
		return r;
	if (mount(NULL, path, type, (flags & ~(unsigned long)(MS_BIND | MS_REC)) | MS_REMOUNT,
		  data) < 0)
		return fail(e, errno, "remount");
	return 0;
}
