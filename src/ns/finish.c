/*
 * From the runtime's code to the launch program: what still needs a libc, or the runtime's memory,
 * is done here; then this process becomes the small program that waits for the start.
 *
 * Descriptors: everything from 3 on is closed by the exec but for what the launch program is told
 * about and what the caller wants kept. Ours are moved above the kept ones first, so that no number
 * is both.
 */
#include "child.h"

#include "base/fd.h"
#include "kern/caps.h"
#include "kern/compat.h"
#include "kern/identity.h"
#include "kern/memfd.h"
#include "kern/path.h"

#include <fcntl.h>

#define PASSWD_LIMIT (1 << 20)
#define NULL_FLAGS   (O_NOFOLLOW | O_NONBLOCK | O_NOCTTY)

/* The home directory that the image's passwd gives; "/" when it says nothing. */
static const char *find_home(int root, struct arena *arena, const struct plan_process *process)
{
	auto_fd int fd = FD_NONE;
	auto_buf text = {0};
	struct err ignored;
	const char *home = NULL;

	if (path_open(root, "/etc/passwd", O_PATH, 0, &fd, &ignored) == 0 && fd_is_regular(fd)) {
		fd_close(&fd);
		/* Swapped meanwhile for something that blocks or acts: then not opened for good. */
		if (path_open(root, "/etc/passwd", O_RDONLY | O_NONBLOCK | O_NOCTTY, 0, &fd,
			      &ignored) == 0 &&
		    fd_is_regular(fd) && fd_read_all(fd, PASSWD_LIMIT, &text) == 0)
			home = identity_home(arena, buf_text(&text), process->uid.value);
	}
	return home && *home ? home : "/";
}

/* A caller's /dev/null is the host's device: the container has its own, if it is one. */
static int open_own_null(int root)
{
	auto_fd int fd = FD_NONE;
	struct err ignored;

	if (path_open(root, "/dev/null", O_PATH | O_NOFOLLOW, 0, &fd, &ignored) < 0 ||
	    !fd_is_device(fd, S_IFCHR, 1, 3))
		return FD_NONE;
	fd_close(&fd);
	if (path_open(root, "/dev/null", O_RDWR | NULL_FLAGS, 0, &fd, &ignored) < 0 ||
	    !fd_is_device(fd, S_IFCHR, 1, 3))
		return FD_NONE;
	return take_fd(&fd);
}

static void choose_stdio(const struct finish *finish, int root, int *stdio)
{
	int null = FD_NONE;

	for (int i = 0; i < 3; i++) {
		int given = finish->stdio[i] >= 0 ? finish->stdio[i] : i;

		if (finish->console_peer >= 0) {
			stdio[i] = finish->console_peer;
			continue;
		}
		stdio[i] = finish->stdio[i];
		if (!fd_is_device(given, S_IFCHR, 1, 3))
			continue;
		if (null < 0)
			null = open_own_null(root);
		if (null >= 0)
			stdio[i] = null;
	}
}

/* Above `first`, and surviving exec. */
static int pass(int *fd, int first, struct err *e)
{
	if (*fd < 0) {
		*fd = -1;
		return 0;
	}
	if (*fd < first) {
		*fd = fcntl(*fd, F_DUPFD, first);
		if (*fd < 0)
			return fail(e, errno, "duplicate a descriptor");
		return 0;
	}
	if (fcntl(*fd, F_SETFD, 0) < 0)
		return fail(e, errno, "keep descriptor %d over exec", *fd);
	return 0;
}

static int pass_all(struct launch_fds *fds, int first, struct err *e)
{
	int *all[] = {&fds->sync,	&fds->start,	&fds->result,	&fds->proc,
		      &fds->hook_input, &fds->stdio[0], &fds->stdio[1], &fds->stdio[2]};
	int r = 0;

	for (int fd = 3; r == 0 && fd < first; fd++) {
		if (fcntl(fd, F_SETFD, 0) < 0)
			r = fail(e, errno, "descriptor %d, which is to be kept", fd);
	}
	for (size_t i = 0; r == 0 && i < sizeof(all) / sizeof(all[0]); i++)
		r = pass(all[i], first, e);
	return r;
}

/* An exec takes the capabilities of a process that is not root, except ambient ones. */
static int keep_capabilities(struct err *e)
{
	struct caps caps;
	int r;

	if (geteuid() == 0)
		return 0;
	r = caps_get(&caps, e);
	if (r == 0)
		r = caps_set(caps.permitted, caps.permitted, caps.permitted, e);
	return r == 0 ? caps_set_ambient(caps.permitted, e) : r;
}

static int make_orders(const struct finish *finish, struct arena *arena, int *ret_fd, struct err *e)
{
	const struct plan_process *process = finish->process;
	int first = 3 + (process ? (int)process->keep_fds.value : 0);
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_buf blob = {0};
	const char *home = NULL;
	struct launch_fds fds = {
		.sync = finish->handshake->sock,
		.start = finish->start_fd,
		.result = finish->result_fd,
		.proc = finish->proc,
		.hook_input = finish->hook_input,
		.is_forked = finish->is_forked,
	};
	int r;

	if (root < 0)
		return fail(e, errno, "open '/'");
	choose_stdio(finish, root, fds.stdio);
	if (process && process->add_home.value)
		home = find_home(root, arena, process);
	r = pass_all(&fds, first, e);
	if (r == 0)
		r = blob_build(process, &fds, home, finish->umask, &blob, e);
	if (r == 0)
		r = memfd_sealed("orders", blob.data, blob.size, false, ret_fd, e);
	return r == 0 ? pass(ret_fd, first, e) : r;
}

int finish_launch(const struct finish *finish, struct arena *arena, struct err *e)
{
	char number[16];
	char *argv[] = {(char *)"bulkhead-init", number, NULL};
	char *envp[] = {NULL};
	int orders, r;

	r = make_orders(finish, arena, &orders, e);
	if (r == 0)
		r = keep_capabilities(e);
	if (r < 0)
		return r;
	(void)snprintf(number, sizeof(number), "%d", orders);
	(void)sys_execveat(finish->image_fd, "", argv, envp, AT_EMPTY_PATH);
	return fail(e, errno, "execute the launch program");
}
