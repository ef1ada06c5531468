/* list: all containers below the root. */
#include "base/log.h"
#include "cli.h"

struct options {
	const char *format;
	struct opt_bool quiet;
};

static const char *const format_words[] = {"table", "json", NULL};

static const struct option_row options[] = {
	{.name = "format",
	 .letter = 'f',
	 .kind = OPTION_WORD,
	 .offset = offsetof(struct options, format),
	 .value = "FORMAT",
	 .help = "table or json",
	 .words = format_words},
	{.name = "quiet",
	 .letter = 'q',
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct options, quiet),
	 .help = "ids only"},
	{.name = NULL},
};

static void broken(const char *id, const struct err *why, void *data)
{
	char text[1200];

	(void)data;
	log_warning("container '%s': %s", id, err_format(why, text, sizeof(text)));
}

static void write_ids(const struct oci_state *states, size_t count, struct buf *out)
{
	for (size_t i = 0; i < count; i++)
		buf_printf(out, "%s\n", states[i].id);
}

static void write_json(const struct oci_state *states, size_t count, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		oci_state_write(&states[i], &w);
	json_end_array(&w);
	buf_append_char(out, '\n');
}

enum { COLUMNS = 6, GAP = 4 };

static const char *const headings[COLUMNS] = {"ID", "PID", "STATUS", "BUNDLE", "CREATED", "OWNER"};

static const char *cell(struct arena *arena, const struct oci_state *state, int column)
{
	switch (column) {
	case 0:
		return state->id;
	case 1:
		return arena_printf(arena, "%d", state->pid);
	case 2:
		return state->status;
	case 3:
		return state->bundle;
	case 4:
		return state->created;
	default:
		return state->owner;
	}
}

static void write_row(const char *const *cells, const int *widths, struct buf *out)
{
	for (int i = 0; i < COLUMNS - 1; i++)
		buf_printf(out, "%-*s", widths[i] + GAP, cells[i]);
	buf_printf(out, "%s\n", cells[COLUMNS - 1]);
}

static void write_table(struct arena *arena, const struct oci_state *states, size_t count,
			struct buf *out)
{
	const char **cells = arena_new_array(arena, (count + 1) * COLUMNS, const char *);
	int widths[COLUMNS] = {0};

	memcpy(cells, headings, sizeof(headings));
	for (size_t row = 1; row <= count; row++) {
		for (int i = 0; i < COLUMNS; i++)
			cells[row * COLUMNS + (size_t)i] = cell(arena, &states[row - 1], i);
	}
	for (size_t at = 0; at < (count + 1) * COLUMNS; at++) {
		int length = (int)strlen(cells[at]);

		if (length > widths[at % COLUMNS])
			widths[at % COLUMNS] = length;
	}
	for (size_t row = 0; row <= count; row++)
		write_row(cells + row * COLUMNS, widths, out);
}

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	struct oci_state *states;
	auto_buf text = {0};
	size_t count;

	if (runtime_list(&call->runtime, call->arena, broken, NULL, &states, &count, e) < 0)
		return -e->code;
	if (given->quiet.value)
		write_ids(states, count, &text);
	else if (given->format && str_is(given->format, "json"))
		write_json(states, count, &text);
	else
		write_table(call->arena, states, count, &text);
	return output_write(&text, e);
}

const struct command command_list = {
	.name = "list",
	.arguments = "",
	.summary = "list containers",
	.options = options,
	.options_size = sizeof(struct options),
	.run = run,
};
