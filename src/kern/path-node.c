/*
 * Nodes below a root: links, device nodes, removal, and looking at what is there.
 *
 * Every one of them is parent handle plus plain leaf name (path_parent), since symlinkat, mknodat
 * and unlinkat never follow the last component: an image whose /dev is a link to a host directory
 * cannot make them act there (CVE-2026-41579).
 */
#include "kern/path.h"

#include "base/str.h"
#include "kern/compat.h"

#include <fcntl.h>
#include <sys/sysmacros.h>

int path_exists(int root, const char *path, bool *ret, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = path_open(root, path, O_PATH | O_NOFOLLOW, 0, &fd, e);

	if (r < 0 && r != -ENOENT && r != -ENOTDIR)
		return r;
	*ret = r == 0;
	return 0;
}

int path_read_link(int root, const char *path, char *ret_text, struct err *e)
{
	auto_fd int fd = FD_NONE;
	ssize_t length;
	int r = path_open(root, path, O_PATH | O_NOFOLLOW, 0, &fd, e);

	if (r < 0)
		return r;
	if (!fd_is_symlink(fd))
		return refuse(e, EINVAL, "'%s' is not a symbolic link", path);
	length = readlinkat(fd, "", ret_text, PATH_MAX - 1);
	if (length < 0)
		return fail(e, errno, "read link '%s'", path);
	ret_text[length] = '\0';
	return 0;
}

int path_symlink_at(int parent, const char *leaf, const char *text, struct err *e)
{
	if (symlinkat(text, parent, leaf) == 0)
		return PATH_MADE;
	if (errno == EEXIST)
		return PATH_WAS_THERE;
	return fail(e, errno, "make link '%s'", leaf);
}

int path_symlink(int root, const char *path, const char *text, struct err *e)
{
	auto_fd int parent = FD_NONE;
	char leaf[PATH_LEAF_SIZE];
	int r = path_parent(root, path, true, &parent, leaf, e);

	return r < 0 ? r : path_symlink_at(parent, leaf, text, e);
}

/* fchmodat(2) has no AT_SYMLINK_NOFOLLOW before Linux 6.6, and the glibc emulation needs /proc:
 * the umask of this process is set aside instead, which no one else can see in a single thread. */
static int make_node(int parent, const char *leaf, mode_t mode, dev_t device)
{
	mode_t before = umask(0);
	int r = mknodat(parent, leaf, mode, device) < 0 ? -errno : 0;

	(void)umask(before);
	return r;
}

int path_mknod_at(int parent, const char *leaf, mode_t mode, unsigned int major, unsigned int minor,
		  struct err *e)
{
	int r = make_node(parent, leaf, mode, makedev(major, minor));

	if (r == -EEXIST)
		return PATH_WAS_THERE;
	if (r < 0)
		return fail(e, -r, "make node '%s'", leaf);
	return PATH_MADE;
}

int path_mknod(int root, const char *path, mode_t mode, unsigned int major, unsigned int minor,
	       struct err *e)
{
	auto_fd int parent = FD_NONE;
	char leaf[PATH_LEAF_SIZE];
	int r = path_parent(root, path, true, &parent, leaf, e);

	return r < 0 ? r : path_mknod_at(parent, leaf, mode, major, minor, e);
}

int path_unlink(int root, const char *path, bool is_directory, struct err *e)
{
	auto_fd int parent = FD_NONE;
	char leaf[PATH_LEAF_SIZE];
	int r = path_parent(root, path, false, &parent, leaf, e);

	if (r == -ENOENT)
		return 0;
	if (r < 0)
		return r;
	if (unlinkat(parent, leaf, is_directory ? AT_REMOVEDIR : 0) < 0 && errno != ENOENT)
		return fail(e, errno, "remove '%s'", path);
	return 0;
}
