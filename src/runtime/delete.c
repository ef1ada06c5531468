/*
 * delete: from any phase with `force`, else of stopped and created containers.
 *
 * The specification allows stopped ones alone; engines also delete created ones that way, and every
 * runtime lets them.
 */
#include "base/log.h"
#include "container.h"
#include "store.h"

#include <errno.h>

static int delete_absent(struct container *container, const char *id, bool force, struct err *e)
{
	/* A delete that was killed after the renaming has left a directory, nothing else. */
	if (container->root_fd >= 0 && store_sweep(container->root_fd, e) < 0)
		return -e->code;
	if (force)
		return 0;
	return refuse(e, ENOENT, "container does not exist: '%s'", id);
}

int runtime_delete(const struct runtime *runtime, const char *id, bool force, struct err *e)
{
	auto_container *container = NULL;
	int r = container_open(runtime, id, CONTAINER_END, &container, e);

	if (r < 0)
		return r;
	if (r == CONTAINER_ABSENT)
		return delete_absent(container, id, force, e);
	if (container->damage.code != 0 && !force) {
		*e = container->damage;
		return -e->code;
	}
	if (!force && (container_refresh(container, e) < 0 ||
		       phase_check(container->phase, VERB_DELETE, id, e) < 0))
		return -e->code;
	if (container_destroy(container, e) < 0)
		return -e->code;
	return store_sweep(container->root_fd, e);
}
