/*
 * The launch program: from "root in the namespaces" to the user's program. See launch/blob.h.
 *
 * Order matters. The filter comes first when the program may gain privileges (installing it then
 * needs CAP_SYS_ADMIN) and last when it may not. Behind a filter only read, write, close, execve
 * and what hooks need are used. The runtime's death ends us until it has acknowledged READY: by
 * the parent-death signal, which a change of credentials clears, and then by the end of the
 * handshake socket.
 */
#include "launch.h"

#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/mman.h>
#include <linux/prctl.h>
#include <linux/sched.h>

SYSTEM_ENTRY;

_Noreturn void launch_main(const long *stack);

#ifndef PROT_READ
#define PROT_READ  1
#define PROT_WRITE 2
#endif

static int number_of(const char *text)
{
	int value = 0;

	if (!*text)
		return -1;
	for (; *text; text++) {
		if (*text < '0' || *text > '9' || value > 100000000)
			return -1;
		value = value * 10 + (*text - '0');
	}
	return value;
}

static void relocate(const struct launch *launch, uint32_t offset)
{
	uint64_t *items = blob_data(launch, offset);

	for (; offset && *items; items++)
		*items += (uint64_t)launch->blob;
}

static struct launch_blob *map_blob(int fd)
{
	struct launch_blob *head;
	uint64_t header[2];
	long address;
	uint32_t size;

	if (SYS(__NR_pread64, fd, header, sizeof(header), 0) != sizeof(header) ||
	    header[0] != LAUNCH_MAGIC)
		return NULL;
	size = (uint32_t)header[1];
	if (size < sizeof(*head) || size > LAUNCH_SIZE_MAX)
		return NULL;
	address = SYS(__NR_mmap, 0, size, PROT_READ | PROT_WRITE, 2 /* MAP_PRIVATE */, fd, 0);
	if (address < 0 && address > -4096)
		return NULL;
	SYS(__NR_close, fd);
	return (struct launch_blob *)address;
}

/* What the runtime left open for us must not reach the program. */
static void close_on_exec(const struct launch_blob *blob)
{
	const int32_t fds[] = {blob->sync_fd,  blob->start_fd,	    blob->result_fd,
			       blob->proc_fd,  blob->hook_input_fd, blob->stdio[0],
			       blob->stdio[1], blob->stdio[2]};

	for (unsigned int i = 0; i < sizeof(fds) / sizeof(fds[0]); i++)
		if (fds[i] > 2)
			SYS(__NR_fcntl, fds[i], F_SETFD, FD_CLOEXEC);
}

static void load(struct launch *launch, int fd)
{
	struct launch_hook *hooks;

	launch->blob = map_blob(fd);
	if (!launch->blob)
		launch_exit(EXIT_FAILED);
	close_on_exec(launch->blob);
	relocate(launch, launch->blob->argv);
	relocate(launch, launch->blob->envp);
	hooks = blob_data(launch, launch->blob->hooks);
	for (uint32_t i = 0; i < launch->blob->hook_count; i++) {
		relocate(launch, hooks[i].argv);
		relocate(launch, hooks[i].envp);
	}
}

/* Before anything of ours is visible inside: the procfs is the runtime's, which shows more
 * processes than the container's. A label for the next execve is inherited by a fork. */
static void label(const struct launch *launch)
{
	if (launch->blob->argv)
		settings_labels(launch);
	if (launch->blob->proc_fd > 2)
		SYS(__NR_close, launch->blob->proc_fd);
}

/* The runtime has set the pid namespace, which children enter only: go on as one, the sibling of
 * this process. It says nothing before it has been announced: the pipe ends then. */
static void fork_into_pid_namespace(const struct launch *launch)
{
	int ends[2];
	char byte;
	long result;

	if (!(launch->blob->flags & LAUNCH_FORK))
		return;
	result = SYS(__NR_pipe2, ends, O_CLOEXEC);
	if (result < 0)
		launch_fail(launch, result, "make a pipe", NULL);
	result = SYS(__NR_clone, CLONE_PARENT | SIGCHLD, 0, 0, 0, 0);
	if (result < 0)
		launch_fail(launch, result, "fork into the container's pid namespace", NULL);
	if (result > 0) {
		launch_send(launch, MESSAGE_PID, result);
		launch_exit(0);
	}
	SYS(__NR_prctl, PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
	SYS(__NR_close, ends[1]);
	do {
		result = SYS(__NR_read, ends[0], &byte, 1);
	} while (result == -EINTR);
	SYS(__NR_close, ends[0]);
}

static void settle(struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	bool is_there;

	settings_terminal(launch);
	if (blob->flags & LAUNCH_OWN_STDIO)
		settings_own_stdio(launch);
	settings_scheduling(launch);
	settings_limits(launch);
	if (blob->flags & LAUNCH_SET_UMASK)
		SYS(__NR_umask, blob->umask);
	is_there = program_enter_directory(launch, false);
	if (blob->flags & LAUNCH_NO_NEW_PRIVS) {
		long result = SYS(__NR_prctl, PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0);

		if (result < 0)
			launch_fail(launch, result, "set no_new_privs", NULL);
	} else {
		settings_filter(launch);
	}
	identity_drop_bounding(launch);
	identity_become(launch);
	if (!is_there)
		(void)program_enter_directory(launch, true);
	program_find(launch);
}

static void wait_for_start(const struct launch *launch)
{
	char byte;
	long result;

	do {
		result = SYS(__NR_read, launch->blob->start_fd, &byte, 1);
	} while (result == -EINTR || result == -EAGAIN);
	if (result != 1)
		launch_fail(launch, result, "wait for the start", NULL);
	SYS(__NR_close, launch->blob->start_fd);
}

_Noreturn void launch_main(const long *stack)
{
	struct launch launch = {0};
	const char *const *argv = (const char *const *)(stack + 1);

	SYS(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	SYS(__NR_prctl, PR_SET_NAME, "bulkhead-init", 0, 0, 0);
	if (stack[0] != 2)
		launch_exit(EXIT_FAILED);
	load(&launch, number_of(argv[1]));
	label(&launch);
	fork_into_pid_namespace(&launch);
	if (launch.blob->argv)
		settle(&launch);
	settings_signals();
	/* From here on the end of the socket is what tells that the runtime has gone. */
	SYS(__NR_prctl, PR_SET_PDEATHSIG, 0, 0, 0, 0);
	SYS(__NR_prctl, PR_SET_DUMPABLE, 0, 0, 0, 0);
	if (launch.blob->flags & LAUNCH_NO_NEW_PRIVS)
		settings_filter(&launch);
	launch_send(&launch, MESSAGE_READY, 0);
	if (launch_receive(&launch) != MESSAGE_COMMITTED)
		launch_exit(EXIT_FAILED);
	launch.is_ready = true;
	if (launch.blob->flags & LAUNCH_WAIT_START) {
		SYS(__NR_close, launch.blob->sync_fd);
		wait_for_start(&launch);
		hooks_run(&launch);
	}
	if (!launch.blob->argv)
		launch_refuse(&launch, EINVAL, "there is no process in the configuration", NULL);
	program_execute(&launch);
}
