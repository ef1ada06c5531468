/* pause and resume: the freezer, with the phases that allow it. */
#include "container.h"

int runtime_pause(const struct runtime *runtime, const char *id, struct err *e)
{
	auto_container *container = NULL;

	if (container_find(runtime, id, CONTAINER_CHANGE, &container, e) < 0 ||
	    phase_check(container->phase, VERB_PAUSE, id, e) < 0)
		return -e->code;
	if (container->backend->ops->pause(container->backend, e) < 0)
		return wrap(e, "pause container '%s'", id);
	container_become(container, PHASE_PAUSED);
	return 0;
}

int runtime_resume(const struct runtime *runtime, const char *id, struct err *e)
{
	auto_container *container = NULL;

	if (container_find(runtime, id, CONTAINER_CHANGE, &container, e) < 0 ||
	    phase_check(container->phase, VERB_RESUME, id, e) < 0)
		return -e->code;
	if (container->backend->ops->resume(container->backend, e) < 0)
		return wrap(e, "resume container '%s'", id);
	return 0;
}
