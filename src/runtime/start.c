/*
 * start: steps 6 to 9 of the lifecycle in runtime.md.
 *
 * What fails here, a startContainer hook, the program's execve, a poststart hook, ends the
 * container. It stays as a stopped one: whoever asked for start also asks for delete, and looks
 * at the state in between.
 */
#include "base/log.h"
#include "container.h"
#include "hooks.h"
#include "interrupt.h"
#include "notify.h"

#include <errno.h>
#include <signal.h>

enum { STOP_MS = 10000 };

static int program_start(struct container *container, struct err *e)
{
	if (!container->record.has_process.value)
		return refuse(e, EINVAL,
			      "process: is required to start container '%s', its configuration "
			      "has none",
			      container->id);
	if (container->backend->ops->start(container->backend, e) < 0)
		return -e->code;
	container_become(container, PHASE_RUNNING);
	return 0;
}

int container_poststart(struct container *container, struct err *e)
{
	const struct oci_config *config;
	struct oci_state state;

	if (!container->record.has_poststart.value)
		return 0;
	if (container_config(container, &config, e) < 0)
		return -e->code;
	container_describe(container, phase_name(PHASE_RUNNING), false, &state);
	return hooks_run(config, OCI_HOOK_POSTSTART, &state, e);
}

/* Ends what is left of it; the error that is told is the one before. */
static void start_stop(struct container *container)
{
	struct backend *backend = container->backend;
	struct err why;

	if (backend->ops->signal(backend, SIGKILL, true, &why) < 0)
		log_debug("stop container '%s': %s", container->id, why.text);
	if (process_wait_gone(&container->init, STOP_MS, &why) != 0)
		log_debug("container '%s' does not end", container->id);
}

int container_start(struct container *container, struct err *e)
{
	auto_fd int notify_fd = FD_NONE;

	/* Without a program nothing has begun that would have to be stopped. */
	if (!container->record.has_process.value)
		return program_start(container, e);
	interrupt_kill(container->init.pidfd);
	if (notify_open(container, &notify_fd, e) < 0 || program_start(container, e) < 0 ||
	    container_poststart(container, e) < 0) {
		start_stop(container);
		return interrupt_blame(e);
	}
	interrupt_kill(FD_NONE);
	if (notify_fd >= 0 && notify_forward(container, notify_fd, e) < 0)
		log_warning("%s", e->text);
	return 0;
}

int runtime_start(const struct runtime *runtime, const char *id, struct err *e)
{
	auto_container *container = NULL;
	int r;

	if (container_find(runtime, id, CONTAINER_CHANGE, &container, e) < 0 ||
	    phase_check(container->phase, VERB_START, id, e) < 0 || interrupt_begin(e) < 0)
		return -e->code;
	r = container_start(container, e);
	(void)interrupt_end();
	return r;
}
