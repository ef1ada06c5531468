/*
 * Signals during create.
 *
 * A backend may sit in a system call for long (a createContainer hook without a time-out runs in
 * the container's init), so noting the signal is not enough: the handler kills the init through
 * its pidfd, which is async-signal-safe, and the backend's wait ends with an error. SA_RESTART
 * leaves everybody else's system calls alone; poll(2) watches the eventfd.
 */
#include "interrupt.h"

#include "base/own.h"

#include <signal.h>
#include <string.h>
#include <sys/eventfd.h>
#include <sys/syscall.h>

static const int watched[] = {SIGTERM, SIGINT, SIGHUP};

enum { WATCHED = sizeof(watched) / sizeof(watched[0]) };

static volatile sig_atomic_t came;
static volatile sig_atomic_t victim = FD_NONE;
static volatile sig_atomic_t event = FD_NONE;
static struct sigaction before[WATCHED];

static void on_signal(int signal)
{
	int saved = errno;
	uint64_t one = 1;

	came = signal;
	if (event >= 0 && write(event, &one, sizeof(one)) < 0)
		errno = saved;
	if (victim >= 0)
		(void)syscall(SYS_pidfd_send_signal, (int)victim, SIGKILL, NULL, 0);
	errno = saved;
}

int interrupt_begin(struct err *e)
{
	struct sigaction action = {.sa_handler = on_signal, .sa_flags = SA_RESTART};

	came = 0;
	victim = FD_NONE;
	event = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	if (event < 0)
		return fail(e, errno, "make an eventfd");
	(void)sigemptyset(&action.sa_mask);
	for (int i = 0; i < WATCHED; i++) {
		if (sigaction(watched[i], NULL, &before[i]) < 0)
			return fail(e, errno, "watch signal %d", watched[i]);
		/* What the caller ignores (nohup) stays ignored. */
		if (before[i].sa_handler != SIG_IGN && sigaction(watched[i], &action, NULL) < 0)
			return fail(e, errno, "watch signal %d", watched[i]);
	}
	return 0;
}

int interrupt_end(void)
{
	int fd = event;
	int signal;

	if (event < 0)
		return 0;
	victim = FD_NONE;
	for (int i = 0; i < WATCHED; i++)
		(void)sigaction(watched[i], &before[i], NULL);
	event = FD_NONE;
	fd_close(&fd);
	signal = came;
	came = 0;
	return signal;
}

void interrupt_kill(int pidfd)
{
	victim = pidfd;
	if (came && pidfd >= 0)
		(void)syscall(SYS_pidfd_send_signal, pidfd, SIGKILL, NULL, 0);
}

int interrupt_check(struct err *e)
{
	int signal = came;

	if (signal == 0)
		return 0;
	return refuse(e, EINTR, "interrupted by SIG%s", sigabbrev_np(signal));
}

int interrupt_blame(struct err *e)
{
	struct err interrupted;

	if (e->code != EINTR && interrupt_check(&interrupted) < 0)
		*e = interrupted;
	return -e->code;
}

int interrupt_fd(void)
{
	return event;
}
