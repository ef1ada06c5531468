/*
 * Runs a table of configurations and what parsing must say about each. JSON is written with
 * single quotes. A row's name is what spec/coverage.md refers to.
 */
#ifndef OCI_TEST_ROWS_H
#define OCI_TEST_ROWS_H

#include "base/log.h"
#include "oci/load.h"
#include "tap.h"

#include <stdlib.h>

#define CONFIG(members)	    "{'ociVersion':'1.3.0','root':{'path':'rootfs'}," members "}"
#define WITH_LINUX(members) CONFIG("'linux':{" members "}")
#define NAMESPACE(type)	    "{'type':'" type "'}"

struct row {
	const char *name;
	const char *json;
	const char *error;   /* NULL: must be accepted; ends in "..." when only the start counts */
	const char *warning; /* NULL: no warning may be logged */
};

enum row_kind { ROW_CONFIG, ROW_PROCESS, ROW_RESOURCES };

static char row_warning[1024];

static void row_sink(enum log_level level, const char *text, void *data)
{
	(void)data;
	if (level == LOG_LEVEL_WARNING)
		(void)snprintf(row_warning, sizeof(row_warning), "%s", text);
}

static inline int row_parse(struct arena *arena, enum row_kind kind, const char *text, size_t size,
			    struct err *e)
{
	const struct oci_config *config;
	const struct oci_process *process;
	const struct oci_resources *resources;

	switch (kind) {
	case ROW_CONFIG:
		return oci_config_parse(arena, text, size, &config, NULL, e);
	case ROW_PROCESS:
		return oci_process_parse(arena, text, size, &process, e);
	case ROW_RESOURCES:
		return oci_resources_parse(arena, text, size, &resources, e);
	}
	return -1;
}

static inline bool row_matches(const char *actual, const char *expected)
{
	size_t length = strlen(expected);

	if (str_ends(expected, "..."))
		return strncmp(actual, expected, length - 3) == 0;
	return str_is(actual, expected);
}

static inline void row_check(enum row_kind kind, const struct row *row)
{
	auto_arena arena = {0};
	char *text = arena_strdup(&arena, row->json);
	struct err e = {0};
	int r;

	for (char *c = text; *c != '\0'; c++)
		if (*c == '\'')
			*c = '"';
	row_warning[0] = '\0';
	r = row_parse(&arena, kind, text, strlen(text), &e);
	if (row->error)
		tap_check(r < 0 && row_matches(e.text, row->error), __FILE__, __LINE__,
			  "%s: refused by '%s', must be '%s'", row->name, e.text, row->error);
	else
		tap_check(r == 0, __FILE__, __LINE__, "%s: accepted (%s)", row->name, e.text);
	tap_check(row_matches(row_warning, row->warning ? row->warning : ""), __FILE__, __LINE__,
		  "%s: warns '%s', must be '%s'", row->name, row_warning,
		  row->warning ? row->warning : "");
}

static inline void rows_check(enum row_kind kind, const struct row *rows, size_t count)
{
	log_set_sink(row_sink, NULL);
	for (size_t i = 0; i < count; i++)
		row_check(kind, &rows[i]);
}

#define ROWS_CHECK(kind, rows) rows_check((kind), (rows), sizeof(rows) / sizeof((rows)[0]))

#endif
