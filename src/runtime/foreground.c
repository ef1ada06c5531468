/*
 * The foreground of run and exec.
 *
 * All signals are taken from a signalfd, so that one loop sees children, signals and terminals in
 * the order in which they come. Descriptors 0 and 1 are shared with others and stay blocking: they
 * are touched only when poll(2) says so, and a write is small enough for a pipe to take it whole.
 * The master gives EIO, not end of file, when the last slave is closed.
 */
#include "foreground.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "interrupt.h"
#include "kern/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { DRAIN_SECONDS = 2 };

/* Bytes on their way from one descriptor to another. */
struct stream {
	int from, to; /* FD_NONE: that side has ended */
	size_t start, end;
	char bytes[PIPE_BUF];
};

struct foreground {
	const struct process *process;
	int signals;
	int console;
	bool is_raw;
	struct termios saved;
	struct stream input, output;
	bool has_ended;
	int status;
};

static bool stream_is_empty(const struct stream *stream)
{
	return stream->start == stream->end;
}

static void stream_read(struct stream *stream)
{
	ssize_t got = read(stream->from, stream->bytes, sizeof(stream->bytes));

	if (got < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (got <= 0) {
		stream->from = FD_NONE;
		return;
	}
	stream->start = 0;
	stream->end = (size_t)got;
}

static void stream_write(struct stream *stream)
{
	ssize_t written =
		write(stream->to, stream->bytes + stream->start, stream->end - stream->start);

	if (written < 0 && (errno == EINTR || errno == EAGAIN))
		return;
	if (written < 0) {
		/* Nobody reads any more; what comes is thrown away, so that the program goes on. */
		stream->to = FD_NONE;
		stream->start = stream->end;
		return;
	}
	stream->start += (size_t)written;
}

/* One step: reads when empty, else writes. */
static void stream_step(struct stream *stream)
{
	if (stream_is_empty(stream))
		stream_read(stream);
	else if (stream->to >= 0)
		stream_write(stream);
	if (stream->to < 0)
		stream->start = stream->end;
}

static struct pollfd stream_poll(const struct stream *stream)
{
	if (stream_is_empty(stream))
		return (struct pollfd){.fd = stream->from, .events = POLLIN};
	return (struct pollfd){.fd = stream->to, .events = POLLOUT};
}

static void console_resize(const struct foreground *foreground)
{
	struct err ignored;
	uint16_t rows;
	uint16_t columns;

	if (foreground->console < 0 || tty_get_size(0, &rows, &columns, &ignored) < 0)
		return;
	if (tty_set_size(foreground->console, rows, columns, &ignored) < 0)
		log_debug("resize the terminal: %s", ignored.text);
}

static void children_reap(struct foreground *foreground)
{
	int status;
	pid_t pid;

	/* As a subreaper we get strangers as children too. */
	while ((pid = waitpid(-1, &status, WNOHANG | __WALL)) > 0) {
		if (pid == foreground->process->pid) {
			foreground->has_ended = true;
			foreground->status = status;
		}
	}
}

static void signal_forward(const struct foreground *foreground, int signal)
{
	struct err why;

	if (process_signal(foreground->process, signal, &why) < 0)
		log_debug("forward SIG%s: %s", sigabbrev_np(signal) ?: "RT", why.text);
}

static void signal_handle(struct foreground *foreground, int signal)
{
	switch (signal) {
	case SIGCHLD:
		children_reap(foreground);
		break;
	case SIGWINCH:
		console_resize(foreground);
		break;
	case SIGURG:
	case SIGPIPE:
		break;
	default:
		signal_forward(foreground, signal);
	}
}

static void signals_take(struct foreground *foreground)
{
	struct signalfd_siginfo info;

	while (read(foreground->signals, &info, sizeof(info)) == (ssize_t)sizeof(info))
		signal_handle(foreground, (int)info.ssi_signo);
}

static int signals_open(struct foreground *foreground, sigset_t *ret_before, struct err *e)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
	sigset_t all;

	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&all, own[i]);
	if (sigprocmask(SIG_BLOCK, &all, ret_before) < 0)
		return fail(e, errno, "block signals");
	foreground->signals = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	if (foreground->signals < 0) {
		(void)fail(e, errno, "make a signalfd");
		(void)sigprocmask(SIG_SETMASK, ret_before, NULL);
		return -e->code;
	}
	return 0;
}

static int console_open(struct foreground *foreground, struct err *e)
{
	int console = foreground->console;
	struct err ignored;

	foreground->input = (struct stream){.from = FD_NONE, .to = FD_NONE};
	foreground->output = foreground->input;
	if (console < 0)
		return 0;
	if (fcntl(console, F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "make the terminal non-blocking");
	if (tty_is(0)) {
		if (tty_set_raw(0, &foreground->saved, e) < 0)
			return wrap(e, "the terminal of standard input");
		foreground->is_raw = true;
		console_resize(foreground);
		if (tty_clear_output_processing(console, &ignored) < 0)
			log_debug("%s", ignored.text);
	}
	foreground->input = (struct stream){.from = 0, .to = console};
	foreground->output = (struct stream){.from = console, .to = 1};
	return 0;
}

/* What the program wrote before it ended; children that keep the terminal are not waited for. */
static void console_drain(struct foreground *foreground)
{
	uint64_t deadline = clock_now() + DRAIN_SECONDS * 1000000000ULL;
	struct stream *output = &foreground->output;

	while (output->to >= 0 && clock_now() < deadline) {
		struct pollfd ready = stream_poll(output);
		bool was_empty = stream_is_empty(output);
		int timeout = was_empty ? 0 : clock_left_ms(deadline);

		if (ready.fd < 0 || poll(&ready, 1, timeout) <= 0)
			break;
		stream_step(output);
		if (was_empty && stream_is_empty(output))
			break;
	}
}

static int foreground_loop(struct foreground *foreground, struct err *e)
{
	children_reap(foreground);
	while (!foreground->has_ended) {
		struct pollfd fds[] = {
			{.fd = foreground->signals, .events = POLLIN},
			stream_poll(&foreground->input),
			stream_poll(&foreground->output),
		};

		if (poll(fds, 3, -1) < 0 && errno != EINTR)
			return fail(e, errno, "wait for process %d", foreground->process->pid);
		if (fds[1].revents)
			stream_step(&foreground->input);
		if (fds[2].revents)
			stream_step(&foreground->output);
		if (fds[0].revents)
			signals_take(foreground);
	}
	if (foreground->console >= 0)
		console_drain(foreground);
	return 0;
}

static int exit_code(int status)
{
	return WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
}

int foreground_wait(const struct process *process, int take_console, int *ret_status, struct err *e)
{
	auto_fd int console = take_console;
	struct foreground foreground = {.process = process, .signals = FD_NONE, .console = console};
	struct err ignored;
	sigset_t before;
	int pending;
	int r;

	if (signals_open(&foreground, &before, e) < 0)
		return -e->code;
	pending = interrupt_end();
	r = console_open(&foreground, e);
	if (r == 0 && pending)
		signal_handle(&foreground, pending);
	if (r == 0)
		r = foreground_loop(&foreground, e);
	if (foreground.is_raw && tty_restore(0, &foreground.saved, &ignored) < 0)
		log_debug("restore the terminal: %s", ignored.text);
	fd_close(&foreground.signals);
	(void)sigprocmask(SIG_SETMASK, &before, NULL);
	if (r == 0)
		*ret_status = exit_code(foreground.status);
	return r;
}
