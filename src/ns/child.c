/*
 * The container's init before it is one.
 *
 * This process is a copy of the runtime in new namespaces. It runs beside the runtime, which makes
 * the cgroup meanwhile, and waits for it at three operations only. Whatever happens to the runtime
 * ends it: the parent-death signal is set first and the socket looked at after that, so a death
 * before the signal was set is seen, too.
 *
 * It decides nothing: the plan's operations run in their order through a table.
 */
#include "child.h"
#include "attend.h"

#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/identity.h"
#include "kern/idmap.h"
#include "kern/keyring.h"
#include "kern/lsm.h"
#include "kern/namespaces.h"
#include "kern/proc.h"
#include "launch/blob.h"

#include <fcntl.h>
#include <grp.h>
#include <sys/prctl.h>

op_fn *const op_handlers[PLAN_OP_KINDS] = {
	[PLAN_OP_HOST_PROPAGATION] = op_host_propagation,
	[PLAN_OP_ROOT] = op_root,
	[PLAN_OP_JOIN_CGROUP] = op_join_cgroup,
	[PLAN_OP_MOUNT] = op_mount,
	[PLAN_OP_BIND] = op_bind,
	[PLAN_OP_REMOUNT] = op_remount,
	[PLAN_OP_CGROUP] = op_cgroup,
	[PLAN_OP_DEVICE] = op_device,
	[PLAN_OP_LINK] = op_link,
	[PLAN_OP_PTMX] = op_ptmx,
	[PLAN_OP_CONSOLE] = op_console,
	[PLAN_OP_NET_DEVICES] = op_net_devices,
	[PLAN_OP_LOOPBACK] = op_loopback,
	[PLAN_OP_HOOKS] = op_hooks,
	[PLAN_OP_PIVOT] = op_pivot,
	[PLAN_OP_ROOT_PROPAGATION] = op_root_propagation,
	[PLAN_OP_MAKE_CWD] = op_make_cwd,
	[PLAN_OP_READONLY_MOUNT] = op_readonly_mount,
	[PLAN_OP_ROOT_READONLY] = op_root_readonly,
	[PLAN_OP_HOSTNAME] = op_hostname,
	[PLAN_OP_DOMAINNAME] = op_domainname,
	[PLAN_OP_SYSCTL] = op_sysctl,
	[PLAN_OP_READONLY_PATH] = op_readonly_path,
	[PLAN_OP_MASK_PATH] = op_mask_path,
};

void child_begin(struct handshake *handshake, const struct cgroup_entry *entry)
{
	struct err e;
	int r;

	handshake_take_log(handshake);
	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0) {
		(void)fail(&e, errno, "set the parent-death signal");
		handshake_give_up(handshake, &e);
	}
	if (!handshake_is_alive(handshake))
		_exit(EXIT_FAILURE);
	r = entry ? cgroup_entry_enter(entry) : 0;
	if (r < 0) {
		(void)fail(&e, -r, "enter the container's cgroup");
		handshake_give_up(handshake, &e);
	}
}

static uint32_t best_id(const struct list *map, struct opt_u32 wanted)
{
	list_each(struct plan_id_map, range, map)
	{
		if (range->inside.value == 0)
			return 0;
	}
	list_each(struct plan_id_map, range, map)
	{
		if (wanted.value - range->inside.value < range->size.value)
			return wanted.value;
	}
	return map->count ? list_at(struct plan_id_map, map, 0)->inside.value : 0;
}

int child_become_root(const struct plan *plan, struct err *e)
{
	const struct plan_process *process = plan->process;
	/* Groups that the plan leaves alone are kept on purpose, or cannot be dropped. */
	bool keeps_groups = process && !process->groups.is_set;
	struct opt_u32 none = {0};
	uint32_t uid = best_id(&plan->uid_map, process ? process->uid : none);
	uint32_t gid = best_id(&plan->gid_map, process ? process->gid : none);
	int r;

	/* Where root is not mapped another id must do, and must not lose the capabilities. */
	if (uid != 0 && prctl(PR_SET_KEEPCAPS, 1) < 0)
		return fail(e, errno, "keep capabilities");
	if (!keeps_groups && !identity_groups_denied() && setgroups(0, NULL) < 0)
		return fail(e, errno, "drop the supplementary groups");
	r = identity_set(uid, gid, e);
	if (r == 0 && uid != 0 && prctl(PR_SET_KEEPCAPS, 0) < 0)
		return fail(e, errno, "reset keeping of capabilities");
	return r;
}

static int join_namespaces(const struct handover *handover, struct err *e)
{
	size_t i = 0;

	list_each(struct plan_join, join, &handover->plan->joins)
	{
		int r = namespace_join(handover->joins[i++], join->flag.value, e);

		if (r < 0)
			return wrap(e, "%s: join '%s'", join->origin, join->path);
	}
	return 0;
}

static bool plan_has(const struct plan *plan, enum plan_op_kind kind)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == (int)kind)
			return true;
	}
	return false;
}

static int join_keyring(const struct child *child, struct err *e)
{
	const struct plan_process *process = child->plan->process;
	int r;

	if (!process || !process->new_keyring.value)
		return 0;
	if (process->selinux_label) {
		r = lsm_selinux_set_key_create(child->proc, process->selinux_label, e);
		if (r < 0)
			return r;
	}
	r = keyring_join_new(process->keyring_name, e);
	if (r == KEYRING_MISSING)
		log_debug("no new session keyring: the kernel has none to give");
	if (r >= 0 && process->selinux_label)
		return lsm_selinux_set_key_create(child->proc, "", e);
	return r < 0 ? r : 0;
}

static int open_proc(struct child *child, struct err *e)
{
	const struct plan_process *process = child->plan->process;
	bool has_sysctl = plan_has(child->plan, PLAN_OP_SYSCTL);

	if (!has_sysctl && !(process && (process->apparmor_profile || process->selinux_label)))
		return 0;
	return proc_open(has_sysctl ? PROC_ALL : PROC_PROCESSES, &child->proc, e);
}

static int settle(struct child *child, bool has_joined, struct err *e)
{
	int r = 0;

	if (!has_joined) {
		if (child->plan->new_namespaces.value & CLONE_NEWUSER) {
			r = handshake_wait(child->handshake, MESSAGE_MAPS_DONE, e);
			if (r == 0)
				r = child_become_root(child->plan, e);
		}
		if (r == 0)
			r = join_namespaces(child->handover, e);
	}
	if (r == 0) {
		attend_own_oom_score(child->plan->process);
		r = identity_set_dumpable(false, e);
	}
	/* A change of credentials has cleared it. */
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = fail(e, errno, "set the parent-death signal");
	if (r < 0)
		return r;
	if (!handshake_is_alive(child->handshake))
		_exit(EXIT_FAILURE);
	if (setsid() < 0)
		return fail(e, errno, "setsid");
	/* Nothing that is made in the container depends on the caller's mask. */
	(void)umask(022);
	r = open_proc(child, e);
	if (r == 0)
		r = join_keyring(child, e);
	return r;
}

static int run_op(struct child *child, const struct plan_op *op, struct err *e)
{
	int kind = op->kind.value;
	int r;

	if (kind < 0 || kind >= PLAN_OP_KINDS || !op_handlers[kind])
		return refuse(e, EINVAL, "the plan has an unknown operation %d", kind);
	log_debug("%s %s", plan_op_name((enum plan_op_kind)kind),
		  op->target ? op->target
		  : op->text ? op->text
			     : "");
	if (kind != PLAN_OP_DEVICE && kind != PLAN_OP_LINK && kind != PLAN_OP_PTMX)
		child_forget_place(child);
	r = op_handlers[kind](child, op, e);
	if (r >= 0)
		return 0;
	if (op->origin)
		r = wrap(e, "%s", op->origin);
	if (op->mount && op->mount->may_fail.value) {
		char text[1200];

		log_warning("%s", err_format(e, text, sizeof(text)));
		return 0;
	}
	return r;
}

static int run_ops(struct child *child, struct err *e)
{
	int r = mask_prepare(child, e);

	list_each(struct plan_op, op, &child->plan->ops)
	{
		if (r == 0)
			r = run_op(child, op, e);
	}
	/* The runtime counts on it. */
	if (r == 0 && !child->is_at_hooks)
		r = op_hooks(child, NULL, e);
	return r;
}

static int launch(struct child *child, struct err *e)
{
	const struct handover *handover = child->handover;
	struct finish finish = {
		.process = child->plan->process,
		.plan = child->plan,
		.handshake = child->handshake,
		.image_fd = handover->image_fd,
		.start_fd = handover->start_fd,
		.result_fd = handover->result_fd,
		.proc = child->proc,
		.hook_input = FD_NONE,
		.console_peer = child->console_peer,
		.stdio = {handover->stdio[0], handover->stdio[1], handover->stdio[2]},
		.umask = handover->umask,
	};

	if (finish.process && finish.process->start_hooks.count) {
		int r = hook_input(child->plan, child->plan->start_state_json_tail,
				   &finish.hook_input, e);

		if (r < 0)
			return r;
	}
	return finish_launch(&finish, &child->arena, e);
}

_Noreturn void child_run(const struct handover *handover, struct handshake *handshake,
			 bool has_joined)
{
	struct child child = {
		.plan = handover->plan,
		.facts = handover->facts,
		.handover = handover,
		.handshake = handshake,
		.root = FD_NONE,
		.proc = FD_NONE,
		.console_peer = FD_NONE,
		.place = FD_NONE,
		.null = MOUNT_NONE,
		.hidden = MOUNT_NONE,
	};
	struct err e;

	child_begin(handshake, handover->has_entry && !has_joined ? &handover->entry : NULL);
	if (settle(&child, has_joined, &e) == 0 && run_ops(&child, &e) == 0)
		(void)!launch(&child, &e);
	handshake_give_up(handshake, &e);
}
