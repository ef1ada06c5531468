/*
 * A backend for tests of the lifecycle: records its calls, fails at the call it is told to, and
 * makes a container that is one sleeping process. Included by tests, linked nowhere.
 */
#include "backend/backend.h"
#include "kern/process.h"

#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <sys/wait.h>

enum { FAKE_CALLS_MAX = 64 };

struct fake {
	struct backend backend;
	const char *calls[FAKE_CALLS_MAX];
	int call_count;
	int fail_at;  /* which call fails, counted from 1; 0 = none */
	int fallible; /* calls so far that could fail */
	enum backend_status status;
	struct process init; /* pid 0: none left */
	int last_signal;
	int exit_code; /* what the program ends with when started; -1: it stays */
	const struct plan *plan;
	bool released;
	int oom_fd;   /* tells of trouble with memory; 0: there is no memory controller */
	int oom_late; /* so many looks at the count later it has grown to one */
};

static struct fake fake = {.init = {.pid = 0, .pidfd = FD_NONE}, .exit_code = -1};

static void fake_reset(void)
{
	fake.call_count = fake.fail_at = fake.fallible = fake.last_signal = 0;
	fake.exit_code = -1;
	fake.released = false;
}

static int fake_call(const char *name, struct err *e)
{
	if (fake.call_count < FAKE_CALLS_MAX)
		fake.calls[fake.call_count++] = name;
	if (++fake.fallible == fake.fail_at)
		return fail(e, EIO, "fake %s", name);
	return 0;
}

static bool fake_was_called(const char *name)
{
	for (int i = 0; i < fake.call_count; i++) {
		if (strcmp(fake.calls[i], name) == 0)
			return true;
	}
	return false;
}

static void fake_end(void)
{
	if (fake.init.pid == 0)
		return;
	(void)kill(fake.init.pid, SIGKILL);
	while (waitpid(fake.init.pid, NULL, 0) < 0 && errno == EINTR)
		;
	process_done(&fake.init);
	fake.init = PROCESS_NONE;
	fake.status = BACKEND_ABSENT;
}

static int fake_probe(const struct facts *facts, struct err *e)
{
	(void)facts;
	return fake_call("probe", e);
}

static const struct backend_ops fake_backend;

static int fake_open(const struct backend_context *context, struct backend **ret, struct err *e)
{
	(void)context;
	if (fake_call("open", e) < 0)
		return -e->code;
	fake.backend.ops = &fake_backend;
	*ret = &fake.backend;
	return 0;
}

static void fake_close(struct backend *backend)
{
	(void)backend;
}

/* A child that waits to be killed, or told by SIGUSR1 to end with the exit code. */
static void fake_child(void)
{
	sigset_t set;
	int got;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	(void)sigwait(&set, &got);
	_exit(fake.exit_code);
}

static int fake_prepare(struct backend *backend, const struct plan *plan,
			struct backend_stdio *take_stdio, struct backend_process *ret,
			struct err *e)
{
	const struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	sigset_t set;
	int r;

	(void)backend;
	(void)take_stdio;
	if (fake_call("prepare", e) < 0)
		return -e->code;
	/* Blocked across the fork, so that an early signal waits for the child. */
	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGUSR1);
	(void)sigprocmask(SIG_BLOCK, &set, NULL);
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD)
		fake_child();
	(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
	if (r < 0)
		return r;
	fake.plan = plan;
	fake.init = process;
	fake.status = BACKEND_CREATED;
	ret->process = process;
	ret->process.pidfd = dup(process.pidfd);
	ret->console_fd = ret->seccomp_fd = FD_NONE;
	return 0;
}

static int fake_commit(struct backend *backend, struct backend_process *process, struct err *e)
{
	(void)backend;
	(void)process;
	return fake_call("commit", e);
}

static int fake_release(struct backend *backend, struct err *e)
{
	(void)backend;
	if (fake_call("release", e) < 0)
		return -e->code;
	fake.released = true;
	return 0;
}

static int fake_start(struct backend *backend, struct err *e)
{
	(void)backend;
	if (fake_call("start", e) < 0) {
		/* As after a failed execve: the process has gone. */
		struct err kept = *e;

		fake_end();
		*e = kept;
		return -e->code;
	}
	fake.status = BACKEND_RUNNING;
	if (fake.exit_code >= 0)
		(void)kill(fake.init.pid, SIGUSR1);
	return 0;
}

static int fake_exec(struct backend *backend, const struct backend_exec *exec,
		     struct backend_stdio *take_stdio, struct backend_process *ret, struct err *e)
{
	const struct process_fork how = PROCESS_FORK_PLAIN;
	int r;

	(void)backend;
	(void)exec;
	(void)take_stdio;
	if (fake_call("exec", e) < 0)
		return -e->code;
	r = process_fork(&how, &ret->process, e);
	if (r == PROCESS_CHILD)
		_exit(7);
	ret->console_fd = ret->seccomp_fd = FD_NONE;
	return r;
}

static int fake_checkpoint(struct backend *backend, const struct plan *plan,
			   const struct backend_checkpoint *checkpoint, struct err *e)
{
	(void)backend;
	(void)plan;
	(void)checkpoint;
	return fake_call("checkpoint", e);
}

static int fake_restore(struct backend *backend, const struct plan *plan,
			const struct backend_restore *restore, struct backend_process *ret,
			struct err *e)
{
	(void)backend;
	(void)plan;
	(void)restore;
	(void)ret;
	return fake_call("restore", e);
}

static int fake_status(struct backend *backend, enum backend_status *ret, struct err *e)
{
	(void)backend;
	if (fake_call("status", e) < 0)
		return -e->code;
	*ret = fake.status;
	return 0;
}

static int fake_signal(struct backend *backend, int signal, bool all, struct err *e)
{
	(void)backend;
	(void)all;
	if (fake_call("signal", e) < 0)
		return -e->code;
	if (fake.init.pid == 0)
		return refuse(e, ESRCH, "container not running");
	fake.last_signal = signal;
	if (signal == SIGKILL)
		fake_end();
	return 0;
}

static int fake_pause(struct backend *backend, struct err *e)
{
	(void)backend;
	if (fake_call("pause", e) < 0)
		return -e->code;
	fake.status = BACKEND_PAUSED;
	return 0;
}

static int fake_resume(struct backend *backend, struct err *e)
{
	(void)backend;
	if (fake_call("resume", e) < 0)
		return -e->code;
	if (fake.status == BACKEND_PAUSED)
		fake.status = BACKEND_RUNNING;
	return 0;
}

static int fake_update(struct backend *backend, const struct plan_limits *limits, struct err *e)
{
	(void)backend;
	(void)limits;
	return fake_call("update", e);
}

static int fake_stats(struct backend *backend, struct arena *arena, struct stats *ret,
		      struct err *e)
{
	(void)backend;
	(void)arena;
	if (fake_call("stats", e) < 0)
		return -e->code;
	ret->has_pids = true;
	ret->pids_current = 3;
	return 0;
}

static int fake_oom_watch(struct backend *backend, int *ret_fd, struct err *e)
{
	(void)backend;
	if (fake.oom_fd <= 0)
		return refuse(e, EOPNOTSUPP, "fake: no memory controller");
	*ret_fd = fcntl(fake.oom_fd, F_DUPFD_CLOEXEC, 3);
	return *ret_fd < 0 ? fail(e, errno, "fake oom_watch") : 0;
}

static int fake_oom_count(struct backend *backend, uint64_t *ret, struct err *e)
{
	(void)backend;
	*ret = fake.oom_late > 0 && --fake.oom_late == 0 ? 1 : 0;
	return fake_call("oom_count", e);
}

static int fake_tasks(struct backend *backend, struct arena *arena, struct backend_task **ret,
		      size_t *ret_count, struct err *e)
{
	(void)backend;
	(void)arena;
	*ret = NULL;
	*ret_count = 0;
	return fake_call("tasks", e) < 0 ? -e->code : BACKEND_TASKS_ON_HOST;
}

static int fake_pids(struct backend *backend, struct arena *arena, pid_t **ret, size_t *ret_count,
		     struct err *e)
{
	(void)backend;
	if (fake_call("pids", e) < 0)
		return -e->code;
	*ret = arena_new(arena, pid_t);
	**ret = fake.init.pid;
	*ret_count = 1;
	return 0;
}

static int fake_destroy(struct backend *backend, struct err *e)
{
	(void)backend;
	if (fake_call("destroy", e) < 0)
		return -e->code;
	fake_end();
	return 0;
}

static const struct backend_ops fake_backend = {
	.name = "process",
	.probe = fake_probe,
	.open = fake_open,
	.close = fake_close,
	.prepare = fake_prepare,
	.commit = fake_commit,
	.release = fake_release,
	.start = fake_start,
	.exec = fake_exec,
	.checkpoint = fake_checkpoint,
	.restore = fake_restore,
	.status = fake_status,
	.signal = fake_signal,
	.pause = fake_pause,
	.resume = fake_resume,
	.update = fake_update,
	.stats = fake_stats,
	.oom_watch = fake_oom_watch,
	.oom_count = fake_oom_count,
	.tasks = fake_tasks,
	.pids = fake_pids,
	.destroy = fake_destroy,
};
