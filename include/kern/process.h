/*
 * A process as pid, pidfd and birth: a pid alone may be somebody else's by now. Every signal goes
 * through the pidfd (or is preceded by a comparison of the start time where pidfds are missing).
 */
#ifndef KERN_PROCESS_H
#define KERN_PROCESS_H

#include "base/own.h"

#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

#include "base/err.h"

struct process {
	pid_t pid;     /* 0 = none */
	int pidfd;     /* FD_NONE when not opened */
	uint64_t born; /* field 22 of /proc/PID/stat, clock ticks since boot; 0 = unknown */
};

#define PROCESS_NONE ((struct process){.pid = 0, .pidfd = FD_NONE, .born = 0})

void process_done(struct process *process);

enum process_found { PROCESS_ALIVE = 0, PROCESS_GONE = 1 };

/* Opens by pid and, unless born is 0, compares the start time. PROCESS_GONE: no such process,
 * another one has the pid, or it is a zombie. On PROCESS_ALIVE *ret is filled. */
int process_open(pid_t pid, uint64_t born, struct process *ret, struct err *e) must_check;
/* Start time and state letter of a process; -ESRCH without touching err when it is gone. */
int process_stat(pid_t pid, uint64_t *ret_born, char *ret_state);
/* PROCESS_GONE when it no longer exists; a zombie can still be signalled (0). */
int process_signal(const struct process *process, int signal, struct err *e) must_check;
/* Waits at most timeout_ms (-1: for ever) for the end of any process. 0, or 1 on time-out. */
int process_wait_gone(const struct process *process, int timeout_ms, struct err *e) must_check;
/* Reaps a child; *ret_status as from waitpid(2). */
int process_reap(pid_t pid, int *ret_status, struct err *e) must_check;

/* ---- making processes ---- */

struct process_fork {
	uint64_t flags; /* CLONE_NEW*, CLONE_PARENT, CLONE_CLEAR_SIGHAND; nothing that shares memory
			 */
	int cgroup;	/* v2 directory to be born in, FD_NONE: ours. -EOPNOTSUPP on old kernels */
	bool no_birth;	/* leave ret->born 0: saves reading /proc */
	bool no_signal; /* no SIGCHLD at the end (waitpid(2) needs __WALL then) */
};

#define PROCESS_FORK_PLAIN ((struct process_fork){.cgroup = FD_NONE})

enum process_side { PROCESS_PARENT = 0, PROCESS_CHILD = 1 };

/* fork(2) by clone3 (else clone), with a pidfd where the kernel has them (else ret->pidfd is
 * FD_NONE) and the birth filled in. Returns twice: PROCESS_PARENT with *ret set, PROCESS_CHILD
 * with *ret untouched. Single-threaded callers only. pid and birth are as our /proc shows them. */
int process_fork(const struct process_fork *how, struct process *ret, struct err *e) must_check;

/* Orphans below us become our children, or no longer (Linux 3.4). */
int process_set_subreaper(bool is_one, struct err *e) must_check;
/* The signal we get when our parent ends; fails (-ESRCH) if `parent` is not our parent any more. */
int process_set_parent_death_signal(int signal, pid_t parent, struct err *e) must_check;
/* Default dispositions (but SIGKILL, SIGSTOP) and an empty mask, as a new program expects. */
int process_reset_signals(struct err *e) must_check;

#endif
