/* The writer: commas, escapes, indentation, replacement of bad bytes. */
#include "json/write.h"

#include "tap.h"

#include <math.h>
#include <stdint.h>

static void test_compact(void)
{
	auto_buf out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	json_begin_object(&w);
	json_member_string(&w, "s", "a");
	json_member_u64(&w, "u", UINT64_MAX);
	json_member_i64(&w, "i", INT64_MIN);
	json_member_bool(&w, "t", true);
	json_name(&w, "list");
	json_begin_array(&w);
	json_null(&w);
	json_bool(&w, false);
	json_begin_array(&w);
	json_end_array(&w);
	json_begin_object(&w);
	json_end_object(&w);
	json_u64(&w, 0);
	json_end_array(&w);
	json_name(&w, "o");
	json_begin_object(&w);
	json_end_object(&w);
	json_end_object(&w);
	check_text(buf_text(&out),
		   "{\"s\":\"a\",\"u\":18446744073709551615,\"i\":-9223372036854775808,\"t\":true,"
		   "\"list\":[null,false,[],{},0],\"o\":{}}");
}

static void test_indent(void)
{
	auto_buf out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 2);
	json_begin_object(&w);
	json_name(&w, "a");
	json_begin_array(&w);
	json_u64(&w, 1);
	json_begin_object(&w);
	json_member_string(&w, "b", "c");
	json_end_object(&w);
	json_end_array(&w);
	json_name(&w, "e");
	json_begin_object(&w);
	json_end_object(&w);
	json_end_object(&w);
	check_text(buf_text(&out), "{\n  \"a\": [\n    1,\n    {\n      \"b\": \"c\"\n    }\n  ],\n"
				   "  \"e\": {}\n}");
}

static void string_check(const char *text, const char *expected)
{
	auto_buf out = {0};
	struct json_writer w;

	json_writer_init(&w, &out, 0);
	json_string(&w, text);
	check_text(buf_text(&out), expected);
}

static void test_strings(void)
{
	string_check("", "\"\"");
	string_check("\"\\/", "\"\\\"\\\\/\"");
	string_check("\b\f\n\r\t\x01\x1f\x7f", "\"\\b\\f\\n\\r\\t\\u0001\\u001f\x7f\"");
	string_check("\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80",
		     "\"\xc3\xa4\xe2\x82\xac\xf0\x9f\x98\x80\"");
	string_check("a\xff"
		     "b",
		     "\"a\xef\xbf\xbd"
		     "b\"");
	string_check("\xc3", "\"\xef\xbf\xbd\"");
	string_check("\xc3\"", "\"\xef\xbf\xbd\\\"\"");
	string_check("\xed\xa0\x80", "\"\xef\xbf\xbd\xef\xbf\xbd\xef\xbf\xbd\"");
	string_check("x\xe2\x82", "\"x\xef\xbf\xbd\xef\xbf\xbd\"");
}

static void test_doubles(void)
{
	static const struct {
		double value;
		const char *text;
	} rows[] = {
		{0, "0"},
		{-0.5, "-0.5"},
		{0.1, "0.1"},
		{1.0 / 3, "0.3333333333333333"},
		{1e300, "1e+300"},
		{NAN, "null"},
		{INFINITY, "null"},
		{-INFINITY, "null"},
		{123456789, "123456789"},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		auto_buf out = {0};
		struct json_writer w;

		json_writer_init(&w, &out, 0);
		json_double(&w, rows[i].value);
		check_text(buf_text(&out), rows[i].text);
	}
}

static void test_tree(void)
{
	static const char text[] = "{\"a\":[1,-2.50,\"x\\ny\",null,true,{}],\"b\":{\"c\":[]}}";
	auto_arena arena = {0};
	auto_buf out = {0};
	struct json_writer w;
	const struct json *value = NULL;
	struct err e = {0};

	check(json_read(&arena, text, sizeof(text) - 1, &value, &e) == 0);
	json_writer_init(&w, &out, 0);
	json_begin_array(&w);
	json_value(&w, value);
	json_value(&w, json_get(value, "b"));
	json_end_array(&w);
	check_text(buf_text(&out), "[{\"a\":[1,-2.50,\"x\\ny\",null,true,{}],\"b\":{\"c\":[]}},"
				   "{\"c\":[]}]");
}

int main(void)
{
	test_compact();
	test_indent();
	test_strings();
	test_doubles();
	test_tree();
	return tap_done();
}
