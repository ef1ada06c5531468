/*
 * Names of the system and kernel parameters: what is set once, after the root has been changed and
 * before /proc/sys may become read-only.
 *
 * Each parameter carries the namespace it belongs to. A configuration may name the host's own by
 * path; that only the executor can see, and it must refuse then, or the host would be changed.
 *
 * Source: runtime-spec 1.3 config.md "hostname", "domainname"; config-linux.md "Sysctl".
 */
#include "planning.h"

#include "kern/compat.h"

static uint64_t sysctl_namespace(const char *path)
{
	if (str_starts(path, "net/"))
		return CLONE_NEWNET;
	if (str_starts(path, "user/"))
		return CLONE_NEWUSER;
	return str_is(path, "kernel/domainname") ? CLONE_NEWUTS : CLONE_NEWIPC;
}

static int sysctl_plan(struct planning *p, const struct map_entry *entry, struct err *e)
{
	const char *path = oci_sysctl_path(p->arena, entry->name);
	struct plan_op *op;

	if (!path)
		return refuse(e, EINVAL, "linux.sysctl: '%s' is no parameter name", entry->name);
	if (strchr(entry->value, '\n'))
		return refuse(e, EINVAL, "linux.sysctl.%s: must be one line", entry->name);
	op = op_add(p, PLAN_OP_SYSCTL, arena_printf(p->arena, "linux.sysctl.%s", entry->name),
		    path);
	op->text = entry->value;
	op->flags = opt_u64_of(sysctl_namespace(path));
	return 0;
}

int settings_plan(struct planning *p, struct err *e)
{
	if (p->config->hostname)
		op_add(p, PLAN_OP_HOSTNAME, "hostname", NULL)->text = p->config->hostname;
	if (p->config->domainname)
		op_add(p, PLAN_OP_DOMAINNAME, "domainname", NULL)->text = p->config->domainname;
	for (size_t i = 0; i < p->linux_->sysctl.count; i++) {
		int r = sysctl_plan(p, &p->linux_->sysctl.items[i], e);

		if (r < 0)
			return r;
	}
	return 0;
}
