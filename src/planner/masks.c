/*
 * What becomes read-only and what is hidden, after the root has been changed. Read-only paths come
 * first: a masked path below one of them is then still masked by a mount of its own.
 *
 * Source: runtime-spec 1.3 config-linux.md "Masked Paths", "Readonly Paths".
 */
#include "planning.h"

static void paths_plan(struct planning *p, enum plan_op_kind kind, const struct strv *paths,
		       const char *name)
{
	for (size_t i = 0; i < paths->count; i++)
		(void)op_add(p, kind, arena_printf(p->arena, "linux.%s[%zu]", name, i),
			     path_clean(p->arena, paths->items[i]));
}

void masks_plan(struct planning *p)
{
	paths_plan(p, PLAN_OP_READONLY_PATH, &p->linux_->readonly_paths, "readonlyPaths");
	paths_plan(p, PLAN_OP_MASK_PATH, &p->linux_->masked_paths, "maskedPaths");
}
