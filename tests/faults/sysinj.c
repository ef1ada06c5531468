/*
 * Kills a program at its N-th system call, or counts them.
 *
 *	sysinj [--children] [--at N] [--report FILE] COMMAND [ARGUMENT...]
 *
 * The process that runs COMMAND, each of its threads, is stopped at the entry of each system call;
 *at the N-th it is killed with SIGKILL, before the kernel has begun the call. With --children the
 *calls of the processes that it forks are counted instead, and the one that makes the N-th is
 *killed, until it has become the container's program (its executable lies in a root filesystem: a
 *path that ends in /busybox or /probe). Without --at nothing is killed.
 *
 * The report is one line: "COUNT killed NUMBER" (the number of the system call) or "COUNT ended
 * STATUS". Exits with 0 whenever the experiment itself worked. strace cannot do this: its injection
 * counts each system call by itself, never "the N-th of the process".
 */
#include <errno.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/personality.h>
#include <sys/ptrace.h>
#include <sys/wait.h>
#include <unistd.h>

#ifndef PTRACE_GET_SYSCALL_INFO
#error "needs the headers of Linux 5.3"
#endif
#include <linux/ptrace.h>

enum { MAX_TRACED = 256 };

struct experiment {
	pid_t cli;
	bool children;
	long at, count;
	long killed_call; /* -1: nothing killed */
	int cli_status;
	bool cli_ended;
	pid_t known[MAX_TRACED]; /* processes seen before, whose first stop is over */
	int known_count;
};

static void die(const char *what)
{
	fprintf(stderr, "sysinj: %s: %s\n", what, strerror(errno));
	exit(125);
}

static bool is_new(struct experiment *x, pid_t pid)
{
	for (int i = 0; i < x->known_count; i++)
		if (x->known[i] == pid)
			return false;
	if (x->known_count < MAX_TRACED)
		x->known[x->known_count++] = pid;
	return true;
}

/* Whether a traced process has become the container's program. */
static bool is_program(pid_t pid)
{
	char path[64], target[PATH_MAX];
	ssize_t length;

	snprintf(path, sizeof(path), "/proc/%d/exe", pid);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0)
		return false;
	target[length] = '\0';
	return (length >= 8 && strcmp(target + length - 8, "/busybox") == 0) ||
	       (length >= 6 && strcmp(target + length - 6, "/probe") == 0);
}

/* Whether a traced task is a thread of the program itself. */
static bool is_thread_of(pid_t pid, pid_t leader)
{
	char path[64];

	snprintf(path, sizeof(path), "/proc/%d/task/%d", leader, pid);
	return access(path, F_OK) == 0;
}

/* The entry of a system call; true when the process was killed there. */
static bool at_entry(struct experiment *x, pid_t pid)
{
	struct __ptrace_syscall_info info = {0};

	if (x->children == is_thread_of(pid, x->cli))
		return false;
	if (ptrace(PTRACE_GET_SYSCALL_INFO, pid, sizeof(info), &info) <= 0 ||
	    info.op != PTRACE_SYSCALL_INFO_ENTRY)
		return false;
	x->count++;
	if (x->count != x->at)
		return false;
	x->killed_call = (long)info.entry.nr;
	/* A thread takes its whole process with it. */
	kill(pid, SIGKILL);
	return true;
}

static void on_stop(struct experiment *x, pid_t pid, int status)
{
	int sig = WSTOPSIG(status);
	int event = status >> 16;
	bool fresh = is_new(x, pid);

	if (sig == (SIGTRAP | 0x80)) {
		if (at_entry(x, pid))
			return;
		sig = 0;
	} else if (fresh && !x->children && !is_thread_of(pid, x->cli)) {
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return;
	} else if (event == PTRACE_EVENT_EXEC && pid != x->cli && is_program(pid)) {
		ptrace(PTRACE_DETACH, pid, 0, 0);
		return;
	} else if (event || (fresh && sig == SIGSTOP)) {
		sig = 0;
	}
	ptrace(PTRACE_SYSCALL, pid, 0, (long)sig);
}

static void run(struct experiment *x)
{
	while (!x->cli_ended) {
		int status;
		pid_t pid = waitpid(-1, &status, __WALL);

		if (pid < 0) {
			if (errno == EINTR)
				continue;
			return;
		}
		if (WIFSTOPPED(status)) {
			on_stop(x, pid, status);
		} else if (pid == x->cli) {
			x->cli_status = status;
			x->cli_ended = true;
		}
	}
}

static void start(struct experiment *x, char **argv)
{
	long options = PTRACE_O_TRACESYSGOOD | PTRACE_O_TRACEEXEC | PTRACE_O_TRACECLONE;
	int status;

	if (x->children)
		options |= PTRACE_O_TRACEFORK | PTRACE_O_TRACEVFORK;
	x->cli = fork();
	if (x->cli < 0)
		die("fork");
	if (x->cli == 0) {
		/* The same addresses and one processor make the count repeatable. */
		personality(ADDR_NO_RANDOMIZE);
		if (ptrace(PTRACE_TRACEME, 0, 0, 0) != 0)
			die("ptrace");
		raise(SIGSTOP);
		execv(argv[0], argv);
		die(argv[0]);
	}
	if (waitpid(x->cli, &status, 0) != x->cli || !WIFSTOPPED(status))
		die("the child did not stop");
	is_new(x, x->cli);
	if (ptrace(PTRACE_SETOPTIONS, x->cli, 0, options) != 0)
		die("PTRACE_SETOPTIONS");
	ptrace(PTRACE_SYSCALL, x->cli, 0, 0);
}

static void write_report(const struct experiment *x, const char *path)
{
	FILE *report = path ? fopen(path, "we") : stderr;

	if (!report)
		die(path);
	if (x->killed_call >= 0)
		fprintf(report, "%ld killed %ld\n", x->count, x->killed_call);
	else
		fprintf(report, "%ld ended %d\n", x->count,
			WIFEXITED(x->cli_status) ? WEXITSTATUS(x->cli_status)
						 : 128 + WTERMSIG(x->cli_status));
	if (path)
		fclose(report);
}

int main(int argc, char **argv)
{
	struct experiment x = {.at = 0, .killed_call = -1};
	const char *report = NULL;
	int first = 1;

	for (; first < argc && argv[first][0] == '-'; first++) {
		if (strcmp(argv[first], "--children") == 0)
			x.children = true;
		else if (strcmp(argv[first], "--at") == 0 && first + 1 < argc)
			x.at = strtol(argv[++first], NULL, 10);
		else if (strcmp(argv[first], "--report") == 0 && first + 1 < argc)
			report = argv[++first];
		else
			first = argc;
	}
	if (first >= argc) {
		fprintf(stderr, "usage: sysinj [--children] [--at N] [--report FILE] COMMAND...\n");
		return 2;
	}
	start(&x, argv + first);
	run(&x);
	write_report(&x, report);
	/* Whatever else is traced goes on by itself when this process ends. */
	return 0;
}
