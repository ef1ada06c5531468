/*
 * The option tmpcopyup: what the directory below a new tmpfs shows is copied into it.
 *
 * Both trees are walked by descriptors and nothing is followed. The tree comes from the image, so
 * its size and depth are bounded; the tmpfs has a limit of its own.
 */
#include "child.h"

#include "base/fd.h"
#include "kern/path.h"

#include <dirent.h>
#include <fcntl.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define DEPTH_MAX 64

static int copy_directory(int from, int to, int depth, struct err *e);

static int copy_content(int from, int to, const char *name, struct err *e)
{
	for (;;) {
		ssize_t copied = sendfile(to, from, NULL, 1 << 20);

		if (copied == 0)
			return 0;
		if (copied < 0 && errno != EINTR)
			return fail(e, errno, "copy '%s'", name);
	}
}

static int copy_file(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	auto_fd int source = openat(from, name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK | O_CLOEXEC);
	auto_fd int target = FD_NONE;

	if (source < 0)
		return fail(e, errno, "open '%s'", name);
	if (!fd_is_regular(source))
		return refuse(e, EPERM, "'%s' has become something else", name);
	target = openat(to, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	if (target < 0)
		return fail(e, errno, "make '%s'", name);
	if (fchown(target, st->st_uid, st->st_gid) < 0 || fchmod(target, st->st_mode & 07777) < 0)
		return fail(e, errno, "set owner and mode of '%s'", name);
	return copy_content(source, target, name, e);
}

static int copy_link(int from, int to, const char *name, const struct stat *st, struct err *e)
{
	char text[PATH_MAX];
	ssize_t length = readlinkat(from, name, text, sizeof(text) - 1);

	if (length < 0)
		return fail(e, errno, "read link '%s'", name);
	text[length] = '\0';
	if (symlinkat(text, to, name) < 0 ||
	    fchownat(to, name, st->st_uid, st->st_gid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "make link '%s'", name);
	return 0;
}

static int copy_subdirectory(int from, int to, const char *name, const struct stat *st, int depth,
			     struct err *e)
{
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	auto_fd int source = openat(from, name, flags);
	auto_fd int target = FD_NONE;
	int r;

	if (source < 0)
		return fail(e, errno, "open '%s'", name);
	if (mkdirat(to, name, 0700) < 0)
		return fail(e, errno, "make directory '%s'", name);
	target = openat(to, name, flags);
	if (target < 0)
		return fail(e, errno, "open '%s'", name);
	r = copy_directory(source, target, depth + 1, e);
	if (r == 0 &&
	    (fchown(target, st->st_uid, st->st_gid) < 0 || fchmod(target, st->st_mode & 07777) < 0))
		return fail(e, errno, "set owner and mode of '%s'", name);
	return r;
}

static int copy_entry(int from, int to, const char *name, int depth, struct err *e)
{
	struct stat st;

	if (fstatat(from, name, &st, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "look at '%s'", name);
	switch (st.st_mode & S_IFMT) {
	case S_IFDIR:
		return copy_subdirectory(from, to, name, &st, depth, e);
	case S_IFREG:
		return copy_file(from, to, name, &st, e);
	case S_IFLNK:
		return copy_link(from, to, name, &st, e);
	default:
		if (mknodat(to, name, st.st_mode, st.st_rdev) < 0 ||
		    fchownat(to, name, st.st_uid, st.st_gid, AT_SYMLINK_NOFOLLOW) < 0)
			return fail(e, errno, "make node '%s'", name);
		return 0;
	}
}

/* Consumes neither descriptor. */
static int copy_directory(int from, int to, int depth, struct err *e)
{
	int copy = fcntl(from, F_DUPFD_CLOEXEC, 3);
	auto_dir DIR *directory = copy >= 0 ? fdopendir(copy) : NULL;
	struct dirent *entry;
	int r = 0;

	if (!directory) {
		r = fail(e, errno, "read a directory");
		fd_close(&copy);
		return r;
	}
	if (depth > DEPTH_MAX)
		return refuse(e, ELOOP, "directories are nested more than %d deep", DEPTH_MAX);
	while (r == 0 && (errno = 0, entry = readdir(directory))) {
		if (strcmp(entry->d_name, ".") != 0 && strcmp(entry->d_name, "..") != 0)
			r = copy_entry(from, to, entry->d_name, depth, e);
	}
	if (r == 0 && errno)
		return fail(e, errno, "read a directory");
	return r;
}

int copy_up(int from, int to, struct err *e)
{
	/* "." of an O_PATH descriptor is the directory itself, below what is mounted on it now. */
	const int flags = O_RDONLY | O_DIRECTORY | O_CLOEXEC;
	auto_fd int source = openat(from, ".", flags);
	auto_fd int target = openat(to, ".", flags);
	int r;

	if (source < 0 || target < 0)
		return fail(e, errno, "open the directories to copy");
	r = copy_directory(source, target, 0, e);
	return r < 0 ? wrap(e, "tmpcopyup") : 0;
}
