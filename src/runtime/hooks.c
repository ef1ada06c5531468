/*
 * Running hooks of the host.
 *
 * A hook is a stranger's program: it may not read its standard input, leave children that hold its
 * output open, or never end. So the state document is written as far as it is read, output is kept
 * up to a bound and never waited for, and what overruns its time is killed with its whole process
 * group. The environment is the configured one and nothing else: neither the container's nor the
 * caller's (CVE-2025-23266).
 */
#include "hooks.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "hook-output.h"
#include "interrupt.h"
#include "kern/process.h"
#include "oci/load.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <sys/wait.h>

enum {
	OUTPUT_MAX = 8192,
	OUTPUT_SHOWN = 600,
	POLL_WITHOUT_PIDFD_MS = 10,
};

#define TIMEOUT_MAX 1000000000LL /* seconds; keeps the sum below 2^64 ns */

struct run {
	struct process process;
	const char *document; /* what is left to write */
	size_t document_size;
	int input;	   /* write end of its stdin */
	int output;	   /* read end of its stdout and stderr */
	int exec_error;	   /* read end: errno of a failed execve */
	uint64_t deadline; /* 0 = none */
	struct buf text;
	int status;
};

static void run_done(struct run *run)
{
	process_done(&run->process);
	fd_close(&run->input);
	fd_close(&run->output);
	fd_close(&run->exec_error);
	buf_done(&run->text);
}

/* What all hooks of one kind have in common. */
struct setting {
	const char *directory;
	const struct buf *document;
	struct hook_output output;
	pid_t parent; /* of the hooks: us */
};

/* In the child. Ends with the program, or writes errno and exits. `output` is where what has no
 * file goes. */
static void child_run(const struct oci_hook *hook, const struct setting *setting, int input,
		      int output, int exec_error)
{
	int out = setting->output.out >= 0 ? setting->output.out : output;
	int error = setting->output.error >= 0 ? setting->output.error : output;
	char *own_args[] = {(char *)hook->path, NULL};
	char *no_env[] = {NULL};
	struct err ignored;
	int code;

	(void)setpgid(0, 0);
	/* Whoever kills us does not want it to go on either. */
	if (process_set_parent_death_signal(SIGKILL, setting->parent, &ignored) < 0 ||
	    process_reset_signals(&ignored) < 0 || dup2(input, 0) < 0 || dup2(out, 1) < 0 ||
	    dup2(error, 2) < 0 || fd_cloexec_from(3, &ignored) < 0)
		goto out;
	/* Nothing says where hooks run; the bundle is where relative names of theirs lead. */
	if (chdir(setting->directory) < 0 && chdir("/") < 0)
		goto out;
	(void)execve(hook->path, hook->args.count > 0 ? hook->args.items : own_args,
		     hook->env.items ? hook->env.items : no_env);
out:
	code = errno;
	(void)!write(exec_error, &code, sizeof(code));
	_exit(127);
}

static int run_start(struct run *run, const struct oci_hook *hook, const struct setting *setting,
		     struct err *e)
{
	const struct process_fork how = PROCESS_FORK_PLAIN;
	int input[2] = {FD_NONE, FD_NONE};
	int output[2] = {FD_NONE, FD_NONE};
	int failure[2] = {FD_NONE, FD_NONE};
	int r;

	if (pipe2(input, O_CLOEXEC) < 0 || pipe2(output, O_CLOEXEC) < 0 ||
	    pipe2(failure, O_CLOEXEC) < 0) {
		r = fail(e, errno, "make a pipe");
	} else {
		r = process_fork(&how, &run->process, e);
		if (r == PROCESS_CHILD)
			child_run(hook, setting, input[0], output[1], failure[1]);
	}
	run->input = take_fd(&input[1]);
	run->output = take_fd(&output[0]);
	run->exec_error = take_fd(&failure[0]);
	fd_close(&input[0]);
	fd_close(&output[1]);
	fd_close(&failure[1]);
	if (r < 0)
		return r;
	(void)setpgid(run->process.pid, run->process.pid);
	if (fcntl(run->input, F_SETFL, O_NONBLOCK) < 0 ||
	    fcntl(run->output, F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "make a pipe non-blocking");
	return 0;
}

/* Writes as much of the document as is taken; the end of it, or of the reader, closes the pipe. */
static void run_feed(struct run *run)
{
	while (run->document_size > 0) {
		ssize_t written = write(run->input, run->document, run->document_size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			return;
		if (written < 0)
			break;
		run->document += written;
		run->document_size -= (size_t)written;
	}
	fd_close(&run->input);
}

/* Takes what output there is; keeps the last part. */
static void run_listen(struct run *run)
{
	for (;;) {
		ssize_t got = read(run->output, buf_reserve(&run->text, 4096), 4096);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0 && errno == EAGAIN)
			return;
		if (got <= 0)
			break;
		buf_added(&run->text, (size_t)got);
		if (run->text.size > OUTPUT_MAX) {
			size_t surplus = run->text.size - OUTPUT_MAX;

			memmove(run->text.data, run->text.data + surplus, OUTPUT_MAX + 1);
			run->text.size = OUTPUT_MAX;
		}
	}
	fd_close(&run->output);
}

/* 1 when the process has ended, 0 when not yet. */
static int run_has_ended(struct run *run, struct err *e)
{
	pid_t pid = waitpid(run->process.pid, &run->status, WNOHANG);

	if (pid < 0 && errno != EINTR)
		return fail(e, errno, "wait for process %d", run->process.pid);
	return pid > 0;
}

static void run_kill(struct run *run)
{
	(void)kill(-run->process.pid, SIGKILL);
	(void)kill(run->process.pid, SIGKILL);
	while (waitpid(run->process.pid, &run->status, 0) < 0 && errno == EINTR)
		;
}

static int run_wait(struct run *run, struct err *e)
{
	for (;;) {
		struct pollfd fds[] = {
			{.fd = run->process.pidfd, .events = POLLIN},
			{.fd = run->input, .events = POLLOUT},
			{.fd = run->output, .events = POLLIN},
			{.fd = interrupt_fd(), .events = POLLIN},
		};
		int timeout = run->deadline ? clock_left_ms(run->deadline) : -1;
		int r;

		if (run->process.pidfd < 0 && (timeout < 0 || timeout > POLL_WITHOUT_PIDFD_MS))
			timeout = POLL_WITHOUT_PIDFD_MS;
		if (poll(fds, sizeof(fds) / sizeof(fds[0]), timeout) < 0 && errno != EINTR)
			return fail(e, errno, "wait for process %d", run->process.pid);
		if (run->input >= 0 && fds[1].revents)
			run_feed(run);
		if (run->output >= 0 && fds[2].revents)
			run_listen(run);
		r = run_has_ended(run, e);
		if (r < 0)
			return r;
		if (r > 0)
			return 0;
		if (interrupt_check(e) < 0) {
			run_kill(run);
			return -e->code;
		}
		if (run->deadline && clock_now() >= run->deadline) {
			run_kill(run);
			return refuse(e, ETIMEDOUT, "timed out and was killed");
		}
	}
}

/* The end of what it printed, without blanks around, for the error. */
static const char *run_output(struct run *run)
{
	size_t size;
	const char *text;

	if (run->output >= 0)
		run_listen(run);
	text = buf_text(&run->text);
	size = run->text.size;
	while (size > 0 && strchr(" \n\r\t", text[size - 1]))
		run->text.data[--size] = '\0';
	if (size > OUTPUT_SHOWN)
		text += size - OUTPUT_SHOWN;
	return text + strspn(text, " \n\r\t");
}

static int run_judge(struct run *run, const struct oci_hook *hook, struct err *e)
{
	const char *output = run_output(run);
	const char *between = *output ? ", output: " : "";
	int code;

	if (fd_read_full(run->exec_error, &code, sizeof(code)) == (ssize_t)sizeof(code))
		return fail(e, code, "execute '%s'", hook->path);
	if (WIFSIGNALED(run->status))
		return refuse(e, ECANCELED, "'%s' was killed by SIG%s%s%s", hook->path,
			      sigabbrev_np(WTERMSIG(run->status)) ?: "RT", between, output);
	if (WEXITSTATUS(run->status) != 0)
		return refuse(e, ECANCELED, "'%s' failed: exit status %d%s%s", hook->path,
			      WEXITSTATUS(run->status), between, output);
	if (*output)
		log_debug("hook '%s' says: %s", hook->path, output);
	return 0;
}

static int hook_run(const struct oci_hook *hook, const struct setting *setting, struct err *e)
{
	__attribute__((cleanup(run_done))) struct run run = {
		.process = PROCESS_NONE,
		.document = buf_text(setting->document),
		.document_size = setting->document->size,
		.input = FD_NONE,
		.output = FD_NONE,
		.exec_error = FD_NONE,
	};
	int64_t timeout = hook->timeout.value < TIMEOUT_MAX ? hook->timeout.value : TIMEOUT_MAX;

	if (hook->timeout.is_set)
		run.deadline = clock_now() + (uint64_t)timeout * 1000000000ULL;
	if (run_start(&run, hook, setting, e) < 0)
		return -e->code;
	if (run_wait(&run, e) < 0)
		return wrap(e, "'%s'", hook->path);
	return run_judge(&run, hook, e);
}

static int hooks_run_all(const struct list *hooks, enum oci_hook_kind kind,
			 const struct oci_state *state, struct hook_output output, struct err *e)
{
	auto_buf document = {0};
	const struct setting setting = {state->bundle, &document, output, getpid()};
	struct json_writer w;
	size_t index = 0;
	char text[1200];

	json_writer_init(&w, &document, 0);
	oci_state_write(state, &w);
	list_each(const struct oci_hook, hook, hooks)
	{
		log_debug("run %s hook #%zu: '%s'", oci_hook_kind_name(kind), index, hook->path);
		if (hook_run(hook, &setting, e) < 0) {
			(void)wrap(e, "error running %s hook #%zu", oci_hook_kind_name(kind),
				   index);
			if (kind != OCI_HOOK_POSTSTOP)
				return -e->code;
			log_warning("%s", err_format(e, text, sizeof(text)));
		}
		index++;
	}
	return 0;
}

int hooks_run(const struct oci_config *config, enum oci_hook_kind kind,
	      const struct oci_state *state, struct err *e)
{
	const struct list *hooks = oci_hooks_of(config, kind);
	auto_hook_output output = HOOK_OUTPUT_NONE;
	struct sigaction ignore = {.sa_handler = SIG_IGN};
	struct sigaction before;
	int r;

	if (!hooks || hooks->count == 0)
		return 0;
	if (hook_output_open(config, &output, e) < 0)
		return -e->code;
	/* A hook that closes its standard input must not end us. */
	if (sigaction(SIGPIPE, &ignore, &before) < 0)
		return fail(e, errno, "ignore SIGPIPE");
	r = hooks_run_all(hooks, kind, state, output, e);
	(void)sigaction(SIGPIPE, &before, NULL);
	return r;
}
