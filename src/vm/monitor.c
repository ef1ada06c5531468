/*
 * The monitor's start and its loop. Events come one at a time, so that what one of them frees is
 * not pointed at by the next.
 */
#include "monitor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "kern/proc.h"
#include "kern/ticks.h"
#include "kern/tty.h"
#include "vm/vm.h"

#include <errno.h>
#include <signal.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/prctl.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { SETUP_MAX = 4 * 1024 * 1024 };

int watch_add(struct monitor *monitor, struct watch *watch, uint32_t events, struct err *e)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	watch->events = events;
	if (epoll_ctl(monitor->epoll_fd, EPOLL_CTL_ADD, watch->fd, &event) < 0) {
		if (errno != EPERM)
			return fail(e, errno, "watch a descriptor");
		watch->is_always_ready = true;
		return 0;
	}
	watch->is_added = true;
	return 0;
}

void watch_change(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = watch};

	if (watch->events == events)
		return;
	watch->events = events;
	if (watch->is_added)
		(void)epoll_ctl(monitor->epoll_fd, EPOLL_CTL_MOD, watch->fd, &event);
}

void watch_remove(struct monitor *monitor, struct watch *watch)
{
	if (watch->is_added)
		(void)epoll_ctl(monitor->epoll_fd, EPOLL_CTL_DEL, watch->fd, NULL);
	watch->is_added = false;
	watch->is_always_ready = false;
	watch->events = 0;
}

/* ---- signals ---- */

static void children_reap(struct monitor *monitor)
{
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0)
		monitor_child_gone(monitor, pid, status);
}

static void window_changed(struct monitor *monitor)
{
	struct err ignored;
	uint16_t rows, columns;

	if (monitor->init && monitor->init->is_terminal &&
	    tty_get_size(monitor->init->ends[STREAM_OUTPUT].watch.fd, &rows, &columns, &ignored) ==
		    0)
		member_resize(monitor, monitor->init, rows, columns);
}

static void signal_taken(struct monitor *monitor, int signal)
{
	struct err why;

	switch (signal) {
	case SIGCHLD:
		children_reap(monitor);
		return;
	case SIGWINCH:
		window_changed(monitor);
		return;
	case SIGPIPE:
	case SIGURG:
		return;
	default:
		break;
	}
	if (monitor->phase >= MONITOR_PREPARED && monitor->phase < MONITOR_ENDING) {
		guest_signal(monitor, NULL, 0, signal);
	} else if (signal == SIGTERM || signal == SIGINT || signal == SIGHUP) {
		(void)refuse(&why, EINTR, "interrupted by SIG%s", sigabbrev_np(signal));
		monitor_fail(monitor, &why);
	}
}

static void signals_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct signalfd_siginfo info;

	(void)events;
	while (read(watch->fd, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signal_taken(monitor, (int)info.ssi_signo);
}

/* ---- the loop ---- */

static int wait_ms(struct monitor *monitor)
{
	uint64_t next = monitor_deadlines(monitor, clock_now());

	if (members_have_work(monitor))
		return 0;
	return next == 0 ? -1 : clock_left_ms(next);
}

static void loop(struct monitor *monitor)
{
	while (!monitor_is_over(monitor)) {
		struct epoll_event event;
		int timeout = wait_ms(monitor);

		/* Deadlines have words to send, too. */
		channel_flush(monitor);
		if (epoll_wait(monitor->epoll_fd, &event, 1, timeout) > 0) {
			struct watch *watch = event.data.ptr;

			watch->ready(monitor, watch, event.events);
		}
		members_work(monitor);
		members_update(monitor);
	}
}

/* ---- the start ---- */

static int setup_read(struct monitor *monitor, struct err *e)
{
	auto_buf text = {0};
	const struct json *tree;
	/* It stays open: the number is that of something else later. */
	int r = fd_read_all(MONITOR_SETUP_FD, SETUP_MAX, &text);

	if (r < 0)
		return fail(e, -r, "read the monitor's setup");
	if (json_read(&monitor->arena, buf_text(&text), text.size, &tree, e) < 0 ||
	    fields_decode(vm_setup_fields, &monitor->arena, tree, "", &monitor->setup, e) < 0)
		return wrap(e, "the monitor's setup");
	monitor->machine = monitor->setup.machine;
	return 0;
}

static int loop_open(struct monitor *monitor, struct err *e)
{
	monitor->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (monitor->epoll_fd < 0)
		return fail(e, errno, "make an epoll");
	monitor->listener = (struct watch){.fd = MONITOR_CONTROL_FD, .ready = listener_ready};
	monitor->signals.ready = signals_ready;
	if (watch_add(monitor, &monitor->listener, EPOLLIN, e) < 0 ||
	    standin_signals(&monitor->signals.fd, e) < 0 ||
	    watch_add(monitor, &monitor->signals, EPOLLIN, e) < 0)
		return -e->code;
	return 0;
}

static int monitor_open(struct monitor *monitor, struct err *e)
{
	(void)prctl(PR_SET_NAME, "bulkhead-vm");
	(void)prctl(PR_SET_CHILD_SUBREAPER, 1);
	if (fd_cloexec_from(3, e) < 0 || setup_read(monitor, e) < 0 ||
	    proc_open(PROC_PROCESSES, &monitor->proc_fd, e) < 0)
		return -e->code;
	if (standin_stdio(monitor->stdio, e) < 0 ||
	    standin_session(monitor->setup.terminal.value ? monitor->stdio[0] : FD_NONE, e) < 0 ||
	    loop_open(monitor, e) < 0)
		return -e->code;
	return monitor_boot(monitor, e);
}

_Noreturn void monitor_main(void);
_Noreturn void monitor_main(void)
{
	static struct monitor monitor = {
		.state_fd = MONITOR_STATE_FD,
		.epoll_fd = FD_NONE,
		.share_fd = FD_NONE,
		.proc_fd = FD_NONE,
		.hypervisor = {.pidfd = FD_NONE},
		.server = {.pidfd = FD_NONE},
		.last_process = INIT_PROCESS,
	};
	struct err e;

	monitor.started = clock_now();
	monitor.ticks_at_start = cpu_ticks();
	monitor.channel.fd = monitor.console.fd = monitor.output.fd = FD_NONE;
	net_init(&monitor.net);
	if (monitor_open(&monitor, &e) < 0 || !client_add(&monitor, MONITOR_LINK_FD, true, &e)) {
		struct control_answer answer = {
			.kind = CONTROL_REPLY, .result = -e.code, .error = e};
		struct err ignored;

		/* The creator waits for the answer to its request. */
		(void)!control_answer(MONITOR_LINK_FD, &answer, NULL, 0, &ignored);
		monitor_fail(&monitor, &e);
	}
	loop(&monitor);
	monitor_leave(&monitor);
}
