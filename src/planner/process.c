/*
 * The process object as the executor needs it: numbers instead of names, complete, and with what
 * the container's own configuration says where an exec'd process says nothing.
 *
 * Ids are the container's. When the runtime makes the user namespace, or knows its map, an id
 * outside the map is refused by name here; setresuid(2) would only say "invalid argument".
 *
 * Source: runtime-spec 1.3 config.md "Process".
 */
#include "planning.h"

#include "base/log.h"

#define KEEP_GROUPS_ANNOTATION "run.oci.keep_original_groups"

enum { IO_CLASS_SHIFT = 13 };

static int ids_check(const struct planning *p, const struct oci_user *user, struct err *e)
{
	const struct list *uids = &p->linux_->uid_mappings;
	const struct list *gids = &p->linux_->gid_mappings;
	uint32_t unused;

	if (uids->count > 0 && !id_to_host(uids, user->uid.value, &unused))
		return refuse(e, EINVAL, "process.user.uid: %u is not mapped by linux.uidMappings",
			      user->uid.value);
	if (gids->count > 0 && !id_to_host(gids, user->gid.value, &unused))
		return refuse(e, EINVAL, "process.user.gid: %u is not mapped by linux.gidMappings",
			      user->gid.value);
	for (size_t i = 0; gids->count > 0 && i < user->additional_gids.count; i++)
		if (!id_to_host(gids, user->additional_gids.values[i], &unused))
			return refuse(e, EINVAL,
				      "process.user.additionalGids[%zu]: %u is not mapped by "
				      "linux.gidMappings",
				      i, user->additional_gids.values[i]);
	return 0;
}

/* Engines let users keep the groups of the host's user with this one of crun's annotations. */
static int groups_kept(const struct planning *p, bool *ret, struct err *e)
{
	const char *value = map_get(&p->config->annotations, KEEP_GROUPS_ANNOTATION);

	*ret = value && str_is(value, "1");
	if (value && !*ret && !str_is(value, "0"))
		return refuse(e, EINVAL,
			      "annotations." KEEP_GROUPS_ANNOTATION ": must be 0 or 1, not '%s'",
			      value);
	return 0;
}

static int user_plan(const struct planning *p, const struct oci_user *user, struct plan_process *to,
		     struct err *e)
{
	bool keeps;
	int r;

	if (!user)
		return refuse(e, EINVAL, "process.user: is required");
	r = ids_check(p, user, e);
	if (r < 0)
		return r;
	to->uid = opt_u32_of(user->uid.value);
	to->gid = opt_u32_of(user->gid.value);
	to->umask = user->umask;
	r = groups_kept(p, &keeps, e);
	if (r < 0)
		return r;
	if (keeps && user->additional_gids.count > 0)
		log_warning("process.user.additionalGids: are not set, because the "
			    "annotation " KEEP_GROUPS_ANNOTATION " keeps the caller's groups");
	if (keeps)
		return 0;
	if (is_setgroups_denied(p)) {
		if (user->additional_gids.count > 0)
			return refuse(e, EPERM,
				      "process.user.additionalGids: cannot be set without "
				      "newgidmap or the rights of the host's root");
		return 0;
	}
	/* An empty list is set as well: the caller's groups must not leak. */
	to->groups = user->additional_gids;
	to->groups.is_set = true;
	return 0;
}

int labels_check(const struct facts *facts, const char *apparmor, const char *selinux,
		 struct err *e)
{
	if (apparmor && *apparmor && !facts->apparmor_enabled)
		return refuse(e, ENOTSUP,
			      "process.apparmorProfile: AppArmor is not enabled on this host");
	if (selinux && *selinux && !facts->selinux_enabled)
		return refuse(e, ENOTSUP,
			      "process.selinuxLabel: SELinux is not enabled on this host");
	return 0;
}

static int labels_plan(const struct planning *p, const struct oci_process *process,
		       const struct oci_process *base, struct plan_process *to, struct err *e)
{
	const char *apparmor =
		process->apparmor_profile ? process->apparmor_profile : base->apparmor_profile;
	const char *selinux = process->selinux_label ? process->selinux_label : base->selinux_label;

	if (labels_check(p->facts, apparmor, selinux, e) < 0)
		return -e->code;
	if (apparmor && *apparmor)
		to->apparmor_profile = apparmor;
	if (selinux && *selinux)
		to->selinux_label = selinux;
	return 0;
}

static void rlimits_plan(const struct planning *p, const struct list *from, struct list *to)
{
	list_each(const struct oci_rlimit, rlimit, from)
	{
		struct plan_rlimit *new = list_push(p->arena, to, struct plan_rlimit);

		new->type = rlimit->type;
		new->soft = rlimit->soft;
		new->hard = rlimit->hard;
	}
}

static void scheduling_plan(const struct planning *p, const struct oci_process *process,
			    const struct oci_process *base, struct plan_process *to)
{
	const struct oci_scheduler *from =
		process->scheduler ? process->scheduler : base->scheduler;
	const struct oci_io_priority *io =
		process->io_priority ? process->io_priority : base->io_priority;

	if (from) {
		struct plan_scheduler *scheduler = arena_new(p->arena, struct plan_scheduler);

		scheduler->policy = from->policy;
		scheduler->nice = from->nice;
		if (from->priority.is_set)
			scheduler->priority = opt_u32_of((uint32_t)from->priority.value);
		scheduler->runtime = from->runtime;
		scheduler->deadline = from->deadline;
		scheduler->period = from->period;
		for (size_t i = 0; i < from->flags.count; i++)
			scheduler->flags = opt_u64_of(scheduler->flags.value |
						      (uint32_t)from->flags.values[i]);
		to->scheduler = scheduler;
	}
	if (io)
		to->io_priority = opt_i32_of((int32_t)((uint32_t)io->class.value << IO_CLASS_SHIFT |
						       (uint32_t)io->priority.value));
}

static void affinity_plan(const struct oci_process *process, const struct oci_process *base,
			  struct plan_process *to)
{
	const struct oci_cpu_affinity *from =
		process->exec_cpu_affinity ? process->exec_cpu_affinity : base->exec_cpu_affinity;

	if (!from)
		return;
	to->affinity_initial = from->initial;
	to->affinity_final = from->final;
}

struct plan_memory_policy *memory_policy_plan(struct arena *arena, const struct oci_linux *linux_)
{
	const struct oci_memory_policy *from = linux_->memory_policy;
	struct plan_memory_policy *to;
	uint32_t mode;

	if (!from)
		return NULL;
	mode = (uint32_t)from->mode.value;
	for (size_t i = 0; i < from->flags.count; i++)
		mode |= (uint32_t)from->flags.values[i];
	to = arena_new(arena, struct plan_memory_policy);
	to->mode = opt_i32_of((int32_t)mode);
	to->nodes = from->nodes;
	return to;
}

static void terminal_plan(const struct oci_process *process, struct plan_process *to)
{
	if (!process->terminal.value)
		return;
	to->terminal = opt_true();
	if (process->console_size) {
		to->console_height = process->console_size->height;
		to->console_width = process->console_size->width;
		if (to->console_height.value > UINT16_MAX)
			to->console_height.value = UINT16_MAX;
		if (to->console_width.value > UINT16_MAX)
			to->console_width.value = UINT16_MAX;
	}
}

/* What the process inherits from the container rather than from its own object. */
static int container_part_plan(struct planning *p, struct plan_process *to, struct err *e)
{
	uint32_t keep = p->options->preserve_fds;

	if (p->linux_->personality)
		to->personality = opt_u64_of((uint32_t)p->linux_->personality->domain.value);
	to->memory_policy = memory_policy_plan(p->arena, p->linux_);
	if (keep > UINT32_MAX - p->options->listen_fds)
		return refuse(e, EINVAL, "--preserve-fds: %u is too many", keep);
	to->keep_fds = opt_u32_of(keep + p->options->listen_fds);
	to->new_keyring = opt_bool_if(!p->options->no_new_keyring);
	to->keyring_name = arena_printf(p->arena, "_ses.%s", p->options->id);
	return p->linux_->seccomp ? seccomp_plan(p, p->linux_->seccomp, &to->seccomp, e) : 0;
}

int process_plan(struct planning *p, const struct oci_process *process, bool is_exec,
		 struct plan_process **ret, struct err *e)
{
	static const struct oci_process nothing;
	struct plan_process *to = arena_new(p->arena, struct plan_process);
	/* Where an exec'd process is silent, the container's own speaks. */
	const struct oci_process *base =
		is_exec && p->config->process ? p->config->process : &nothing;
	int r;

	if (process->args.count == 0)
		return refuse(e, EINVAL, "process.args: must not be empty");
	if (!process->cwd || *process->cwd != '/')
		return refuse(e, EINVAL, "process.cwd: must be an absolute path, not '%s'",
			      process->cwd ? process->cwd : "");
	to->args = process->args;
	to->cwd = process->cwd;
	to->no_new_privileges = opt_bool_if(process->no_new_privileges.value);
	to->oom_score_adj =
		process->oom_score_adj.is_set ? process->oom_score_adj : base->oom_score_adj;
	r = environment_plan(p, process, to, e);
	if (r < 0)
		return r;
	r = user_plan(p, process->user, to, e);
	if (r < 0)
		return r;
	if (!to->umask.is_set && base->user)
		to->umask = base->user->umask;
	capabilities_plan(p, process->capabilities ? process->capabilities : base->capabilities,
			  to);
	rlimits_plan(p, process->rlimits.items ? &process->rlimits : &base->rlimits, &to->rlimits);
	r = labels_plan(p, process, base, to, e);
	if (r < 0)
		return r;
	scheduling_plan(p, process, base, to);
	if (is_exec)
		affinity_plan(process, base, to);
	terminal_plan(process, to);
	r = container_part_plan(p, to, e);
	if (r < 0)
		return r;
	*ret = to;
	return 0;
}
