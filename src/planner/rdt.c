/*
 * Where the container is in the resctrl file system, and who made that place.
 *
 * Without closID the group is the container's own: made, and removed with it. With closID and a
 * schema it is made when missing, but never removed, and a group that is there already must hold
 * just that schema. With closID alone it must be there.
 *
 * Source: runtime-spec 1.3 config-linux.md "IntelRdt".
 */
#include "planning.h"

int rdt_plan(struct planning *p, struct err *e)
{
	const struct oci_intel_rdt *from = p->linux_->intel_rdt;
	struct plan_intel_rdt *to;

	if (!from)
		return 0;
	if (!p->facts->resctrl_mounted)
		return refuse(e, ENOENT, "linux.intelRdt: the resctrl file system is not mounted");
	if (from->clos_id && !str_is(from->clos_id, "/") &&
	    (strchr(from->clos_id, '/') || str_is(from->clos_id, ".") ||
	     str_is(from->clos_id, "..")))
		return refuse(e, EINVAL, "linux.intelRdt.closID: '%s' cannot name a group",
			      from->clos_id);
	to = arena_new(p->arena, struct plan_intel_rdt);
	if (from->l3_cache_schema)
		strv_push(&to->schemata, p->arena, from->l3_cache_schema);
	if (from->mem_bw_schema)
		strv_push(&to->schemata, p->arena, from->mem_bw_schema);
	for (size_t i = 0; i < from->schemata.count; i++)
		strv_push(&to->schemata, p->arena, from->schemata.items[i]);
	if (!from->clos_id) {
		to->clos_directory = p->plan->id;
		to->create = opt_true();
		to->remove = opt_true();
	} else {
		bool is_root = str_is(from->clos_id, "/");

		to->clos_directory = is_root ? "" : from->clos_id;
		to->create = opt_bool_if(!is_root && to->schemata.count > 0);
		to->must_match = opt_bool_if(to->schemata.count > 0);
	}
	if (from->enable_monitoring.value)
		to->monitor_group = p->plan->id;
	p->plan->intel_rdt = to;
	return 0;
}
