/* delete: the end of a container. */
#include "cli.h"

struct options {
	struct opt_bool force;
};

static const struct option_row options[] = {
	{.name = "force",
	 .letter = 'f',
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct options, force),
	 .help = "kill it if it runs; an unknown id is no error"},
	{.name = NULL},
};

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;

	return runtime_delete(&call->runtime, call->words.items[0], given->force.value, e);
}

const struct command command_delete = {
	.name = "delete",
	.arguments = "ID",
	.summary = "remove a container and all it used",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
