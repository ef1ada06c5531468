/*
 * Paths inside a tree that somebody else controls: see kern/path.h.
 *
 * openat2(2) with RESOLVE_IN_ROOT is the kernel's own answer and one call. It returns -EAGAIN when
 * a rename or mount anywhere on the system might have let ".." escape; that is retried often (some
 * ms) and then reported, never answered with a less careful lookup. The walk of path-walk.c takes
 * over only where the call itself is missing, which an outer seccomp filter may disguise as EPERM;
 * a genuine EPERM comes out of the walk again.
 *
 * Making things always uses the walk: the parent is a handle, the leaf a plain name that is never
 * followed, so that what the kernel creates is below the root whatever the tree does meanwhile
 * (CVE-2024-45310).
 */
#include "kern/path.h"

#include "base/str.h"
#include "kern/compat.h"
#include "path-walk.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

#define RETRIES_MAX 10000
#define PATH_FLAGS  (O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC)

/* openat2(2) refuses what open(2) would ignore. */
static int clean_flags(int flags)
{
	return flags & O_PATH ? flags & PATH_FLAGS : flags;
}

static int open_resolved(int directory, const char *path, int flags, mode_t mode, uint64_t resolve)
{
	bool has_mode = (flags & O_CREAT) || (flags & O_TMPFILE) == O_TMPFILE;
	struct open_how how = {
		.flags = (uint64_t)(clean_flags(flags) | O_CLOEXEC),
		.mode = has_mode ? mode : 0,
		.resolve = resolve,
	};

	for (int i = 0; i < RETRIES_MAX; i++) {
		int fd = sys_openat2(directory, path, &how);

		if (fd >= 0)
			return fd;
		if (errno != EAGAIN && errno != EINTR)
			return -errno;
	}
	return -EAGAIN;
}

static bool is_missing(int r)
{
	return r == -ENOSYS || r == -EPERM;
}

static int open_in_root(int root, const char *path, int flags, mode_t mode, int *ret_fd)
{
	const char *text = path[0] ? path : "/";
	int r = open_resolved(root, text, flags, mode, RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS);

	if (is_missing(r))
		return path_walk_open(root, text, clean_flags(flags), mode, ret_fd);
	if (r < 0)
		return r;
	*ret_fd = r;
	return 0;
}

int path_open(int root, const char *path, int flags, mode_t mode, int *ret_fd, struct err *e)
{
	int r = open_in_root(root, path, flags, mode, ret_fd);

	if (r < 0)
		return fail(e, -r, "open '%s' in the root", path);
	return 0;
}

int path_open_beneath(int directory, const char *path, int flags, mode_t mode, int *ret_fd,
		      struct err *e)
{
	int r = open_resolved(directory, path, flags, mode,
			      RESOLVE_BENEATH | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS |
				      RESOLVE_NO_XDEV);

	if (is_missing(r))
		r = path_walk_open_beneath(directory, path, clean_flags(flags), mode, ret_fd);
	else if (r >= 0) {
		*ret_fd = r;
		r = 0;
	}
	if (r < 0)
		return fail(e, -r, "open '%s'", path);
	return 0;
}

static int make_all(int root, const char *path, mode_t mode, int *ret_fd)
{
	struct path_walk_request request = {.follow = true, .make = true, .mode = mode};
	struct path_walk_end end = {.parent = FD_NONE, .found = FD_NONE};
	auto_free char *text = xasprintf("%s/", path);
	int r;

	r = path_walk(root, text, &request, &end);
	if (r == 0)
		*ret_fd = take_fd(&end.found);
	path_walk_done(&end);
	return r;
}

int path_mkdir_all(int root, const char *path, mode_t mode, int *ret_fd, struct err *e)
{
	int r = open_in_root(root, path, O_PATH | O_DIRECTORY, 0, ret_fd);

	if (r == -ENOENT)
		r = make_all(root, path, mode, ret_fd);
	if (r < 0)
		return fail(e, -r, "make directory '%s' in the root", path);
	return 0;
}

/* The common case: only the last directory is missing. Anything unusual, like a link that leads
 * nowhere, is a failure here and left to the walk. */
static int make_last(int root, const char *path, int *ret_fd)
{
	auto_fd int parent = FD_NONE;
	auto_free char *above = xstrdup(path);
	char *slash = strrchr(above, '/');
	const char *leaf = slash ? path + (slash - above) + 1 : path;
	int r;

	if (leaf[0] == '\0' || str_is(leaf, ".") || str_is(leaf, ".."))
		return -EINVAL;
	above[slash ? slash - above : 0] = '\0';
	r = open_in_root(root, above, O_PATH | O_DIRECTORY, 0, &parent);
	if (r < 0)
		return r;
	if (mkdirat(parent, leaf, 0755) < 0)
		return -errno;
	*ret_fd = openat(parent, leaf, PATH_FLAGS);
	return *ret_fd < 0 ? -errno : 0;
}

static int make_directory(int root, const char *path, int *ret_fd)
{
	return make_last(root, path, ret_fd) == 0 ? 0 : make_all(root, path, 0755, ret_fd);
}

/* Makes a regular file and returns its handle; somebody may be quicker, or unmake it. */
static int make_file(int root, const char *path, unsigned int flags, int *ret_fd)
{
	struct path_walk_request request = {
		.follow = !(flags & PATH_NO_FOLLOW), .make = true, .mode = 0755};
	int r = -EAGAIN;

	for (int i = 0; i < RETRIES_MAX && r == -EAGAIN; i++) {
		struct path_walk_end end = {.parent = FD_NONE, .found = FD_NONE};

		r = path_walk(root, path, &request, &end);
		if (r == 0 && end.found >= 0) {
			*ret_fd = take_fd(&end.found);
		} else if (r == 0) {
			r = -EAGAIN;
			if (mknodat(end.parent, end.leaf, S_IFREG | 0644, 0) < 0 && errno != EEXIST)
				r = -errno;
		}
		path_walk_done(&end);
	}
	return r;
}

int path_make_target(int root, const char *path, bool is_directory, unsigned int flags, int *ret_fd,
		     struct err *e)
{
	int no_follow = flags & PATH_NO_FOLLOW ? O_NOFOLLOW : 0;
	auto_free char *text = xstrdup(path);
	int r;

	for (size_t n = strlen(text); n > 1 && text[n - 1] == '/'; n--)
		text[n - 1] = '\0';
	r = open_in_root(root, text, O_PATH | no_follow, 0, ret_fd);
	if (r == -ENOENT)
		r = is_directory ? make_directory(root, text, ret_fd)
				 : make_file(root, text, flags, ret_fd);
	if (r < 0)
		return fail(e, -r, "make mount target '%s' in the root", path);
	return 0;
}

int path_parent(int root, const char *path, bool make, int *ret_parent, char *ret_leaf,
		struct err *e)
{
	size_t end = strlen(path);
	size_t start;
	auto_free char *directory = NULL;

	while (end > 0 && path[end - 1] == '/')
		end--;
	start = end;
	while (start > 0 && path[start - 1] != '/')
		start--;
	if (end == start || (end - start == 1 && path[start] == '.') ||
	    (end - start == 2 && strncmp(path + start, "..", 2) == 0))
		return refuse(e, EINVAL, "'%s' does not end in a name", path);
	if (end - start >= PATH_LEAF_SIZE)
		return fail(e, ENAMETOOLONG, "path '%s'", path);
	directory = xstrdup(path);
	directory[start] = '\0';
	if (make) {
		int r = path_mkdir_all(root, directory, 0755, ret_parent, e);

		if (r < 0)
			return r;
	} else {
		int r = path_open(root, directory, O_PATH | O_DIRECTORY, 0, ret_parent, e);

		if (r < 0)
			return r;
	}
	memcpy(ret_leaf, path + start, end - start);
	ret_leaf[end - start] = '\0';
	return 0;
}
