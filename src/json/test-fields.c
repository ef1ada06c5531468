/* Tables: each kind decoded and encoded, each message. */
#include "json/fields.h"

#include "base/log.h"

#include "tap.h"

#include <errno.h>

enum color { COLOR_RED = 1, COLOR_GREEN = 2, COLOR_ALPHA = 3 };

static const struct enum_name color_names[] = {
	{"red", COLOR_RED}, {"green", COLOR_GREEN}, {"verdant", COLOR_GREEN}, {"kill", 0x80000000},
	{NULL, 0},
};

struct limit {
	const char *type;
	struct opt_u64 soft;
};

struct named {
	const char *name;
	struct opt_u32 number;
};

struct inner {
	const char *text;
	struct list limits;
	struct inner *deeper;
};

struct everything {
	struct opt_bool flag;
	struct opt_i32 i32;
	struct opt_u16 u16;
	struct opt_u32 u32;
	struct opt_i64 i64;
	struct opt_u64 u64;
	const char *text;
	struct opt_i32 color;
	struct strv words;
	struct opt_enums colors;
	struct opt_enums known;
	struct opt_u32s numbers;
	struct inner *inner;
	struct list limits;
	struct map map;
	struct list objects;
};

static const struct field limit_fields[] = {
	FIELD(FIELD_STRING, struct limit, type, "type", FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_U64, struct limit, soft, "soft", FIELD_REQUIRED),
	{.kind = FIELD_END},
};
static const struct field named_fields[] = {
	FIELD(FIELD_U32, struct named, number, "number", 0),
	{.kind = FIELD_END},
};
static const struct field inner_fields[] = {
	FIELD(FIELD_STRING, struct inner, text, "text", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct inner, limits, "limits", FIELD_NONEMPTY, struct limit,
			  limit_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct inner, deeper, "deeper", 0, struct inner,
			  inner_fields),
	{.kind = FIELD_END},
};
static const struct field fields[] = {
	FIELD(FIELD_BOOL, struct everything, flag, "flag", 0),
	FIELD(FIELD_I32, struct everything, i32, "i32", 0),
	FIELD(FIELD_U16, struct everything, u16, "u16", 0),
	FIELD(FIELD_U32, struct everything, u32, "u32", 0),
	FIELD(FIELD_I64, struct everything, i64, "i64", 0),
	FIELD(FIELD_U64, struct everything, u64, "u64", 0),
	FIELD(FIELD_STRING, struct everything, text, "text", 0),
	FIELD_WITH_NAMES(FIELD_ENUM, struct everything, color, "color", 0, color_names),
	FIELD(FIELD_STRINGS, struct everything, words, "words", FIELD_NONEMPTY),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct everything, colors, "colors", 0, color_names),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct everything, known, "known", FIELD_WARN_UNKNOWN,
			 color_names),
	FIELD(FIELD_U32S, struct everything, numbers, "numbers", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct everything, inner, "inner", 0, struct inner,
			  inner_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct everything, limits, "limits", 0, struct limit,
			  limit_fields),
	FIELD(FIELD_MAP, struct everything, map, "map", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECTS, struct everything, objects, "objects", 0, struct named,
			  named_fields),
	{.kind = FIELD_END},
};

static char warned[512];

static void sink_warned(enum log_level level, const char *text, void *data)
{
	(void)data;
	check_number(level, LOG_LEVEL_WARNING);
	(void)snprintf(warned, sizeof(warned), "%s", text);
}

static int decode(struct arena *arena, const char *text, const char *path,
		  struct everything *object, struct err *e)
{
	auto_arena tree = {0}; /* ends before the struct: nothing may point into it */
	const struct json *value = NULL;
	int r = json_read(&tree, text, strlen(text), &value, e);

	check_number(r, 0);
	return r < 0 ? r : fields_decode(fields, arena, value, path, object, e);
}

/* Decodes and encodes again. */
static void round_check(const char *text, const char *expected)
{
	auto_arena arena = {0};
	auto_buf out = {0};
	struct everything object = {0};
	struct json_writer w;
	struct err e = {0};

	check_number(decode(&arena, text, "", &object, &e), 0);
	check_text(e.text, "");
	json_writer_init(&w, &out, 0);
	fields_encode(fields, &object, &w);
	check_text(buf_text(&out), expected);
}

static void error_check(const char *text, const char *expected)
{
	auto_arena arena = {0};
	struct everything object = {0};
	struct err e = {0};

	check_number(decode(&arena, text, "", &object, &e), -EINVAL);
	check_text(e.text, expected);
}

static void test_round(void)
{
	static const char *const same[] = {
		"{}",
		"{\"flag\":true,\"i32\":-2147483648,\"u16\":65535,\"u32\":4294967295,"
		"\"i64\":-9223372036854775808,\"u64\":18446744073709551615,\"text\":\"t\"}",
		"{\"flag\":false,\"i32\":0,\"u16\":0,\"u32\":0,\"i64\":0,\"u64\":0,\"text\":\"\"}",
		"{\"color\":\"green\",\"words\":[\"a\",\"\"],\"colors\":[\"red\",\"kill\"]}",
		"{\"color\":\"kill\",\"colors\":[],\"known\":[\"red\"],\"numbers\":[0,4294967295]}",
		"{\"numbers\":[],\"inner\":{},\"limits\":[],\"map\":{},\"objects\":{}}",
		"{\"inner\":{\"text\":\"x\",\"limits\":[{\"type\":\"a\",\"soft\":1},"
		"{\"type\":\"b\",\"soft\":2}],\"deeper\":{\"deeper\":{\"text\":\"y\"}}}}",
		"{\"map\":{\"a\":\"1\",\"b.c\":\"\"},\"objects\":{\"x\":{\"number\":1},\"y\":{}}}",
	};

	for (size_t i = 0; i < sizeof(same) / sizeof(same[0]); i++)
		round_check(same[i], same[i]);
	round_check("{\"u32\":1,\"unknown\":[{}],\"text\":null,\"flag\":null,\"inner\":null,"
		    "\"map\":{\"a\":null,\"b\":\"1\"},\"objects\":{\"n\":null,\"m\":{}}}",
		    "{\"u32\":1,\"map\":{\"b\":\"1\"},\"objects\":{\"m\":{}}}");
	round_check("{\"color\":\"verdant\",\"i32\":-0}", "{\"i32\":0,\"color\":\"green\"}");
}

static void test_structs(void)
{
	auto_arena arena = {0};
	struct everything object = {0};
	struct err e = {0};
	int count = 0;

	check_number(decode(&arena,
			    "{\"words\":[\"a\",\"b\"],\"limits\":[{\"type\":\"x\",\"soft\":1},"
			    "{\"type\":\"y\",\"soft\":2}],\"map\":{\"k\":\"v\"},"
			    "\"objects\":{\"first\":{\"number\":5}}}",
			    "", &object, &e),
		     0);
	check(object.words.count == 2 && object.words.items[2] == NULL);
	strv_push(&object.words, &arena, "c");
	check_text(object.words.items[2], "c");
	list_each(struct limit, limit, &object.limits) count += (int)limit->soft.value;
	check_number(count, 3);
	check_text(list_at(struct limit, &object.limits, 1)->type, "y");
	check_text(map_get(&object.map, "k"), "v");
	check(map_get(&object.map, "x") == NULL);
	check_text(list_at(struct named, &object.objects, 0)->name, "first");
	check(!object.flag.is_set && !object.colors.is_set && !object.inner);
	list_each(struct limit, limit, &(struct list){0}) count = -1;
	check_number(count, 3);
}

static void test_kinds(void)
{
	error_check("[]", "must be an object, not an array");
	error_check("{\"flag\":1}", "flag: must be a boolean, not a number");
	error_check("{\"text\":{}}", "text: must be a string, not an object");
	error_check("{\"i64\":\"5\"}", "i64: must be a signed 64-bit integer, not a string");
	error_check("{\"u64\":true}", "u64: must be an unsigned 64-bit integer, not a boolean");
	error_check("{\"u32\":[]}", "u32: must be an unsigned 32-bit integer, not an array");
	error_check("{\"words\":\"a\"}", "words: must be an array, not a string");
	error_check("{\"words\":[]}", "words: must not be empty");
	error_check("{\"words\":[\"a\",null]}", "words[1]: must be a string, not null");
	error_check("{\"color\":1}", "color: must be a string, not a number");
	error_check("{\"colors\":[1]}", "colors[0]: must be a string, not a number");
	error_check("{\"colors\":{}}", "colors: must be an array, not an object");
	error_check("{\"map\":[]}", "map: must be an object, not an array");
	error_check("{\"map\":{\"a\":1}}", "map.a: must be a string, not a number");
	error_check("{\"objects\":{\"a\":1}}", "objects.a: must be an object, not a number");
	error_check(
		"{\"objects\":{\"a\":{\"number\":-1}}}",
		"objects.a.number: must be an unsigned 32-bit integer (0 to 4294967295), not -1");
	error_check("{\"objects\":3}", "objects: must be an object, not a number");
	error_check("{\"inner\":[]}", "inner: must be an object, not an array");
	error_check("{\"limits\":{}}", "limits: must be an array, not an object");
	error_check("{\"limits\":[null]}", "limits[0]: must be an object, not null");
	error_check("{\"numbers\":[1,\"2\"]}",
		    "numbers[1]: must be an unsigned 32-bit integer, not a string");
	error_check("{\"numbers\":{}}", "numbers: must be an array, not an object");
}

static void test_integers(void)
{
	error_check("{\"i32\":1.5}", "i32: must be an integer, not 1.5");
	error_check("{\"i32\":1e3}", "i32: must be an integer, not 1e3");
	error_check("{\"i32\":2147483648}", "i32: must be a signed 32-bit integer (-2147483648 to "
					    "2147483647), not 2147483648");
	error_check("{\"i32\":-2147483649}", "i32: must be a signed 32-bit integer (-2147483648 to "
					     "2147483647), not -2147483649");
	error_check("{\"u16\":65536}",
		    "u16: must be an unsigned 16-bit integer (0 to 65535), not 65536");
	error_check("{\"i64\":9223372036854775808}",
		    "i64: must be a signed 64-bit integer (-9223372036854775808 to "
		    "9223372036854775807), not 9223372036854775808");
	error_check("{\"u64\":-1}", "u64: must be an unsigned 64-bit integer (0 to "
				    "18446744073709551615), not -1");
	error_check("{\"u64\":18446744073709551616}",
		    "u64: must be an unsigned 64-bit integer (0 to 18446744073709551615), not "
		    "18446744073709551616");
}

static void test_rules(void)
{
	error_check("{\"inner\":{\"limits\":[{\"type\":\"a\",\"soft\":1},{\"type\":\"b\"}]}}",
		    "inner.limits[1].soft: is required");
	error_check("{\"inner\":{\"limits\":[{\"type\":null,\"soft\":1}]}}",
		    "inner.limits[0].type: is required");
	error_check("{\"inner\":{\"limits\":[{\"type\":\"\",\"soft\":1}]}}",
		    "inner.limits[0].type: must not be empty");
	error_check("{\"inner\":{\"limits\":[]}}", "inner.limits: must not be empty");
	error_check("{\"color\":\"blue\"}",
		    "color: unknown value 'blue' (one of: red, green, verdant, kill)");
	error_check("{\"colors\":[\"red\",\"Red\"]}",
		    "colors[1]: unknown value 'Red' (one of: red, green, verdant, kill)");
	log_set_sink(sink_warned, NULL);
	round_check("{\"known\":[\"red\",\"blue\",\"green\"]}", "{\"known\":[\"red\",\"green\"]}");
	check_text(warned, "known[1]: unknown value 'blue' is ignored");
	log_set_sink(NULL, NULL);
}

static void test_paths(void)
{
	auto_arena arena = {0};
	auto_buf text = {0};
	struct everything object = {0};
	struct err e = {0};

	check_number(decode(&arena, "{\"inner\":{\"text\":5}}", "process", &object, &e), -EINVAL);
	check_text(e.text, "process.inner.text: must be a string, not a number");
	check_number(decode(&arena, "{\"limits\":[{}]}", "plan[3]", &object, &e), -EINVAL);
	check_text(e.text, "plan[3].limits[0].type: is required");
	check_number(decode(&arena, "7", "plan", &object, &e), -EINVAL);
	check_text(e.text, "plan: must be an object, not a number");

	/* A name longer than any message is cut. */
	buf_append_str(&text, "{\"objects\":{\"");
	for (int i = 0; i < 3000; i++)
		buf_append_char(&text, 'n');
	buf_append_str(&text, "\":{\"number\":\"x\"}}}");
	check_number(decode(&arena, text.data, "", &object, &e), -EINVAL);
	check(strncmp(e.text, "objects.nnnn", 12) == 0);
	check_contains(e.text, "nn: must be an unsigned 32-bit integer, not a string");
}

static void test_names(void)
{
	int64_t value = 0;

	check_text(enum_name_of(color_names, COLOR_GREEN), "green");
	check_text(enum_name_of(color_names, 0x80000000), "kill");
	check(enum_name_of(color_names, COLOR_ALPHA) == NULL);
	check_number(enum_value_of(color_names, "verdant", &value), 0);
	check_number(value, COLOR_GREEN);
	check_number(enum_value_of(color_names, "blue", &value), -ENOENT);
	check_number(value, COLOR_GREEN);
}

int main(void)
{
	test_round();
	test_structs();
	test_kinds();
	test_integers();
	test_rules();
	test_paths();
	test_names();
	return tap_done();
}
