/*
 * startContainer hooks: programs of the container, run one after another as the container's user
 * and behind its filter, between the start and the program.
 *
 * Each gets a process group of its own, so that a time-out ends what it has started too, and its
 * state document as a file positioned at its start: nothing blocks when it is not read. Waiting is
 * by SIGCHLD, blocked and taken with a time-out, since that is within what filters allow.
 */
#include "launch.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/time_types.h>

#define SECOND 1000000000ULL

static _Noreturn void run_hook(const struct launch *launch, const struct launch_hook *hook)
{
	const struct launch_blob *blob = launch->blob;
	uint64_t none = 0;
	long result;

	SYS(__NR_setpgid, 0, 0);
	result = SYS(__NR_dup3, blob->hook_input_fd, 0, 0);
	SYS(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, sizeof(none));
	if (result >= 0)
		result = SYS(__NR_execve, blob_text(launch, hook->path),
			     blob_data(launch, hook->argv),
			     blob_data(launch, hook->envp ? hook->envp : blob->envp));
	/* 255 and nothing else would be ambiguous; this is the shell's convention. */
	launch_exit(result == -ENOENT ? EXIT_NOT_FOUND : EXIT_NOT_RUNNABLE);
}

static uint64_t now(void)
{
	struct __kernel_timespec time = {0};

	SYS(__NR_clock_gettime, 1 /* CLOCK_MONOTONIC */, &time);
	return (uint64_t)time.tv_sec * SECOND + (uint64_t)time.tv_nsec;
}

/* Waits for the hook; false when time ran out. Reaps others that have become our children. */
static bool wait_hook(const struct launch_hook *hook, long pid, int *status)
{
	uint64_t deadline = hook->timeout_ns ? now() + hook->timeout_ns : 0;
	uint64_t child = 1ULL << (SIGCHLD - 1);

	for (;;) {
		struct __kernel_timespec left = {0};
		uint64_t time;
		long result = SYS(__NR_wait4, pid, status, deadline ? 1 /* WNOHANG */ : 0, NULL);

		if (result == pid)
			return true;
		if (result < 0 && result != -EINTR) {
			*status = 0xff00;
			return true;
		}
		if (!deadline)
			continue;
		time = now();
		if (time >= deadline)
			return false;
		left.tv_sec = (long long)((deadline - time) / SECOND);
		left.tv_nsec = (long long)((deadline - time) % SECOND);
		SYS(__NR_rt_sigtimedwait, &child, NULL, &left, sizeof(child));
	}
}

static _Noreturn void hook_failed(const struct launch *launch, const struct launch_hook *hook,
				  const char *how, long number)
{
	struct launch_error error = {.code = ECANCELED};

	error_text(&error, "error running startContainer hook #");
	error_number(&error, hook->index);
	error_text(&error, " '");
	error_text(&error, blob_text(launch, hook->path));
	error_text(&error, "': ");
	error_text(&error, how);
	if (number)
		error_number(&error, number);
	launch_give_up(launch, &error);
}

void hooks_run(const struct launch *launch)
{
	const struct launch_hook *hooks = blob_data(launch, launch->blob->hooks);
	uint64_t child = 1ULL << (SIGCHLD - 1), none = 0;

	if (!launch->blob->hook_count)
		return;
	SYS(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &child, NULL, sizeof(child));
	for (uint32_t i = 0; i < launch->blob->hook_count; i++) {
		const struct launch_hook *hook = &hooks[i];
		int status = 0;
		long pid;

		SYS(__NR_lseek, launch->blob->hook_input_fd, 0, 0);
		pid = SYS(__NR_clone, SIGCHLD, 0, 0, 0, 0);
		if (pid == 0)
			run_hook(launch, hook);
		if (pid < 0)
			hook_failed(launch, hook, "fork: error ", -pid);
		if (!wait_hook(hook, pid, &status)) {
			SYS(__NR_kill, -pid, SIGKILL);
			SYS(__NR_kill, pid, SIGKILL);
			SYS(__NR_wait4, pid, &status, 0, NULL);
			hook_failed(launch, hook, "timed out, killed", 0);
		}
		if (status & 0x7f)
			hook_failed(launch, hook, "killed by signal ", status & 0x7f);
		if (status)
			hook_failed(launch, hook, "exit status ", status >> 8 & 0xff);
	}
	SYS(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, sizeof(none));
}
