/*
 * The streaming writer. A comma is owed after each value until its container ends; a container
 * that owes none at its end is empty and stays on one line.
 */
#include "json/write.h"

#include "utf8.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void json_writer_init(struct json_writer *w, struct buf *out, int indent)
{
	*w = (struct json_writer){.out = out, .indent = indent};
}

static void line_begin(struct json_writer *w)
{
	size_t blanks = (size_t)w->indent * (size_t)w->depth;

	if (w->indent == 0)
		return;
	buf_append_char(w->out, '\n');
	memset(buf_reserve(w->out, blanks), ' ', blanks);
	buf_added(w->out, blanks);
}

static void item_begin(struct json_writer *w)
{
	if (w->after_name) {
		w->after_name = false;
		return;
	}
	if (w->need_comma)
		buf_append_char(w->out, ',');
	if (w->depth > 0)
		line_begin(w);
}

static void scalar_write(struct json_writer *w, const char *text)
{
	item_begin(w);
	buf_append_str(w->out, text);
	w->need_comma = true;
}

static void container_begin(struct json_writer *w, char bracket)
{
	item_begin(w);
	buf_append_char(w->out, bracket);
	w->depth++;
	w->need_comma = false;
}

static void container_end(struct json_writer *w, char bracket)
{
	w->depth--;
	if (w->need_comma)
		line_begin(w);
	buf_append_char(w->out, bracket);
	w->need_comma = true;
}

void json_begin_object(struct json_writer *w)
{
	container_begin(w, '{');
}

void json_end_object(struct json_writer *w)
{
	container_end(w, '}');
}

void json_begin_array(struct json_writer *w)
{
	container_begin(w, '[');
}

void json_end_array(struct json_writer *w)
{
	container_end(w, ']');
}

static void escape_write(struct buf *out, unsigned char c)
{
	switch (c) {
	case '"':
		buf_append_str(out, "\\\"");
		break;
	case '\\':
		buf_append_str(out, "\\\\");
		break;
	case '\b':
		buf_append_str(out, "\\b");
		break;
	case '\f':
		buf_append_str(out, "\\f");
		break;
	case '\n':
		buf_append_str(out, "\\n");
		break;
	case '\r':
		buf_append_str(out, "\\r");
		break;
	case '\t':
		buf_append_str(out, "\\t");
		break;
	default:
		buf_printf(out, "\\u%04x", c);
	}
}

static void quoted_write(struct buf *out, const char *text)
{
	const char *end = text + strlen(text);

	buf_append_char(out, '"');
	while (text < end) {
		const char *plain = text;
		size_t length = 1;

		while (text < end && (unsigned char)*text >= 0x20 && *text != '"' &&
		       *text != '\\') {
			length = utf8_length(text, (size_t)(end - text));
			if (length == 0)
				break;
			text += length;
		}
		buf_append(out, plain, (size_t)(text - plain));
		if (text == end)
			break;
		if (length == 0)
			buf_append_str(out, "\xef\xbf\xbd");
		else
			escape_write(out, (unsigned char)*text);
		text++;
	}
	buf_append_char(out, '"');
}

void json_name(struct json_writer *w, const char *name)
{
	item_begin(w);
	quoted_write(w->out, name);
	buf_append_str(w->out, w->indent > 0 ? ": " : ":");
	w->after_name = true;
}

void json_string(struct json_writer *w, const char *text)
{
	item_begin(w);
	quoted_write(w->out, text);
	w->need_comma = true;
}

void json_u64(struct json_writer *w, uint64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRIu64, value);
	scalar_write(w, text);
}

void json_i64(struct json_writer *w, int64_t value)
{
	char text[24];

	(void)snprintf(text, sizeof(text), "%" PRId64, value);
	scalar_write(w, text);
}

/* The shortest of the usual precisions that reads back as the same value; JSON has no NaN and no
 * infinity, they become null. */
void json_double(struct json_writer *w, double value)
{
	char text[40] = "null";

	for (int digits = 15; isfinite(value) && digits <= 17; digits++) {
		(void)snprintf(text, sizeof(text), "%.*g", digits, value);
		if (strtod(text, NULL) == value)
			break;
	}
	scalar_write(w, text);
}

void json_bool(struct json_writer *w, bool value)
{
	scalar_write(w, value ? "true" : "false");
}

void json_null(struct json_writer *w)
{
	scalar_write(w, "null");
}

void json_value(struct json_writer *w, const struct json *value)
{
	switch (value->kind) {
	case JSON_NULL:
		json_null(w);
		break;
	case JSON_BOOL:
		json_bool(w, value->boolean);
		break;
	case JSON_NUMBER:
		scalar_write(w, value->text);
		break;
	case JSON_STRING:
		json_string(w, value->text);
		break;
	case JSON_ARRAY:
		json_begin_array(w);
		for (size_t i = 0; i < value->count; i++)
			json_value(w, &value->items[i]);
		json_end_array(w);
		break;
	case JSON_OBJECT:
		json_begin_object(w);
		for (size_t i = 0; i < value->count; i++) {
			json_name(w, value->members[i].name);
			json_value(w, &value->members[i].value);
		}
		json_end_object(w);
		break;
	}
}
