/*
 * createContainer hooks of a container in a guest: programs of the host, so they run on the host,
 * in what the container has there: the mount and network namespaces of the monitor. They cannot be
 * in the guest's, where their programs are not.
 *
 * One process joins the namespaces and starts one hook after the other; input is a file, output
 * goes to a file whose end is shown when a hook fails.
 */
#include "internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "kern/compat.h"
#include "kern/memfd.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "plan/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { OUTPUT_SHOWN = 600 };

#define SECOND	    1000000000ULL
#define TIMEOUT_MAX 1000000000LL /* seconds */

struct hooking {
	const struct plan *plan;
	int monitor; /* pidfd */
	int input, output, rootfs;
};

static _Noreturn void hook_execute(const struct hooking *hooking, const struct plan_hook *hook,
				   int failure)
{
	static char *no_environment[] = {NULL};
	struct err ignored;
	int code;

	(void)setpgid(0, 0);
	(void)!process_reset_signals(&ignored);
	if (dup2(hooking->input, 0) >= 0 && dup2(hooking->output, 1) >= 0 &&
	    dup2(hooking->output, 2) >= 0 && fchdir(hooking->rootfs) == 0 &&
	    fd_cloexec_from(3, &ignored) == 0)
		(void)execve(hook->path, hook->args.items,
			     hook->env.items ? hook->env.items : no_environment);
	code = errno;
	(void)!write(failure, &code, sizeof(code));
	_exit(127);
}

static int hook_judge(const struct hooking *hooking, int status, struct err *e)
{
	char text[OUTPUT_SHOWN + 1];
	off_t size = lseek(hooking->output, 0, SEEK_END);
	ssize_t length;
	size_t used;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		(void)refuse(e, ECANCELED, "killed by signal %d", WTERMSIG(status));
	else
		(void)refuse(e, ECANCELED, "exit status %d", WEXITSTATUS(status));
	length = pread(hooking->output, text, OUTPUT_SHOWN,
		       size > OUTPUT_SHOWN ? size - OUTPUT_SHOWN : 0);
	while (length > 0 && text[length - 1] == '\n')
		length--;
	if (length > 0) {
		text[length] = '\0';
		used = strlen(e->text);
		(void)snprintf(e->text + used, sizeof(e->text) - used, ", output: %s", text);
	}
	return -e->code;
}

static int hook_wait(const struct hooking *hooking, const struct plan_hook *hook,
		     const struct process *process, struct err *e)
{
	int timeout = -1, status, r;

	if (hook->timeout.is_set && hook->timeout.value < TIMEOUT_MAX)
		timeout = clock_left_ms(clock_now() + (uint64_t)hook->timeout.value * SECOND);
	r = process_wait_gone(process, timeout, e);
	if (r < 0)
		return r;
	if (r == 1)
		(void)kill(-process->pid, SIGKILL);
	if (process_reap(process->pid, &status, e) < 0)
		return -e->code;
	if (r == 1)
		return refuse(e, ETIMEDOUT, "timed out after %lld s, killed",
			      (long long)hook->timeout.value);
	return hook_judge(hooking, status, e);
}

static int hook_run(const struct hooking *hooking, const struct plan_hook *hook, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], code = 0, status, r;
	struct err ignored;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	if (lseek(hooking->input, 0, SEEK_SET) < 0 || ftruncate(hooking->output, 0) < 0) {
		fd_close(&ends[1]);
		return fail(e, errno, "the hook's files");
	}
	how.no_birth = true;
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD)
		hook_execute(hooking, hook, ends[1]);
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	(void)setpgid(process.pid, process.pid);
	if (fd_read_full(reader, &code, sizeof(code)) == sizeof(code)) {
		(void)!process_reap(process.pid, &status, &ignored);
		r = fail(e, code, "execute");
	} else {
		r = hook_wait(hooking, hook, &process, e);
	}
	process_done(&process);
	return r;
}

static int hooks_inside(struct hooking *hooking, struct err *e)
{
	size_t index = 0;

	bool is_joined = hooking->plan->machine->sandbox != NULL;

	if (namespace_join_process(hooking->monitor, CLONE_NEWNET | (is_joined ? 0 : CLONE_NEWNS),
				   e) < 0)
		return -e->code;
	/* The monitor has been there before this container's root was mounted. */
	if (is_joined && (namespace_unshare(CLONE_NEWNS, e) < 0 ||
			  mount_propagation_path("/", MS_SLAVE | MS_REC, e) < 0))
		return -e->code;
	hooking->rootfs = open(hooking->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (hooking->rootfs < 0)
		return fail(e, errno, "open '%s'", hooking->plan->rootfs);
	list_each(const struct plan_hook, hook, &hooking->plan->create_hooks)
	{
		if (hook_run(hooking, hook, e) < 0)
			return wrap(e, "error running createContainer hook #%zu '%s'", index,
				    hook->path);
		index++;
	}
	return 0;
}

static int hooks_open(struct hooking *hooking, const struct process *monitor, struct err *e)
{
	const struct plan *plan = hooking->plan;
	auto_buf text = {0};

	buf_printf(&text, "%s%d%s", plan->state_json_head ? plan->state_json_head : "",
		   (int)monitor->pid, plan->state_json_tail ? plan->state_json_tail : "");
	if (memfd_sealed("state", text.data, text.size, false, &hooking->input, e) < 0 ||
	    memfd_open("hook-output", &hooking->output, e) < 0)
		return -e->code;
	if (fcntl(hooking->output, F_SETFL, O_APPEND) < 0)
		return fail(e, errno, "set up the hook's output");
	return 0;
}

static int hooks_fork(struct hooking *hooking, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process helper = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], status, r;
	struct err why;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	r = process_fork(&how, &helper, e);
	if (r == PROCESS_CHILD) {
		r = hooks_inside(hooking, &why);
		if (r < 0)
			(void)!write(ends[1], &why, sizeof(why));
		_exit(r < 0);
	}
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	r = fd_read_full(reader, &why, sizeof(why)) == sizeof(why) ? 1 : 0;
	if (process_reap(helper.pid, &status, e) < 0)
		r = -e->code;
	process_done(&helper);
	if (r == 1) {
		*e = why;
		return -e->code;
	}
	if (r == 0 && status != 0)
		return refuse(e, ECANCELED, "createContainer hooks: their process was killed");
	return r;
}

int vm_hooks_run(const struct plan *plan, const struct process *monitor, struct err *e)
{
	struct hooking hooking = {
		.plan = plan,
		.monitor = monitor->pidfd,
		.input = FD_NONE,
		.output = FD_NONE,
		.rootfs = FD_NONE,
	};
	int r;

	if (plan->create_hooks.count == 0)
		return 0;
	r = hooks_open(&hooking, monitor, e);
	if (r == 0)
		r = hooks_fork(&hooking, e);
	fd_close(&hooking.input);
	fd_close(&hooking.output);
	return r;
}
