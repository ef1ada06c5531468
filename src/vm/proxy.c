/*
 * A proxy is the process of an exec to whoever holds its pid: it passes signals and changes of the
 * window on, and ends as the process in the guest ended. Its streams it hands to the monitor, which
 * moves their bytes; it only waits.
 */
#include "proxy.h"

#include "base/fd.h"
#include "control.h"
#include "kern/sock.h"
#include "kern/tty.h"
#include "monitor.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/stat.h>

enum { FAILURE_CODE = 255 };

struct proxy {
	int signals;
	int terminal; /* FD_NONE: none */
	int streams[3];
};

static void report(const struct err *e)
{
	struct err ignored;

	(void)!sock_send(PROXY_LINK_FD, e, sizeof(*e), NULL, 0, 0, &ignored);
	(void)close(PROXY_LINK_FD);
}

static void say(enum control_verb verb, uint64_t number)
{
	const struct control_request request = {.verb = verb, .number = number};
	struct err ignored;

	(void)!control_send(PROXY_CONTROL_FD, &request, NULL, 0, NULL, &ignored);
}

static void window_tell(const struct proxy *proxy)
{
	struct err ignored;
	uint16_t rows, columns;

	if (proxy->terminal >= 0 && tty_get_size(proxy->terminal, &rows, &columns, &ignored) == 0)
		say(CONTROL_RESIZE, (uint64_t)rows << 16 | columns);
}

static void signals_take(const struct proxy *proxy)
{
	struct signalfd_siginfo info;

	while (read(proxy->signals, &info, sizeof(info)) == (ssize_t)sizeof(info)) {
		switch (info.ssi_signo) {
		case SIGCHLD:
		case SIGPIPE:
		case SIGURG:
			break;
		case SIGWINCH:
			window_tell(proxy);
			break;
		default:
			say(CONTROL_SIGNAL, info.ssi_signo);
		}
	}
}

/* The next answer; signals are passed on meanwhile. */
static int answer_await(const struct proxy *proxy, struct control_answer *ret, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = PROXY_CONTROL_FD, .events = POLLIN},
			{.fd = proxy->signals, .events = POLLIN},
		};

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return fail(e, errno, "wait for the process");
		if (fds[1].revents)
			signals_take(proxy);
		if (fds[0].revents)
			return control_await(PROXY_CONTROL_FD, 0, ret, NULL, e);
	}
}

static int request_send(struct proxy *proxy, struct err *e)
{
	struct control_request request = {
		.verb = CONTROL_EXEC,
		.number = proxy->terminal >= 0,
	};
	auto_buf body = {0};
	int r = fd_read_all(PROXY_BODY_FD, CONTROL_BODY_MAX, &body);

	if (r < 0)
		return fail(e, -r, "read the plan of the process");
	r = control_send(PROXY_CONTROL_FD, &request, body.data, body.size, proxy->streams, e);
	for (int i = 0; i < 3; i++)
		fd_close(&proxy->streams[i]);
	(void)close(PROXY_BODY_FD);
	return r;
}

static int proxy_open(struct proxy *proxy, bool is_terminal, struct err *e)
{
	(void)prctl(PR_SET_NAME, PROXY_COMM);
	if (fd_cloexec_from(3, e) < 0 || standin_stdio(proxy->streams, e) < 0)
		return -e->code;
	if (is_terminal) {
		proxy->terminal = fcntl(proxy->streams[0], F_DUPFD_CLOEXEC, PROXY_FDS_END);
		fd_close(&proxy->streams[2]);
	}
	if (standin_session(proxy->terminal, e) < 0 || standin_signals(&proxy->signals, e) < 0)
		return -e->code;
	return request_send(proxy, e);
}

_Noreturn void proxy_main(int is_terminal)
{
	struct proxy proxy = {.signals = FD_NONE, .terminal = FD_NONE};
	struct control_answer answer;
	struct err e = {.code = 0};

	if (proxy_open(&proxy, is_terminal, &e) < 0 || answer_await(&proxy, &answer, &e) < 0) {
		report(&e);
		_exit(FAILURE_CODE);
	}
	e = (struct err){.code = 0};
	report(&e);
	if (answer_await(&proxy, &answer, &e) < 0 || answer.kind != CONTROL_EXIT)
		_exit(FAILURE_CODE);
	standin_leave(answer.code, answer.signal);
}
