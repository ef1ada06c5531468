/* Namespaces by descriptor: namespaces(7), ioctl_ns(2), setns(2), time_namespaces(7). */
#ifndef KERN_NAMESPACES_H
#define KERN_NAMESPACES_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>
#include <sys/types.h>

struct namespace_kind {
	uint64_t flag;	  /* CLONE_NEW* */
	const char *name; /* its file in /proc/PID/ns: "mnt" */
};

/* All eight, in the order in which they are joined safely: user first. */
extern const struct namespace_kind namespace_kinds[];
extern const size_t namespace_kind_count;

const char *namespace_name(uint64_t flag); /* NULL: not exactly one known flag */
uint64_t namespace_flag(const char *name); /* 0: unknown */

/* Opens `path` and makes sure it is a namespace of that kind. */
int namespace_open(const char *path, uint64_t flag, int *ret_fd, struct err *e) must_check;
/* The same for /proc/<pid>/ns/<name>; hold a pidfd and check it afterwards to be sure who it is. */
int namespace_open_process(pid_t pid, uint64_t flag, int *ret_fd, struct err *e) must_check;

int namespace_join(int fd, uint64_t flag, struct err *e) must_check;
/* setns(2) with a pidfd and any number of flags, Linux 5.8; -EINVAL or -ENOSYS otherwise. */
int namespace_join_process(int pidfd, uint64_t flags, struct err *e) must_check;
int namespace_unshare(uint64_t flags, struct err *e) must_check;

/* Whether `fd` is the one that this process is in. */
int namespace_is_own(int fd, uint64_t flag, bool *ret, struct err *e) must_check;
/* Which CLONE_NEW* this kernel has. */
uint64_t namespace_supported(void);

/* Offsets of the time namespace that was unshared for children: `clock` is "monotonic" or
 * "boottime". Before the first process enters. */
int namespace_time_offset(const char *clock, int64_t seconds, uint32_t nanoseconds,
			  struct err *e) must_check;

#endif
