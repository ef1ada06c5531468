/*
 * What a process at the process level has from whoever called us, said where the configuration is
 * silent: behind a kernel of its own there is nobody to inherit it from.
 */
#include "machine.h"

static bool has_rlimit(const struct list *rlimits, int32_t type)
{
	list_each(const struct plan_rlimit, rlimit, rlimits)
	{
		if (rlimit->type.value == type)
			return true;
	}
	return false;
}

void machine_caller_apply(struct arena *arena, const struct planner_caller *caller,
			  const struct oci_config *config, struct plan_process *process)
{
	const struct list *gids = &config->linux_->gid_mappings;

	if (!caller || !process)
		return;
	if (!process->umask.is_set)
		process->umask = caller->umask;
	if (!process->oom_score_adj.is_set)
		process->oom_score_adj = caller->oom_score_adj;
	/* Ids of the host, which are none in a user namespace. */
	if (!process->groups.is_set)
		process->groups =
			gids->count == 0 ? caller->groups : (struct opt_u32s){.is_set = true};
	list_each(const struct plan_rlimit, rlimit, &caller->rlimits)
	{
		if (!has_rlimit(&process->rlimits, rlimit->type.value))
			*list_push(arena, &process->rlimits, struct plan_rlimit) = *rlimit;
	}
}
