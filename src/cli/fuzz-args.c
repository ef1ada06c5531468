/* Words of a command line, one a line of the input, against the tables of real options. */
#include "args.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct values {
	struct opt_bool flag;
	const char *text, *word;
	struct strv list;
	struct opt_u32 u32;
	struct opt_u64 u64;
	struct opt_i64 i64, size;
};

static const char *const words[] = {"text", "json", NULL};

#define ROW(kind_, member, name_, letter_)                                     \
	{                                                                      \
		.name = name_, .letter = letter_, .kind = kind_, .value = "V", \
		.offset = offsetof(struct values, member), .words = words      \
	}

static const struct option_row rows[] = {
	ROW(OPTION_FLAG, flag, "detach", 'd'),
	ROW(OPTION_STRING, text, "bundle", 'b'),
	ROW(OPTION_WORD, word, "format", 'f'),
	ROW(OPTION_STRINGS, list, "env", 'e'),
	ROW(OPTION_U32, u32, "preserve-fds", 0),
	ROW(OPTION_U64, u64, "cpu-period", 0),
	ROW(OPTION_I64, i64, "cpu-quota", 0),
	ROW(OPTION_SIZE, size, "memory", 'm'),
	{.name = NULL},
};

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = {0};
	char *text = arena_strndup(&arena, (const char *)data, size);
	struct strv argv = str_split(&arena, text, "\n", false);

	for (int stop = 0; stop < 2; stop++) {
		struct values values = {0};
		const struct option_set set = {rows, &values};
		struct strv rest = {0};
		struct err e;
		int index = 0;

		if (args_parse(&arena, &set, 1, argv.items, (int)argv.count, &index, stop, &rest,
			       &e) == 0 &&
		    rest.count > argv.count)
			__builtin_trap();
	}
	return 0;
}
