/*
 * Resolves a path below a root by hand: for kernels without openat2(2) (before 5.6, or where an
 * outer seccomp filter hides it), and for making directories on the way.
 *
 * Each component is opened with O_PATH | O_NOFOLLOW from the handle of its parent, so a rename or
 * a planted link cannot redirect what was opened already. ".." never asks the kernel: a directory
 * that was moved out of the root meanwhile would lead outside. Instead the handles of the way down
 * are kept and the last one is dropped, which is also what the name means after links have been
 * expanded. Links are read from their own handle, so text and type belong to one inode.
 *
 * Magic links of procfs look like ordinary ones to readlinkat(2). Following their text inside the
 * root would be harmless but meaningless, and openat2 refuses them: so do we, by their absolute or
 * "type:[...]" text; the honest links of procfs (self, mounts, net) are relative names.
 */
#include "path-walk.h"

#include "base/arena.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/mount.h"

#include <fcntl.h>

#define DEPTH_MAX   255
#define LINKS_MAX   40
#define RETRIES_MAX 128
#define HANDLE	    (O_PATH | O_NOFOLLOW)

struct walk {
	int root; /* borrowed */
	int stack[DEPTH_MAX];
	int depth;
	int links;
	char *rest; /* what is still to be resolved; owned */
};

static int top(const struct walk *walk)
{
	return walk->depth > 0 ? walk->stack[walk->depth - 1] : walk->root;
}

static void pop(struct walk *walk)
{
	if (walk->depth > 0)
		fd_close(&walk->stack[--walk->depth]);
}

static void walk_done(struct walk *walk)
{
	while (walk->depth > 0)
		pop(walk);
	free(walk->rest);
}

void path_walk_done(struct path_walk_end *end)
{
	fd_close(&end->parent);
	fd_close(&end->found);
}

static bool is_magic_link(int fd, const char *text)
{
	return fd_is_filesystem(fd, PROC_SUPER_MAGIC) && (text[0] == '/' || strstr(text, ":["));
}

/* Puts the text of the link `fd` before what is left. */
static int expand(struct walk *walk, int fd, const char *rest)
{
	char text[PATH_MAX];
	ssize_t length;
	char *joined;

	if (++walk->links > LINKS_MAX)
		return -ELOOP;
	length = readlinkat(fd, "", text, sizeof(text) - 1);
	if (length < 0)
		return -errno;
	if (length == 0)
		return -ENOENT;
	text[length] = '\0';
	if (is_magic_link(fd, text))
		return -ELOOP;
	if (text[0] == '/') {
		while (walk->depth > 0)
			pop(walk);
	}
	joined = xasprintf("%s%s", text, rest);
	free(walk->rest);
	walk->rest = joined;
	return 0;
}

/* A handle of `name` in the directory, which is made if that was asked for. */
static int open_directory(const struct walk *walk, const char *name,
			  const struct path_walk_request *request)
{
	int fd = openat(top(walk), name, HANDLE | O_CLOEXEC);

	if (fd >= 0 || errno != ENOENT || !request->make)
		return fd >= 0 ? fd : -errno;
	if (mkdirat(top(walk), name, request->mode) < 0 && errno != EEXIST)
		return -errno;
	fd = openat(top(walk), name, HANDLE | O_CLOEXEC);
	return fd >= 0 ? fd : -errno;
}

/* A component that something follows. `rest` is the text behind it. */
static int descend(struct walk *walk, const char *name, const char *rest,
		   const struct path_walk_request *request)
{
	auto_fd int fd = open_directory(walk, name, request);
	char *left;

	if (fd < 0)
		return fd;
	if (fd_is_symlink(fd))
		return expand(walk, fd, rest);
	if (!fd_is_directory(fd))
		return -ENOTDIR;
	if (walk->depth == DEPTH_MAX)
		return -ENAMETOOLONG;
	walk->stack[walk->depth++] = take_fd(&fd);
	left = xstrdup(rest);
	free(walk->rest);
	walk->rest = left;
	return 0;
}

static int finish(struct walk *walk, const char *leaf, int take_found, bool had_slash,
		  struct path_walk_end *ret)
{
	auto_fd int found = take_found;
	auto_fd int parent = fcntl(top(walk), F_DUPFD_CLOEXEC, 3);

	if (parent < 0)
		return -errno;
	(void)snprintf(ret->leaf, sizeof(ret->leaf), "%s", leaf);
	ret->parent = take_fd(&parent);
	ret->found = take_fd(&found);
	ret->had_slash = had_slash;
	return 0;
}

static int finish_directory(struct walk *walk, bool had_slash, struct path_walk_end *ret)
{
	auto_fd int found = openat(top(walk), ".", O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (found < 0)
		return -errno;
	return finish(walk, ".", take_fd(&found), had_slash, ret);
}

/* The last component, without a slash behind it. 1: it was a link, go on. */
static int finish_leaf(struct walk *walk, const char *name, const struct path_walk_request *request,
		       struct path_walk_end *ret)
{
	auto_fd int fd = openat(top(walk), name, HANDLE | O_CLOEXEC);

	if (fd < 0 && errno != ENOENT)
		return -errno;
	if (fd >= 0 && request->follow && fd_is_symlink(fd)) {
		int r = expand(walk, fd, "");

		return r < 0 ? r : 1;
	}
	return finish(walk, name, fd >= 0 ? take_fd(&fd) : FD_NONE, false, ret);
}

/* Consumes one component. 0: the end was reached and *ret is filled; 1: go on. */
static int step(struct walk *walk, const struct path_walk_request *request, bool *had_slash,
		struct path_walk_end *ret)
{
	const char *start = walk->rest + strspn(walk->rest, "/");
	size_t length = strcspn(start, "/");
	const char *rest = start + length;
	char name[PATH_LEAF_SIZE];
	int r;

	if (length == 0)
		return finish_directory(walk, *had_slash, ret);
	if (length >= sizeof(name))
		return -ENAMETOOLONG;
	memcpy(name, start, length);
	name[length] = '\0';
	*had_slash = *rest == '/';
	if (str_is(name, ".") || str_is(name, "..")) {
		char *left = xstrdup(rest);

		if (name[1] == '.')
			pop(walk);
		free(walk->rest);
		walk->rest = left;
		return 1;
	}
	if (*rest == '\0')
		return finish_leaf(walk, name, request, ret);
	r = descend(walk, name, rest, request);
	return r < 0 ? r : 1;
}

int path_walk(int root, const char *path, const struct path_walk_request *request,
	      struct path_walk_end *ret)
{
	struct walk walk = {.root = root};
	bool had_slash = false;
	int r;

	if (strlen(path) >= PATH_MAX)
		return -ENAMETOOLONG;
	walk.rest = xstrdup(path);
	do {
		r = step(&walk, request, &had_slash, ret);
	} while (r == 1);
	walk_done(&walk);
	return r;
}

/* Opens what the walk ended at. -EAGAIN: it became a link under our hands. */
static int open_end(struct path_walk_end *end, bool followed, int flags, mode_t mode, int *ret_fd)
{
	int fd;

	if (flags & O_PATH) {
		if (end->found < 0)
			return -ENOENT;
		if ((flags & O_DIRECTORY) && !fd_is_directory(end->found))
			return -ENOTDIR;
		*ret_fd = take_fd(&end->found);
		return 0;
	}
	if ((flags & O_CREAT) && end->had_slash)
		return -EISDIR;
	fd = openat(end->parent, end->leaf, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return errno == ELOOP && followed ? -EAGAIN : -errno;
	*ret_fd = fd;
	return 0;
}

int path_walk_open(int root, const char *path, int flags, mode_t mode, int *ret_fd)
{
	bool exclusive = (flags & O_CREAT) && (flags & O_EXCL);
	struct path_walk_request request = {.follow = !(flags & O_NOFOLLOW) && !exclusive};
	int r = -EAGAIN;

	for (int i = 0; i < RETRIES_MAX && r == -EAGAIN; i++) {
		struct path_walk_end end = {.parent = FD_NONE, .found = FD_NONE};

		r = path_walk(root, path, &request, &end);
		if (r == 0)
			r = open_end(&end, request.follow, flags, mode, ret_fd);
		path_walk_done(&end);
	}
	return r;
}

/* Whether `fd` is on the mount with that id. */
static bool is_on_mount(int fd, uint64_t id)
{
	struct err e;
	uint64_t own;

	return mount_id(fd, &own, &e) == 0 && own == id;
}

/* A handle of a component: on the same mount and no link. -errno. */
static int enter(int at, const char *name, uint64_t mount)
{
	auto_fd int fd = openat(at, name, HANDLE | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	if (!is_on_mount(fd, mount))
		return -EXDEV;
	if (fd_is_symlink(fd))
		return -ELOOP;
	return take_fd(&fd);
}

/* The last component: looked at first, so that nothing of another mount is ever really opened. */
static int open_last(int at, const char *name, uint64_t mount, int flags, mode_t mode, int *ret_fd)
{
	auto_fd int handle = enter(at, name, mount);
	auto_fd int fd = FD_NONE;

	if (handle < 0 && !(handle == -ENOENT && (flags & O_CREAT)))
		return handle;
	fd = openat(at, name, flags | O_NOFOLLOW | O_CLOEXEC, mode);
	if (fd < 0)
		return -errno;
	if (!is_on_mount(fd, mount))
		return -EXDEV;
	if (fd_is_symlink(fd))
		return -ELOOP;
	*ret_fd = take_fd(&fd);
	return 0;
}

int path_walk_open_beneath(int directory, const char *path, int flags, mode_t mode, int *ret_fd)
{
	auto_fd int at = fcntl(directory, F_DUPFD_CLOEXEC, 3);
	char name[PATH_LEAF_SIZE];
	uint64_t mount;
	struct err e;

	if (at < 0)
		return -errno;
	if (path[0] == '/' || path[0] == '\0')
		return path[0] == '/' ? -EXDEV : -ENOENT;
	if (mount_id(directory, &mount, &e) < 0)
		return -e.code;
	for (;;) {
		size_t length;
		int fd;

		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length >= sizeof(name))
			return -ENAMETOOLONG;
		/* Nothing behind the last slash: the directory itself. */
		(void)snprintf(name, sizeof(name), "%.*s", length > 0 ? (int)length : 1,
			       length > 0 ? path : ".");
		path += length;
		if (str_is(name, ".."))
			return -EXDEV;
		if (*path == '\0')
			return open_last(at, name, mount, flags, mode, ret_fd);
		fd = enter(at, name, mount);
		if (fd < 0)
			return fd;
		fd_close(&at);
		at = fd;
	}
}
