/* Processor, I/O and memory placement: sched(7), ioprio_set(2), set_mempolicy(2), cpuset(7). */
#ifndef KERN_SCHEDULER_H
#define KERN_SCHEDULER_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

struct scheduler {
	uint32_t policy; /* SCHED_* */
	uint64_t flags;	 /* SCHED_FLAG_* */
	int32_t nice;
	uint32_t priority;
	uint64_t runtime, deadline, period; /* ns, SCHED_DEADLINE */
};

/* Of this process. */
int scheduler_set(const struct scheduler *scheduler, struct err *e) must_check;
/* `priority` is class << 13 | level, of this process. */
int io_priority_set(int priority, struct err *e) must_check;

/* A list of the kernel ("0-3,7") as a bitmap. */
#define NUMBER_SET_BITS 8192
struct number_set {
	unsigned long words[NUMBER_SET_BITS / (8 * sizeof(unsigned long))];
	int last; /* highest number, -1: empty */
};
/* Ascending or not, spaces at the ends allowed; -EINVAL with what is wrong with it. */
int number_set_parse(const char *list, struct number_set *ret, struct err *e) must_check;
bool number_set_has(const struct number_set *set, unsigned int number);

/* sched_setaffinity(2); pid 0: this process. */
int affinity_set(pid_t pid, const char *cpu_list, struct err *e) must_check;
/* Undoes an inherited affinity: all that the cpuset allows. */
int affinity_reset(pid_t pid, struct err *e) must_check;

/* MPOL_* | MPOL_F_*; `nodes` NULL: none. */
int memory_policy_set(int mode, const char *nodes, struct err *e) must_check;

#endif
