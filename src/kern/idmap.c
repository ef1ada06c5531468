/*
 * Id mappings: see kern/idmap.h.
 *
 * A map is written once, in a single write(2), from outside of the new user namespace: by somebody
 * with CAP_SETUID over its parent, or by the setuid helpers, which read /etc/subuid. The kernel
 * checks overlaps too, but answers EINVAL for everything, so idmap_check() says what is wrong.
 *
 * A user namespace needs a process only to be born: its descriptor keeps it alive, and that is all
 * an id-mapped mount wants. The child that gives birth to it waits for its end.
 */
#include "kern/idmap.h"

#include "base/arena.h"
#include "base/buf.h"
#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/namespaces.h"
#include "kern/process.h"

#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>

static const char *const helper_directories[] = {"/usr/bin",  "/bin",  "/usr/local/bin",
						 "/usr/sbin", "/sbin", "/run/wrappers/bin"};

static bool overlaps(uint32_t a, uint32_t a_size, uint32_t b, uint32_t b_size)
{
	return a < (uint64_t)b + b_size && b < (uint64_t)a + a_size;
}

static int check_range(const struct id_map *map, size_t n, struct err *e)
{
	const struct id_range *range = &map->ranges[n];

	if (range->size == 0)
		return refuse(e, EINVAL, "mapping %zu: the size must not be 0", n);
	if ((uint64_t)range->inside + range->size > UINT32_MAX ||
	    (uint64_t)range->outside + range->size > UINT32_MAX)
		return refuse(e, EINVAL, "mapping %zu: ids must be below 4294967295", n);
	for (size_t i = 0; i < n; i++) {
		const struct id_range *other = &map->ranges[i];

		if (overlaps(range->inside, range->size, other->inside, other->size) ||
		    overlaps(range->outside, range->size, other->outside, other->size))
			return refuse(e, EINVAL, "mapping %zu overlaps mapping %zu", n, i);
	}
	return 0;
}

int idmap_check(const struct id_map *map, struct err *e)
{
	if (map->count == 0)
		return refuse(e, EINVAL, "there must be at least one mapping");
	if (map->count > IDMAP_LINES_MAX)
		return refuse(e, EINVAL, "%zu mappings are more than the kernel takes (%d)",
			      map->count, IDMAP_LINES_MAX);
	for (size_t i = 0; i < map->count; i++) {
		int r = check_range(map, i, e);

		if (r < 0)
			return r;
	}
	return 0;
}

bool idmap_outside(const struct id_map *map, uint32_t inside, uint32_t *ret)
{
	for (size_t i = 0; i < map->count; i++) {
		const struct id_range *range = &map->ranges[i];

		if (inside >= range->inside && inside - range->inside < range->size) {
			*ret = range->outside + (inside - range->inside);
			return true;
		}
	}
	return false;
}

char *idmap_text(const struct id_map *map)
{
	auto_buf text = {0};

	for (size_t i = 0; i < map->count; i++)
		buf_printf(&text, "%u %u %u\n", map->ranges[i].inside, map->ranges[i].outside,
			   map->ranges[i].size);
	return xstrdup(buf_text(&text));
}

static const char *kind_file(enum id_kind kind)
{
	return kind == ID_USERS ? "uid_map" : "gid_map";
}

static int write_map(pid_t pid, enum id_kind kind, const struct id_map *map, struct err *e)
{
	char path[48];
	auto_free char *text = idmap_text(map);

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", pid, kind_file(kind));
	return file_write_existing(AT_FDCWD, path, text, e);
}

/* argv for newuidmap PID INSIDE OUTSIDE SIZE ...; free with free_words(). */
static char **helper_arguments(const char *program, pid_t pid, const struct id_map *map)
{
	char **words = xcalloc(3 + map->count * 3, sizeof(*words));
	size_t n = 0;

	words[n++] = xstrdup(program);
	words[n++] = xasprintf("%d", pid);
	for (size_t i = 0; i < map->count; i++) {
		words[n++] = xasprintf("%u", map->ranges[i].inside);
		words[n++] = xasprintf("%u", map->ranges[i].outside);
		words[n++] = xasprintf("%u", map->ranges[i].size);
	}
	return words;
}

static void free_words(char **words)
{
	for (char **word = words; *word; word++)
		free(*word);
	free(words);
}

/* In the child: the helper with its standard error on `output`. Does not return. */
static void run_helper(const char *name, char **words, int output)
{
	char *no_environment[] = {NULL};

	if (dup2(output, STDOUT_FILENO) < 0 || dup2(output, STDERR_FILENO) < 0)
		_exit(126);
	for (size_t i = 0; i < sizeof(helper_directories) / sizeof(helper_directories[0]); i++) {
		char path[64];

		(void)snprintf(path, sizeof(path), "%s/%s", helper_directories[i], name);
		(void)execve(path, words, no_environment);
	}
	_exit(127);
}

/* What the helper said, as one line. */
static void first_line(struct buf *text)
{
	if (text->size > 0)
		text->data[strcspn(text->data, "\n")] = '\0';
}

static int write_with_helper(pid_t pid, enum id_kind kind, const struct id_map *map, struct err *e)
{
	const char *name = kind == ID_USERS ? "newuidmap" : "newgidmap";
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process child = PROCESS_NONE;
	auto_buf said = {0};
	auto_fd int readable = FD_NONE;
	auto_fd int writable = FD_NONE;
	char **words;
	int ends[2];
	int status;
	int r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	readable = ends[0];
	writable = ends[1];
	words = helper_arguments(name, pid, map);
	r = process_fork(&how, &child, e);
	if (r == PROCESS_CHILD)
		run_helper(name, words, writable);
	free_words(words);
	if (r < 0)
		return r;
	fd_close(&writable);
	(void)!fd_read_all(readable, 4096, &said);
	fd_close(&readable);
	r = process_reap(child.pid, &status, e);
	process_done(&child);
	if (r < 0)
		return r;
	first_line(&said);
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return refuse(e, ENOENT, "'%s' is not installed", name);
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return refuse(e, EPERM, "%s failed: %s", name, buf_text(&said));
	return 0;
}

int idmap_write(pid_t pid, enum id_kind kind, const struct id_map *map, bool with_helper,
		struct err *e)
{
	int r = idmap_check(map, e);

	if (r < 0)
		return wrap(e, "%s", kind_file(kind));
	return with_helper ? write_with_helper(pid, kind, map, e) : write_map(pid, kind, map, e);
}

int idmap_deny_setgroups(pid_t pid, struct err *e)
{
	char path[48];

	(void)snprintf(path, sizeof(path), "/proc/%d/setgroups", pid);
	return file_write_existing(AT_FDCWD, path, "deny", e);
}

/* In the child: alive until the other end is closed. Does not return. */
static void wait_for_end(int sock)
{
	char byte = 0;

	/* A process that is not root could not be written to in /proc otherwise. */
	(void)prctl(PR_SET_DUMPABLE, 1, 0, 0, 0);
	if (write(sock, &byte, 1) == 1)
		(void)!read(sock, &byte, 1);
	_exit(0);
}

static int write_maps(pid_t pid, int sock, const struct id_map *users, const struct id_map *groups,
		      int *ret_fd, struct err *e)
{
	char byte;
	int r;

	if (read(sock, &byte, 1) != 1)
		return refuse(e, EPIPE, "the process of the new user namespace died");
	r = idmap_write(pid, ID_USERS, users, false, e);
	if (r == 0)
		r = idmap_write(pid, ID_GROUPS, groups, false, e);
	if (r == 0)
		r = namespace_open_process(pid, CLONE_NEWUSER, ret_fd, e);
	return r;
}

int idmap_user_namespace(const struct id_map *users, const struct id_map *groups, int *ret_fd,
			 struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process child = PROCESS_NONE;
	auto_fd int ours = FD_NONE;
	auto_fd int theirs = FD_NONE;
	struct err ignored;
	int ends[2];
	int status;
	int r;

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, errno, "make a socket pair");
	ours = ends[0];
	theirs = ends[1];
	how.flags = CLONE_NEWUSER;
	how.no_birth = true;
	r = process_fork(&how, &child, e);
	if (r == PROCESS_CHILD) {
		fd_close(&ours);
		wait_for_end(theirs);
	}
	if (r < 0)
		return wrap(e, "user namespace of an id-mapped mount");
	fd_close(&theirs);
	r = write_maps(child.pid, ours, users, groups, ret_fd, e);
	fd_close(&ours);
	(void)!process_reap(child.pid, &status, &ignored);
	process_done(&child);
	return r < 0 ? wrap(e, "user namespace of an id-mapped mount") : 0;
}
