/*
 * Standing in for a process that is elsewhere: being its session, taking its signals, ending as it
 * ended.
 */
#include "monitor.h"

#include "kern/tty.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/signalfd.h>

int standin_stdio(int ret_fds[3], struct err *e)
{
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return fail(e, errno, "open '/dev/null'");
	for (int i = 0; i < 3; i++) {
		ret_fds[i] = fcntl(i, F_DUPFD_CLOEXEC, 3);
		if (ret_fds[i] < 0 || dup2(null, i) < 0)
			return fail(e, errno, "descriptor %d", i);
	}
	(void)close(null);
	return 0;
}

int standin_session(int terminal, struct err *e)
{
	/* The caller's job control must not reach us beside the caller's own forwarding. */
	if (setsid() < 0 && errno != EPERM)
		return fail(e, errno, "setsid");
	return terminal >= 0 ? tty_set_controlling(terminal, e) : 0;
}

int standin_signals(int *ret_fd, struct err *e)
{
	static const int own[] = {SIGSEGV, SIGBUS, SIGILL, SIGFPE, SIGABRT, SIGTRAP, SIGSYS};
	sigset_t all;

	(void)sigfillset(&all);
	for (size_t i = 0; i < sizeof(own) / sizeof(own[0]); i++)
		(void)sigdelset(&all, own[i]);
	if (sigprocmask(SIG_BLOCK, &all, NULL) < 0)
		return fail(e, errno, "block signals");
	*ret_fd = signalfd(-1, &all, SFD_CLOEXEC | SFD_NONBLOCK);
	return *ret_fd < 0 ? fail(e, errno, "make a signalfd") : 0;
}

_Noreturn void standin_leave(int code, int signal)
{
	const struct rlimit none = {0, 0};
	sigset_t set;

	if (signal > 0) {
		/* The core, if any, is where the process was. */
		(void)setrlimit(RLIMIT_CORE, &none);
		(void)sigemptyset(&set);
		(void)sigaddset(&set, signal);
		(void)!(sigaction(signal, &(struct sigaction){.sa_handler = SIG_DFL}, NULL));
		(void)raise(signal);
		(void)sigprocmask(SIG_UNBLOCK, &set, NULL);
		_exit(128 + signal);
	}
	_exit(code & 0xff);
}
