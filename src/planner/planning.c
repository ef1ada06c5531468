/*
 * Growing lists in an arena, and the state that the parts of the planner share.
 *
 * A list doubles when its count reaches a power of two, so it needs no capacity of its own: the
 * count says how much room there is. Elements move then; nobody keeps pointers to them.
 */
#include "planning.h"

enum { LIST_FIRST = 8 };

void *list_add(struct arena *arena, struct list *list, size_t size)
{
	size_t count = list->count;

	if (count == 0) {
		list->items = arena_array(arena, LIST_FIRST, size);
	} else if (count >= LIST_FIRST && (count & (count - 1)) == 0) {
		void *larger = arena_array(arena, 2 * count, size);

		memcpy(larger, list->items, count * size);
		list->items = larger;
	}
	list->count++;
	return (char *)list->items + count * size;
}

struct plan_op *op_add(struct planning *p, enum plan_op_kind kind, const char *origin,
		       const char *target)
{
	struct plan_op *op = list_push(p->arena, &p->plan->ops, struct plan_op);

	op->kind = opt_i32_of(kind);
	op->origin = origin;
	op->target = target;
	return op;
}

void planning_init(struct planning *p, struct arena *arena, const struct oci_config *config,
		   const struct facts *facts, const struct planner_options *options)
{
	*p = (struct planning){
		.arena = arena,
		.config = config,
		.linux_ = config->linux_,
		.facts = facts,
		.options = options,
	};
	if (!p->linux_)
		p->linux_ = arena_new(arena, struct oci_linux);
	p->has_user_namespace =
		facts->in_user_namespace || oci_namespace_find(config, OCI_NS_USER) != NULL;
}
