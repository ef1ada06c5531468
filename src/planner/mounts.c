/*
 * The mounts of the configuration as operations, in their order.
 *
 * Nothing may be mounted below /proc but a few files that engines are known to replace: the
 * runtime writes labels and kernel parameters there, and a mount would catch them (CVE-2019-16884).
 * On /proc itself goes a new proc, or a bind whose source the executor proves to be one.
 *
 * A tmpfs, and whatever is mounted on /dev, gets files after it is mounted: its "ro" comes late, as
 * an operation of its own. The cgroup file system shows what the process belongs to at the time of
 * the mount, so the process must be in its cgroup before; as this waits for the runtime, which
 * works on the cgroups meanwhile, it is put as late as the order of the mounts allows.
 *
 * Source: runtime-spec 1.3 config.md "Mounts".
 */
#include "planning.h"

#include "kern/compat.h"

static bool is_type(const struct oci_mount *mount, const char *type)
{
	return mount->type && str_is(mount->type, type);
}

static int proc_target_check(const struct oci_mount *mount, const char *target, bool is_bind,
			     size_t index, struct err *e)
{
	static const char *const allowed[] = {
		"cpuinfo",
		"diskstats",
		"meminfo",
		"stat",
		"swaps",
		"uptime",
		"loadavg",
		"slabinfo",
		"sys/kernel/ns_last_pid",
		"sys/crypto/fips_enabled",
	};
	const char *below = str_after(target, "/proc/");

	if (str_is(target, "/proc")) {
		if (is_bind || is_type(mount, "proc"))
			return 0;
		return refuse(
			e, EINVAL,
			"mounts[%zu].destination: only proc can be mounted on /proc, not '%s'",
			index, mount->type ? mount->type : "");
	}
	if (!below)
		return 0;
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++)
		if (str_is(below, allowed[i]))
			return 0;
	return refuse(e, EINVAL,
		      "mounts[%zu].destination: '%s' cannot be mounted because it is inside /proc",
		      index, target);
}

/* Labels go to file systems that take the context option; the others label their files. */
static bool is_labelled(const struct oci_mount *mount)
{
	static const char *const without[] = {"proc", "sysfs", "mqueue", "cgroup", "cgroup2"};

	for (size_t i = 0; i < sizeof(without) / sizeof(without[0]); i++)
		if (is_type(mount, without[i]))
			return false;
	return true;
}

static enum plan_op_kind kind_of(const struct oci_mount *from, const struct plan_mount *mount)
{
	if (mount->set.value & MS_REMOUNT)
		return PLAN_OP_REMOUNT;
	if (mount->set.value & MS_BIND)
		return PLAN_OP_BIND;
	return is_type(from, "cgroup") ? PLAN_OP_CGROUP : PLAN_OP_MOUNT;
}

static bool is_late_readonly(enum plan_op_kind kind, const struct oci_mount *from,
			     const char *target)
{
	return kind == PLAN_OP_MOUNT && (is_type(from, "tmpfs") || str_is(target, "/dev"));
}

static int source_plan(const struct planning *p, const struct oci_mount *from, size_t index,
		       enum plan_op_kind kind, struct plan_mount *mount, struct err *e)
{
	if (kind == PLAN_OP_BIND) {
		if (!from->source || *from->source == '\0')
			return refuse(e, EINVAL, "mounts[%zu].source: is required by a bind mount",
				      index);
		mount->source = *from->source == '/'
					? from->source
					: path_join(p->arena, p->options->bundle, from->source);
		return 0;
	}
	if (kind == PLAN_OP_MOUNT && (!from->type || *from->type == '\0'))
		return refuse(e, EINVAL, "mounts[%zu].type: is required, as this is no bind mount",
			      index);
	mount->type = from->type;
	mount->source = from->source && *from->source ? from->source : from->type;
	return 0;
}

static bool has_mode(const struct oci_mount *from)
{
	for (size_t i = 0; i < from->options.count; i++)
		if (str_starts(from->options.items[i], "mode="))
			return true;
	return false;
}

void join_cgroup_plan(struct planning *p)
{
	if (!p->has_joined_cgroup)
		(void)op_add(p, PLAN_OP_JOIN_CGROUP, NULL, NULL);
	p->has_joined_cgroup = true;
}

static void delay_readonly(struct planning *p, const char *origin, const char *target,
			   struct plan_mount *mount)
{
	struct plan_op *late = list_push(p->arena, &p->late_readonly, struct plan_op);

	late->origin = origin;
	late->target = target;
	late->flags = mount->set;
	mount->set = opt_flags(mount->set.value & ~(uint64_t)MS_RDONLY);
}

static int mount_plan(struct planning *p, const struct oci_mount *from, size_t index, struct err *e)
{
	struct plan_mount *mount = arena_new(p->arena, struct plan_mount);
	const char *target = path_clean(p->arena, from->destination);
	enum plan_op_kind kind;
	const char *origin;
	int r;

	id_maps_copy(p->arena, &from->uid_mappings, &mount->uid_map);
	id_maps_copy(p->arena, &from->gid_mappings, &mount->gid_map);
	r = mount_options_parse(p, from, index, mount, e);
	if (r < 0)
		return r;
	kind = kind_of(from, mount);
	r = proc_target_check(from, target, (mount->set.value & MS_BIND) != 0, index, e);
	if (r < 0)
		return r;
	r = source_plan(p, from, index, kind, mount, e);
	if (r < 0)
		return r;
	if (kind == PLAN_OP_BIND && str_is(target, "/dev"))
		p->is_dev_bound = true;
	if (kind == PLAN_OP_MOUNT && is_type(from, "tmpfs") && !has_mode(from))
		mount->keep_mode = opt_true();
	if (kind == PLAN_OP_MOUNT && is_labelled(from))
		mount->label = p->linux_->mount_label;
	if (kind == PLAN_OP_CGROUP || (kind == PLAN_OP_MOUNT && is_type(from, "cgroup2")))
		join_cgroup_plan(p);
	origin = arena_printf(p->arena, "mounts[%zu]", index);
	if (is_late_readonly(kind, from, target) && (mount->set.value & MS_RDONLY))
		delay_readonly(p, origin, target, mount);
	op_add(p, kind, origin, target)->mount = mount;
	return 0;
}

/* What an init system in the container says to NOTIFY_SOCKET arrives here. */
static void notify_plan(struct planning *p)
{
	struct plan_mount *mount = arena_new(p->arena, struct plan_mount);

	mount->source = p->options->notify_directory;
	mount->set = opt_flags(MS_BIND | MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
	op_add(p, PLAN_OP_BIND, NULL, "/run/notify")->mount = mount;
}

int mount_label_check(const struct facts *facts, const char *label, struct err *e)
{
	if (label && !facts->selinux_enabled)
		return refuse(e, EINVAL, "linux.mountLabel: SELinux is not enabled on this host");
	return 0;
}

int mounts_plan(struct planning *p, struct err *e)
{
	if (p->config->mounts.count > 0 && !oci_namespace_find(p->config, OCI_NS_MOUNT))
		return refuse(e, EINVAL, "mounts: need a mount namespace in linux.namespaces");
	if (mount_label_check(p->facts, p->linux_->mount_label, e) < 0)
		return -e->code;
	for (size_t i = 0; i < p->config->mounts.count; i++) {
		int r = mount_plan(p, list_at(struct oci_mount, &p->config->mounts, i), i, e);

		if (r < 0)
			return r;
	}
	if (p->options->notify_directory && oci_namespace_find(p->config, OCI_NS_MOUNT))
		notify_plan(p);
	return 0;
}

void late_readonly_plan(struct planning *p)
{
	list_each(const struct plan_op, late, &p->late_readonly)
		op_add(p, PLAN_OP_READONLY_MOUNT, late->origin, late->target)
			->flags = late->flags;
}
