/*
 * The way to the container's init when something has to be joined before it is forked: pid and
 * time namespaces, which only children enter, and user namespaces, which give or take the rights
 * to join others. See join.h.
 *
 * Without CAP_SYS_ADMIN over a namespace's owner setns(2) is refused; the owner may be our user
 * namespace or the container's, which only trying tells.
 */
#include "join.h"

#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/namespaces.h"

#include <fcntl.h>
#include <sys/prctl.h>

static int join_each(struct join *joins, size_t count, bool is_last_try, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		struct join *join = &joins[i];
		int r;

		if (join->is_done || join->fd < 0 || join->flag == CLONE_NEWUSER)
			continue;
		r = namespace_join(join->fd, join->flag, e);
		join->is_done = r == 0;
		if (r < 0 && is_last_try)
			return wrap(e, "%s", join->origin);
	}
	return 0;
}

int join_all(struct join *joins, size_t count, join_user_fn *enter_user, void *data, struct err *e)
{
	int r;

	if (!enter_user)
		return join_each(joins, count, true, e);
	r = join_each(joins, count, false, e);
	if (r == 0)
		r = enter_user(data, e);
	return r == 0 ? join_each(joins, count, true, e) : r;
}

static const struct plan_join *user_join(const struct plan *plan)
{
	list_each(struct plan_join, join, &plan->joins)
	{
		if (join->flag.value == CLONE_NEWUSER)
			return join;
	}
	return NULL;
}

bool join_is_needed(const struct plan *plan)
{
	bool has_new_user = plan->new_namespaces.value & CLONE_NEWUSER;

	if (plan->time_offsets.count)
		return true;
	if (has_new_user && plan->joins.count)
		return true;
	list_each(struct plan_join, join, &plan->joins)
	{
		if (join->flag.value & (CLONE_NEWUSER | CLONE_NEWPID | CLONE_NEWTIME))
			return true;
	}
	return false;
}

struct joining {
	const struct handover *handover;
	struct handshake *handshake;
};

static int make_user_namespace(struct joining *joining, struct err *e)
{
	int r = namespace_unshare(CLONE_NEWUSER, e);

	if (r == 0)
		r = handshake_send(joining->handshake, MESSAGE_NEED_MAPS, 0, FD_NONE, e);
	if (r == 0)
		r = handshake_wait(joining->handshake, MESSAGE_MAPS_DONE, e);
	return r == 0 ? child_become_root(joining->handover->plan, e) : r;
}

static int enter_user_namespace(void *data, struct err *e)
{
	struct joining *joining = data;
	const struct plan *plan = joining->handover->plan;
	const struct plan_join *join = user_join(plan);
	size_t index;
	int r;

	if (!join)
		return make_user_namespace(joining, e);
	index = (size_t)(join - (const struct plan_join *)plan->joins.items);
	r = namespace_join(joining->handover->joins[index], CLONE_NEWUSER, e);
	if (r < 0)
		return wrap(e, "%s", join->origin);
	r = child_become_root(plan, e);
	/* Root need not be mapped there. */
	return r == -EINVAL ? 0 : r;
}

static int join_planned(struct joining *joining, struct err *e)
{
	const struct plan *plan = joining->handover->plan;
	bool has_user = plan->new_namespaces.value & CLONE_NEWUSER || user_join(plan);
	auto_free struct join *joins = xcalloc(plan->joins.count + 1, sizeof(*joins));
	size_t i = 0;

	list_each(struct plan_join, join, &plan->joins)
	{
		joins[i] = (struct join){
			.flag = join->flag.value,
			.fd = joining->handover->joins[i],
			.origin = join->origin,
		};
		i++;
	}
	return join_all(joins, i, has_user ? enter_user_namespace : NULL, joining, e);
}

static int make_time_namespace(const struct plan *plan, struct err *e)
{
	int r;

	if (!(plan->new_namespaces.value & CLONE_NEWTIME))
		return 0;
	r = namespace_unshare(CLONE_NEWTIME, e);
	list_each(struct plan_time_offset, offset, &plan->time_offsets)
	{
		if (r == 0)
			r = namespace_time_offset(offset->clock, offset->secs.value,
						  offset->nanosecs.value, e);
	}
	return r < 0 ? wrap(e, "linux.timeOffsets") : 0;
}

/* Until its pid has been told, which is when the other end of the pipe goes, the init is silent. */
static _Noreturn void init_run(const struct joining *joining, int told)
{
	char byte;

	(void)!fd_read_full(told, &byte, 1);
	(void)close(told);
	child_run(joining->handover, joining->handshake, true);
}

static int fork_init(struct joining *joining, struct err *e)
{
	const struct plan *plan = joining->handover->plan;
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process init = PROCESS_NONE;
	int ends[2], r;

	how.flags = plan->new_namespaces.value &
		    ~(uint64_t)(CLONE_NEWUSER | CLONE_NEWTIME | CLONE_NEWCGROUP);
	how.flags |= CLONE_PARENT;
	how.no_birth = true;
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	r = process_fork(&how, &init, e);
	if (r < 0)
		return r;
	if (r == PROCESS_CHILD) {
		(void)close(ends[1]);
		init_run(joining, ends[0]);
	}
	/* The pipe ends with this process. */
	return handshake_send(joining->handshake, MESSAGE_PID, init.pid, FD_NONE, e);
}

_Noreturn void join_run(const struct handover *handover, struct handshake *handshake)
{
	struct joining joining = {.handover = handover, .handshake = handshake};
	struct err e;
	int r;

	child_begin(handshake, handover->has_entry ? &handover->entry : NULL);
	r = join_planned(&joining, &e);
	if (r == 0)
		r = make_time_namespace(handover->plan, &e);
	/* A change of credentials has cleared it. */
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = fail(&e, errno, "set the parent-death signal");
	if (r == 0 && !handshake_is_alive(handshake))
		_exit(EXIT_FAILURE);
	if (r == 0)
		r = fork_init(&joining, &e);
	if (r < 0)
		handshake_give_up(handshake, &e);
	_exit(EXIT_SUCCESS);
}
