/*
 * Path resolution inside a root without openat2(2): one O_PATH handle a component. Separate from
 * path.c so that tests can hold it against the kernel's own answer.
 */
#ifndef KERN_PATH_WALK_H
#define KERN_PATH_WALK_H

#include "kern/path.h"

struct path_walk_request {
	bool follow; /* expand the last component when it is a link */
	bool make;   /* make missing directories on the way */
	mode_t mode; /* of those */
};

/* Where a walk ended. Either `found` is open (O_PATH), or nothing is there under that name. */
struct path_walk_end {
	int parent;		   /* O_PATH, owned */
	char leaf[PATH_LEAF_SIZE]; /* "." when the path ended in "/", "." or ".." */
	int found;		   /* O_PATH | O_NOFOLLOW, owned; FD_NONE: absent */
	bool had_slash;		   /* a directory was demanded by a trailing "/" */
};

void path_walk_done(struct path_walk_end *end);

/* 0 or -errno. */
int path_walk(int root, const char *path, const struct path_walk_request *request,
	      struct path_walk_end *ret) must_check;
/* path_open() by walking; 0 or -errno. */
int path_walk_open(int root, const char *path, int flags, mode_t mode, int *ret_fd) must_check;
/* path_open_beneath() by walking; 0 or -errno. */
int path_walk_open_beneath(int directory, const char *path, int flags, mode_t mode,
			   int *ret_fd) must_check;

#endif
