/* The conversation of create: order, errors, logs, descriptors, and the death of either side. */
#include "attend.h"
#include "handshake.h"

#include "base/clock.h"
#include "base/log.h"
#include "tap.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

static char logged[200];

static void remember(enum log_level level, const char *text, void *data)
{
	(void)data;
	(void)snprintf(logged, sizeof(logged), "%d %s", level, text);
}

static pid_t forked(struct handshake *parent, struct handshake *child, struct process *process)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct err e;
	int r;

	check(handshake_pair(parent, child, &e) == 0);
	r = process_fork(&how, process, &e);
	if (r == PROCESS_CHILD) {
		handshake_done(parent);
		return 0;
	}
	check(r == PROCESS_PARENT);
	handshake_done(child);
	return process->pid;
}

static void end(struct handshake *parent, struct process *process)
{
	int status;

	handshake_done(parent);
	(void)waitpid(process->pid, &status, 0);
	process_done(process);
}

/* The pid that is told must be of a child: it will be signalled and handed on. */
static void test_stranger(void)
{
	struct handshake parent, child;
	struct process stranger = PROCESS_NONE, process = PROCESS_NONE;
	struct err e = {0};

	if (forked(&parent, &child, &process) == 0) {
		(void)!handshake_wait(&child, MESSAGE_COMMITTED, &e);
		_exit(0);
	}
	check(attend_meet(&parent, getppid(), &stranger, &e) < 0);
	check_contains(e.text, "none of this command's");
	check_number(stranger.pid, PROCESS_NONE.pid);
	check(attend_meet(&parent, 0, &stranger, &e) < 0);
	check(attend_meet(&parent, process.pid, &stranger, &e) == 0);
	check_number(stranger.pid, process.pid);
	process_done(&stranger);
	end(&parent, &process);
}

static void test_talk(void)
{
	struct handshake parent, child;
	struct process process = PROCESS_NONE;
	struct handshake_message message;
	struct err e;

	if (forked(&parent, &child, &process) == 0) {
		handshake_take_log(&child);
		log_set_level(LOG_LEVEL_DEBUG);
		/* Told in another order than waited for. */
		if (handshake_wait(&child, MESSAGE_HOOKS_DONE, &e) < 0 ||
		    handshake_wait(&child, MESSAGE_IN_CGROUP, &e) < 0)
			_exit(1);
		log_debug("a %s", "record");
		(void)!handshake_send(&child, MESSAGE_CONSOLE, 5, STDOUT_FILENO, &e);
		(void)fail(&e, ENOENT, "open '%s'", "it");
		(void)wrap(&e, "mounts[3]");
		handshake_give_up(&child, &e);
	}
	log_set_level(LOG_LEVEL_DEBUG);
	log_set_sink(remember, NULL);
	check(handshake_send(&parent, MESSAGE_IN_CGROUP, 0, FD_NONE, &e) == 0);
	check(handshake_send(&parent, MESSAGE_HOOKS_DONE, 0, FD_NONE, &e) == 0);
	check(handshake_receive(&parent, &process, 0, &message, &e) == 0);
	check_number(message.kind, MESSAGE_CONSOLE);
	check_number(message.number, 5);
	check(message.fd >= 0);
	check((fcntl(message.fd, F_GETFD) & FD_CLOEXEC) != 0);
	fd_close(&message.fd);
	check_text(logged, "3 a record");
	check(handshake_receive(&parent, &process, 0, &message, &e) == -ENOENT);
	check_text(e.text, "mounts[3]: open 'it'");
	check(e.show_errno);
	end(&parent, &process);
}

static void test_deaths(void)
{
	struct handshake parent, child;
	struct process process = PROCESS_NONE;
	struct handshake_message message;
	struct err e;
	int status;

	if (forked(&parent, &child, &process) == 0)
		_exit(9);
	check(handshake_receive(&parent, &process, 0, &message, &e) == -ECHILD);
	check_text(e.text, "container init died: exit status 9");
	end(&parent, &process);

	if (forked(&parent, &child, &process) == 0)
		(void)raise(SIGKILL);
	check(handshake_receive(&parent, &process, 0, &message, &e) == -ECHILD);
	check_contains(e.text, "killed by signal 9");
	end(&parent, &process);

	if (forked(&parent, &child, &process) == 0) {
		(void)pause();
		_exit(0);
	}
	check(handshake_receive(&parent, &process, clock_now() + 50000000, &message, &e) ==
	      -ETIMEDOUT);
	(void)kill(process.pid, SIGKILL);
	end(&parent, &process);

	/* The runtime ends: so does who waits for it. */
	if (forked(&parent, &child, &process) == 0) {
		(void)!handshake_wait(&child, MESSAGE_IN_CGROUP, &e);
		_exit(0);
	}
	handshake_done(&parent);
	check(waitpid(process.pid, &status, 0) == process.pid);
	check_number(WEXITSTATUS(status), EXIT_FAILURE);
	process_done(&process);
}

/* The last words of one that ends with ours unread come before its end. */
static void test_last_words(void)
{
	for (int i = 0; i < 50; i++) {
		struct handshake parent, child;
		struct process process = PROCESS_NONE;
		struct handshake_message message;
		struct err e;
		char byte;
		int ends[2];

		check(pipe(ends) == 0);
		if (forked(&parent, &child, &process) == 0) {
			(void)!read(ends[0], &byte, 1);
			(void)refuse(&e, EBUSY, "last words");
			handshake_give_up(&child, &e);
		}
		check(handshake_send(&parent, MESSAGE_IN_CGROUP, 0, FD_NONE, &e) == 0);
		check(write(ends[1], "x", 1) == 1);
		if (i % 2)
			check(process_wait_gone(&process, -1, &e) == 0);
		check(handshake_receive(&parent, &process, 0, &message, &e) == -EBUSY);
		check_text(e.text, "last words");
		end(&parent, &process);
		(void)close(ends[0]);
		(void)close(ends[1]);
	}
}

int main(void)
{
	test_talk();
	test_stranger();
	test_deaths();
	test_last_words();
	return tap_done();
}
