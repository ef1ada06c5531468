/*
 * What the launch program is told: one read-only file (a sealed memfd) that it maps privately.
 *
 * The launch program is the last stage of every container process before the user's program. It
 * is a tiny static program of its own, run from a sealed memfd, so that what is visible in the
 * container between create and start (or while exec joins) is neither the runtime's file nor the
 * runtime's memory (CVE-2019-5736, CVE-2016-9962).
 *
 * Texts and arrays are offsets from the start of the blob; 0 is "none". Arrays of texts hold
 * 64-bit offsets and a 0 behind the last one: the program turns them into pointers in place.
 * Bytes are aligned to 8. Both ends are built together, so there is no versioning but the size.
 */
#ifndef LAUNCH_BLOB_H
#define LAUNCH_BLOB_H

#include <stdint.h>

#define LAUNCH_MAGIC	0x68636e756c626bULL /* "kblunch" */
#define LAUNCH_SIZE_MAX (64U << 20)

enum launch_flags {
	LAUNCH_FORK = 1 << 0,	    /* go on in a child (another pid namespace), report it, leave */
	LAUNCH_WAIT_START = 1 << 1, /* wait at start_fd, report to result_fd */
	LAUNCH_TERMINAL = 1 << 2,   /* stdio[0] becomes the controlling terminal */
	LAUNCH_SET_GROUPS = 1 << 3,
	LAUNCH_SET_UMASK = 1 << 4,
	LAUNCH_SET_BOUNDING = 1 << 5,
	LAUNCH_SET_CAPS = 1 << 6, /* effective, permitted, inheritable; keeps caps over setuid */
	LAUNCH_NO_NEW_PRIVS = 1 << 7,
	LAUNCH_SET_PERSONALITY = 1 << 8,
	LAUNCH_SET_IO_PRIORITY = 1 << 9,
	LAUNCH_SET_MEMORY_POLICY = 1 << 10,
	LAUNCH_RESET_AFFINITY = 1 << 11, /* all processors that the cpuset allows */
	LAUNCH_OWN_STDIO = 1 << 12,	 /* give terminals and pipes at 0, 1, 2 to the user */
};

struct launch_rlimit {
	uint32_t type;
	uint32_t name; /* "RLIMIT_NOFILE" */
	uint64_t soft, hard;
};

/* sched_setattr(2), first version */
struct launch_scheduler {
	uint32_t size, policy;
	uint64_t flags;
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period;
};

struct launch_hook {
	uint32_t path;
	uint32_t argv;
	uint32_t envp; /* 0: that of the process */
	uint32_t index;
	uint64_t timeout_ns; /* 0: none */
};

struct launch_blob {
	uint64_t magic;
	uint32_t size, flags;

	/* descriptors, -1: none; made close-on-exec by the program */
	int32_t sync_fd;       /* the handshake socket */
	int32_t start_fd;      /* FIFO, opened for reading and writing */
	int32_t result_fd;     /* FIFO, the same */
	int32_t proc_fd;       /* a procfs where labels are written */
	int32_t hook_input_fd; /* the state document of startContainer hooks */
	int32_t stdio[3];      /* to become 0, 1, 2; -1: leave */

	uint32_t argv; /* 0: nothing to run, only wait */
	uint32_t envp, cwd;
	uint32_t search_path; /* PATH of the container; 0: it has none */
	uint32_t apparmor, selinux;
	uint32_t hooks, hook_count;
	uint32_t rlimits, rlimit_count;
	uint32_t groups, group_count;
	uint32_t affinity, affinity_size; /* bytes of a cpu mask */
	uint32_t scheduler;
	uint32_t filter, filter_count; /* struct sock_filter */
	uint32_t nodes, node_bits;
	int32_t memory_mode, io_priority;
	uint32_t uid, gid, umask;
	uint64_t filter_flags;
	uint64_t personality;
	uint64_t bounding, effective, permitted, inheritable, ambient;
};

#endif
