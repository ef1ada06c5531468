/*
 * Filters that are compiled already: see kern/seccomp.h.
 *
 * A flag that the kernel does not know makes it refuse the filter before it looks at the program:
 * with a program at address NULL a known flag therefore gives EFAULT and an unknown one EINVAL, and
 * nothing is installed either way. Dropping an unknown flag could weaken a filter, so that is the
 * planner's decision, never ours.
 */
#include "kern/seccomp.h"

#include "kern/compat.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

static bool is_accepted(uint64_t flags)
{
	return sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned int)flags, NULL) < 0 &&
	       errno == EFAULT;
}

bool seccomp_is_supported(void)
{
	return is_accepted(0);
}

uint64_t seccomp_supported_flags(void)
{
	static const uint64_t flags[] = {
		KERN_SECCOMP_FLAG_TSYNC,       KERN_SECCOMP_FLAG_LOG,
		KERN_SECCOMP_FLAG_SPEC_ALLOW,  KERN_SECCOMP_FLAG_NEW_LISTENER,
		KERN_SECCOMP_FLAG_TSYNC_ESRCH,
	};
	uint64_t supported = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (is_accepted(flags[i]))
			supported |= flags[i];
	}
	/* Means something for listeners only, and is refused without one. */
	if (is_accepted(KERN_SECCOMP_FLAG_NEW_LISTENER | KERN_SECCOMP_FLAG_WAIT_KILLABLE_RECV))
		supported |= KERN_SECCOMP_FLAG_WAIT_KILLABLE_RECV;
	return supported;
}

bool seccomp_action_is_supported(uint32_t action)
{
	return sys_seccomp(SECCOMP_GET_ACTION_AVAIL, 0, &action) == 0;
}

int seccomp_install(const void *program, size_t count, uint64_t flags, int *ret_listener,
		    struct err *e)
{
	struct sock_fprog filter = {
		.len = (unsigned short)count,
		.filter = (struct sock_filter *)(uintptr_t)program,
	};
	int r;

	if (count == 0 || count > BPF_MAXINSNS)
		return refuse(e, EINVAL, "a seccomp filter of %zu instructions (at most %d)", count,
			      BPF_MAXINSNS);
	if (flags > UINT32_MAX)
		return refuse(e, EINVAL, "unknown seccomp flags 0x%llx", (unsigned long long)flags);
	r = sys_seccomp(SECCOMP_SET_MODE_FILTER, (unsigned int)flags, &filter);
	if (r < 0)
		return fail(e, errno, "install the seccomp filter (flags 0x%llx)",
			    (unsigned long long)flags);
	/* With TSYNC alone: the id of a thread that could not be brought along. */
	if (r > 0 && !(flags & KERN_SECCOMP_FLAG_NEW_LISTENER))
		return refuse(e, ESRCH, "thread %d did not take the seccomp filter", r);
	*ret_listener = flags & KERN_SECCOMP_FLAG_NEW_LISTENER ? r : FD_NONE;
	return 0;
}
