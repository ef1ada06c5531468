/*
 * The end of a container, from whatever phase: lifecycle steps 12 and 13 of runtime.md.
 *
 * The backend removes first and answers 0 only when it has checked that nothing is left; only then
 * the directory goes, since it is what a repeated `delete` starts from. poststop hooks run when
 * nothing of the container exists any more, so what they need is read before.
 */
#include "base/log.h"
#include "container.h"
#include "hooks.h"
#include "store.h"

#include <errno.h>

/* The configuration for the hooks, or NULL; that it cannot be read must not keep anything alive. */
static const struct oci_config *hooks_config(struct container *container)
{
	const struct oci_config *config;
	struct err why;
	char text[1200];

	if (container->state_fd < 0 ||
	    (container->damage.code == 0 && !container->record.has_poststop.value))
		return NULL;
	if (container_config(container, &config, &why) == 0)
		return config;
	if (container->record.has_poststop.value)
		log_warning("poststop hooks do not run: %s", err_format(&why, text, sizeof(text)));
	return NULL;
}

static int resources_destroy(struct container *container, struct err *e)
{
	if (!container->record.cgroup) {
		/* The copy is written before anything is made, so without it nothing was. */
		log_debug("container '%s' has no record of resources", container->id);
		return 0;
	}
	if (container_backend(container, e) < 0)
		return -e->code;
	return container->backend->ops->destroy(container->backend, e);
}

int container_destroy(struct container *container, struct err *e)
{
	const struct oci_config *config = hooks_config(container);
	struct oci_state state;

	if (resources_destroy(container, e) < 0 ||
	    store_remove(container->root_fd, container->id, e) < 0)
		return wrap(e, "remove container '%s'", container->id);
	container->phase = PHASE_GONE;
	if (!config)
		return 0;
	container_describe(container, phase_name(PHASE_STOPPED), false, &state);
	if (!state.bundle)
		state.bundle = "/";
	return hooks_run(config, OCI_HOOK_POSTSTOP, &state, e);
}

void container_undo(struct container *container)
{
	struct err why;
	char text[1200];

	if (container_destroy(container, &why) < 0)
		log_warning("undoing failed too, 'delete --force %s' removes what is left: %s",
			    container->id, err_format(&why, text, sizeof(text)));
}
