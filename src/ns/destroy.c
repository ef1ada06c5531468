/*
 * Undoing everything that create may have made, from whatever state: the init by its pidfd and
 * birth, everybody else by the cgroup, then the cgroup, the FIFOs, the resctrl groups. Absent is
 * done; 0 is returned only when it was looked that nothing is left.
 */
#include "internal.h"

#include "base/log.h"

#include <signal.h>
#include <sys/wait.h>

#define PATIENCE_MS 10000

/* In a create that fails the init is our child: nobody else would reap it. */
static void reap_own(struct ns_backend *ns)
{
	if (ns->handshake.sock >= 0)
		(void)waitpid(ns->init.pid, NULL, WNOHANG | __WALL);
}

static int kill_init(struct ns_backend *ns, struct err *e)
{
	int r = ns_find_init(ns, e);

	if (r == PROCESS_GONE)
		reap_own(ns);
	if (r != PROCESS_ALIVE)
		return r < 0 ? r : 0;
	r = process_signal(&ns->init, SIGKILL, e);
	return r < 0 ? r : 0;
}

static int await_init(struct ns_backend *ns, struct err *e)
{
	int r = ns_find_init(ns, e);

	if (r != PROCESS_ALIVE)
		return r < 0 ? r : 0;
	r = process_wait_gone(&ns->init, PATIENCE_MS, e);
	if (r == 1)
		return refuse(e, EBUSY, "the container's init (pid %d) does not die",
			      (int)ns->init.pid);
	if (r == 0)
		reap_own(ns);
	return r;
}

int ns_destroy(struct backend *backend, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = ns_open_cgroup(ns, e);

	/* A path that cannot be a cgroup's was refused when it was to be made. */
	if (r == -EINVAL)
		r = 0;
	if (r == 0)
		r = kill_init(ns, e);
	/* A frozen init dies when it is thawed; in a shared pid namespace there are others. */
	if (r == 0 && ns->cgroup)
		r = cgroup_thaw(ns->cgroup, e);
	if (r == 0)
		r = await_init(ns, e);
	if (r == 0 && ns->cgroup)
		r = cgroup_remove(ns->cgroup, e);
	if (r == 0 && ns->context.intel_rdt)
		r = resctrl_remove(ns->context.intel_rdt, e);
	if (r == 0)
		r = fifo_remove(ns->context.state_fd, e);
	if (r == 0)
		handshake_done(&ns->handshake);
	return r;
}
