/* The namespace backend's handle and table, and the operations on a container that is there. */
#include "ns/ns.h"

#include "internal.h"

#include "kern/namespaces.h"

#include <sched.h>
#include <signal.h>

static int ns_probe(const struct facts *facts, struct err *e)
{
	if (!(facts->namespaces & CLONE_NEWNS))
		return refuse(e, ENOSYS, "this kernel has no mount namespaces");
	return 0;
}

static int ns_open(const struct backend_context *context, struct backend **ret, struct err *e)
{
	struct ns_backend *ns = xcalloc(1, sizeof(*ns));

	(void)e;
	ns->base.ops = &process_backend;
	ns->context = *context;
	ns->init = context->init;
	/* The caller's descriptor may go before we do. */
	ns->init.pidfd = FD_NONE;
	ns->handshake = HANDSHAKE_NONE;
	ns->console_fd = FD_NONE;
	*ret = &ns->base;
	return 0;
}

static void ns_close(struct backend *backend)
{
	struct ns_backend *ns = ns_of(backend);

	process_done(&ns->init);
	handshake_done(&ns->handshake);
	fd_close(&ns->console_fd);
	cgroup_close(ns->cgroup);
	free(ns);
}

int ns_find_init(struct ns_backend *ns, struct err *e)
{
	int r;

	if (ns->init.pid <= 0)
		return PROCESS_GONE;
	if (ns->init.pidfd >= 0) {
		r = process_wait_gone(&ns->init, 0, e);
		return r < 0 ? r : r == 1 ? PROCESS_ALIVE : PROCESS_GONE;
	}
	return process_open(ns->init.pid, ns->init.born, &ns->init, e);
}

int ns_open_cgroup(struct ns_backend *ns, struct err *e)
{
	if (ns->cgroup || !ns->context.cgroup)
		return 0;
	return cgroup_open(ns->context.cgroup, ns->context.facts, &ns->cgroup, e);
}

/* What most operations need: an init that lives, and its cgroup. */
static int ns_need(struct ns_backend *ns, struct err *e)
{
	int r = ns_find_init(ns, e);

	if (r == PROCESS_GONE)
		return refuse(e, ESRCH, "container not running");
	return r == 0 ? ns_open_cgroup(ns, e) : r;
}

static int ns_need_cgroup(struct ns_backend *ns, struct err *e)
{
	int r = ns_need(ns, e);

	if (r == 0 && !ns->cgroup)
		return refuse(e, ENOTSUP, "the container has no cgroup");
	return r;
}

static int ns_status(struct backend *backend, enum backend_status *ret, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	bool is_frozen = false, is_waiting = false;
	int r = ns_find_init(ns, e);

	if (r == PROCESS_GONE) {
		*ret = BACKEND_ABSENT;
		return 0;
	}
	if (r == 0)
		r = ns_open_cgroup(ns, e);
	if (r == 0 && ns->cgroup)
		r = cgroup_is_frozen(ns->cgroup, &is_frozen, e);
	if (r == 0 && !is_frozen)
		r = fifo_is_waiting(ns->context.state_fd, &is_waiting, e);
	if (r < 0)
		return r;
	*ret = is_frozen ? BACKEND_PAUSED : is_waiting ? BACKEND_CREATED : BACKEND_RUNNING;
	return 0;
}

/* A frozen process dies only when it runs again. */
static int thaw_after_kill(struct ns_backend *ns, struct err *e)
{
	bool is_frozen = false;
	int r = 0;

	if (ns->cgroup)
		r = cgroup_is_frozen(ns->cgroup, &is_frozen, e);
	return r == 0 && is_frozen ? cgroup_thaw(ns->cgroup, e) : r;
}

static int ns_signal(struct backend *backend, int signal, bool all, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	bool is_everybody = all || (signal == SIGKILL && ns->context.shares_pid_namespace);
	int r = ns_find_init(ns, e);

	/* Others of a shared pid namespace may outlive the init. */
	if (r == PROCESS_GONE && !is_everybody)
		return refuse(e, ESRCH, "container not running");
	if (r >= 0)
		r = ns_open_cgroup(ns, e);
	if (r < 0)
		return r;
	if (is_everybody && ns->cgroup)
		return cgroup_signal(ns->cgroup, signal, e);
	r = process_signal(&ns->init, signal, e);
	if (r == PROCESS_GONE)
		return refuse(e, ESRCH, "container not running");
	return r == 0 && signal == SIGKILL ? thaw_after_kill(ns, e) : r;
}

static int ns_pause(struct backend *backend, struct err *e)
{
	int r = ns_need_cgroup(ns_of(backend), e);

	return r == 0 ? cgroup_freeze(ns_of(backend)->cgroup, e) : r;
}

static int ns_resume(struct backend *backend, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	/* What died while it was frozen is thawed, too. */
	int r = ns_open_cgroup(ns, e);

	if (r == 0 && !ns->cgroup)
		return refuse(e, ENOTSUP, "the container has no cgroup");
	return r == 0 ? cgroup_thaw(ns->cgroup, e) : r;
}

static int ns_update(struct backend *backend, const struct plan_limits *limits, struct err *e)
{
	int r = ns_need_cgroup(ns_of(backend), e);

	return r == 0 ? cgroup_update(ns_of(backend)->cgroup, limits, e) : r;
}

/* Longest time from a process's giving up its namespaces to its end. */
enum { ENDING_MS = 10000 };

/* An init that is ending has no files left in /proc (or in its cgroup, when another deletes it)
 * before anybody is told that it has ended. */
static int stats_judge(struct ns_backend *ns, int r, struct err *e)
{
	bool is_missing = r == -ENOENT || r == -ESRCH || r == -EINVAL || r == -ENODEV;
	struct err ignored;

	if (is_missing && process_wait_gone(&ns->init, ENDING_MS, &ignored) == 0)
		return refuse(e, ESRCH, "container not running");
	return r;
}

static int ns_stats(struct backend *backend, struct arena *arena, struct stats *ret, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = ns_need_cgroup(ns, e);

	if (r == 0)
		r = cgroup_stats(ns->cgroup, arena, ret, e);
	if (r == 0)
		r = net_interfaces_count(ns->init.pid, arena, ret, e);
	return stats_judge(ns, r, e);
}

static int ns_oom_watch(struct backend *backend, int *ret_fd, struct err *e)
{
	int r = ns_need_cgroup(ns_of(backend), e);

	return r == 0 ? cgroup_oom_watch(ns_of(backend)->cgroup, ret_fd, e) : r;
}

static int ns_oom_count(struct backend *backend, uint64_t *ret, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = ns_open_cgroup(ns, e);

	if (r == 0 && !ns->cgroup)
		return refuse(e, ENOTSUP, "the container has no cgroup");
	return r == 0 ? cgroup_oom_count(ns->cgroup, ret, e) : r;
}

static int ns_pids(struct backend *backend, struct arena *arena, pid_t **ret, size_t *ret_count,
		   struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = ns_open_cgroup(ns, e);

	if (r < 0)
		return r;
	if (ns->cgroup && ns->context.cgroup->driver.value != PLAN_CGROUP_NONE) {
		r = cgroup_pids(ns->cgroup, arena, ret, ret_count, e);
		/* Without rights on cgroups a container runs outside of its own. */
		if (r < 0 || *ret_count > 0)
			return r;
	}
	r = ns_find_init(ns, e);
	if (r < 0)
		return r;
	*ret = arena_new_array(arena, 1, pid_t);
	*ret_count = r == PROCESS_ALIVE ? 1 : 0;
	(*ret)[0] = ns->init.pid;
	return 0;
}

/* They are the host's. */
static int ns_tasks(struct backend *backend, struct arena *arena, struct backend_task **ret,
		    size_t *ret_count, struct err *e)
{
	(void)backend;
	(void)arena;
	(void)e;
	*ret = NULL;
	*ret_count = 0;
	return BACKEND_TASKS_ON_HOST;
}

const struct backend_ops process_backend = {
	.name = "process",
	.probe = ns_probe,
	.open = ns_open,
	.close = ns_close,
	.prepare = ns_prepare,
	.commit = ns_commit,
	.release = ns_release,
	.start = ns_start,
	.exec = ns_exec,
	.checkpoint = ns_checkpoint,
	.restore = ns_restore,
	.status = ns_status,
	.signal = ns_signal,
	.pause = ns_pause,
	.resume = ns_resume,
	.update = ns_update,
	.stats = ns_stats,
	.oom_watch = ns_oom_watch,
	.oom_count = ns_oom_count,
	.tasks = ns_tasks,
	.pids = ns_pids,
	.destroy = ns_destroy,
};
