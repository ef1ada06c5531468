/* Limits of one process: setrlimit(2), oom_score_adj of proc(5). */
#ifndef KERN_RLIMIT_H
#define KERN_RLIMIT_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

/* RLIMIT_* to values of the kernel (UINT64_MAX: unlimited). */
int rlimit_set(int type, uint64_t soft, uint64_t hard, struct err *e) must_check;
/* Of another process: prlimit(2). */
int rlimit_set_process(pid_t pid, int type, uint64_t soft, uint64_t hard, struct err *e) must_check;
/* "RLIMIT_NOFILE"; NULL when unknown. */
const char *rlimit_name(int type);

/* Of this process, through a handle from proc_open(). -EACCES: lowering needs CAP_SYS_RESOURCE. */
int oom_score_adj_set(int proc, int value, struct err *e) must_check;

#endif
