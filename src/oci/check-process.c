/*
 * Rules of the `process` object.
 *
 * Source: runtime-spec 1.3 config.md "Process"; sched_setattr(2), ioprio_set(2), getrlimit(2).
 */
#include "base/log.h"
#include "check.h"
#include "oci/names.h"

enum {
	UMASK_MAX = 0777,
	GROUPS_MAX = 65536, /* NGROUPS_MAX of the kernel */
	OOM_SCORE_MAX = 1000,
	NICE_MIN = -20,
	NICE_MAX = 19,
	REALTIME_PRIORITY_MAX = 99,
	IO_PRIORITY_MAX = 7,
};

/* Numbers of oci_scheduler_policy_names. */
enum { POLICY_OTHER = 0, POLICY_FIFO = 1, POLICY_RR = 2, POLICY_BATCH = 3, POLICY_DEADLINE = 6 };

static int check_environment(const struct strv *env, const char *path, struct err *e)
{
	for (size_t i = 0; i < env->count; i++) {
		const char *entry = env->items[i];
		const char *equals = strchr(entry, '=');

		if (!equals || equals == entry)
			return refuse(e, EINVAL, "%s.env[%zu]: must be NAME=VALUE, not '%s'", path,
				      i, entry);
	}
	return 0;
}

static int check_user(const struct oci_user *user, const char *path, struct err *e)
{
	if (user->uid.value == UINT32_MAX)
		return refuse(e, EINVAL, "%s.user.uid: 4294967295 is no user id", path);
	if (user->gid.value == UINT32_MAX)
		return refuse(e, EINVAL, "%s.user.gid: 4294967295 is no group id", path);
	if (user->umask.is_set && user->umask.value > UMASK_MAX)
		return refuse(e, EINVAL, "%s.user.umask: must be at most 511 (0777), not %u", path,
			      user->umask.value);
	if (user->additional_gids.count > GROUPS_MAX)
		return refuse(e, EINVAL, "%s.user.additionalGids: more than %d groups", path,
			      GROUPS_MAX);
	for (size_t i = 0; i < user->additional_gids.count; i++)
		if (user->additional_gids.values[i] == UINT32_MAX)
			return refuse(e, EINVAL,
				      "%s.user.additionalGids[%zu]: 4294967295 is no group id",
				      path, i);
	return 0;
}

static int check_rlimits(const struct list *rlimits, const char *path, struct err *e)
{
	uint32_t seen = 0;
	size_t index = 0;

	list_each(struct oci_rlimit, rlimit, rlimits)
	{
		uint32_t bit = 1U << rlimit->type.value;

		if (seen & bit)
			return refuse(e, EINVAL, "%s.rlimits[%zu].type: %s given twice", path,
				      index, enum_name_of(oci_rlimit_names, rlimit->type.value));
		if (rlimit->soft.value > rlimit->hard.value)
			return refuse(e, EINVAL,
				      "%s.rlimits[%zu].soft: %llu is above the hard limit %llu",
				      path, index, (unsigned long long)rlimit->soft.value,
				      (unsigned long long)rlimit->hard.value);
		seen |= bit;
		index++;
	}
	return 0;
}

static int check_scheduler(const struct oci_scheduler *scheduler, const char *path, struct err *e)
{
	int policy = scheduler->policy.value;
	const char *name = enum_name_of(oci_scheduler_policy_names, policy);
	int priority = scheduler->priority.value;
	int nice = scheduler->nice.value;

	if ((policy == POLICY_OTHER || policy == POLICY_BATCH) &&
	    (nice < NICE_MIN || nice > NICE_MAX))
		return refuse(e, EINVAL, "%s.scheduler.nice: must be -20 to 19, not %d", path,
			      nice);
	if (policy == POLICY_FIFO || policy == POLICY_RR) {
		if (priority < 1 || priority > REALTIME_PRIORITY_MAX)
			return refuse(e, EINVAL,
				      "%s.scheduler.priority: must be 1 to 99 for %s, not %d", path,
				      name, priority);
	} else if (priority != 0) {
		return refuse(e, EINVAL, "%s.scheduler.priority: must be 0 for %s, not %d", path,
			      name, priority);
	}
	if (policy != POLICY_DEADLINE && scheduler->runtime.value != 0)
		return refuse(e, EINVAL, "%s.scheduler.runtime: is for SCHED_DEADLINE only", path);
	if (policy != POLICY_DEADLINE && scheduler->deadline.value != 0)
		return refuse(e, EINVAL, "%s.scheduler.deadline: is for SCHED_DEADLINE only", path);
	if (policy != POLICY_DEADLINE && scheduler->period.value != 0)
		return refuse(e, EINVAL, "%s.scheduler.period: is for SCHED_DEADLINE only", path);
	return 0;
}

static int check_affinity(struct oci_cpu_affinity *affinity, const char *path, struct err *e)
{
	drop_empty(&affinity->initial);
	drop_empty(&affinity->final);
	if (affinity->initial && !is_cpu_list(affinity->initial))
		return refuse(e, EINVAL,
			      "%s.execCPUAffinity.initial: must be a list like 0-3,7, not '%s'",
			      path, affinity->initial);
	if (affinity->final && !is_cpu_list(affinity->final))
		return refuse(e, EINVAL,
			      "%s.execCPUAffinity.final: must be a list like 0-3,7, not '%s'", path,
			      affinity->final);
	return 0;
}

static int check_scheduling(struct oci_process *process, const char *path, struct err *e)
{
	const struct oci_io_priority *io = process->io_priority;
	int r;

	if (process->scheduler) {
		r = check_scheduler(process->scheduler, path, e);
		if (r < 0)
			return r;
	}
	if (io && (io->priority.value < 0 || io->priority.value > IO_PRIORITY_MAX))
		return refuse(e, EINVAL, "%s.ioPriority.priority: must be 0 to 7, not %d", path,
			      io->priority.value);
	if (process->exec_cpu_affinity)
		return check_affinity(process->exec_cpu_affinity, path, e);
	return 0;
}

int check_process(struct arena *arena, struct oci_process *process, const char *path, struct err *e)
{
	int r;

	if (*process->cwd != '/')
		return refuse(e, EINVAL, "%s.cwd: must be an absolute path, not '%s'", path,
			      process->cwd);
	if (!process->user) {
		log_warning("%s.user: is missing; taken as uid 0 and gid 0", path);
		process->user = arena_new(arena, struct oci_user);
		process->user->uid.is_set = true;
		process->user->gid.is_set = true;
	}
	drop_empty(&process->apparmor_profile);
	drop_empty(&process->selinux_label);
	r = check_environment(&process->env, path, e);
	if (r < 0)
		return r;
	r = check_user(process->user, path, e);
	if (r < 0)
		return r;
	r = check_rlimits(&process->rlimits, path, e);
	if (r < 0)
		return r;
	if (process->oom_score_adj.is_set && (process->oom_score_adj.value < -OOM_SCORE_MAX ||
					      process->oom_score_adj.value > OOM_SCORE_MAX))
		return refuse(e, EINVAL, "%s.oomScoreAdj: must be -1000 to 1000, not %d", path,
			      process->oom_score_adj.value);
	return check_scheduling(process, path, e);
}
