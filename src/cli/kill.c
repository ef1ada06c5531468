/* kill: a signal to a container. */
#include "cli.h"
#include "oci/names.h"

struct options {
	struct opt_bool all;
};

static const struct option_row options[] = {
	{.name = "all",
	 .letter = 'a',
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct options, all),
	 .help = "to every process of the container"},
	{.name = NULL},
};

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	const char *name = call->words.count > 1 ? call->words.items[1] : "TERM";
	int signal;

	if (oci_signal_parse(name, &signal, e) < 0)
		return -e->code;
	return runtime_kill(&call->runtime, call->words.items[0], signal, given->all.value, e);
}

const struct command command_kill = {
	.name = "kill",
	.arguments = "ID [SIGNAL]",
	.summary = "send a signal, SIGTERM unless told otherwise",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 2,
	.stop_at_first = true,
	.run = run,
};
