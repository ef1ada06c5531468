/*
 * What belongs to a container that shares this guest with a sandbox. Namespaces that it has in
 * common with it are named by a path that no file has, since only here it is known which process
 * the sandbox is. Its files are mounts of their own, which the kernel makes when they are come
 * upon; when it is gone they have to be taken away, or the host could not let go of them.
 */
#include "plan/machine.h"
#include "worker.h"

#include <errno.h>
#include <string.h>
#include <sys/mount.h>

enum { SANDBOX = 1 }; /* the number of the container that the machine was made for */

int pod_apply(const struct agent *agent, struct arena *arena, const struct plan **plan,
	      struct err *e)
{
	const struct container *sandbox = container_find((struct agent *)(uintptr_t)agent, SANDBOX);
	struct plan *copy;

	if ((*plan)->joins.count == 0)
		return 0;
	copy = arena_memdup(arena, *plan, sizeof(**plan));
	copy->joins.items = arena_memdup(arena, copy->joins.items,
					 copy->joins.count * sizeof(struct plan_join));
	list_each(struct plan_join, join, &copy->joins)
	{
		const char *name = str_after(join->path, PLAN_SANDBOX_NAMESPACES);

		if (!name)
			continue;
		if (!sandbox || sandbox->init.pid <= 0)
			return refuse(e, ESRCH, "%s: the sandbox has ended", join->origin);
		join->path = arena_printf(arena, "/proc/%d/ns/%s", (int)sandbox->init.pid, name);
	}
	*plan = copy;
	return 0;
}

void pod_leave(const struct plan *plan)
{
	list_each(const struct plan_op, op, &plan->ops)
	{
		const char *source = op->mount ? op->mount->source : NULL;

		if (source && str_after(source, PLAN_SHARE_DIRECTORY "/" PLAN_SHARE_POD "/"))
			(void)umount2(source, MNT_DETACH | UMOUNT_NOFOLLOW);
	}
}
