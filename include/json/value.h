/*
 * An immutable JSON tree that lives in an arena.
 *
 * json_read() refuses what is not exactly one RFC 8259 document in UTF-8: duplicate member names,
 * trailing bytes, a byte order mark, NUL in strings, depth over 64, size or number of values over
 * the limit. Messages name line and column. Linear time in the size of the text.
 */
#ifndef JSON_VALUE_H
#define JSON_VALUE_H

#include "base/arena.h"

enum json_kind { JSON_NULL, JSON_BOOL, JSON_NUMBER, JSON_STRING, JSON_ARRAY, JSON_OBJECT };

struct json_member;

struct json {
	enum json_kind kind;
	size_t count; /* items, members, or bytes of text */
	union {
		bool boolean;
		const char *text; /* string without NUL inside; a number's own digits */
		const struct json *items;
		const struct json_member *members;
	};
};

struct json_member {
	const char *name;
	struct json value;
};

/* A value takes some thirty times the memory of the two bytes it can be written in, so they are
 * counted by themselves; the largest configurations of engines have a few thousand. */
enum {
	JSON_SIZE_MAX = 16 * 1024 * 1024,
	JSON_DEPTH_MAX = 64,
	JSON_VALUES_MAX = 512 * 1024,
};

/* Parses text[0..size). The tree borrows nothing from `text`. */
int json_read(struct arena *arena, const char *text, size_t size, const struct json **ret,
	      struct err *e) must_check;
/* Member by name, or NULL when absent, null-valued, or `object` is no object. */
const struct json *json_get(const struct json *object, const char *name);
const char *json_kind_name(enum json_kind kind); /* "an object", "a string", ... */

#endif
