/*
 * Starting this program again as a monitor or proxy. It is executed anew rather than just forked:
 * a command line that tells what it stands for, and none of the command's memory.
 *
 * The child enters the container's cgroup before it executes anything, so that all it and its
 * children use is the container's.
 */
#include "internal.h"

#include "base/fd.h"
#include "kern/compat.h"
#include "kern/tty.h"
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>

enum { HIGH = 64, FDS_MAX = 16, ARGS_MAX = 64, ARGS_SIZE_MAX = 4096 };

struct spawning {
	const struct spawn *spawn;
	char *argv[ARGS_MAX + 4];
	struct cgroup_entry entry;
	bool has_entry;
	int ready[2];	/* the parent says that the child is in its cgroup */
	int failure[2]; /* the child says why it was not executed */
};

static void argv_fill(struct spawning *spawning)
{
	const struct spawn *spawn = spawning->spawn;
	size_t count = 0, size = 0;

	spawning->argv[count++] = (char *)(uintptr_t)spawn->name;
	spawning->argv[count++] = (char *)(uintptr_t)spawn->id;
	for (size_t i = 0; spawn->args && i < spawn->args->count && i < ARGS_MAX; i++) {
		size += strlen(spawn->args->items[i]) + 1;
		if (size > ARGS_SIZE_MAX)
			break;
		spawning->argv[count++] = spawn->args->items[i];
	}
	spawning->argv[count] = NULL;
}

static int descriptors_place(const struct spawn *spawn, struct err *e)
{
	int high[FDS_MAX + 3];
	size_t count = spawn->fd_count + 3;

	for (size_t i = 0; i < count; i++) {
		int from = i >= 3		  ? spawn->fds[i - 3]
			   : spawn->stdio[i] >= 0 ? spawn->stdio[i]
						  : (int)i;

		high[i] = fcntl(from, F_DUPFD_CLOEXEC, HIGH);
		if (high[i] < 0)
			return fail(e, errno, "duplicate descriptor %d", from);
	}
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], (int)i) < 0)
			return fail(e, errno, "place descriptor %zu", i);
	return fd_cloexec_from((int)count, e);
}

static int child_enter(struct spawning *spawning, struct err *e)
{
	char byte;
	int r;

	if (spawning->has_entry) {
		r = cgroup_entry_enter(&spawning->entry);
		if (r < 0)
			return fail(e, -r, "enter the cgroup");
	}
	/* Killed with its maker until it stands on its own. */
	(void)close(spawning->ready[1]);
	if (read(spawning->ready[0], &byte, 1) != 1)
		return refuse(e, ECANCELED, "the command has ended");
	return process_reset_signals(e);
}

static _Noreturn void child_run(struct spawning *spawning)
{
	static const char *const environment[] = {
		"PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:"
		"/sbin:/bin",
		NULL};
	int failure = fcntl(spawning->failure[1], F_DUPFD_CLOEXEC, 2 * HIGH);
	struct err e;

	/* What it makes must be as it says, whatever the caller masks. */
	(void)umask(022);
	if (child_enter(spawning, &e) == 0 && descriptors_place(spawning->spawn, &e) == 0) {
		(void)execve("/proc/self/exe", spawning->argv,
			     (char *const *)(uintptr_t)environment);
		(void)fail(&e, errno, "execute this program again");
	}
	(void)!write(failure, &e, sizeof(e));
	_exit(127);
}

static int fork_into(struct spawning *spawning, struct process *ret, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	int r;

	how.flags = CLONE_CLEAR_SIGHAND;
	if (spawning->has_entry)
		how.cgroup = spawning->entry.clone_fd;
	r = process_fork(&how, ret, e);
	if (r < 0 && how.cgroup >= 0) {
		how.cgroup = FD_NONE;
		cgroup_entry_done(&spawning->entry);
		spawning->has_entry = false;
		r = process_fork(&how, ret, e);
	}
	if (r == PROCESS_CHILD)
		child_run(spawning);
	return r;
}

static int cgroup_attend(struct spawning *spawning, pid_t pid, struct err *e)
{
	const struct spawn *spawn = spawning->spawn;

	if (!spawn->cgroup || spawning->has_entry)
		return 0;
	if (spawn->init > 0)
		return cgroup_join(spawn->cgroup, pid, spawn->init, spawn->sub, e);
	return cgroup_add(spawn->cgroup, pid, spawn->limits, e);
}

static int child_attend(struct spawning *spawning, struct process *process, struct err *e)
{
	struct err why;
	int r = cgroup_attend(spawning, process->pid, e);

	if (r < 0)
		return r;
	if (write(spawning->ready[1], "", 1) != 1)
		return fail(e, errno, "tell the new process");
	fd_close(&spawning->ready[0]);
	fd_close(&spawning->failure[1]);
	if (fd_read_full(spawning->failure[0], &why, sizeof(why)) == sizeof(why)) {
		*e = why;
		return -e->code;
	}
	return 0;
}

static void process_abandon(struct process *process)
{
	struct err ignored;
	int status;

	if (process->pid <= 0)
		return;
	if (process_signal(process, SIGKILL, &ignored) >= 0)
		(void)!process_reap(process->pid, &status, &ignored);
	process_done(process);
	*process = PROCESS_NONE;
}

int vm_spawn(const struct spawn *spawn, struct process *ret, struct err *e)
{
	struct spawning spawning = {
		.spawn = spawn,
		.entry = {.clone_fd = FD_NONE},
		.ready = {FD_NONE, FD_NONE},
		.failure = {FD_NONE, FD_NONE},
	};
	struct process process = PROCESS_NONE;
	int r = 0;

	argv_fill(&spawning);
	if (spawn->cgroup) {
		r = cgroup_entry_open(spawn->cgroup, spawn->init, spawn->sub, &spawning.entry, e);
		spawning.has_entry = r == CGROUP_ENTRY_READY;
	}
	if (r >= 0 &&
	    (pipe2(spawning.ready, O_CLOEXEC) < 0 || pipe2(spawning.failure, O_CLOEXEC) < 0))
		r = fail(e, errno, "make a pipe");
	if (r >= 0)
		r = fork_into(&spawning, &process, e);
	if (r >= 0)
		r = child_attend(&spawning, &process, e);
	for (int i = 0; i < 2; i++) {
		fd_close(&spawning.ready[i]);
		fd_close(&spawning.failure[i]);
	}
	cgroup_entry_done(&spawning.entry);
	if (r < 0) {
		process_abandon(&process);
		return wrap(e, "%s %s", spawn->name, spawn->id);
	}
	*ret = process;
	return 0;
}

/* ---- streams ---- */

int vm_terminal(const struct plan_process *process, int *ret_master, int *ret_peer, struct err *e)
{
	auto_fd int root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int master = FD_NONE, peer = FD_NONE;
	struct termios ignored;
	int r;

	if (root < 0)
		return fail(e, errno, "open '/'");
	r = tty_open_pair(root, &master, &peer, e);
	if (r == 0)
		r = tty_set_raw(peer, &ignored, e);
	if (r == 0 && process->console_height.is_set && process->console_width.is_set)
		r = tty_set_size(master, (uint16_t)process->console_height.value,
				 (uint16_t)process->console_width.value, e);
	if (r < 0)
		return wrap(e, "terminal");
	*ret_master = take_fd(&master);
	*ret_peer = take_fd(&peer);
	return 0;
}

static bool leads_nowhere(int fd)
{
	struct stat status;

	return fstat(fd, &status) == 0 && S_ISCHR(status.st_mode) &&
	       status.st_rdev == makedev(1, 3);
}

struct wire_stdio vm_stdio(const int fds[3], bool terminal)
{
	struct wire_stdio stdio = {.is_stream = {true, true, !terminal}};

	for (int i = 0; !terminal && i < 3; i++)
		stdio.is_stream[i] = !leads_nowhere(fds[i] >= 0 ? fds[i] : i);
	return stdio;
}
