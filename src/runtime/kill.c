/*
 * kill: one signal, to the init or to all.
 *
 * No lock is taken: whoever is stuck in `start` with a hanging hook must still be killable.
 */
#include "container.h"

#include <errno.h>
#include <signal.h>

int runtime_kill(const struct runtime *runtime, const char *id, int signal, bool all, struct err *e)
{
	auto_container *container = NULL;
	bool is_stopped;
	int r;

	if (container_find(runtime, id, CONTAINER_LOOK, &container, e) < 0 ||
	    container_refresh(container, e) < 0)
		return -e->code;
	is_stopped = container->phase == PHASE_STOPPED;
	if (!(all && is_stopped) && phase_check(container->phase, VERB_KILL, id, e) < 0)
		return -e->code;
	if (!container->backend)
		return 0; /* --all, and create never got far enough */
	r = container->backend->ops->signal(container->backend, signal, all, e);
	/* Without a pid namespace of its own its processes may outlive the init: they were sent it.
	 */
	if (r < 0 && all && is_stopped && e->code == ESRCH)
		return 0;
	if (r < 0)
		return r;
	if (signal != SIGKILL || container->phase != PHASE_PAUSED)
		return 0;
	/* With cgroup v1 a frozen process takes no signal, not even this one; with v2 it may have
	 * ended by now. */
	r = container->backend->ops->resume(container->backend, e);
	return r < 0 && e->code == ESRCH ? 0 : r;
}
