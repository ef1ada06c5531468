/*
 * createContainer hooks: programs of the host that run in the container's namespaces before the
 * root changes, with the rootfs as working directory.
 *
 * They run as a child of the container's first process, so they are in its cgroup and end with its
 * pid namespace. The environment is the hook's own and nothing of the container's
 * (CVE-2025-23266). Input is a file, so it need not be read; output goes to a file whose end is
 * shown when the hook fails, so nobody waits for those who hold it open; a hook that overruns its
 * time is killed with its process group.
 */
#include "child.h"

#include "base/clock.h"
#include "base/fd.h"
#include "kern/memfd.h"

#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

enum { OUTPUT_SHOWN = 600 };

#define SECOND	    1000000000ULL
#define TIMEOUT_MAX 1000000000LL /* seconds */

int hook_input(const struct plan *plan, const char *tail, int *ret_fd, struct err *e)
{
	auto_buf text = {0};

	buf_printf(&text, "%s%d%s", plan->state_json_head ? plan->state_json_head : "",
		   (int)getpid(), tail ? tail : "");
	return memfd_sealed("state", text.data, text.size, false, ret_fd, e);
}

static _Noreturn void hook_execute(const struct plan_hook *hook, int directory, int input,
				   int output, int failure)
{
	char *no_environment[] = {NULL};
	struct err ignored;
	int code;

	(void)setpgid(0, 0);
	(void)!process_reset_signals(&ignored);
	if (dup2(input, 0) >= 0 && dup2(output, 1) >= 0 && dup2(output, 2) >= 0 &&
	    (directory < 0 || fchdir(directory) == 0) && fd_cloexec_from(3, &ignored) == 0)
		(void)execve(hook->path, hook->args.items,
			     hook->env.items ? hook->env.items : no_environment);
	code = errno;
	(void)!write(failure, &code, sizeof(code));
	_exit(127);
}

/* The last part of what it has written. */
static void add_output(int output, struct err *e)
{
	char text[OUTPUT_SHOWN + 1];
	off_t size = lseek(output, 0, SEEK_END);
	off_t start = size > OUTPUT_SHOWN ? size - OUTPUT_SHOWN : 0;
	ssize_t length = pread(output, text, OUTPUT_SHOWN, start);
	size_t used = strlen(e->text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	if (length <= 0)
		return;
	text[length] = '\0';
	(void)snprintf(e->text + used, sizeof(e->text) - used, ", output: %s", text);
}

static int check_status(int status, int output, struct err *e)
{
	int r;

	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		r = refuse(e, ECANCELED, "killed by signal %d", WTERMSIG(status));
	else
		r = refuse(e, ECANCELED, "exit status %d", WEXITSTATUS(status));
	add_output(output, e);
	return r;
}

static int hook_wait(const struct plan_hook *hook, const struct process *process, int output,
		     struct err *e)
{
	uint64_t deadline = 0;
	int status = 0, r;

	if (hook->timeout.is_set && hook->timeout.value < TIMEOUT_MAX)
		deadline = clock_now() + (uint64_t)hook->timeout.value * SECOND;
	r = process_wait_gone(process, deadline ? clock_left_ms(deadline) : -1, e);
	if (r == 1) {
		(void)kill(-process->pid, SIGKILL);
		r = refuse(e, ETIMEDOUT, "timed out after %lld s, killed",
			   (long long)hook->timeout.value);
		add_output(output, e);
	}
	if (r < 0) {
		struct err ignored;

		(void)!process_signal(process, SIGKILL, &ignored);
		(void)!process_reap(process->pid, &status, &ignored);
		return r;
	}
	r = process_reap(process->pid, &status, e);
	return r == 0 ? check_status(status, output, e) : r;
}

static int hook_run(const struct plan_hook *hook, int directory, int input, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int output = FD_NONE, failure_read = FD_NONE, failure_write = FD_NONE;
	int failure[2], code = 0, status, r;
	struct err ignored;

	/* The visible /proc is the host's, our pids may be another namespace's. */
	how.no_birth = true;
	r = memfd_open("hook-output", &output, e);
	if (r == 0 && fcntl(output, F_SETFL, O_APPEND) < 0)
		r = fail(e, errno, "set up the hook's output");
	if (r < 0)
		return r;
	if (pipe2(failure, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	failure_read = failure[0];
	failure_write = failure[1];
	if (lseek(input, 0, SEEK_SET) < 0)
		return fail(e, errno, "rewind the state document");
	r = process_fork(&how, &process, e);
	if (r < 0)
		return r;
	if (r == PROCESS_CHILD)
		hook_execute(hook, directory, input, output, failure_write);
	(void)setpgid(process.pid, process.pid);
	fd_close(&failure_write);
	if (fd_read_full(failure_read, &code, sizeof(code)) == sizeof(code)) {
		(void)!process_reap(process.pid, &status, &ignored);
		r = fail(e, code, "execute");
	} else {
		r = hook_wait(hook, &process, output, e);
	}
	process_done(&process);
	return r;
}

int hooks_run_create(struct child *child, struct err *e)
{
	const struct plan *plan = child->plan;
	auto_fd int input = FD_NONE;
	size_t index = 0;
	int r = 0;

	if (plan->create_hooks.count)
		r = hook_input(plan, plan->state_json_tail, &input, e);
	list_each(struct plan_hook, hook, &plan->create_hooks)
	{
		if (r < 0)
			return r;
		r = hook_run(hook, child->root, input, e);
		if (r < 0)
			r = wrap(e, "error running createContainer hook #%zu '%s'", index,
				 hook->path);
		index++;
	}
	return r;
}
