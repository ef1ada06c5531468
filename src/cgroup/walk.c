/*
 * Walks over a cgroup and all below it, and removes such a tree.
 *
 * The container may have written the tree: it can be deep (a descriptor a level or a path name
 * would not do) and it can change meanwhile. So the walk holds one descriptor, goes down by name
 * and back by "..", which is sound here: a cgroup can be renamed but never moves to another parent.
 * A directory without sub-cgroups is known by its link count, which saves reading the names of some
 * fifty control files.
 */
#include "internal.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Sub-cgroups of one directory that are still to be visited. */
struct level {
	char **names;
	size_t count, next;
};

struct levels {
	struct level *items;
	size_t count, capacity;
};

static void level_done(struct level *level)
{
	for (size_t i = 0; i < level->count; i++)
		free(level->names[i]);
	free(level->names);
}

static void levels_done(struct levels *levels)
{
	for (size_t i = 0; i < levels->count; i++)
		level_done(&levels->items[i]);
	free(levels->items);
}

static bool is_leaf(int fd)
{
	struct stat st;

	return fstat(fd, &st) == 0 && st.st_nlink == 2;
}

static void level_read(int fd, struct level *level)
{
	auto_dir DIR *directory = NULL;
	struct dirent *entry;
	auto_fd int copy = FD_NONE;
	size_t capacity = 0;

	if (is_leaf(fd))
		return;
	copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	directory = copy < 0 ? NULL : fdopendir(copy);
	if (!directory)
		return;
	(void)take_fd(&copy);
	while ((entry = readdir(directory))) {
		if (entry->d_type != DT_DIR || str_is(entry->d_name, ".") ||
		    str_is(entry->d_name, ".."))
			continue;
		if (level->count == capacity) {
			capacity = capacity ? capacity * 2 : 8;
			level->names = xrealloc(level->names, capacity * sizeof(level->names[0]));
		}
		level->names[level->count++] = xstrdup(entry->d_name);
	}
}

static void levels_push(struct levels *levels, int fd)
{
	struct level level = {0};

	level_read(fd, &level);
	if (levels->count == levels->capacity) {
		levels->capacity = levels->capacity ? levels->capacity * 2 : 8;
		levels->items =
			xrealloc(levels->items, levels->capacity * sizeof(levels->items[0]));
	}
	levels->items[levels->count++] = level;
}

static int open_child(int fd, const char *name)
{
	return openat(fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

/* Replaces *fd by another directory; false when that cannot be opened. */
static bool move_to(int *fd, const char *name)
{
	int next = open_child(*fd, name);

	if (next < 0)
		return false;
	fd_close(fd);
	*fd = next;
	return true;
}

int walk_cgroups(int top, walk_fn *visit, void *data, struct err *e)
{
	struct levels levels = {0};
	auto_fd int fd = open_child(top, ".");
	int r;

	if (fd < 0)
		return errno == ENOENT || errno == ENODEV ? 0 : fail(e, errno, "open a cgroup");
	r = visit(fd, 0, data, e);
	if (r == 0)
		levels_push(&levels, fd);
	while (r == 0 && levels.count > 0) {
		struct level *level = &levels.items[levels.count - 1];

		if (level->next < level->count) {
			if (!move_to(&fd, level->names[level->next++]))
				continue;
			r = visit(fd, levels.count, data, e);
			levels_push(&levels, fd);
			continue;
		}
		level_done(level);
		levels.count--;
		/* The way up is gone only when the whole tree is. */
		if (levels.count > 0 && !move_to(&fd, ".."))
			break;
	}
	levels_done(&levels);
	return r;
}

static void keep_first(int *first, int code)
{
	if (*first == 0 && code != -ENOENT)
		*first = code;
}

int walk_remove(int parent, const char *name)
{
	struct levels levels = {0};
	auto_fd int fd = FD_NONE;
	int result = 0;

	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno != EBUSY && errno != ENOTEMPTY)
		return -errno;
	fd = open_child(parent, name);
	if (fd < 0)
		return errno == ENOENT ? 0 : -errno;
	levels_push(&levels, fd);
	while (levels.count > 0) {
		struct level *level = &levels.items[levels.count - 1];

		if (level->next < level->count) {
			const char *child = level->names[level->next];

			/* Twice: going down, and again on the way back. */
			if (unlinkat(fd, child, AT_REMOVEDIR) == 0 || errno == ENOENT)
				level->next++;
			else if (move_to(&fd, child))
				levels_push(&levels, fd);
			else
				level->next++;
			continue;
		}
		level_done(level);
		levels.count--;
		if (levels.count == 0 || !move_to(&fd, ".."))
			break;
		level = &levels.items[levels.count - 1];
		if (unlinkat(fd, level->names[level->next++], AT_REMOVEDIR) < 0)
			keep_first(&result, -errno);
	}
	levels_done(&levels);
	if (unlinkat(parent, name, AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	keep_first(&result, -errno);
	return result ? result : -EBUSY;
}
