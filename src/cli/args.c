/*
 * The command line's own parser.
 *
 * getopt_long(3) takes "-no-subreaper" for a cluster of letters, but engines send long options
 * that way; and options are wanted before and after the container's id, except where the words
 * behind the id belong to somebody else's program.
 */
#include "args.h"

#include "base/num.h"

#include <errno.h>

static void *place(const struct option_set *set, const struct option_row *row)
{
	return (char *)set->values + row->offset;
}

static int flag_set(const struct option_row *row, const char *text, struct opt_bool *ret,
		    struct err *e)
{
	if (!text || str_is(text, "true") || str_is(text, "1") || str_is(text, "t"))
		*ret = (struct opt_bool){true, true};
	else if (str_is(text, "false") || str_is(text, "0") || str_is(text, "f"))
		*ret = (struct opt_bool){true, false};
	else
		return refuse(e, EINVAL, "--%s: must be true or false, not '%s'", row->name, text);
	return 0;
}

static int word_set(struct arena *arena, const struct option_row *row, const char *text,
		    const char **ret, struct err *e)
{
	struct strv all = {0};

	for (size_t i = 0; row->words[i]; i++) {
		if (str_is(row->words[i], text)) {
			*ret = row->words[i];
			return 0;
		}
		strv_push(&all, arena, row->words[i]);
	}
	return refuse(e, EINVAL, "--%s: must be one of %s, not '%s'", row->name,
		      strv_join(arena, &all, ", "), text);
}

static int number_check(const struct option_row *row, const char *text, int r, struct err *e)
{
	if (r == 0)
		return 0;
	return refuse(e, EINVAL, "--%s: '%s' is %s", row->name, text,
		      r == -ERANGE ? "out of range" : "not a number it can take");
}

static int value_set(struct arena *arena, const struct option_set *set,
		     const struct option_row *row, const char *text, struct err *e)
{
	void *at = place(set, row);
	struct opt_u32 *u32 = at;
	struct opt_u64 *u64 = at;
	struct opt_i64 *i64 = at;
	int r;

	switch (row->kind) {
	case OPTION_FLAG:
		return flag_set(row, text, at, e);
	case OPTION_STRING:
		*(const char **)at = text;
		return 0;
	case OPTION_STRINGS:
		strv_push(at, arena, text);
		return 0;
	case OPTION_WORD:
		return word_set(arena, row, text, at, e);
	case OPTION_U32:
		r = num_u32(text, &u32->value);
		u32->is_set = true;
		return number_check(row, text, r, e);
	case OPTION_U64:
		r = num_u64(text, &u64->value);
		u64->is_set = true;
		return number_check(row, text, r, e);
	case OPTION_I64:
		r = num_i64(text, &i64->value);
		i64->is_set = true;
		return number_check(row, text, r, e);
	case OPTION_SIZE:
		r = num_size(text, &i64->value);
		i64->is_set = true;
		return number_check(row, text, r, e);
	}
	return refuse(e, EINVAL, "--%s: unknown kind of option", row->name);
}

struct found {
	const struct option_set *set;
	const struct option_row *row;
};

static bool find_name(const struct option_set *sets, size_t count, const char *name, size_t length,
		      struct found *ret)
{
	for (size_t i = 0; i < count; i++) {
		for (const struct option_row *row = sets[i].rows; row->name; row++) {
			if (strlen(row->name) == length && memcmp(row->name, name, length) == 0) {
				*ret = (struct found){&sets[i], row};
				return true;
			}
		}
	}
	return false;
}

static bool find_letter(const struct option_set *sets, size_t count, char letter, struct found *ret)
{
	for (size_t i = 0; i < count; i++) {
		for (const struct option_row *row = sets[i].rows; row->name; row++) {
			if (row->letter == letter) {
				*ret = (struct found){&sets[i], row};
				return true;
			}
		}
	}
	return false;
}

struct parse {
	struct arena *arena;
	const struct option_set *sets;
	size_t set_count;
	char **argv;
	int argc;
	int index;
};

/* Gives the option its value: behind "=", or the next word. */
static int option_take(struct parse *parse, const struct found *found, const char *attached,
		       struct err *e)
{
	const char *text = attached;

	if (found->row->kind != OPTION_FLAG && !text) {
		if (parse->index >= parse->argc)
			return refuse(e, EINVAL, "--%s: requires an argument (%s)",
				      found->row->name, found->row->value);
		text = parse->argv[parse->index++];
	}
	return value_set(parse->arena, found->set, found->row, text, e);
}

/* Letters: all but the last must be flags. */
static int letters_parse(struct parse *parse, const char *word, struct err *e)
{
	struct found found;

	for (const char *letter = word + 1; *letter; letter++) {
		const char *attached = NULL;

		if (!find_letter(parse->sets, parse->set_count, *letter, &found))
			return refuse(e, EINVAL, "unknown option '%s'", word);
		if (letter[1] == '=')
			attached = letter + 2;
		else if (letter[1] && found.row->kind != OPTION_FLAG)
			return refuse(e, EINVAL, "unknown option '%s'", word);
		if (option_take(parse, &found, attached, e) < 0)
			return -e->code;
		if (attached)
			return 0;
	}
	return 0;
}

static int option_parse(struct parse *parse, const char *word, struct err *e)
{
	const char *name = word + (word[1] == '-' ? 2 : 1);
	size_t length = strcspn(name, "=");
	struct found found;

	if (find_name(parse->sets, parse->set_count, name, length, &found))
		return option_take(parse, &found, name[length] ? name + length + 1 : NULL, e);
	if (word[1] == '-')
		return refuse(e, EINVAL, "unknown option '%s'", word);
	return letters_parse(parse, word, e);
}

int args_parse(struct arena *arena, const struct option_set *sets, size_t set_count, char **argv,
	       int argc, int *index, bool stop_at_first, struct strv *rest, struct err *e)
{
	struct parse parse = {arena, sets, set_count, argv, argc, *index};
	bool options_ended = false;

	while (parse.index < argc) {
		const char *word = argv[parse.index];

		if (!options_ended && str_is(word, "--")) {
			options_ended = true;
			parse.index++;
			continue;
		}
		if (!options_ended && word[0] == '-' && word[1]) {
			parse.index++;
			if (option_parse(&parse, word, e) < 0)
				return -e->code;
			continue;
		}
		if (stop_at_first)
			break;
		parse.index++;
		strv_push(rest, arena, word);
	}
	*index = parse.index;
	for (; stop_at_first && parse.index < argc; parse.index++)
		strv_push(rest, arena, argv[parse.index]);
	return 0;
}

void args_help(const struct option_row *rows, struct buf *out)
{
	enum { HELP_COLUMN = 34 };

	for (const struct option_row *row = rows; row->name; row++) {
		size_t start = out->size;

		buf_printf(out, "  --%s", row->name);
		if (row->letter)
			buf_printf(out, ", -%c", row->letter);
		if (row->value)
			buf_printf(out, " %s", row->value);
		if (out->size - start >= HELP_COLUMN)
			buf_append_str(out, "\n                                  ");
		while (out->size - start < HELP_COLUMN)
			buf_append_char(out, ' ');
		buf_printf(out, "%s\n", row->help);
	}
}
