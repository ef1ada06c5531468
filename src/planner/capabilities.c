/*
 * Capability sets as masks.
 *
 * What the kernel does not know, or what the runtime could not grant because it lacks it itself,
 * is left out with a warning, as the specification wants. In a new user namespace the first
 * process has them all. The bounding set is only ever cut down, so asking there for what the
 * runtime lacks asks for nothing. The specification does not say what no `capabilities` object
 * means: none at all, as with runc and crun, for what nobody asked for should not be given.
 *
 * Source: runtime-spec 1.3 config.md "Linux Process"; capabilities(7).
 */
#include "planning.h"

#include "base/log.h"

static uint64_t mask_of(const struct opt_enums *from)
{
	uint64_t mask = 0;

	for (size_t i = 0; i < from->count; i++)
		if (from->values[i] >= 0 && from->values[i] < 64)
			mask |= 1ULL << from->values[i];
	return mask;
}

static void warn_of(uint64_t mask, const char *why)
{
	for (int i = 0; i < 64; i++) {
		const char *name = enum_name_of(oci_capability_names, i);

		if (mask >> i & 1)
			log_warning("process.capabilities: %s %s: left out",
				    name ? name : "a capability", why);
	}
}

void capabilities_plan(const struct planning *p, const struct oci_capabilities *from,
		       struct plan_process *to)
{
	uint64_t known =
		p->facts->cap_last_cap >= 63 ? UINT64_MAX : (2ULL << p->facts->cap_last_cap) - 1;
	uint64_t grantable = known;
	uint64_t bounding, effective, inheritable, permitted, ambient, granted;
	static const struct oci_capabilities none;

	if (!from)
		from = &none;
	if (!oci_namespace_find(p->config, OCI_NS_USER))
		grantable &= p->facts->capabilities_effective;
	bounding = mask_of(&from->bounding);
	effective = mask_of(&from->effective);
	inheritable = mask_of(&from->inheritable);
	permitted = mask_of(&from->permitted);
	ambient = mask_of(&from->ambient);
	granted = effective | inheritable | permitted | ambient;
	warn_of((bounding | granted) & ~known, "is not known to this kernel");
	warn_of(granted & known & ~grantable, "is not the runtime's to grant");
	to->bounding = opt_u64_of(bounding & known);
	to->effective = opt_u64_of(effective & grantable);
	to->inheritable = opt_u64_of(inheritable & grantable);
	to->permitted = opt_u64_of(permitted & grantable);
	to->ambient = opt_u64_of(ambient & grantable);
}
