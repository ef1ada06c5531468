/*
 * Changing the root of a mount namespace, and propagation.
 *
 * pivot_root(".", ".") stacks the old root on the new one, so that no directory for it is needed
 * inside the container. The old tree is then made a slave, lest its unmounting travel to the host,
 * and dropped through a descriptor that was opened before.
 *
 * The root of an initramfs cannot be pivoted away. Moving the new root over it leaves everything
 * mounted elsewhere reachable for a process that escapes its chroot; of those the unrestricted
 * procfs and sysfs matter most (a user namespace inside could mount new ones on their account), so
 * they are dropped first, or covered.
 */
#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/proc.h"
#include "mount-internal.h"

#include <fcntl.h>

int mount_propagation(int fd, unsigned long flags, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;

	change.propagation = flags & ~(unsigned long)MS_REC;
	change.recursive = flags & MS_REC;
	return mount_change_fd(fd, &change, e);
}

int mount_propagation_path(const char *path, unsigned long flags, struct err *e)
{
	if (mount(NULL, path, NULL, flags, NULL) < 0)
		return fail(e, errno, "change propagation of '%s'", path);
	return 0;
}

int mount_detach_path(const char *path, struct err *e)
{
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0)
		return fail(e, errno, "unmount '%s'", path);
	return 0;
}

int mount_pivot(int root, struct err *e)
{
	auto_fd int old = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (old < 0)
		return fail(e, errno, "open '/'");
	if (fchdir(root) < 0)
		return fail(e, errno, "change to the new root");
	if (sys_pivot_root(".", ".") < 0)
		return fail(e, errno, "pivot_root");
	if (fchdir(old) < 0)
		return fail(e, errno, "change to the old root");
	if (mount(NULL, ".", NULL, MS_SLAVE | MS_REC, NULL) < 0)
		return fail(e, errno, "make the old root a slave");
	if (umount2(".", MNT_DETACH) < 0)
		return fail(e, errno, "detach the old root");
	if (chdir("/") < 0)
		return fail(e, errno, "change to '/'");
	return 0;
}

void mount_point_unescape(char *text)
{
	char *to = text;

	for (const char *from = text; *from; to++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			*to = (char)((from[1] - '0') * 64 + (from[2] - '0') * 8 + from[3] - '0');
			from += 4;
		} else {
			*to = *from++;
		}
	}
	*to = '\0';
}

/* The mount point if the line of mountinfo is of an entire procfs or sysfs, else NULL. */
static char *full_kernel_mount(char *line)
{
	char *words[6] = {NULL};
	char *type = strstr(line, " - ");
	char *rest = line;

	if (!type)
		return NULL;
	type += 3;
	if (!str_starts(type, "proc ") && !str_starts(type, "sysfs "))
		return NULL;
	for (size_t i = 0; i < 6; i++)
		words[i] = strsep(&rest, " ");
	if (!words[4] || !words[3] || !str_is(words[3], "/"))
		return NULL;
	mount_point_unescape(words[4]);
	return words[4];
}

static bool is_below(const char *path, const char *top)
{
	const char *rest = str_after(path, top);

	return rest && (*rest == '/' || *rest == '\0');
}

static int drop_mount(const char *path, struct err *e)
{
	if (mount(NULL, path, NULL, MS_SLAVE | MS_REC, NULL) < 0 && errno != EINVAL)
		return fail(e, errno, "make '%s' a slave", path);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) == 0)
		return 0;
	if (errno != EINVAL && errno != EPERM)
		return fail(e, errno, "unmount '%s'", path);
	if (mount("tmpfs", path, "tmpfs", 0, "size=0k,mode=0") < 0)
		return fail(e, errno, "cover '%s'", path);
	return 0;
}

int mount_move_root(int root, struct err *e)
{
	char link[PROC_FD_PATH_SIZE];
	char top[PATH_MAX];
	auto_buf text = {0};
	ssize_t length;
	char *rest;
	char *line;
	int r = proc_fd_path(root, link, e);

	if (r < 0)
		return r;
	length = readlink(link, top, sizeof(top) - 1);
	if (length < 0)
		return fail(e, errno, "find the new root");
	top[length] = '\0';
	r = file_read(AT_FDCWD, "/proc/self/mountinfo", 16U << 20, true, &text, e);
	if (r < 0)
		return r;
	rest = text.data;
	while (rest && (line = strsep(&rest, "\n"))) {
		char *path = full_kernel_mount(line);

		if (path && !is_below(path, top))
			r = drop_mount(path, e);
		if (r < 0)
			return r;
	}
	if (fchdir(root) < 0)
		return fail(e, errno, "change to the new root");
	if (mount(".", "/", NULL, MS_MOVE, NULL) < 0)
		return fail(e, errno, "move the new root over '/'");
	if (chroot(".") < 0)
		return fail(e, errno, "chroot");
	if (chdir("/") < 0)
		return fail(e, errno, "change to '/'");
	return 0;
}
