/*
 * Making and removing directory trees.
 *
 * Removal keeps one directory open, however deep the tree is: it goes down by name and up by "..",
 * and goes up only to the directory it came from (device and inode are compared), so that a tree
 * that is moved meanwhile cannot lead it elsewhere. A bind mount may have the device number of its
 * surroundings; openat2(RESOLVE_NO_XDEV) sees it nevertheless. Where openat2 is missing the device
 * and, when the file system has file handles, the mount id are compared.
 */
#include "base/arena.h"
#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/openat2.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { RETRIES_MAX = 64, DIRECTORY_FLAGS = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC };

enum removal { REMOVAL_DONE, REMOVAL_DESCEND = 1 };

/* A directory that is left open to be removed: what it is called in its parent, and the parent. */
struct level {
	char *name;
	dev_t parent_device;
	ino_t parent_inode;
};

struct walk {
	int fd; /* the directory being emptied */
	struct level *levels;
	size_t depth;
	size_t capacity;
	int retries; /* of directories that were not empty after all */
};

static void walk_done(struct walk *walk)
{
	fd_close(&walk->fd);
	while (walk->depth > 0)
		free(walk->levels[--walk->depth].name);
	free(walk->levels);
}

/* Removes one file or empty directory; REMOVAL_DESCEND for a directory with something in it. */
static int entry_remove(int dirfd, const char *name, struct err *e)
{
	if (unlinkat(dirfd, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return REMOVAL_DONE;
	if (errno == ENOTEMPTY || errno == EEXIST)
		return REMOVAL_DESCEND;
	if (errno == ENOTDIR && (unlinkat(dirfd, name, 0) == 0 || errno == ENOENT))
		return REMOVAL_DONE;
	return fail(e, errno, "remove '%s'", name);
}

/* The id of the mount below `fd`, or -1 when the file system does not tell. */
static int mount_id(int fd)
{
	struct file_handle handle = {.handle_bytes = 0};
	int id = -1;

	/* Without room for the handle this fails with EOVERFLOW, but the id is set. */
	if (name_to_handle_at(fd, "", &handle, &id, AT_EMPTY_PATH) < 0 && errno != EOVERFLOW)
		return -1;
	return id;
}

/* Opens directory `name` in `parent` if it is on the same mount. The descriptor or -errno. */
static int directory_open(int parent, const char *name)
{
	struct open_how how = {
		.flags = DIRECTORY_FLAGS,
		.resolve = RESOLVE_NO_XDEV | RESOLVE_NO_SYMLINKS | RESOLVE_NO_MAGICLINKS,
	};
	struct stat outer;
	struct stat inner;
	auto_fd int fd = (int)syscall(SYS_openat2, parent, name, &how, sizeof(how));

	if (fd >= 0)
		return take_fd(&fd);
	if (errno != ENOSYS && errno != EPERM)
		return -errno;
	fd = openat(parent, name, DIRECTORY_FLAGS);
	if (fd < 0 || fstatat(parent, "", &outer, AT_EMPTY_PATH) < 0 || fstat(fd, &inner) < 0)
		return -errno;
	if (outer.st_dev != inner.st_dev || mount_id(parent) != mount_id(fd))
		return -EXDEV;
	return take_fd(&fd);
}

/* Makes directory `name` of the current one the current one. */
static int walk_descend(struct walk *walk, const char *name, struct err *e)
{
	struct stat status;
	struct level *level;
	int fd;

	if (fstat(walk->fd, &status) < 0)
		return fail(e, errno, "stat the directory of '%s'", name);
	fd = directory_open(walk->fd, name);
	if (fd == -EXDEV)
		return refuse(e, EXDEV, "remove '%s': something is mounted there", name);
	if (fd < 0)
		return fail(e, -fd, "open '%s'", name);
	if (walk->depth == walk->capacity) {
		walk->capacity = walk->capacity ? walk->capacity * 2 : 16;
		walk->levels = xrealloc(walk->levels, walk->capacity * sizeof(*walk->levels));
	}
	level = &walk->levels[walk->depth++];
	level->name = xstrdup(name);
	level->parent_device = status.st_dev;
	level->parent_inode = status.st_ino;
	fd_close(&walk->fd);
	walk->fd = fd;
	return 0;
}

/* Removes the directory that was emptied. File systems may skip entries when others are removed
 * while reading, and somebody may have added some: a limited number of times that makes it
 * REMOVAL_DESCEND again. */
static int left_remove(struct walk *walk, int parent, const char *name, struct err *e)
{
	int r = entry_remove(parent, name, e);

	if (r == REMOVAL_DESCEND && walk->retries++ >= RETRIES_MAX)
		return fail(e, ENOTEMPTY, "remove '%s'", name);
	return r;
}

/* Goes back to the parent and removes the directory that was left. */
static int walk_ascend(struct walk *walk, struct err *e)
{
	struct level *level = &walk->levels[walk->depth - 1];
	auto_free char *name = level->name;
	auto_fd int fd = openat(walk->fd, "..", DIRECTORY_FLAGS);
	struct stat status;

	walk->depth--;
	if (fd < 0)
		return fail(e, errno, "open the directory of '%s'", name);
	if (fstat(fd, &status) < 0)
		return fail(e, errno, "stat the directory of '%s'", name);
	if (status.st_dev != level->parent_device || status.st_ino != level->parent_inode)
		return refuse(e, ESTALE, "remove '%s': it was moved meanwhile", name);
	fd_close(&walk->fd);
	walk->fd = take_fd(&fd);
	return left_remove(walk, walk->fd, name, e) < 0 ? -e->code : 0;
}

/* Removes what is in the current directory. REMOVAL_DESCEND after it has gone down instead. */
static int walk_empty(struct walk *walk, struct err *e)
{
	auto_dir DIR *directory = NULL;
	int fd = openat(walk->fd, ".", DIRECTORY_FLAGS);
	struct dirent *entry;

	if (fd < 0)
		return fail(e, errno, "open a directory to empty it");
	directory = fdopendir(fd);
	if (!directory) {
		fd_close(&fd);
		return fail(e, errno, "read a directory to empty it");
	}
	while ((errno = 0, entry = readdir(directory))) {
		const char *name = entry->d_name;
		int r;

		if (strcmp(name, ".") == 0 || strcmp(name, "..") == 0)
			continue;
		r = entry_remove(walk->fd, name, e);
		if (r == REMOVAL_DESCEND) {
			r = walk_descend(walk, name, e);
			return r < 0 ? r : REMOVAL_DESCEND;
		}
		if (r < 0)
			return r;
	}
	if (errno)
		return fail(e, errno, "read a directory to empty it");
	return REMOVAL_DONE;
}

static int walk_run(struct walk *walk, struct err *e)
{
	for (;;) {
		int r = walk_empty(walk, e);

		if (r == REMOVAL_DONE && walk->depth == 0)
			return 0;
		if (r == REMOVAL_DONE)
			r = walk_ascend(walk, e);
		if (r < 0)
			return r;
	}
}

int tree_remove(int dirfd, const char *name, struct err *e)
{
	__attribute__((cleanup(walk_done))) struct walk walk = {.fd = FD_NONE};
	const char *last = strrchr(name, '/');
	int r;

	last = last ? last + 1 : name;
	if (!*last || strcmp(last, ".") == 0 || strcmp(last, "..") == 0)
		return refuse(e, EINVAL, "remove '%s': not the name of a directory entry", name);
	r = entry_remove(dirfd, name, e);
	if (r != REMOVAL_DESCEND)
		return r;
	/* The kernel does not remove mount points (EBUSY above), so `name` is none of this mount
	 * namespace, and O_NOFOLLOW is enough for its last component. */
	walk.fd = last == name ? directory_open(dirfd, name) : openat(dirfd, name, DIRECTORY_FLAGS);
	if (walk.fd == -EXDEV)
		return refuse(e, EXDEV, "remove '%s': something is mounted there", name);
	if (walk.fd < 0)
		return fail(e, last == name ? -walk.fd : errno, "open '%s'", name);
	do {
		r = walk_run(&walk, e);
		if (r < 0)
			return wrap(e, "remove '%s'", name);
		r = left_remove(&walk, dirfd, name, e);
	} while (r == REMOVAL_DESCEND);
	return r;
}

/* mkdir that is content with an existing directory. 0 or -errno. */
static int directory_make(const char *path, mode_t mode)
{
	struct stat status;

	if (mkdir(path, mode) == 0)
		return 0;
	if (errno != EEXIST)
		return -errno;
	if (stat(path, &status) < 0)
		return -errno;
	return S_ISDIR(status.st_mode) ? 0 : -ENOTDIR;
}

int dir_make_all(const char *path, mode_t mode, struct err *e)
{
	auto_free char *prefix = NULL;
	int r = directory_make(path, mode);

	if (r != -ENOENT || !*path)
		return r < 0 ? fail(e, -r, "create directory '%s'", path) : 0;
	prefix = xstrdup(path);
	for (char *c = prefix + 1; *c; c++) {
		if (*c != '/' || c[-1] == '/')
			continue;
		*c = '\0';
		r = directory_make(prefix, mode);
		if (r < 0)
			return fail(e, -r, "create directory '%s'", prefix);
		*c = '/';
	}
	r = directory_make(path, mode);
	return r < 0 ? fail(e, -r, "create directory '%s'", path) : 0;
}
