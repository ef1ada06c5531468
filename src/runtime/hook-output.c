/* Files for what hooks print, as crun has them: run.oci.hooks.stdout and run.oci.hooks.stderr. */
#include "hook-output.h"

#include "base/fd.h"
#include "kern/hook.h"

void hook_output_done(struct hook_output *output)
{
	fd_close(&output->out);
	fd_close(&output->error);
}

int hook_output_open(const struct oci_config *config, struct hook_output *ret, struct err *e)
{
	const struct map *annotations = &config->annotations;

	if (hook_file_open(map_get(annotations, HOOK_STDOUT), HOOK_STDOUT, &ret->out, e) < 0 ||
	    hook_file_open(map_get(annotations, HOOK_STDERR), HOOK_STDERR, &ret->error, e) < 0)
		return -e->code;
	return 0;
}
