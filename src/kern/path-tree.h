/*
 * Random trees and paths out of bytes, and the comparison of our walk with openat2(2) on them: for
 * the property test and the fuzz target. Names are few, so that paths hit often; outside of the
 * root the same names exist, so that an escape finds something.
 */
#ifndef KERN_PATH_TREE_H
#define KERN_PATH_TREE_H

#include "kern/compat.h"
#include "kern/path.h"
#include "path-walk.h"

#include <stdio.h>
#include <string.h>
#include <sys/stat.h>

#define TREE_NODES 16
#define TREE_TEXT  64

struct tree_bytes {
	const uint8_t *data;
	size_t size;
};

static inline unsigned int tree_next(struct tree_bytes *bytes)
{
	if (bytes->size == 0)
		return 0;
	bytes->size--;
	return *bytes->data++;
}

/* Up to five components out of few words. */
static inline void tree_path(struct tree_bytes *bytes, char text[TREE_TEXT])
{
	static const char *const words[] = {"a", "b", "c", "d", "..", ".", "", "a"};
	unsigned int shape = tree_next(bytes);
	size_t used = 0;

	text[0] = '\0';
	if (shape & 1)
		text[used++] = '/';
	for (unsigned int i = 0; i <= (shape >> 2) % 5; i++) {
		const char *word = words[tree_next(bytes) % 8];

		if (i > 0)
			text[used++] = '/';
		memcpy(text + used, word, strlen(word));
		used += strlen(word);
	}
	if (shape & 2)
		text[used++] = '/';
	text[used] = '\0';
}

/* Makes nodes below `root` until the bytes for them are used up. */
static inline void tree_build(int root, struct tree_bytes *bytes)
{
	unsigned int count = tree_next(bytes) % TREE_NODES;

	for (unsigned int i = 0; i < count; i++) {
		unsigned int kind = tree_next(bytes);
		char place[TREE_TEXT];
		char target[TREE_TEXT];
		char leaf[PATH_LEAF_SIZE];
		auto_fd int parent = FD_NONE;
		struct err e;

		tree_path(bytes, place);
		if (path_parent(root, place, false, &parent, leaf, &e) != 0)
			continue;
		if (kind % 4 == 0) {
			(void)!mknodat(parent, leaf, S_IFREG | 0644, 0);
		} else if (kind % 4 == 1) {
			tree_path(bytes, target);
			(void)!symlinkat(target, parent, leaf);
		} else {
			(void)!mkdirat(parent, leaf, 0755);
		}
	}
}

static inline int tree_ask_kernel(int root, const char *path, int flags)
{
	struct open_how how = {
		.flags = (uint64_t)(flags | O_CLOEXEC),
		.resolve = RESOLVE_IN_ROOT | RESOLVE_NO_MAGICLINKS,
	};

	for (int i = 0; i < 1 << 20; i++) {
		int fd = sys_openat2(root, path[0] ? path : "/", &how);

		if (fd >= 0 || errno != EAGAIN)
			return fd >= 0 ? fd : -errno;
	}
	return -EAGAIN;
}

/* One comparison: the same file, or the same error. */
static inline bool tree_compare(int root, const char *path, int flags)
{
	auto_fd int walked = FD_NONE;
	auto_fd int asked = tree_ask_kernel(root, path, flags);
	int expected = asked < 0 ? asked : 0;
	int r = path_walk_open(root, path[0] ? path : "/", flags, 0, &walked);
	bool agrees = r == expected && (r < 0 || fd_is_same(walked, asked));

	if (!agrees)
		printf("# '%s', flags %o: walked to %d, the kernel says %d\n", path,
		       (unsigned int)flags, r, expected);
	return agrees;
}

/* Whether the walk and the kernel agree on `path`. Mounting elsewhere on a busy machine makes
 * openat2(2) give up (EAGAIN), so what differs is asked again: a real difference stays. */
static inline bool tree_agrees(int root, const char *path, int flags)
{
	bool agrees = false;

	for (int i = 0; i < 3 && !agrees; i++)
		agrees = tree_compare(root, path, flags);
	return agrees;
}

/* The flags to try, by number; 0 ends. */
static inline int tree_flags(unsigned int n)
{
	static const int flags[] = {
		O_PATH,
		O_PATH | O_NOFOLLOW,
		O_PATH | O_DIRECTORY,
		O_PATH | O_NOFOLLOW | O_DIRECTORY,
		O_RDONLY | O_NONBLOCK,
		O_RDONLY | O_NOFOLLOW | O_NONBLOCK,
		O_RDONLY | O_DIRECTORY,
	};

	return n < sizeof(flags) / sizeof(flags[0]) ? flags[n] : -1;
}

#endif
