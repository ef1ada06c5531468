/*
 * Limits of one process: see kern/rlimit.h. prlimit(2) takes 64-bit values on every architecture
 * and another process as well; setrlimit(2) is a special case of it.
 */
#include "kern/rlimit.h"

#include "kern/compat.h"
#include "kern/proc.h"

#include <sys/resource.h>

static const char *const names[] = {
	[RLIMIT_CPU] = "RLIMIT_CPU",	       [RLIMIT_FSIZE] = "RLIMIT_FSIZE",
	[RLIMIT_DATA] = "RLIMIT_DATA",	       [RLIMIT_STACK] = "RLIMIT_STACK",
	[RLIMIT_CORE] = "RLIMIT_CORE",	       [RLIMIT_RSS] = "RLIMIT_RSS",
	[RLIMIT_NPROC] = "RLIMIT_NPROC",       [RLIMIT_NOFILE] = "RLIMIT_NOFILE",
	[RLIMIT_MEMLOCK] = "RLIMIT_MEMLOCK",   [RLIMIT_AS] = "RLIMIT_AS",
	[RLIMIT_LOCKS] = "RLIMIT_LOCKS",       [RLIMIT_SIGPENDING] = "RLIMIT_SIGPENDING",
	[RLIMIT_MSGQUEUE] = "RLIMIT_MSGQUEUE", [RLIMIT_NICE] = "RLIMIT_NICE",
	[RLIMIT_RTPRIO] = "RLIMIT_RTPRIO",     [RLIMIT_RTTIME] = "RLIMIT_RTTIME",
};

const char *rlimit_name(int type)
{
	return type >= 0 && (size_t)type < sizeof(names) / sizeof(names[0]) ? names[type] : NULL;
}

int rlimit_set_process(pid_t pid, int type, uint64_t soft, uint64_t hard, struct err *e)
{
	const struct rlimit64 limit = {.rlim_cur = soft, .rlim_max = hard};
	const char *name = rlimit_name(type);

	if (syscall(SYS_prlimit64, pid, type, &limit, NULL) < 0)
		return fail(e, errno, "set %s to %llu, %llu", name ? name : "resource limit",
			    (unsigned long long)soft, (unsigned long long)hard);
	return 0;
}

int rlimit_set(int type, uint64_t soft, uint64_t hard, struct err *e)
{
	return rlimit_set_process(0, type, soft, hard, e);
}

int oom_score_adj_set(int proc, int value, struct err *e)
{
	char text[16];

	if (value < -1000 || value > 1000)
		return refuse(e, EINVAL, "oom_score_adj %d is not between -1000 and 1000", value);
	(void)snprintf(text, sizeof(text), "%d", value);
	return proc_write(proc, "self/oom_score_adj", text, e);
}
