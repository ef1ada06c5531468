/*
 * Changing the attributes of all mounts below one, where mount_setattr(2) is missing.
 *
 * mount(2) changes one mount. Those below it are found in mountinfo by their parents' ids; a path
 * that stands there is only where to look, and what is opened must be the mount with that id. A
 * mount that another covers at its root cannot be reached, by us or by the container: left alone.
 * Nothing is undone when one of them fails: whoever changes a tree gives it up then.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "mount-internal.h"

#include <fcntl.h>

struct below {
	uint64_t id, parent;
	char *point;
	bool is_below;
};

struct tree {
	struct below *items;
	size_t count;
};

static bool line_parse(char *line, struct below *ret)
{
	char *words[5] = {NULL};

	for (size_t i = 0; i < 5; i++)
		words[i] = line ? strsep(&line, " ") : NULL;
	if (!words[4] || num_u64(words[0], &ret->id) < 0 || num_u64(words[1], &ret->parent) < 0)
		return false;
	mount_point_unescape(words[4]);
	ret->point = words[4];
	ret->is_below = false;
	return true;
}

static bool is_marked(const struct tree *tree, uint64_t id)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->items[i].id == id)
			return tree->items[i].is_below;
	}
	return false;
}

/* Parents may stand after their children, when they were moved. */
static void mark(struct tree *tree, uint64_t top)
{
	bool is_new = true;

	while (is_new) {
		is_new = false;
		for (size_t i = 0; i < tree->count; i++) {
			struct below *item = &tree->items[i];

			if (item->is_below || item->id == top ||
			    (item->parent != top && !is_marked(tree, item->parent)))
				continue;
			item->is_below = true;
			is_new = true;
		}
	}
}

static bool is_covered(const struct tree *tree, const struct below *item)
{
	for (size_t i = 0; i < tree->count; i++) {
		if (tree->items[i].parent == item->id && tree->items[i].id != item->id &&
		    str_is(tree->items[i].point, item->point))
			return true;
	}
	return false;
}

static void tree_parse(struct arena *arena, char *text, struct tree *ret)
{
	size_t lines = 1;
	char *line;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	ret->items = arena_alloc(arena, lines * sizeof(*ret->items));
	ret->count = 0;
	while ((line = strsep(&text, "\n"))) {
		if (line_parse(line, &ret->items[ret->count]))
			ret->count++;
	}
}

static int change_one(const struct below *item, const struct mount_change *change, struct err *e)
{
	auto_fd int fd = open(item->point, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	uint64_t id = 0;
	int r;

	if (fd < 0)
		return fail(e, errno, "open the mount '%s'", item->point);
	r = mount_id(fd, &id, e);
	if (r == 0 && id != item->id)
		return refuse(e, EAGAIN, "the mount '%s' was changed by others meanwhile",
			      item->point);
	if (r == 0)
		r = mount_classic_change(fd, change, e);
	return r < 0 ? wrap(e, "mount '%s'", item->point) : 0;
}

int mount_change_below(int fd, const struct mount_change *change, struct err *e)
{
	struct mount_change one = *change;
	auto_arena arena = {0};
	auto_buf text = {0};
	struct tree tree;
	uint64_t top = 0;
	int r = mount_id(fd, &top, e);

	one.recursive = false;
	one.propagation = 0;
	if (r == 0)
		r = file_read(AT_FDCWD, "/proc/self/mountinfo", 16U << 20, true, &text, e);
	if (r < 0)
		return r;
	tree_parse(&arena, text.data, &tree);
	mark(&tree, top);
	for (size_t i = 0; i < tree.count && r == 0; i++) {
		if (tree.items[i].is_below && !is_covered(&tree, &tree.items[i]))
			r = change_one(&tree.items[i], &one, e);
	}
	return r;
}
