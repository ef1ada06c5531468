/* check: whether this host can run containers, at which level and how fast. */
#include "cli.h"

enum { EXIT_CANNOT = 1 };

static const struct option_row no_options[] = {{.name = NULL}};

static int run(struct call *call, struct err *e)
{
	auto_buf text = {0};
	bool works = false;

	if (runtime_check(&call->runtime, call->arena, &text, &works, e) < 0)
		return -e->code;
	if (!works)
		call->exit_code = EXIT_CANNOT;
	return output_write(&text, e);
}

const struct command command_check = {
	.name = "check",
	.arguments = "",
	.summary = "try which isolation levels this host can run",
	.options = no_options,
	.needs_no_root = true,
	.run = run,
};
