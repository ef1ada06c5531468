/*
 * A conversation with a `criu swrk`, which serves the one socket that it inherits and ends.
 *
 * CRIU opens our directories through /proc/PID/fd, by the number it is told and the pid of whoever
 * made the socket: both must be this process's. Descriptors that a restored process is to have it
 * inherits by number. An answer tells little; the reason stands in the log.
 */
#include "message.h"

#include "base/fd.h"
#include "kern/process.h"
#include "kern/sock.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ANSWER_SIZE = 65536, LOG_SIZE = 64 * 1024 * 1024, EXIT_ABSENT = 127 };

struct talk {
	struct process criu;
	int sock;
};

static void let_pass(int fd)
{
	if (fd >= 0)
		(void)fcntl(fd, F_SETFD, 0);
}

/* A dump that is cut off would leave the container stopped, so it goes on by itself. */
static void die_with(pid_t parent, const struct criu_request *request)
{
	struct err ignored;

	if (request && request->kind == CRIU_RESTORE &&
	    process_set_parent_death_signal(SIGKILL, parent, &ignored) < 0)
		_exit(EXIT_ABSENT);
}

static _Noreturn void criu_execute(const struct criu_request *request, int sock, pid_t parent)
{
	char number[16];
	char *arguments[] = {(char *)"criu", (char *)"swrk", number, NULL};
	struct err ignored;

	die_with(parent, request);
	let_pass(sock);
	if (request) {
		list_each(struct criu_inherited, inherited, &request->inherited)
			let_pass(inherited->fd);
		let_pass(request->status_fd);
	}
	(void)snprintf(number, sizeof(number), "%d", sock);
	(void)!process_reset_signals(&ignored);
	(void)execvp(arguments[0], arguments);
	_exit(EXIT_ABSENT);
}

static int talk_begin(const struct criu_request *request, struct talk *talk, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	auto_fd int theirs = FD_NONE;
	auto_fd int ours = FD_NONE;
	pid_t self = getpid();
	int r;

	if (sock_pair(&ours, &theirs, e) < 0)
		return -e->code;
	r = process_fork(&how, &talk->criu, e);
	if (r == PROCESS_CHILD)
		criu_execute(request, theirs, self);
	if (r < 0)
		return wrap(e, "run criu");
	talk->sock = take_fd(&ours);
	return 0;
}

/* *ret_status: as from waitpid(2). */
static int talk_end(struct talk *talk, int *ret_status, struct err *e)
{
	int r;

	fd_close(&talk->sock);
	r = process_reap(talk->criu.pid, ret_status, e);
	process_done(&talk->criu);
	return r;
}

/* The next answer, with a descriptor or FD_NONE. */
static int talk_receive(struct talk *talk, struct message_answer *ret, int *ret_fd, struct err *e)
{
	static unsigned char bytes[ANSWER_SIZE];
	size_t size, count = 0;
	int fd = FD_NONE;
	int r = sock_receive(talk->sock, bytes, sizeof(bytes), &size, &fd, 1, &count, 0, e);

	if (r == SOCK_END)
		return refuse(e, EPIPE, "criu ended without an answer");
	if (r == 0)
		r = message_parse(bytes, size, ret, e);
	*ret_fd = count ? fd : FD_NONE;
	return r;
}

static int talk_send(struct talk *talk, const struct buf *message, struct err *e)
{
	return sock_send(talk->sock, message->data, message->size, NULL, 0, 0, e);
}

/* The last line of the log that tells an error, without the time and place before it. */
static void log_reason(const struct criu_request *request, char *out, size_t size)
{
	static const char word[] = "Error";
	auto_buf log = {0};
	struct err ignored;
	const char *last = NULL;

	out[0] = '\0';
	if (file_read(request->work_fd, request->log_file, LOG_SIZE, false, &log, &ignored) < 0)
		return;
	for (const char *at = strstr(buf_text(&log), word); at; at = strstr(at + 1, word)) {
		/* "Restoring FAILED." and the like come after the reason. */
		if (!last || !strstr(at, "FAILED"))
			last = at;
	}
	if (last)
		(void)snprintf(out, size, "%.*s", (int)strcspn(last, "\n"), last);
}

static int call_failed(const struct criu_request *request, const struct message_answer *answer,
		       struct err *e)
{
	const char *what = request->kind == CRIU_RESTORE ? "restore" : "dump";
	struct utsname kernel = {0};
	char reason[300];

	(void)uname(&kernel);
	log_reason(request, reason, sizeof(reason));
	return refuse(e, answer->error > 0 ? answer->error : EIO,
		      "criu cannot %s the container: %s; see '%s/%s', and `criu check` for what "
		      "this kernel (%s) lacks",
		      what,
		      reason[0]		? reason
		      : answer->text[0] ? answer->text
					: "it does not say why",
		      request->work_path, request->log_file, kernel.release);
}

/* Tells whoever asked of each notice, until the answer. */
static int talk_follow(struct talk *talk, criu_notice_fn *notice, void *data,
		       struct message_answer *ret, struct err *e)
{
	for (;;) {
		struct criu_notice told = {.fd = FD_NONE};
		auto_buf reply = {0};
		int r = talk_receive(talk, ret, &told.fd, e);

		if (r < 0 || ret->kind != MESSAGE_NOTIFY) {
			fd_close(&told.fd);
			return r;
		}
		told.script = ret->script;
		told.pid = ret->pid;
		r = notice ? notice(&told, data, e) : 0;
		fd_close(&told.fd);
		message_notified(r >= 0, &reply);
		if (r < 0) {
			struct err ignored;

			(void)!talk_send(talk, &reply, &ignored);
			return r;
		}
		if (talk_send(talk, &reply, e) < 0)
			return -e->code;
	}
}

/* How it ended says why it did not answer. */
static int ended_early(int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == EXIT_ABSENT)
		return refuse(
			e, ENOENT,
			"cannot run 'criu': is it installed, and in $PATH? (the package criu)");
	if (WIFSIGNALED(status))
		return refuse(e, EPIPE, "criu was killed by signal %d", WTERMSIG(status));
	return -e->code;
}

int criu_call(const struct criu_request *request, criu_notice_fn *notice, void *data,
	      pid_t *ret_pid, struct err *e)
{
	struct talk talk = {PROCESS_NONE, FD_NONE};
	struct message_answer answer = {0};
	auto_buf message = {0};
	struct err reaping;
	int status = 0, r;

	if (talk_begin(request, &talk, e) < 0)
		return -e->code;
	message_request(request, &message);
	r = talk_send(&talk, &message, e);
	if (r == 0)
		r = talk_follow(&talk, notice, data, &answer, e);
	if (talk_end(&talk, &status, &reaping) == 0 && r == -EPIPE)
		r = ended_early(status, e);
	if (r < 0)
		return r;
	if (!answer.is_success)
		return call_failed(request, &answer, e);
	if (ret_pid)
		*ret_pid = answer.pid;
	return 0;
}

int criu_has_lazy_pages(bool *ret, struct err *e)
{
	struct talk talk = {PROCESS_NONE, FD_NONE};
	struct message_answer answer = {0};
	auto_buf message = {0};
	struct err reaping;
	int status = 0, r;

	if (talk_begin(NULL, &talk, e) < 0)
		return -e->code;
	message_features(&message);
	r = talk_send(&talk, &message, e);
	if (r == 0)
		r = talk_follow(&talk, NULL, NULL, &answer, e);
	if (talk_end(&talk, &status, &reaping) == 0 && r == -EPIPE)
		r = ended_early(status, e);
	if (r == 0)
		*ret = answer.is_success && answer.has_lazy_pages;
	return r;
}

bool criu_is_installed(void)
{
	static const char *const usual[] = {"/usr/sbin/criu", "/usr/bin/criu",
					    "/usr/local/sbin/criu", "/usr/local/bin/criu"};

	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (access(usual[i], X_OK) == 0)
			return true;
	}
	return false;
}
