/* state: the state document of a container. */
#include "cli.h"

static const struct option_row no_options[] = {{.name = NULL}};

static int run(struct call *call, struct err *e)
{
	auto_buf text = {0};
	struct oci_state state;
	struct json_writer w;

	if (runtime_state(&call->runtime, call->arena, call->words.items[0], &state, e) < 0)
		return -e->code;
	json_writer_init(&w, &text, 2);
	oci_state_write(&state, &w);
	buf_append_char(&text, '\n');
	return output_write(&text, e);
}

const struct command command_state = {
	.name = "state",
	.arguments = "ID",
	.summary = "print the state of a container",
	.options = no_options,
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
