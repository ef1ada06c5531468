/* Id maps of the container's new user namespace, written by the runtime. */
#include "internal.h"

#include "base/arena.h"
#include "kern/idmap.h"

static int write_one(const struct plan *plan, pid_t pid, enum id_kind kind, struct err *e)
{
	const struct list *from = kind == ID_USERS ? &plan->uid_map : &plan->gid_map;
	auto_free struct id_range *ranges = xcalloc(from->count + 1, sizeof(*ranges));
	struct id_map map = {.ranges = ranges, .count = from->count};

	for (size_t i = 0; i < from->count; i++) {
		const struct plan_id_map *line = list_at(struct plan_id_map, from, i);

		ranges[i] = (struct id_range){
			.inside = line->inside.value,
			.outside = line->outside.value,
			.size = line->size.value,
		};
	}
	return idmap_write(pid, kind, &map, plan->use_map_helpers.value, e);
}

int maps_write(const struct plan *plan, pid_t pid, struct err *e)
{
	int r = write_one(plan, pid, ID_USERS, e);

	if (r < 0)
		return wrap(e, "linux.uidMappings");
	if (plan->deny_setgroups.value)
		r = idmap_deny_setgroups(pid, e);
	if (r == 0)
		r = write_one(plan, pid, ID_GROUPS, e);
	return r < 0 ? wrap(e, "linux.gidMappings") : 0;
}
