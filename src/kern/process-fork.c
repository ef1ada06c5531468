/*
 * Making processes, and what a process is to its parent.
 *
 * clone3(2) takes all flags, a cgroup to be born in and returns a pidfd. Kernels before 5.3, and
 * seccomp filters that answer ENOSYS because they cannot look into its argument, leave clone(2),
 * which has no room for the cgroup nor for CLONE_NEWTIME (its bit is part of the exit signal).
 * With CLONE_PARENT the kernel demands that no exit signal be given: the one of the caller is
 * inherited. The raw calls do not run handlers of pthread_atfork(3); a single-threaded caller has
 * nothing for them to do.
 */
#include "kern/compat.h"
#include "kern/process.h"

#include <signal.h>
#include <sys/prctl.h>

static uint64_t exit_signal(const struct process_fork *how)
{
	return how->no_signal || (how->flags & CLONE_PARENT) ? 0 : SIGCHLD;
}

static long fork_modern(const struct process_fork *how, int *pidfd)
{
	struct kern_clone_args args = {
		.flags = how->flags | CLONE_PIDFD,
		.pidfd = (uint64_t)(uintptr_t)pidfd,
		.exit_signal = exit_signal(how),
	};

	if (how->cgroup >= 0) {
		args.flags |= CLONE_INTO_CGROUP;
		args.cgroup = (uint64_t)how->cgroup;
	}
	return sys_clone3(&args);
}

static long fork_classic(const struct process_fork *how, int *pidfd)
{
	unsigned long flags = (unsigned long)(how->flags & ~CLONE_CLEAR_SIGHAND);
	long pid = sys_clone_legacy(flags | CLONE_PIDFD | exit_signal(how), pidfd);

	if (pid == 0 && (how->flags & CLONE_CLEAR_SIGHAND)) {
		struct err ignored;

		(void)!process_reset_signals(&ignored);
	}
	return pid;
}

int process_fork(const struct process_fork *how, struct process *ret, struct err *e)
{
	bool needs_modern = how->cgroup >= 0 || (how->flags & CLONE_NEWTIME);
	int pidfd = FD_NONE;
	long pid = fork_modern(how, &pidfd);
	uint64_t born = 0;
	char state;

	if (pid < 0 && needs_modern && (errno == ENOSYS || errno == E2BIG))
		return refuse(e, EOPNOTSUPP, "this kernel's clone3(2) is missing or too old");
	/* EPERM: of a seccomp filter, or clone(2) says it again. EINVAL: CLONE_CLEAR_SIGHAND before
	 * Linux 5.5. */
	if (pid < 0 && !needs_modern && (errno == ENOSYS || errno == EPERM || errno == EINVAL))
		pid = fork_classic(how, &pidfd);
	if (pid < 0)
		return fail(e, errno, "make a process");
	if (pid == 0)
		return PROCESS_CHILD;
	/* Kernels before 5.2 ignore CLONE_PIDFD and leave the variable alone. */
	if (!how->no_birth && process_stat((pid_t)pid, &born, &state) < 0)
		born = 0;
	*ret = (struct process){.pid = (pid_t)pid, .pidfd = pidfd, .born = born};
	return PROCESS_PARENT;
}

int process_set_subreaper(bool is_one, struct err *e)
{
	if (prctl(PR_SET_CHILD_SUBREAPER, is_one, 0, 0, 0) < 0)
		return fail(e, errno, "become a subreaper");
	return 0;
}

int process_set_parent_death_signal(int signal, pid_t parent, struct err *e)
{
	if (prctl(PR_SET_PDEATHSIG, signal, 0, 0, 0) < 0)
		return fail(e, errno, "ask for signal %d at the end of the parent", signal);
	if (getppid() != parent)
		return refuse(e, ESRCH, "the parent has ended");
	return 0;
}

int process_reset_signals(struct err *e)
{
	sigset_t none;

	for (int signal = 1; signal < _NSIG; signal++) {
		struct sigaction action = {.sa_handler = SIG_DFL};

		/* The two that cannot be set, and those the libc keeps for itself, are refused. */
		if (signal != SIGKILL && signal != SIGSTOP)
			(void)sigaction(signal, &action, NULL);
	}
	(void)sigemptyset(&none);
	if (sigprocmask(SIG_SETMASK, &none, NULL) < 0)
		return fail(e, errno, "unblock signals");
	return 0;
}
