/*
 * Options by table: the same rows fill a struct, check values and print the help.
 *
 * "--name value", "--name=value", "-name value" (callers really send that), "-n value", "-n=value";
 * flags also "--name=true|false", and letters of flags together ("-td"). "--" ends options.
 */
#ifndef CLI_ARGS_H
#define CLI_ARGS_H

#include "base/buf.h"
#include "base/opt.h"
#include "base/str.h"

enum option_kind {
	OPTION_FLAG,	/* struct opt_bool */
	OPTION_STRING,	/* const char * */
	OPTION_STRINGS, /* struct strv; may be repeated, never split */
	OPTION_WORD,	/* const char *, one of `words` */
	OPTION_U32,	/* struct opt_u32 */
	OPTION_U64,	/* struct opt_u64 */
	OPTION_I64,	/* struct opt_i64 */
	OPTION_SIZE,	/* struct opt_i64: "512m", -1 */
};

struct option_row {
	const char *name; /* NULL ends a table */
	char letter;	  /* 0 = none */
	enum option_kind kind;
	size_t offset;
	const char *value; /* what the help calls it: "FILE" */
	const char *help;
	const char *const *words; /* OPTION_WORD; NULL ends */
};

/* A table and the struct it fills. */
struct option_set {
	const struct option_row *rows;
	void *values;
};

/*
 * Parses words from `*index` on; sets are searched in order. Positional words are pushed to `rest`.
 * With stop_at_first the first positional word ends the parsing: it and all that follows are
 * pushed. *index is then where parsing stopped.
 */
int args_parse(struct arena *arena, const struct option_set *sets, size_t set_count, char **argv,
	       int argc, int *index, bool stop_at_first, struct strv *rest,
	       struct err *e) must_check;

/* "  --name, -n VALUE   help" lines. */
void args_help(const struct option_row *rows, struct buf *out);

#endif
