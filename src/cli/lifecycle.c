/* The commands that only take an id: start, pause, resume. */
#include "cli.h"

static const struct option_row no_options[] = {{.name = NULL}};

static int start_run(struct call *call, struct err *e)
{
	return runtime_start(&call->runtime, call->words.items[0], e);
}

static int pause_run(struct call *call, struct err *e)
{
	return runtime_pause(&call->runtime, call->words.items[0], e);
}

static int resume_run(struct call *call, struct err *e)
{
	return runtime_resume(&call->runtime, call->words.items[0], e);
}

const struct command command_start = {
	.name = "start",
	.arguments = "ID",
	.summary = "run the program of a created container",
	.options = no_options,
	.words_min = 1,
	.words_max = 1,
	.run = start_run,
};

const struct command command_pause = {
	.name = "pause",
	.arguments = "ID",
	.summary = "freeze all processes of a container",
	.options = no_options,
	.words_min = 1,
	.words_max = 1,
	.run = pause_run,
};

const struct command command_resume = {
	.name = "resume",
	.arguments = "ID",
	.summary = "thaw a paused container",
	.options = no_options,
	.words_min = 1,
	.words_max = 1,
	.run = resume_run,
};
