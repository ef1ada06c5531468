/* The reader: what it takes, what it refuses and where, that it is linear. */
#include "json/value.h"
#include "json/write.h"

#include "base/clock.h"
#include "base/own.h"

#include "tap.h"

#include <errno.h>

/* What is read, written again on one line, or the error. */
static void read_check(const char *text, size_t size, const char *expected)
{
	/* In memory of exactly this size, so that a sanitizer sees reads behind it. */
	auto_free char *copy = malloc(size ? size : 1);
	auto_arena arena = {0};
	auto_buf out = {0};
	struct json_writer w;
	const struct json *value = NULL;
	struct err e = {0};

	memcpy(copy, text, size);
	if (json_read(&arena, copy, size, &value, &e) < 0) {
		check(value == NULL);
		check_text(e.text, expected);
		return;
	}
	memset(copy, '!', size);
	json_writer_init(&w, &out, 0);
	json_value(&w, value);
	check_text(buf_text(&out), expected);
}

#define READ(text, expected) read_check(text, sizeof(text) - 1, expected)

static void test_values(void)
{
	READ("null", "null");
	READ(" true\n", "true");
	READ("false", "false");
	READ("0", "0");
	READ("-0", "-0");
	READ(" 12 ", "12");
	READ("1.50E+07", "1.50E+07");
	READ("123456789012345678901234567890", "123456789012345678901234567890");
	READ("\"\"", "\"\"");
	READ("\"a\\n\\/\\u00e4\"", "\"a\\n/\xc3\xa4\"");
	READ("\"\\ud83d\\ude00\"", "\"\xf0\x9f\x98\x80\"");
	READ("\"\\\\u0000\\\\ud800\"", "\"\\\\u0000\\\\ud800\"");
	READ("\"\x7f\"", "\"\x7f\"");
	READ("[]", "[]");
	READ("{}", "{}");
	READ("{\"a\": [1, {\"b\" : null}, \"c\"],\t\"d\": {}, \"\": []}\r\n",
	     "{\"a\":[1,{\"b\":null},\"c\"],\"d\":{},\"\":[]}");
	READ("{\"a\":{\"a\":1},\"b\":{\"a\":[{\"a\":2}]}}",
	     "{\"a\":{\"a\":1},\"b\":{\"a\":[{\"a\":2}]}}");
}

static void test_bytes(void)
{
	READ("", "is empty");
	READ(" \r\n\t", "is empty");
	READ("\xef\xbb\xbf{}", "line 1, column 1: a byte order mark is not allowed");
	READ("[\"\xff\"]", "line 1, column 3: not valid UTF-8");
	READ("[\"\xc0\x80\"]", "line 1, column 3: not valid UTF-8");
	READ("[\"\xed\xa0\x80\"]", "line 1, column 3: not valid UTF-8");
	READ("{\n\"\xc3\xa4\": \"abcdefghijkl\xe2\x82\"}", "line 2, column 19: not valid UTF-8");
	READ("\xc3", "line 1, column 1: not valid UTF-8");
	READ("[\"\\u0000\"]", "line 1, column 3: a string with a NUL character");
	READ("{\"a\\u0000\":1}", "line 1, column 4: a string with a NUL character");
	READ("[\"\\ud800\"]", "line 1, column 3: half of a surrogate pair");
	READ("[\"\\ud800\\u0041\"]", "line 1, column 3: half of a surrogate pair");
	READ("[\"\\ud800\\ud800\"]", "line 1, column 3: half of a surrogate pair");
	READ("[\"\\uDC00\"]", "line 1, column 3: half of a surrogate pair");
	READ("\"\\ud83d\\u", "line 1, column 2: half of a surrogate pair");
	READ("[\"a\0b\"]", "line 1, column 4: not valid JSON: invalid character inside string");
	READ("\0", "line 1, column 1: not valid JSON: invalid char in json text");
	READ("[1,\f2]", "line 1, column 4: not valid JSON: invalid character");
	READ("1\v", "line 1, column 2: not valid JSON: invalid character");
}

static void test_duplicates(void)
{
	READ("{\"a\":1,\n \"b\":2,\"a\":3}", "line 2, column 8: duplicate member 'a'");
	READ("{\"a\\\"b\":1, \"a\\\"b\":2}", "line 1, column 12: duplicate member 'a\"b'");
	READ("{\"x\\\\\":1,\"x\\\\\" :2}", "line 1, column 10: duplicate member 'x\\'");
	READ("{\"a\":1,\"\\u0061\":2}", "line 1, column 8: duplicate member 'a'");
	READ("{\"\xc3\xa4\":1, \"\":2, \"\":3}", "line 1, column 15: duplicate member ''");
	/* More than are compared pairwise; the earliest in the text is named. */
	READ("{\"1\":0,\"2\":0,\"3\":0,\"4\":0,\"5\":0,\"6\":0,\"7\":0,\"8\":0,\"9\":0,\"10\":0,"
	     "\"11\":0,\"12\":0,\"13\":0,\n\"9\":1,\"2\":2}",
	     "line 2, column 1: duplicate member '9'");
}

#define SYNTAX(text, place, reason) READ(text, place ": not valid JSON: " reason)

static void test_grammar(void)
{
	static const char *const bad[] = {
		"NaN",	   "[tru]",   "[True]",	    "'a'",	  "[1,]",	 "[,]",	  "[1,,2]",
		"{,}",	   "{]",      "[}",	    "{\"a\":1,}", "{\"a\":}",	 "{a:1}", "{1:2}",
		"{\"a\"}", "[01]",    "[-]",	    "[1.]",	  "[.5]",	 "[+1]",  "[1e]",
		"[1e+]",   "[0x10]",  "[1.5.5]",    "[\"\\x\"]",  "[\"\\u12\"]", "]",	  "}",
		"[1",	   "[\"a",    "{\"a\"",	    "{\"a\":",	  "-",		 "nul",	  "\"",
		"\"\\",	   "\"\\u00", "[\"a\nb\"]", "[\"\t\"]",	  "// c\n1",	 "/**/1", "[1/**/]",
		"[1;2]",   "\\",      "[Infinity]", "[1 2]",	  "{\"a\" 1}",	 ":",	  ",",
	};
	auto_arena arena = {0};
	const struct json *value;
	struct err e;

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++) {
		e = (struct err){0};
		check_number(json_read(&arena, bad[i], strlen(bad[i]), &value, &e), -EINVAL);
		check_contains(e.text, "not valid JSON: ");
	}
	SYNTAX("{a:1}", "line 1, column 2", "invalid char in json text");
	SYNTAX("[\n  1,\n]", "line 3, column 1", "unallowed token at this point in JSON text");
	SYNTAX("{\"a\":1 \"b\"}", "line 1, column 8",
	       "after key and value, inside map, I expect ',' or '}'");
	SYNTAX("{\"a\":\"x\" 2}", "line 1, column 10",
	       "after key and value, inside map, I expect ',' or '}'");
	SYNTAX("[tru ]", "line 1, column 5", "invalid string in json text");
	SYNTAX("[1.]", "line 1, column 4",
	       "malformed number, a digit is required after the decimal point");
	SYNTAX("{\n\"a\": 1", "line 2, column 7", "premature EOF");
}

static void test_trailing(void)
{
	READ("{} x", "line 1, column 4: something follows the JSON document");
	READ("{}{}", "line 1, column 3: something follows the JSON document");
	READ("{} \"abc", "line 1, column 4: something follows the JSON document");
	READ("1 2", "line 1, column 3: something follows the JSON document");
	READ("1 tr", "line 1, column 3: something follows the JSON document");
	READ("\"a\"\n1", "line 2, column 1: something follows the JSON document");
	READ("[1]\0", "line 1, column 4: something follows the JSON document");
	READ("[1]\xc2\xa0", "line 1, column 4: something follows the JSON document");
	READ("truex", "line 1, column 5: something follows the JSON document");
	READ("{} // comment", "line 1, column 4: something follows the JSON document");
}

static void test_limits(void)
{
	auto_arena arena = {0};
	auto_free char *text = malloc(JSON_SIZE_MAX + 1);
	const struct json *value = NULL;
	struct err e = {0};

	for (size_t depth = 63; depth <= 66; depth++) {
		memset(text, '[', depth);
		memset(text + depth, ']', depth);
		check_number(json_read(&arena, text, 2 * depth, &value, &e),
			     depth <= JSON_DEPTH_MAX ? 0 : -EINVAL);
	}
	check_text(e.text, "line 1, column 65: nested deeper than 64 levels");
	memset(text, '[', JSON_SIZE_MAX);
	check_number(json_read(&arena, text, JSON_SIZE_MAX, &value, &e), -EINVAL);
	/* The array is a value, too. */
	text[0] = '[';
	for (size_t i = 0; i < JSON_VALUES_MAX; i++)
		memcpy(text + 1 + 2 * i, "0,", 2);
	text[2 * JSON_VALUES_MAX] = ']';
	check_number(json_read(&arena, text, 2 * JSON_VALUES_MAX + 1, &value, &e), -EINVAL);
	check_contains(e.text, "more than 524288 values in one document");
	text[2 * JSON_VALUES_MAX - 2] = ']';
	check_number(json_read(&arena, text, 2 * JSON_VALUES_MAX - 1, &value, &e), 0);
	memset(text, ' ', JSON_SIZE_MAX);
	text[JSON_SIZE_MAX - 1] = '7';
	check_number(json_read(&arena, text, JSON_SIZE_MAX, &value, &e), 0);
	check_number(json_read(&arena, text, JSON_SIZE_MAX + 1, &value, &e), -EFBIG);
	check_text(e.text, "larger than 16777216 bytes");
}

/* Bounds that hold under sanitizers and load; a quadratic reader would need minutes. */
static void test_linear(void)
{
	enum { MANY = 100000 };
	auto_arena arena = {0};
	auto_buf text = {0};
	const struct json *value = NULL;
	struct err e = {0};
	uint64_t start;

	buf_append_char(&text, '{');
	for (int i = 0; i < MANY; i++)
		buf_printf(&text, "\"name%d\":[\"item\",%d],", (i * 7919) % MANY, i);
	buf_append_str(&text, "\"last\":0}");
	start = clock_now();
	check_number(json_read(&arena, text.data, text.size, &value, &e), 0);
	check(clock_now() - start < UINT64_C(5000000000));
	check_number(value->count, MANY + 1);
	text.size -= 9;
	buf_append_str(&text, "\"name77\":0}");
	check_number(json_read(&arena, text.data, text.size, &value, &e), -EINVAL);
	check_contains(e.text, "duplicate member 'name77'");

	buf_clear(&text);
	buf_append_char(&text, '[');
	for (int i = 0; i < MANY; i++)
		buf_append_str(&text, "{\"\\\\\\\\\\\\\\\\\":0},");
	buf_append_str(&text, "0]");
	start = clock_now();
	check_number(json_read(&arena, text.data, text.size, &value, &e), 0);
	check(clock_now() - start < UINT64_C(5000000000));
	check_number(value->count, MANY + 1);
}

static void test_tree(void)
{
	static const char text[] = "{\"n\":null,\"s\":\"text\",\"a\":[1,2],\"o\":{},\"b\":true}";
	auto_arena arena = {0};
	const struct json *value = NULL;
	struct err e = {0};

	check_number(json_read(&arena, text, sizeof(text) - 1, &value, &e), 0);
	check_number(value->kind, JSON_OBJECT);
	check_number(value->count, 5);
	check_text(value->members[1].name, "s");
	check(json_get(value, "n") == NULL);
	check(json_get(value, "absent") == NULL);
	check_text(json_get(value, "s")->text, "text");
	check_number(json_get(value, "s")->count, 4);
	check_number(json_get(value, "a")->count, 2);
	check_text(json_get(value, "a")->items[1].text, "2");
	check(json_get(value, "b")->boolean);
	check(json_get(json_get(value, "a"), "s") == NULL);
	check_text(json_kind_name(JSON_NULL), "null");
	check_text(json_kind_name(JSON_BOOL), "a boolean");
	check_text(json_kind_name(JSON_NUMBER), "a number");
	check_text(json_kind_name(JSON_STRING), "a string");
	check_text(json_kind_name(JSON_ARRAY), "an array");
	check_text(json_kind_name(JSON_OBJECT), "an object");
}

int main(void)
{
	test_values();
	test_bytes();
	test_duplicates();
	test_grammar();
	test_trailing();
	test_limits();
	test_linear();
	test_tree();
	return tap_done();
}
