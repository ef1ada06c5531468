/*
 * A proxy is the process of an exec to whoever holds its pid: it passes signals and changes of the
 * window on, and ends as the process in the guest ended. Its streams it hands to the monitor, which
 * moves their bytes; it only waits.
 *
 * So is the process of a container that has joined the machine of another one. It first puts the
 * container's files into the shared directory, and ends with its creator until it is released.
 */
#include "proxy.h"

#include "base/fd.h"
#include "control.h"
#include "kern/compat.h"
#include "kern/namespaces.h"
#include "kern/sock.h"
#include "kern/tty.h"
#include "monitor.h"
#include "share.h"
#include "view.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { FAILURE_CODE = 255, SETUP_MAX = 4 * 1024 * 1024 };

struct proxy {
	int signals;
	int terminal; /* FD_NONE: none */
	bool is_container;
	bool has_creator; /* a container that is not released */
	int files;	  /* the mount namespace in which the container's files are */
	int streams[3];
	struct arena arena;
	struct vm_setup setup; /* of a container */
};

static void report(const struct err *e)
{
	struct err ignored;

	(void)!sock_send(PROXY_LINK_FD, e, sizeof(*e), NULL, 0, 0, &ignored);
}

static void say(enum control_verb verb, uint64_t number)
{
	const struct control_request request = {.verb = verb, .number = number};
	struct err ignored;

	(void)!control_send(PROXY_CONTROL_FD, &request, NULL, 0, NULL, 0, &ignored);
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

/* To whoever looks at this pid its files are the container's. */
static int files_view(struct proxy *proxy, struct err *e)
{
	auto_fd int top = FD_NONE;

	if (namespace_join(proxy->files, CLONE_NEWNS, e) < 0 ||
	    share_top(proxy->setup.machine, &top, e) < 0 ||
	    view_enter(proxy->setup.machine, top, e) < 0)
		return -e->code;
	fd_close(&proxy->files);
	arena_done(&proxy->arena);
	return 0;
}

/* The creator's word that the container stands on its own; without it they end together. */
static void creator_hear(struct proxy *proxy)
{
	struct err e;
	char byte;

	if (recv(PROXY_LINK_FD, &byte, 1, MSG_DONTWAIT) != 1 || files_view(proxy, &e) < 0)
		_exit(FAILURE_CODE);
	proxy->has_creator = false;
	(void)close(PROXY_LINK_FD);
}

/* The next answer; signals are passed on meanwhile. */
static int answer_await(struct proxy *proxy, struct control_answer *ret, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = PROXY_CONTROL_FD, .events = POLLIN},
			{.fd = proxy->signals, .events = POLLIN},
			{.fd = proxy->has_creator ? PROXY_LINK_FD : FD_NONE, .events = POLLIN},
		};

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return fail(e, errno, "wait for the process");
		if (fds[1].revents)
			signals_take(proxy);
		if (fds[2].revents)
			creator_hear(proxy);
		if (fds[0].revents)
			return control_await(PROXY_CONTROL_FD, 0, ret, NULL, e);
	}
}

static int setup_read(struct proxy *proxy, struct err *e)
{
	auto_buf text = {0};
	const struct json *tree;
	int r = fd_read_all(PROXY_SETUP_FD, SETUP_MAX, &text);

	if (r < 0)
		return fail(e, -r, "read the container's setup");
	if (json_read(&proxy->arena, buf_text(&text), text.size, &tree, e) < 0 ||
	    fields_decode(vm_setup_fields, &proxy->arena, tree, "", &proxy->setup, e) < 0)
		return wrap(e, "the container's setup");
	return 0;
}

static int files_join(struct proxy *proxy, struct err *e)
{
	if (setup_read(proxy, e) < 0 || share_namespace(PROXY_MONITOR_FD, &proxy->files, e) < 0 ||
	    share_join(proxy->setup.machine, proxy->files, e) < 0)
		return -e->code;
	/* To whoever looks at this pid its network is the container's. */
	return namespace_join_process(PROXY_MONITOR_FD, CLONE_NEWNET, e);
}

static int request_send(struct proxy *proxy, struct err *e)
{
	struct control_request request = {
		.verb = proxy->is_container ? CONTROL_JOIN : CONTROL_EXEC,
		.number = proxy->terminal >= 0,
	};
	int fds[CONTROL_DESCRIPTORS] = {proxy->streams[0], proxy->streams[1], proxy->streams[2],
					PROXY_LISTENER_FD, PROXY_SETUP_FD,    PROXY_LOG_FD};
	auto_buf body = {0};
	int r = fd_read_all(PROXY_BODY_FD, CONTROL_BODY_MAX, &body);

	if (r < 0)
		return fail(e, -r, "read the plan of the process");
	r = control_send(PROXY_CONTROL_FD, &request, body.data, body.size, fds,
			 proxy->is_container ? CONTROL_DESCRIPTORS : 3, e);
	for (int i = 0; i < 3; i++)
		fd_close(&proxy->streams[i]);
	(void)close(PROXY_BODY_FD);
	for (int fd = PROXY_LISTENER_FD; proxy->is_container && fd < PROXY_JOINED_FDS_END; fd++)
		(void)close(fd);
	return r;
}

static int proxy_open(struct proxy *proxy, bool is_terminal, struct err *e)
{
	(void)prctl(PR_SET_NAME, proxy->is_container ? "bulkhead-vm" : PROXY_COMM);
	if (fd_cloexec_from(3, e) < 0 || standin_stdio(proxy->streams, e) < 0)
		return -e->code;
	if (is_terminal) {
		proxy->terminal = fcntl(proxy->streams[0], F_DUPFD_CLOEXEC, PROXY_JOINED_FDS_END);
		fd_close(&proxy->streams[2]);
	}
	if (standin_session(proxy->terminal, e) < 0 || standin_signals(&proxy->signals, e) < 0 ||
	    (proxy->is_container && files_join(proxy, e) < 0))
		return -e->code;
	return request_send(proxy, e);
}

_Noreturn void proxy_main(const char *name)
{
	struct proxy proxy = {
		.signals = FD_NONE,
		.terminal = FD_NONE,
		.files = FD_NONE,
		.is_container =
			str_is(name, VM_JOINED_NAME) || str_is(name, VM_JOINED_TERMINAL_NAME),
	};
	bool is_terminal =
		str_is(name, VM_PROXY_TERMINAL_NAME) || str_is(name, VM_JOINED_TERMINAL_NAME);
	struct control_answer answer;
	struct err e = {.code = 0};

	proxy.has_creator = proxy.is_container;
	if (proxy_open(&proxy, is_terminal, &e) < 0 || answer_await(&proxy, &answer, &e) < 0) {
		report(&e);
		_exit(FAILURE_CODE);
	}
	e = (struct err){.code = 0};
	report(&e);
	if (!proxy.has_creator)
		(void)close(PROXY_LINK_FD);
	if (answer_await(&proxy, &answer, &e) < 0 || answer.kind != CONTROL_EXIT)
		_exit(FAILURE_CODE);
	standin_leave(answer.code, answer.signal);
}
