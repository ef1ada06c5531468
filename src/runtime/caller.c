/*
 * A process inherits what its configuration does not say: the mask of file modes, resource limits,
 * its standing with the OOM killer, the supplementary groups that are to be kept. Who runs in a
 * guest inherits the agent's, so the caller's have to be sent. What cannot be read is left out.
 */
#include "caller.h"

#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <unistd.h>

static void umask_look(struct planner_caller *ret)
{
	mode_t mask = umask(022);

	(void)umask(mask);
	ret->umask = (struct opt_u32){true, mask};
}

static void oom_score_look(struct planner_caller *ret)
{
	auto_buf text = {0};
	int64_t value = 0;
	struct err ignored;

	if (file_read(AT_FDCWD, "/proc/self/oom_score_adj", 64, true, &text, &ignored) < 0)
		return;
	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.data[--text.size] = '\0';
	if (num_i64(buf_text(&text), &value) == 0)
		ret->oom_score_adj = (struct opt_i32){true, (int32_t)value};
}

static void groups_look(struct arena *arena, struct planner_caller *ret)
{
	int count = getgroups(0, NULL);
	uint32_t *groups;

	if (count < 0)
		return;
	groups = arena_new_array(arena, (size_t)count, uint32_t);
	count = getgroups(count, groups);
	if (count >= 0)
		ret->groups = (struct opt_u32s){true, (size_t)count, groups};
}

static void rlimits_look(struct arena *arena, struct planner_caller *ret)
{
	struct plan_rlimit *all = arena_new_array(arena, RLIMIT_NLIMITS, struct plan_rlimit);
	size_t count = 0;

	for (int type = 0; type < RLIMIT_NLIMITS; type++) {
		struct rlimit now;

		if (getrlimit((__rlimit_resource_t)type, &now) == 0)
			all[count++] = (struct plan_rlimit){
				.type = {true, type},
				.soft = {true, now.rlim_cur},
				.hard = {true, now.rlim_max},
			};
	}
	ret->rlimits = (struct list){.items = all, .count = count};
}

void caller_look(struct arena *arena, struct planner_caller *ret)
{
	*ret = (struct planner_caller){0};
	umask_look(ret);
	oom_score_look(ret);
	groups_look(arena, ret);
	rlimits_look(arena, ret);
}
