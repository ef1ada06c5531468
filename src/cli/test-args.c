/* The parser of the command line. */
#include "args.h"
#include "tap.h"

struct values {
	struct opt_bool flag, other;
	const char *text, *word;
	struct strv list;
	struct opt_u32 u32;
	struct opt_i64 i64, size;
};

static const char *const words[] = {"red", "green", NULL};

#define ROW(kind_, member, name_, letter_)                                                     \
	{                                                                                      \
		.name = name_, .letter = letter_, .kind = kind_, .value = "V", .help = "help", \
		.offset = offsetof(struct values, member), .words = words                      \
	}

static const struct option_row rows[] = {
	ROW(OPTION_FLAG, flag, "flag", 'f'),
	ROW(OPTION_FLAG, other, "other", 'o'),
	ROW(OPTION_STRING, text, "text", 't'),
	ROW(OPTION_WORD, word, "word", 0),
	ROW(OPTION_STRINGS, list, "list", 'l'),
	ROW(OPTION_U32, u32, "u32", 0),
	ROW(OPTION_I64, i64, "i64", 0),
	ROW(OPTION_SIZE, size, "size", 0),
	{.name = NULL},
};

static struct arena arena;

/* Splits `line` at blanks; "_" stands for an empty word. */
static int parse(const char *line, bool stop, struct values *values, struct strv *rest,
		 struct err *e)
{
	const struct option_set set = {rows, values};
	struct strv argv = str_split(&arena, line, " ", true);
	int index = 0;

	*values = (struct values){0};
	*rest = (struct strv){0};
	for (size_t i = 0; i < argv.count; i++) {
		if (str_is(argv.items[i], "_"))
			argv.items[i] = (char *)"";
	}
	return args_parse(&arena, &set, 1, argv.items, (int)argv.count, &index, stop, rest, e);
}

static void refused(const char *line, const char *why)
{
	struct values values;
	struct strv rest;
	struct err e = {0};

	check(parse(line, false, &values, &rest, &e) < 0);
	check_contains(e.text, why);
}

static void test_forms(void)
{
	static const char *const lines[] = {"--text v", "--text=v", "-text v",
					    "-text=v",	"-t v",	    "-t=v"};
	struct values values;
	struct strv rest;
	struct err e;

	for (size_t i = 0; i < sizeof(lines) / sizeof(lines[0]); i++) {
		check_number(parse(lines[i], false, &values, &rest, &e), 0);
		check_text(values.text, "v");
		check_number(rest.count, 0);
	}
	check_number(parse("--text=", false, &values, &rest, &e), 0);
	check_text(values.text, "");
	check_number(parse("--text --flag", false, &values, &rest, &e), 0);
	check_text(values.text, "--flag");
	check_number(parse("-l=a=1,2 --list b", false, &values, &rest, &e), 0);
	check_number(values.list.count, 2);
	check_text(values.list.items[0], "a=1,2");
}

static void test_flags(void)
{
	struct values values;
	struct strv rest;
	struct err e;

	check_number(parse("--flag --other=false id", false, &values, &rest, &e), 0);
	check(values.flag.value && values.other.is_set && !values.other.value);
	check_text(rest.items[0], "id");
	check_number(parse("-fo", false, &values, &rest, &e), 0);
	check(values.flag.value && values.other.value);
	check_number(parse("-fot v", false, &values, &rest, &e), 0);
	check_text(values.text, "v");
	check_number(parse("-flag", false, &values, &rest, &e), 0);
	check(values.flag.value && !values.other.is_set);
	check_number(parse("--flag true", false, &values, &rest, &e), 0);
	check_text(rest.items[0], "true");
}

static void test_order(void)
{
	struct values values;
	struct strv rest;
	struct err e;

	check_number(parse("id --flag", false, &values, &rest, &e), 0);
	check(values.flag.value);
	check_number(parse("--flag id --other -x", true, &values, &rest, &e), 0);
	check(values.flag.value && !values.other.is_set);
	check_number(rest.count, 3);
	check_number(parse("-- --flag", false, &values, &rest, &e), 0);
	check(!values.flag.is_set);
	check_text(rest.items[0], "--flag");
	check_number(parse("- _", false, &values, &rest, &e), 0);
	check_number(rest.count, 2);
}

static void test_values(void)
{
	struct values values;
	struct strv rest;
	struct err e;

	check_number(parse("--word green --u32 7 --i64=-1 --size 512m", false, &values, &rest, &e),
		     0);
	check_text(values.word, "green");
	check_number(values.u32.value, 7);
	check_number(values.i64.value, -1);
	check_number(values.size.value, 512LL * 1024 * 1024);
	refused("--word blue", "--word: must be one of red, green, not 'blue'");
	refused("--u32 -1", "--u32");
	refused("--u32 4294967296", "out of range");
	refused("--u32 0x10", "--u32");
	refused("--i64 1.5", "--i64");
	refused("--size x", "--size");
	refused("--flag=maybe", "must be true or false");
	refused("--text", "requires an argument");
	refused("-ft", "requires an argument");
	refused("--nosuch", "unknown option '--nosuch'");
	refused("-x", "unknown option '-x'");
	refused("-fx", "unknown option '-fx'");
	refused("-tv", "unknown option '-tv'");
	refused("--Flag", "unknown option");
	refused("---flag", "unknown option");
	refused("--=x", "unknown option");
}

static void test_help(void)
{
	auto_buf text = {0};

	args_help(rows, &text);
	check_contains(buf_text(&text), "  --flag, -f ");
	check_contains(buf_text(&text), "  --text, -t V ");
}

int main(void)
{
	test_forms();
	test_flags();
	test_order();
	test_values();
	test_help();
	arena_done(&arena);
	return tap_done();
}
