/*
 * The order of everything. The operations follow the order of runc's init, on which hooks and
 * images have come to rely: the new root is complete when createContainer hooks run, and read-only
 * and hidden paths come after the kernel parameters have been written.
 *
 * Without a mount namespace of its own a container would mount into the host: then only chroot is
 * left, and every property that needs a mount is refused.
 *
 * Source: runtime-spec 1.3 runtime.md "Lifecycle"; config-linux.md.
 */
#include "planning.h"

#include "kern/compat.h"
#include "kern/hook.h"

static uint64_t propagation_flags(const char *word)
{
	const struct oci_mount_option *option = oci_mount_option_find(word);

	return option && option->kind == OCI_MOUNT_PROPAGATION ? option->set : 0;
}

/*
 * How the host's mounts are tied to those of the container. Nothing may get out unless the
 * configuration says "shared"; what the host mounts later may come in unless it says "private".
 * The word "unbindable" is for the container's root only: bound from here it could not be.
 */
static uint64_t host_propagation(const struct planning *p)
{
	uint64_t flags = p->linux_->rootfs_propagation
				 ? propagation_flags(p->linux_->rootfs_propagation)
				 : 0;

	if (flags & MS_SHARED)
		return flags;
	return (flags & MS_PRIVATE ? MS_PRIVATE : MS_SLAVE) | MS_REC;
}

static void root_plan(struct planning *p)
{
	struct plan_mount *mount = arena_new(p->arena, struct plan_mount);

	op_add(p, PLAN_OP_HOST_PROPAGATION, "linux.rootfsPropagation", NULL)->flags =
		opt_u64_of(host_propagation(p));
	mount->source = p->plan->rootfs;
	mount->set = opt_u64_of(MS_BIND | MS_REC);
	op_add(p, PLAN_OP_ROOT, "root.path", "/")->mount = mount;
}

static int pivot_plan(struct planning *p, bool has_mounts, struct err *e)
{
	const char *word = p->linux_->rootfs_propagation;
	uint64_t how = PLAN_PIVOT_ROOT;

	if (p->options->no_pivot) {
		if (word && (propagation_flags(word) & MS_PRIVATE))
			return refuse(e, EINVAL,
				      "--no-pivot: is not possible with rootfsPropagation %s",
				      word);
		how = PLAN_PIVOT_MOVE;
	}
	if (!has_mounts)
		how = PLAN_PIVOT_CHROOT;
	op_add(p, PLAN_OP_PIVOT, "root.path", NULL)->flags = opt_u64_of(how);
	if (word)
		op_add(p, PLAN_OP_ROOT_PROPAGATION, "linux.rootfsPropagation", "/")->flags =
			opt_u64_of(propagation_flags(word));
	return 0;
}

static int mountless_check(const struct planning *p, struct err *e)
{
	if (p->config->root && p->config->root->readonly.value)
		return refuse(e, EINVAL,
			      "root.readonly: needs a mount namespace in linux.namespaces");
	if (p->linux_->rootfs_propagation)
		return refuse(e, EINVAL,
			      "linux.rootfsPropagation: needs a mount namespace in "
			      "linux.namespaces");
	return 0;
}

/* createContainer hooks count too: with a machine they are the host's as well. */
static bool has_hooks_of_create(const struct oci_config *config)
{
	static const enum oci_hook_kind kinds[] = {OCI_HOOK_PRESTART, OCI_HOOK_CREATE_RUNTIME,
						   OCI_HOOK_CREATE_CONTAINER};

	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct list *hooks = oci_hooks_of(config, kinds[i]);

		if (hooks && hooks->count > 0)
			return true;
	}
	return false;
}

/* Up to the moment when the container's root becomes the root. */
static int outer_operations_plan(struct planning *p, bool has_mounts, struct err *e)
{
	struct plan_op *op;
	int r;

	if (p->plan->new_namespaces.value & CLONE_NEWNET)
		(void)op_add(p, PLAN_OP_LOOPBACK, NULL, NULL);
	if (has_mounts)
		root_plan(p);
	r = mounts_plan(p, e);
	if (r < 0)
		return r;
	r = devices_plan(p, e);
	if (r < 0)
		return r;
	if (p->plan->net_devices.count > 0)
		(void)op_add(p, PLAN_OP_NET_DEVICES, "linux.netDevices", NULL);
	join_cgroup_plan(p);
	op = op_add(p, PLAN_OP_HOOKS, "hooks", NULL);
	if (!has_hooks_of_create(p->config))
		op->flags = opt_u64_of(PLAN_HOOKS_NONE);
	return pivot_plan(p, has_mounts, e);
}

static int operations_plan(struct planning *p, struct err *e)
{
	const struct oci_process *process = p->config->process;
	bool has_mounts = oci_namespace_find(p->config, OCI_NS_MOUNT) != NULL;
	int r;

	if (!has_mounts) {
		r = mountless_check(p, e);
		if (r < 0)
			return r;
	}
	r = outer_operations_plan(p, has_mounts, e);
	if (r < 0)
		return r;
	if (process && process->cwd && !str_is(path_clean(p->arena, process->cwd), "/"))
		(void)op_add(p, PLAN_OP_MAKE_CWD, "process.cwd",
			     path_clean(p->arena, process->cwd));
	late_readonly_plan(p);
	if (p->config->root->readonly.value)
		(void)op_add(p, PLAN_OP_ROOT_READONLY, "root.readonly", "/");
	r = settings_plan(p, e);
	if (r < 0)
		return r;
	masks_plan(p);
	return 0;
}

static int places_plan(struct planning *p, struct err *e)
{
	const struct oci_root *root = p->config->root;

	if (!root || !root->path || *root->path == '\0')
		return refuse(e, EINVAL, "root.path: is required");
	if (!p->options->bundle || *p->options->bundle != '/')
		return refuse(e, EINVAL, "the path of the bundle must be absolute");
	p->plan->id = p->options->id;
	p->plan->bundle = p->options->bundle;
	p->plan->rootfs = path_clean(
		p->arena, *root->path == '/' ? root->path
					     : path_join(p->arena, p->options->bundle, root->path));
	return 0;
}

static int sections_plan(struct planning *p, struct err *e)
{
	int r;

	r = places_plan(p, e);
	if (r < 0)
		return r;
	r = namespaces_plan(p, e);
	if (r < 0)
		return r;
	r = limits_plan(p, e);
	if (r < 0)
		return r;
	r = cgroup_path_plan(p, e);
	if (r < 0)
		return r;
	r = rdt_plan(p, e);
	if (r < 0)
		return r;
	r = network_plan(p, e);
	if (r < 0)
		return r;
	r = operations_plan(p, e);
	if (r < 0)
		return r;
	hooks_plan(p, OCI_HOOK_CREATE_CONTAINER, &p->plan->create_hooks);
	if (p->plan->create_hooks.count > 0) {
		p->plan->hook_stdout = map_get(&p->config->annotations, HOOK_STDOUT);
		p->plan->hook_stderr = map_get(&p->config->annotations, HOOK_STDERR);
	}
	state_document_plan(p);
	return 0;
}

int planner_build(struct arena *arena, const struct oci_config *config, const struct facts *facts,
		  const struct planner_options *options, const struct plan **ret, struct err *e)
{
	struct planning p;
	int r;

	planning_init(&p, arena, config, facts, options);
	p.plan = arena_new(arena, struct plan);
	r = sections_plan(&p, e);
	if (r < 0)
		return r;
	if (config->process) {
		r = process_plan(&p, config->process, false, &p.plan->process, e);
		if (r < 0)
			return r;
		hooks_plan(&p, OCI_HOOK_START_CONTAINER, &p.plan->process->start_hooks);
	}
	*ret = p.plan;
	return 0;
}

int planner_exec(struct arena *arena, const struct oci_config *config,
		 const struct oci_process *process, const struct facts *facts,
		 const struct planner_options *options, const struct plan_process **ret,
		 struct err *e)
{
	struct planning p;
	struct plan_process *made;
	int r;

	planning_init(&p, arena, config, facts, options);
	r = process_plan(&p, process, true, &made, e);
	if (r < 0)
		return r;
	*ret = made;
	return 0;
}
