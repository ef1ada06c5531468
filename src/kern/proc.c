/*
 * A private procfs: see kern/proc.h.
 *
 * fsopen("proc") makes a new instance for the pid namespace of the caller; nothing can be mounted
 * on it, since it is in no namespace's tree. subset=pid (Linux 5.8) leaves out all but processes,
 * which lets a user namespace have one even where its visible /proc is masked. open_tree() without
 * AT_RECURSIVE gives /proc without what covers parts of it. What remains for old kernels is /proc
 * itself, where the checks of each file's own file system and mount must do.
 *
 * A check of the magic number alone is not enough: a bind mount of /proc/sysrq-trigger on a sysctl
 * is on a procfs, too (CVE-2025-52881). So files are opened without crossing mounts or following
 * links; "self", which is a link, is read and replaced by hand.
 */
#include "kern/proc.h"

#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>

#define PROC_ROOT_INODE 1

static bool is_proc_root(int fd)
{
	struct stat status;

	return fd_is_filesystem(fd, PROC_SUPER_MAGIC) && fstat(fd, &status) == 0 &&
	       status.st_ino == PROC_ROOT_INODE;
}

/* FD_NONE-like negative value when it cannot be made. */
static int new_instance(unsigned int what)
{
	auto_fd int context = sys_fsopen("proc", FSOPEN_CLOEXEC);

	if (context < 0)
		return FD_NONE;
	/* Before Linux 5.8 there is no subset: the whole serves as well. */
	if (what == PROC_PROCESSES)
		(void)sys_fsconfig(context, KERN_FSCONFIG_SET_STRING, "subset", "pid", 0);
	if (sys_fsconfig(context, KERN_FSCONFIG_CREATE, NULL, NULL, 0) < 0)
		return FD_NONE;
	return sys_fsmount(context, FSMOUNT_CLOEXEC,
			   MOUNT_ATTR_NOSUID | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOEXEC);
}

int proc_open(unsigned int what, int *ret_fd, struct err *e)
{
	auto_fd int fd = new_instance(what);

	if (fd < 0)
		fd = sys_open_tree(AT_FDCWD, "/proc", OPEN_TREE_CLONE | OPEN_TREE_CLOEXEC);
	if (fd < 0)
		fd = open("/proc", O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open '/proc'");
	if (!is_proc_root(fd))
		return refuse(e, EPERM, "'/proc' is not the root of a procfs");
	*ret_fd = take_fd(&fd);
	return 0;
}

/* `path` with a leading "self" or "thread-self" replaced by what it stands for. */
static int resolve_self(int proc, const char *path, char *out, size_t size, struct err *e)
{
	const char *rest = str_after(path, "self");
	const char *name = "self";
	char text[64];
	ssize_t length;

	if (!rest) {
		rest = str_after(path, "thread-self");
		name = "thread-self";
	}
	if (!rest || (*rest != '/' && *rest != '\0')) {
		if ((size_t)snprintf(out, size, "%s", path) >= size)
			return fail(e, ENAMETOOLONG, "path '%s'", path);
		return 0;
	}
	length = readlinkat(proc, name, text, sizeof(text) - 1);
	if (length < 0)
		return fail(e, errno, "read link '%s' of procfs", name);
	text[length] = '\0';
	if (text[strspn(text, "0123456789task/")] != '\0')
		return refuse(e, EPERM, "'%s' of procfs leads to '%s'", name, text);
	if ((size_t)snprintf(out, size, "%s%s", text, rest) >= size)
		return fail(e, ENAMETOOLONG, "path '%s'", path);
	return 0;
}

int proc_open_file(int proc, const char *path, int flags, int *ret_fd, struct err *e)
{
	char resolved[PATH_MAX];
	auto_fd int fd = FD_NONE;
	int r = resolve_self(proc, path, resolved, sizeof(resolved), e);

	if (r == 0)
		r = path_open_beneath(proc, resolved, flags, 0, &fd, e);
	if (r < 0)
		return r;
	if (!fd_is_filesystem(fd, PROC_SUPER_MAGIC))
		return refuse(e, EPERM, "'/proc/%s' is not on a procfs", path);
	*ret_fd = take_fd(&fd);
	return 0;
}

int proc_write(int proc, const char *path, const char *text, struct err *e)
{
	auto_fd int fd = FD_NONE;
	ssize_t written;
	int r = proc_open_file(proc, path, O_WRONLY, &fd, e);

	if (r < 0)
		return r;
	do {
		written = write(fd, text, strlen(text));
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return fail(e, errno, "write '%s' to '/proc/%s'", text, path);
	if ((size_t)written != strlen(text))
		return refuse(e, EIO, "'/proc/%s' took only a part of '%s'", path, text);
	return 0;
}

int proc_read(int proc, const char *path, size_t limit, struct buf *buf, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = proc_open_file(proc, path, O_RDONLY, &fd, e);

	if (r < 0)
		return r;
	r = fd_read_all(fd, limit, buf);
	if (r < 0)
		return fail(e, -r, "read '/proc/%s'", path);
	return 0;
}

static bool is_plain_path(const char *path)
{
	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && path[0] == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		path += length;
		if (*path == '/' && *++path == '\0')
			return false;
	}
	return true;
}

int proc_write_sysctl(int proc, const char *path, const char *value, struct err *e)
{
	char full[PATH_MAX];

	if (!*path || !is_plain_path(path))
		return refuse(e, EINVAL, "'%s' is not the name of a kernel parameter", path);
	if ((size_t)snprintf(full, sizeof(full), "sys/%s", path) >= sizeof(full))
		return fail(e, ENAMETOOLONG, "kernel parameter '%s'", path);
	return proc_write(proc, full, value, e);
}

int proc_fd_path(int fd, char *ret, struct err *e)
{
	struct stat expected, found;

	(void)snprintf(ret, PROC_FD_PATH_SIZE, "/proc/self/fd/%d", fd);
	if (fstat(fd, &expected) < 0)
		return fail(e, errno, "look at descriptor %d", fd);
	if (stat(ret, &found) < 0)
		return fail(e, errno, "look at '%s'", ret);
	if (expected.st_dev != found.st_dev || expected.st_ino != found.st_ino)
		return refuse(e, EPERM, "'%s' leads elsewhere: /proc is not to be trusted", ret);
	return 0;
}
