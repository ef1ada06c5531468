/*
 * What a descriptor is. A path says nothing about what will be opened by it the next time, so
 * checks are made with fstat(2) and fstatfs(2) on the descriptor that is used afterwards; both
 * work on O_PATH descriptors (fstatfs since Linux 3.12).
 *
 * A regular file and a pipe both have rdev 0, so a device is never recognised by rdev alone.
 */
#include "kern/path.h"
#include "kern/proc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <sys/vfs.h>

static bool is_type(int fd, mode_t type)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type;
}

bool fd_is_directory(int fd)
{
	return is_type(fd, S_IFDIR);
}

bool fd_is_symlink(int fd)
{
	return is_type(fd, S_IFLNK);
}

bool fd_is_regular(int fd)
{
	return is_type(fd, S_IFREG);
}

bool fd_is_device(int fd, mode_t type, unsigned int major_number, unsigned int minor_number)
{
	struct stat status;

	return fstat(fd, &status) == 0 && (status.st_mode & S_IFMT) == type &&
	       status.st_rdev == makedev(major_number, minor_number);
}

bool fd_is_filesystem(int fd, unsigned long magic)
{
	struct statfs status;

	return fstatfs(fd, &status) == 0 && (unsigned long)status.f_type == magic;
}

bool fd_is_same(int a, int b)
{
	struct stat left, right;

	return fstat(a, &left) == 0 && fstat(b, &right) == 0 && left.st_dev == right.st_dev &&
	       left.st_ino == right.st_ino;
}

int fd_reopen(int fd, int flags, int *ret_fd, struct err *e)
{
	char path[PROC_FD_PATH_SIZE];
	auto_fd int opened = FD_NONE;
	int r = proc_fd_path(fd, path, e);

	if (r < 0)
		return r;
	opened = open(path, flags | O_CLOEXEC);
	if (opened < 0)
		return fail(e, errno, "reopen '%s'", path);
	if (!fd_is_same(fd, opened))
		return refuse(e, ESTALE, "reopen '%s': /proc is not to be trusted here", path);
	*ret_fd = take_fd(&opened);
	return 0;
}
