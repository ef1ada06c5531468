/* What the tests of this layer share: errors as text, calls that the kernel is made to lack. */
#ifndef KERN_TEST_SUPPORT_H
#define KERN_TEST_SUPPORT_H

#include "kern/compat.h"
#include "tap.h"

#include "base/err.h"

#include <errno.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>
#include <sys/prctl.h>

/* Reports a failed call with its message. */
static inline bool check_zero(int r, const struct err *e, const char *what)
{
	char text[1200] = "";

	if (r != 0)
		(void)err_format(e, text, sizeof(text));
	return tap_check(r == 0, __FILE__, __LINE__, "%s%s%s", what, r != 0 ? ": " : "", text);
}

/* From now on these system calls fail with `code` in this process. */
static inline bool deny_calls(const long *numbers, size_t count, int code)
{
	struct sock_filter program[64];
	struct sock_fprog filter = {.filter = program};
	unsigned short n = 0;

	program[n++] = (struct sock_filter)BPF_STMT(BPF_LD | BPF_W | BPF_ABS,
						    offsetof(struct seccomp_data, nr));
	for (size_t i = 0; i < count && n < 60; i++) {
		program[n++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K,
							    (unsigned int)numbers[i], 0, 1);
		program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K,
							    SECCOMP_RET_ERRNO | (unsigned int)code);
	}
	program[n++] = (struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW);
	filter.len = n;
	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       sys_seccomp(SECCOMP_SET_MODE_FILTER, 0, &filter) == 0;
}

static inline bool is_root(void)
{
	return geteuid() == 0;
}

#endif
