/*
 * Rules of intelRdt and memoryPolicy: which part of cache and memory the container uses.
 *
 * closID names a directory of the resctrl filesystem, whose root also holds the kernel's own
 * "info", "mon_groups" and "mon_data": joining those would write to the wrong files.
 *
 * Source: runtime-spec 1.3 config-linux.md "IntelRdt", "Memory policy"; set_mempolicy(2).
 */
#include "check.h"
#include "oci/names.h"

#include <linux/mempolicy.h>

enum { NODES_REQUIRED_FROM = 5 }; /* MPOL_PREFERRED_MANY, MPOL_WEIGHTED_INTERLEAVE */

bool is_cpu_list(const char *list)
{
	uint8_t bits[CPU_LIST_BITS / 8];

	return oci_cpu_list_parse(list, bits, CPU_LIST_BITS) == 0;
}

static bool is_group_name(const char *id)
{
	static const char *const reserved[] = {".", "..", "info", "mon_groups", "mon_data"};

	if (str_is(id, "/"))
		return true;
	for (size_t i = 0; i < sizeof(reserved) / sizeof(reserved[0]); i++)
		if (str_is(id, reserved[i]))
			return false;
	return !strpbrk(id, "/\n");
}

static int check_intel_rdt(struct oci_intel_rdt *rdt, struct err *e)
{
	drop_empty(&rdt->clos_id);
	drop_empty(&rdt->l3_cache_schema);
	drop_empty(&rdt->mem_bw_schema);
	if (rdt->clos_id && !is_group_name(rdt->clos_id))
		return refuse(e, EINVAL, "linux.intelRdt.closID: '%s' cannot name a group",
			      rdt->clos_id);
	if (rdt->l3_cache_schema && strchr(rdt->l3_cache_schema, '\n'))
		return refuse(e, EINVAL, "linux.intelRdt.l3CacheSchema: must be one line");
	if (rdt->mem_bw_schema && !str_starts(rdt->mem_bw_schema, "MB:"))
		return refuse(e, EINVAL,
			      "linux.intelRdt.memBwSchema: must start with MB:, not '%s'",
			      rdt->mem_bw_schema);
	if (rdt->mem_bw_schema && strchr(rdt->mem_bw_schema, '\n'))
		return refuse(e, EINVAL, "linux.intelRdt.memBwSchema: must be one line");
	for (size_t i = 0; i < rdt->schemata.count; i++)
		if (strchr(rdt->schemata.items[i], '\n'))
			return refuse(e, EINVAL, "linux.intelRdt.schemata[%zu]: must be one line",
				      i);
	return 0;
}

static int check_memory_policy(struct oci_memory_policy *policy, struct err *e)
{
	int mode = policy->mode.value;
	const char *name = enum_name_of(oci_memory_policy_mode_names, mode);
	uint32_t flags = 0;

	drop_empty(&policy->nodes);
	if (policy->nodes && !is_cpu_list(policy->nodes))
		return refuse(e, EINVAL,
			      "linux.memoryPolicy.nodes: must be a list like 0-3,7, not '%s'",
			      policy->nodes);
	if (policy->nodes && (mode == MPOL_DEFAULT || mode == MPOL_LOCAL))
		return refuse(e, EINVAL, "linux.memoryPolicy.nodes: %s takes no nodes", name);
	if (!policy->nodes &&
	    (mode == MPOL_BIND || mode == MPOL_INTERLEAVE || mode >= NODES_REQUIRED_FROM))
		return refuse(e, EINVAL, "linux.memoryPolicy.nodes: is required by %s", name);
	for (size_t i = 0; i < policy->flags.count; i++)
		flags |= (uint32_t)policy->flags.values[i];
	if ((flags & MPOL_F_STATIC_NODES) && (flags & MPOL_F_RELATIVE_NODES))
		return refuse(e, EINVAL,
			      "linux.memoryPolicy.flags: MPOL_F_STATIC_NODES and "
			      "MPOL_F_RELATIVE_NODES exclude each other");
	return 0;
}

int check_placement(struct oci_linux *linux_, struct err *e)
{
	if (linux_->intel_rdt) {
		int r = check_intel_rdt(linux_->intel_rdt, e);

		if (r < 0)
			return r;
	}
	return linux_->memory_policy ? check_memory_policy(linux_->memory_policy, e) : 0;
}
