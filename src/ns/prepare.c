/*
 * The first half of create: from the plan to an init whose namespaces, cgroup and mounts are made.
 *
 * One clone3(2) makes all namespaces and the init at once, as a child of the caller; only when
 * something must be joined before, an intermediate process goes first (join.c). While the init
 * mounts, this side makes the cgroup, writes limits, moves devices; they meet at the plan's
 * operations that wait.
 */
#include "ns/ns.h"

#include "attend.h"
#include "child.h"
#include "internal.h"
#include "join.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"

#include <fcntl.h>
#include <sys/stat.h>

/* Longest time for what only costs the kernel a moment. */
#define PATIENCE_NS (30ULL * 1000 * 1000 * 1000)

struct preparing {
	struct ns_backend *ns;
	const struct plan *plan;
	struct handover handover;
	struct handshake child_end;
	struct process first; /* the intermediate process, or the init */
	struct process init;
	bool is_inside; /* goes into its cgroup by itself */
};

bool ns_needs_sealed_self(const struct plan *plan)
{
	return !(plan->new_namespaces.value & CLONE_NEWPID);
}

static mode_t current_umask(void)
{
	mode_t mask = umask(022);

	(void)umask(mask);
	return mask;
}

static int open_handover(struct preparing *preparing, struct backend_stdio *take_stdio,
			 struct err *e)
{
	struct handover *handover = &preparing->handover;
	int r;

	for (int i = 0; i < 3; i++)
		handover->stdio[i] = take_fd(&take_stdio->fds[i]);
	handover->umask = current_umask();
	/* What the caller left open. Here, where /proc is ours. */
	r = fd_cloexec_from(3, e);
	if (r == 0)
		r = handover_open(handover, e);
	if (r == 0)
		r = image_open(&handover->image_fd, e);
	if (r == 0)
		r = fifo_make(preparing->ns->context.state_fd, &handover->start_fd,
			      &handover->result_fd, e);
	if (r == 0)
		r = handshake_pair(&preparing->ns->handshake, &preparing->child_end, e);
	return r;
}

/* Before the fork: the process enters first of all, so that all it does is accounted there. */
static int make_cgroup(struct preparing *preparing, struct err *e)
{
	struct ns_backend *ns = preparing->ns;
	struct handover *handover = &preparing->handover;
	int r;

	if (!ns->cgroup)
		return 0;
	r = cgroup_create(ns->cgroup, preparing->plan->limits, e);
	if (r == 0)
		r = cgroup_entry_open(ns->cgroup, 0, NULL, &handover->entry, e);
	handover->has_entry = r == CGROUP_ENTRY_READY;
	return r < 0 ? r : 0;
}

static int fork_first(struct preparing *preparing, struct err *e)
{
	const struct plan *plan = preparing->plan;
	struct process_fork how = PROCESS_FORK_PLAIN;
	bool is_general = join_is_needed(plan);
	struct handover *handover = &preparing->handover;
	int r = make_cgroup(preparing, e);

	if (r < 0)
		return r;
	/* The cgroup namespace is made when the process is in its cgroup. */
	if (!is_general)
		how.flags = plan->new_namespaces.value & ~(uint64_t)CLONE_NEWCGROUP;
	r = enter_fork(&how, &handover->entry, &handover->has_entry, &preparing->first, e);
	if (r == PROCESS_CHILD) {
		handshake_done(&preparing->ns->handshake);
		if (is_general)
			join_run(handover, &preparing->child_end);
		child_run(handover, &preparing->child_end, false);
	}
	preparing->is_inside = handover->has_entry;
	return r < 0 ? wrap(e, "container init") : 0;
}

/* The intermediate process reports the init, and ends. */
static int meet_init(struct preparing *preparing, struct err *e)
{
	struct handshake *handshake = &preparing->ns->handshake;
	struct process first = preparing->first;
	uint64_t deadline = clock_now() + PATIENCE_NS;
	int status, r;

	for (;;) {
		struct handshake_message message;

		r = handshake_receive(handshake, &first, deadline, &message, e);
		if (r < 0)
			return r;
		fd_close(&message.fd);
		if (message.kind == MESSAGE_PID) {
			r = attend_meet(handshake, message.number, &preparing->init, e);
			break;
		}
		if (message.kind == MESSAGE_NEED_MAPS) {
			r = maps_write(preparing->plan, first.pid, e);
			if (r == 0)
				r = handshake_send(handshake, MESSAGE_MAPS_DONE, 0, FD_NONE, e);
		} else {
			r = refuse(e, EPROTO, "handshake: '%s' is out of turn",
				   handshake_kind_name(message.kind));
		}
		if (r < 0)
			return r;
	}
	if (r == 0)
		r = process_reap(first.pid, &status, e);
	if (r == 0)
		process_done(&preparing->first);
	return r;
}

static int make_init(struct preparing *preparing, struct err *e)
{
	int r = fork_first(preparing, e);

	handshake_done(&preparing->child_end);
	if (r < 0)
		return r;
	if (join_is_needed(preparing->plan))
		return meet_init(preparing, e);
	preparing->init = preparing->first;
	preparing->first = PROCESS_NONE;
	if (!(preparing->plan->new_namespaces.value & CLONE_NEWUSER))
		return 0;
	r = maps_write(preparing->plan, preparing->init.pid, e);
	if (r == 0)
		r = handshake_send(&preparing->ns->handshake, MESSAGE_MAPS_DONE, 0, FD_NONE, e);
	return r;
}

static int put_in_cgroup(struct preparing *preparing, struct err *e)
{
	struct cgroup *cgroup = preparing->ns->cgroup;
	const struct plan_limits *limits = preparing->plan->limits;
	pid_t pid = preparing->init.pid;
	int r = 0;

	if (!cgroup)
		return 0;
	if (!preparing->is_inside)
		r = cgroup_add(cgroup, pid, limits, e);
	return r == 0 ? cgroup_apply(cgroup, limits, e) : r;
}

static int attend(struct preparing *preparing, struct err *e)
{
	const struct plan *plan = preparing->plan;
	struct handshake *handshake = &preparing->ns->handshake;
	pid_t pid = preparing->init.pid;
	int r = put_in_cgroup(preparing, e);

	if (r == 0 && plan->intel_rdt)
		r = resctrl_apply(plan->intel_rdt, plan->id, pid, e);
	if (r == 0)
		r = attend_oom_score(plan->process, pid, e);
	if (r < 0)
		return r;
	attend_raise_limits(plan->process, pid);
	r = handshake_send(handshake, MESSAGE_IN_CGROUP, 0, FD_NONE, e);
	if (r == 0 && plan->net_devices.count) {
		r = net_devices_move(plan, pid, e);
		if (r == 0)
			r = handshake_send(handshake, MESSAGE_NET_DONE, 0, FD_NONE, e);
	}
	return r;
}

/* Mounts may take their time (a network file system), so there is no deadline. */
static int await_hooks(struct preparing *preparing, struct err *e)
{
	struct ns_backend *ns = preparing->ns;

	for (;;) {
		struct handshake_message message;
		int r = handshake_receive(&ns->handshake, &preparing->init, 0, &message, e);

		if (r < 0)
			return r;
		if (message.kind == MESSAGE_CONSOLE) {
			fd_close(&ns->console_fd);
			ns->console_fd = message.fd;
			continue;
		}
		fd_close(&message.fd);
		if (message.kind == MESSAGE_AT_HOOKS)
			return 0;
		return refuse(e, EPROTO, "handshake: '%s' is out of turn",
			      handshake_kind_name(message.kind));
	}
}

/* Without hooks there is nothing between prepare and commit, and the init goes on. */
static bool waits_at_hooks(const struct plan *plan)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		if (op->kind.value == PLAN_OP_HOOKS)
			return !(op->flags.value & PLAN_HOOKS_NONE);
	}
	return true;
}

static int publish(struct preparing *preparing, struct backend_process *ret, struct err *e)
{
	struct ns_backend *ns = preparing->ns;
	struct process mine = preparing->init;

	if (mine.pidfd >= 0) {
		mine.pidfd = fcntl(mine.pidfd, F_DUPFD_CLOEXEC, 3);
		if (mine.pidfd < 0)
			return fail(e, errno, "duplicate a descriptor");
	}
	process_done(&ns->init);
	ns->init = mine;
	ns->waits_at_hooks = waits_at_hooks(preparing->plan);
	*ret = (struct backend_process){
		.process = preparing->init,
		.console_fd = FD_NONE,
		.seccomp_fd = FD_NONE,
	};
	preparing->init = PROCESS_NONE;
	return 0;
}

int ns_prepare(struct backend *backend, const struct plan *plan, struct backend_stdio *take_stdio,
	       struct backend_process *ret, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	struct preparing preparing = {
		.ns = ns,
		.plan = plan,
		.handover = {.plan = plan,
			     .facts = ns->context.facts,
			     .image_fd = FD_NONE,
			     .start_fd = FD_NONE,
			     .hook_out = FD_NONE,
			     .hook_error = FD_NONE,
			     .result_fd = FD_NONE,
			     .entry = {.clone_fd = FD_NONE},
			     .stdio = {FD_NONE, FD_NONE, FD_NONE}},
		.child_end = HANDSHAKE_NONE,
		.first = PROCESS_NONE,
		.init = PROCESS_NONE,
	};
	int r = ns_open_cgroup(ns, e);

	if (r == 0)
		r = open_handover(&preparing, take_stdio, e);
	if (r == 0)
		r = make_init(&preparing, e);
	handover_done(&preparing.handover);
	if (r == 0) {
		r = attend(&preparing, e);
		if (r < 0)
			handshake_explain(&ns->handshake, &preparing.init, e);
	}
	if (r == 0)
		r = await_hooks(&preparing, e);
	if (r == 0)
		r = publish(&preparing, ret, e);
	if (r == 0)
		return 0;
	for (int i = 0; i < 3; i++)
		fd_close(&take_stdio->fds[i]);
	attend_abandon(&preparing.init, -1);
	attend_abandon(&preparing.first, -1);
	handshake_done(&preparing.child_end);
	handshake_done(&ns->handshake);
	fd_close(&ns->console_fd);
	return -e->code;
}
