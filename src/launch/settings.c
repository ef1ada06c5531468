/*
 * Everything about a process that execve(2) hands on, and that is set late because it would be in
 * the way earlier: the terminal, labels for the next exec, placement, limits, the filter.
 *
 * Attributes of security modules can only be written by the credentials that opened the file, so
 * they are opened here, below a procfs that the runtime has verified, and never by a path of the
 * container.
 */
#include "launch.h"

#include <asm/ioctls.h>
#include <asm/signal.h>
#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/seccomp.h>
#include <linux/stat.h>

void settings_terminal(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	long result;

	/* A leader already, when the stage before has done it. */
	SYS(__NR_setsid, 0);
	if (blob->flags & LAUNCH_TERMINAL) {
		result = SYS(__NR_ioctl, blob->stdio[0], TIOCSCTTY, 0);
		if (result < 0)
			launch_fail(launch, result, "set the controlling terminal", NULL);
	}
	for (int i = 0; i < 3; i++) {
		if (blob->stdio[i] < 0)
			continue;
		result = SYS(__NR_dup3, blob->stdio[i], i, 0);
		if (result < 0)
			launch_fail(launch, result, "duplicate a standard descriptor", NULL);
	}
}

/* Terminals and pipes, so that the program can open /dev/stdout and the like again; regular files
 * are the caller's property, and /dev/null everybody's. */
void settings_own_stdio(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;

	for (int i = 0; i < 3; i++) {
		struct statx info;
		char state[256]; /* struct termios of any machine */

		if (SYS(__NR_statx, i, "", AT_EMPTY_PATH, STATX_BASIC_STATS, &info) < 0)
			continue;
		if (info.stx_uid == blob->uid)
			continue;
		if (S_ISCHR(info.stx_mode) ? SYS(__NR_ioctl, i, TCGETS, state) < 0
					   : !S_ISFIFO(info.stx_mode))
			continue;
		/* Refused where the owner is not mapped or the file system is read-only. */
		SYS(__NR_fchown, i, blob->uid, info.stx_gid);
	}
}

static long write_label(const struct launch *launch, const char *path, const char *prefix,
			const char *label)
{
	char text[4096];
	unsigned int length = 0;
	long fd, result;

	for (const char *from = prefix; *from; from++)
		text[length++] = *from;
	for (const char *from = label; *from; from++) {
		if (length == sizeof(text))
			return -ENAMETOOLONG;
		text[length++] = *from;
	}
	fd = SYS(__NR_openat, launch->blob->proc_fd, path, O_WRONLY | O_CLOEXEC);
	if (fd < 0)
		return fd;
	result = SYS(__NR_write, fd, text, length);
	SYS(__NR_close, fd);
	return result < 0 ? result : 0;
}

void settings_labels(const struct launch *launch)
{
	const char *profile = blob_text(launch, launch->blob->apparmor);
	const char *label = blob_text(launch, launch->blob->selinux);
	long result;

	if (profile) {
		result = write_label(launch, "thread-self/attr/apparmor/exec", "exec ", profile);
		if (result == -ENOENT)
			result = write_label(launch, "thread-self/attr/exec", "exec ", profile);
		if (result < 0)
			launch_fail(launch, result, "apply apparmor profile", profile);
	}
	if (label) {
		result = write_label(launch, "thread-self/attr/exec", "", label);
		if (result < 0)
			launch_fail(launch, result, "apply selinux label", label);
	}
}

static void reset_affinity(void)
{
	unsigned long all[1024];

	for (unsigned int i = 0; i < 1024; i++)
		all[i] = ~0UL;
	/* The kernel narrows it to the cpuset; a failure leaves what was inherited. */
	SYS(__NR_sched_setaffinity, 0, sizeof(all), all);
}

void settings_scheduling(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	long result;

	if (blob->flags & LAUNCH_RESET_AFFINITY)
		reset_affinity();
	if (blob->affinity) {
		result = SYS(__NR_sched_setaffinity, 0, blob->affinity_size,
			     blob_data(launch, blob->affinity));
		if (result < 0)
			launch_fail(launch, result, "set the CPU affinity", NULL);
	}
	if (blob->scheduler) {
		result = SYS(__NR_sched_setattr, 0, blob_data(launch, blob->scheduler), 0);
		if (result < 0)
			launch_fail(launch, result, "process.scheduler: set it", NULL);
	}
	if (blob->flags & LAUNCH_SET_IO_PRIORITY) {
		result = SYS(__NR_ioprio_set, 2 /* IOPRIO_WHO_PGRP */, 0, blob->io_priority);
		if (result < 0)
			launch_fail(launch, result, "process.ioPriority: set it", NULL);
	}
	if (blob->flags & LAUNCH_SET_PERSONALITY) {
		result = SYS(__NR_personality, blob->personality);
		if (result < 0)
			launch_fail(launch, result, "linux.personality: set it", NULL);
	}
	if (blob->flags & LAUNCH_SET_MEMORY_POLICY) {
		result = SYS(__NR_set_mempolicy, blob->memory_mode,
			     blob->nodes ? blob_data(launch, blob->nodes) : NULL, blob->node_bits);
		if (result < 0)
			launch_fail(launch, result, "linux.memoryPolicy: set it", NULL);
	}
}

void settings_limits(const struct launch *launch)
{
	const struct launch_rlimit *limits = blob_data(launch, launch->blob->rlimits);

	for (uint32_t i = 0; i < launch->blob->rlimit_count; i++) {
		uint64_t wanted[2] = {limits[i].soft, limits[i].hard}, got[2];
		long result = SYS(__NR_prlimit64, 0, limits[i].type, wanted, NULL);

		if (result == 0)
			result = SYS(__NR_prlimit64, 0, limits[i].type, NULL, got);
		if (result < 0)
			launch_fail(launch, result, "process.rlimits: set",
				    blob_text(launch, limits[i].name));
		if (got[0] != wanted[0] || got[1] != wanted[1])
			launch_refuse(launch, EINVAL,
				      "process.rlimits: the kernel gives other values for",
				      blob_text(launch, limits[i].name));
	}
}

struct filter_program {
	unsigned short length;
	const void *filter;
};

/* Declared here because <linux/socket.h> has none of it. */
struct system_message {
	void *name;
	int name_size;
	struct system_vector {
		void *base;
		size_t size;
	} * vectors;
	size_t vector_count;
	void *control;
	size_t control_size;
	unsigned int flags;
};

struct system_rights {
	size_t size;
	int level, type, fd, padding;
};

static void send_listener(const struct launch *launch, int fd)
{
	struct launch_message text = {.kind = MESSAGE_LISTENER, .number = fd};
	struct system_vector vector = {.base = &text, .size = LAUNCH_MESSAGE_SHORT};
	struct system_rights rights = {
		.size = offsetof(struct system_rights, fd) + sizeof(int),
		.level = 1 /* SOL_SOCKET */,
		.type = 1 /* SCM_RIGHTS */,
		.fd = fd,
	};
	struct system_message message = {
		.vectors = &vector,
		.vector_count = 1,
		.control = &rights,
		.control_size = sizeof(rights),
	};
	long result = SYS(__NR_sendmsg, launch->blob->sync_fd, &message, 0);

	if (result < 0)
		launch_fail(launch, result, "hand over the seccomp listener", NULL);
}

void settings_filter(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	struct filter_program program = {
		.length = (unsigned short)blob->filter_count,
		.filter = blob_data(launch, blob->filter),
	};
	long result;

	if (!blob->filter)
		return;
	result = SYS(__NR_seccomp, SECCOMP_SET_MODE_FILTER, blob->filter_flags, &program);
	if (result < 0)
		launch_fail(launch, result, "install the seccomp filter", NULL);
	if (!(blob->filter_flags & SECCOMP_FILTER_FLAG_NEW_LISTENER))
		return;
	launch_send(launch, MESSAGE_LISTENER, result);
	if (launch_receive(launch) == MESSAGE_LISTENER_SEND)
		send_listener(launch, (int)result);
	SYS(__NR_close, result);
}

static void end_by_signal(int signal)
{
	launch_exit(128 + signal);
}

void settings_signals(void)
{
	const uint64_t harmless =
		1ULL << (SIGKILL - 1) | 1ULL << (SIGSTOP - 1) | 1ULL << (SIGCHLD - 1) |
		1ULL << (SIGCONT - 1) | 1ULL << (SIGTSTP - 1) | 1ULL << (SIGTTIN - 1) |
		1ULL << (SIGTTOU - 1) | 1ULL << (SIGURG - 1) | 1ULL << (SIGWINCH - 1);
	bool is_init = SYS(__NR_getpid, 0) == 1;
	uint64_t none = 0;

	for (int signal = 1; signal <= 64; signal++) {
		struct system_sigaction action = {.flags = SYSTEM_SA_FLAGS};

		/* The kernel drops signals of pid 1 that have no handler; execve resets it. */
		if (is_init && !(harmless & 1ULL << (signal - 1)))
			action.handler = end_by_signal;
		SYS(__NR_rt_sigaction, signal, &action, NULL, sizeof(uint64_t));
	}
	SYS(__NR_rt_sigprocmask, 2 /* SIG_SETMASK */, &none, NULL, sizeof(none));
}
