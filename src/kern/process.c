/*
 * Processes as pid, pidfd and birth: see kern/process.h.
 *
 * A pid is only a number that is given out again. A pidfd names one process for good, but cannot
 * be kept over the runtime's invocations; the start time in /proc/PID/stat, written down with the
 * pid, tells whether the process found later is the one of then. Its command name stands in
 * parentheses, may hold any bytes (the process chooses them) and ends at the LAST parenthesis.
 *
 * pidfds came with Linux 5.1 to 5.3. Without them a signal goes to the pid right after its birth
 * was compared: the best there is.
 */
#include "kern/process.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "kern/compat.h"

#include <poll.h>
#include <sys/wait.h>
#include <time.h>

#define STAT_FIELD_STATE 3
#define STAT_FIELD_BORN	 22

void process_done(struct process *process)
{
	fd_close(&process->pidfd);
	*process = PROCESS_NONE;
}

/* Text of /proc/PID/stat to start time and state; -EINVAL when it is not that. */
static int parse_stat(char *text, uint64_t *ret_born, char *ret_state)
{
	char *rest = strrchr(text, ')');
	char *word = NULL;
	char state;
	uint64_t born;

	if (!rest || rest[1] != ' ')
		return -EINVAL;
	rest += 2;
	state = *rest;
	for (int field = STAT_FIELD_STATE; field <= STAT_FIELD_BORN; field++)
		word = rest ? strsep(&rest, " \n") : NULL;
	if (!word || num_u64(word, &born) < 0)
		return -EINVAL;
	*ret_born = born;
	*ret_state = state;
	return 0;
}

int process_stat(pid_t pid, uint64_t *ret_born, char *ret_state)
{
	char path[40];
	char text[1024];
	auto_fd int fd = FD_NONE;
	ssize_t size;

	if (pid <= 0)
		return -ESRCH;
	(void)snprintf(path, sizeof(path), "/proc/%d/stat", pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return errno == ENOENT ? -ESRCH : -errno;
	size = fd_read_full(fd, text, sizeof(text) - 1);
	if (size < 0)
		return (int)size;
	text[size] = '\0';
	return parse_stat(text, ret_born, ret_state);
}

/* -ENOSYS where pidfds do not exist (or are filtered); -ESRCH when no process has the pid. */
static int open_pidfd(pid_t pid)
{
	int fd = sys_pidfd_open(pid, 0);

	if (fd >= 0)
		return fd;
	switch (errno) {
	case EPERM:
		return -ENOSYS;
	case EINVAL: /* a thread, not a process */
	case ENOENT: /* the same since Linux 6.9 */
		return -ESRCH;
	default:
		return -errno;
	}
}

int process_open(pid_t pid, uint64_t born, struct process *ret, struct err *e)
{
	auto_fd int pidfd = FD_NONE;
	uint64_t found = 0;
	char state = 0;
	int r;

	if (pid <= 0)
		return PROCESS_GONE;
	r = open_pidfd(pid);
	if (r == -ESRCH)
		return PROCESS_GONE;
	if (r < 0 && r != -ENOSYS)
		return fail(e, -r, "open process %d", pid);
	pidfd = r >= 0 ? r : FD_NONE;
	/* After the pidfd: what we read is about its process, or about one that came later. */
	r = process_stat(pid, &found, &state);
	if (r == -ESRCH)
		return PROCESS_GONE;
	if (r < 0)
		return fail(e, -r, "look at process %d", pid);
	if ((born != 0 && born != found) || state == 'Z' || state == 'X' || state == 'x')
		return PROCESS_GONE;
	*ret = (struct process){.pid = pid, .pidfd = take_fd(&pidfd), .born = found};
	return 0;
}

/* Whether the pid is still that process, as far as /proc can tell. */
static bool is_still(const struct process *process, char *ret_state)
{
	uint64_t born = 0;

	return process_stat(process->pid, &born, ret_state) == 0 &&
	       (process->born == 0 || born == process->born);
}

int process_signal(const struct process *process, int signal, struct err *e)
{
	char state;
	int r;

	if (process->pid <= 0)
		return PROCESS_GONE;
	r = process->pidfd >= 0 ? sys_pidfd_send_signal(process->pidfd, signal, NULL, 0) : -1;
	/* EPERM: of a seccomp filter, or kill(2) says it again. */
	if (process->pidfd < 0 || (r < 0 && (errno == ENOSYS || errno == EPERM))) {
		if (!is_still(process, &state))
			return PROCESS_GONE;
		r = kill(process->pid, signal);
	}
	if (r < 0 && errno == ESRCH)
		return PROCESS_GONE;
	if (r < 0)
		return fail(e, errno, "send signal %d to process %d", signal, process->pid);
	return 0;
}

static int wait_by_looking(const struct process *process, uint64_t deadline)
{
	const struct timespec pause = {.tv_nsec = 10L * 1000 * 1000};
	char state = 0;

	while (is_still(process, &state) && state != 'Z' && state != 'X') {
		if (deadline && clock_left_ms(deadline) == 0)
			return 1;
		(void)nanosleep(&pause, NULL);
	}
	return 0;
}

int process_wait_gone(const struct process *process, int timeout_ms, struct err *e)
{
	uint64_t deadline = timeout_ms < 0 ? 0 : clock_now() + (uint64_t)timeout_ms * 1000 * 1000;
	struct pollfd waited = {.fd = process->pidfd, .events = POLLIN};
	int r;

	if (process->pid <= 0)
		return 0;
	if (process->pidfd < 0)
		return wait_by_looking(process, deadline);
	do {
		r = poll(&waited, 1, deadline ? clock_left_ms(deadline) : -1);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail(e, errno, "wait for process %d", process->pid);
	return r == 0 ? 1 : 0;
}

int process_reap(pid_t pid, int *ret_status, struct err *e)
{
	pid_t r;

	do {
		r = waitpid(pid, ret_status, __WALL);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail(e, errno, "wait for child %d", pid);
	return 0;
}
