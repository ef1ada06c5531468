/*
 * run: create and start in one process, and in the foreground the wait and delete too.
 *
 * The lock is given back before the wait: others must be able to pause, update or delete what
 * runs for days.
 */
#include "base/clock.h"
#include "foreground.h"
#include "interrupt.h"
#include "make.h"
#include "store.h"

#include <errno.h>

/* The same handle serves: what it knows of the host and of itself has not changed. */
static int run_delete(struct container *container, struct err *e)
{
	uint64_t deadline = clock_now() + CONTAINER_LOCK_SECONDS * 1000000000ULL;
	int r = store_lock(container->root_fd, container->id, container->state_fd, deadline,
			   &container->lock_fd, e);

	if (r == STORE_ABSENT)
		return 0; /* somebody else was faster */
	if (r < 0 || container_destroy(container, e) < 0)
		return wrap(e, "delete the container after its end");
	return 0;
}

static int run_wait(struct making *making, int *ret_status, struct err *e)
{
	struct container *container = making->container;
	int console = take_fd(&making->process.console_fd);

	fd_close(&container->lock_fd);
	return foreground_wait(&container->init, console, ret_status, e);
}

int making_finish(struct making *making, int *ret_status, struct err *e)
{
	if (run_wait(making, ret_status, e) < 0)
		return -e->code;
	return making->options->keep ? 0 : run_delete(making->container, e);
}

int runtime_run(const struct runtime *runtime, const struct runtime_create *options,
		int *ret_status, struct err *e)
{
	__attribute__((cleanup(making_done))) struct making making;

	*ret_status = 0;
	if (making_plan(&making, runtime, options, options->detach, e) < 0)
		return -e->code;
	if (!making.plan->process)
		return refuse(e, EINVAL, "process: is required to run a container");
	/* Orphans of the container's become ours, and are reaped with it. */
	if (!options->detach && !options->no_subreaper && process_set_subreaper(true, e) < 0)
		return -e->code;
	if (interrupt_begin(e) < 0 || making_act(&making, e) < 0)
		return -e->code;
	if (container_start(making.container, e) < 0) {
		(void)interrupt_end();
		container_undo(making.container);
		return -e->code;
	}
	if (options->detach) {
		(void)interrupt_end();
		return 0;
	}
	return making_finish(&making, ret_status, e);
}
