/*
 * The readiness protocol of sd_notify(3) across the wall.
 *
 * The host's manager knows our pid, not the container's, so READY=1 is sent by us together with
 * MAINPID. BARRIER=1 carries a pipe whose end the manager closes when it has read everything:
 * were we gone before, it could not tell whose message it was.
 */
#include "notify.h"

#include "base/clock.h"
#include "base/log.h"
#include "interrupt.h"
#include "kern/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/socket.h>
#include <sys/stat.h>

#define NOTIFY_NAME "notify.sock"

enum { MESSAGE_MAX = 4096, BARRIER_SECONDS = 30, POLL_MS = 100 };

const char *notify_host_socket(void)
{
	const char *path = getenv("NOTIFY_SOCKET");

	return path && *path ? path : NULL;
}

int notify_make(int state_fd, struct err *e)
{
	if (mkdirat(state_fd, NOTIFY_DIRECTORY, 0755) < 0 ||
	    fchmodat(state_fd, NOTIFY_DIRECTORY, 0755, 0) < 0)
		return fail(e, errno, "make the directory '%s'", NOTIFY_DIRECTORY);
	return 0;
}

int notify_open(const struct container *container, int *ret_fd, struct err *e)
{
	auto_fd int directory = FD_NONE;

	*ret_fd = FD_NONE;
	if (!notify_host_socket())
		return 0;
	directory = openat(container->state_fd, NOTIFY_DIRECTORY,
			   O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (directory < 0) {
		log_debug("NOTIFY_SOCKET was not set for create: nothing to forward");
		return 0;
	}
	if (sock_listen(directory, NOTIFY_NAME, SOCK_DGRAM, ret_fd, e) < 0)
		return wrap(e, "make the notify socket");
	/* Any user of the container may be the service. */
	if (fchmodat(directory, NOTIFY_NAME, 0777, 0) < 0) {
		fd_close(ret_fd);
		return fail(e, errno, "open the notify socket to all users");
	}
	return 0;
}

/* The line of the datagram that begins with READY=, or NULL. */
static char *ready_line(char *text)
{
	char *rest = text;
	char *line;

	while ((line = strsep(&rest, "\n"))) {
		if (str_starts(line, "READY="))
			return line;
	}
	return NULL;
}

/* Waits until the host's manager has read everything that was sent. */
static int barrier(const char *host, struct err *e)
{
	auto_fd int sock = FD_NONE;
	auto_fd int reader = FD_NONE;
	uint64_t deadline = clock_now() + BARRIER_SECONDS * 1000000000ULL;
	struct pollfd wait = {.events = 0};
	int ends[2];
	int r;

	if (host[0] == '@') {
		log_debug("no barrier over an abstract socket");
		return 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	r = sock_connect(host, SOCK_DGRAM, &sock, e);
	if (r == 0)
		r = sock_send(sock, "BARRIER=1", 9, &ends[1], 1, deadline, e);
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	wait.fd = reader;
	while (poll(&wait, 1, clock_left_ms(deadline)) < 0 && errno == EINTR)
		;
	return 0;
}

static int forward(const char *host, const char *ready, pid_t pid, struct err *e)
{
	char main_pid[32];

	(void)snprintf(main_pid, sizeof(main_pid), "MAINPID=%d", pid);
	if (sock_notify(host, ready, e) < 0 || sock_notify(host, main_pid, e) < 0 ||
	    barrier(host, e) < 0)
		return wrap(e, "forward '%s' to NOTIFY_SOCKET '%s'", ready, host);
	return 0;
}

int notify_forward(const struct container *container, int fd, struct err *e)
{
	char text[MESSAGE_MAX + 1];

	for (;;) {
		struct pollfd fds[] = {
			{.fd = fd, .events = POLLIN},
			{.fd = container->init.pidfd, .events = POLLIN},
		};
		ssize_t size;
		char *ready;

		if (poll(fds, 2, POLL_MS) < 0 && errno != EINTR)
			return fail(e, errno, "wait for the service");
		if (interrupt_check(e) < 0)
			return -e->code;
		size = recv(fd, text, MESSAGE_MAX, MSG_DONTWAIT);
		if (size > 0) {
			text[size] = '\0';
			ready = ready_line(text);
			if (ready)
				return forward(notify_host_socket(), ready, container->init.pid, e);
			continue;
		}
		if (process_wait_gone(&container->init, 0, e) == 0)
			return 0; /* it ended without ever being ready */
	}
}
