/*
 * checkpoint and restore are refused, whatever follows them: engines take a help text, or a
 * complaint about a missing value, for support.
 */
#include "cli.h"

#include <errno.h>

static const struct option_row no_options[] = {{.name = NULL}};

static int checkpoint_run(struct call *call, struct err *e)
{
	(void)call;
	return refuse(e, ENOSYS, "checkpoint: not supported");
}

static int restore_run(struct call *call, struct err *e)
{
	(void)call;
	return refuse(e, ENOSYS, "restore: not supported");
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "not supported",
	.options = no_options,
	.is_refused = true,
	.run = checkpoint_run,
};

const struct command command_restore = {
	.name = "restore",
	.arguments = "ID",
	.summary = "not supported",
	.options = no_options,
	.is_refused = true,
	.run = restore_run,
};
