/* restore: as run, from the files of a checkpoint. */
#include "foreground.h"
#include "images.h"
#include "interrupt.h"
#include "make.h"

#include <errno.h>

static int restore_make(struct making *making, const struct runtime_restore *options, struct err *e)
{
	struct backend_restore restore = {
		.lsm_profile = options->lsm_profile,
		.lsm_mount_context = options->lsm_mount_context,
	};
	int r;

	if (images_open(&options->images, &making->config->annotations, false,
			&making->container->arena, &restore.images, e) < 0)
		return -e->code;
	r = interrupt_begin(e);
	if (r == 0)
		r = making_restore(making, &restore, e);
	images_done(&restore.images);
	return r < 0 ? wrap(e, "restore of container '%s'", options->create.id) : 0;
}

int runtime_restore(const struct runtime *runtime, const struct runtime_restore *options,
		    int *ret_status, struct err *e)
{
	__attribute__((cleanup(making_done))) struct making making;

	*ret_status = 0;
	if (making_plan(&making, runtime, &options->create, options->create.detach, e) < 0)
		return -e->code;
	if (!making.plan->process)
		return refuse(e, EINVAL, "process: is required to restore a container");
	if (!options->create.detach && !options->create.no_subreaper &&
	    process_set_subreaper(true, e) < 0)
		return -e->code;
	if (restore_make(&making, options, e) < 0)
		return -e->code;
	if (options->create.detach) {
		(void)interrupt_end();
		return 0;
	}
	return making_finish(&making, ret_status, e);
}
