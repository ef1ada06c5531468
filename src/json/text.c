/*
 * What must hold for a JSON text byte by byte, before its grammar is looked at: UTF-8 without a
 * byte order mark, escapes that yield characters, none of them NUL. Most texts are plain ASCII, so
 * eight bytes are judged at once where possible.
 */
#include "text.h"

#include "utf8.h"

#include <errno.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

int text_refuse(struct err *e, const char *text, size_t size, size_t at, const char *format, ...)
{
	size_t line = 1;
	size_t column = 1;
	va_list arguments;
	char what[sizeof(e->text)];

	if (at > size)
		at = size;
	for (size_t i = 0; i < at; i++) {
		if (text[i] == '\n') {
			line++;
			column = 1;
		} else if (((unsigned char)text[i] & 0xc0) != 0x80) {
			column++;
		}
	}
	va_start(arguments, format);
	(void)vsnprintf(what, sizeof(what), format, arguments);
	va_end(arguments);
	return refuse(e, EINVAL, "line %zu, column %zu: %s", line, column, what);
}

static bool is_plain(const char *text)
{
	const uint64_t ones = UINT64_C(0x0101010101010101);
	uint64_t word;
	uint64_t slashes;

	memcpy(&word, text, sizeof(word));
	slashes = word ^ (ones * '\\');
	return ((word | ((slashes - ones) & ~slashes)) & (ones << 7)) == 0;
}

/* The code unit of the "\uXXXX" at `text`, or -1 when there is none. */
static int escape_unit(const char *text, size_t size)
{
	int unit = 0;

	if (size < 6 || text[0] != '\\' || text[1] != 'u')
		return -1;
	for (int i = 2; i < 6; i++) {
		char c = text[i];

		if (c >= '0' && c <= '9')
			unit = unit * 16 + (c - '0');
		else if ((c | 0x20) >= 'a' && (c | 0x20) <= 'f')
			unit = unit * 16 + ((c | 0x20) - 'a') + 10;
		else
			return -1;
	}
	return unit;
}

/* Checks the escape at text[at] and moves *at behind it. Malformed ones are left to yajl. */
static int escape_check(const char *text, size_t size, size_t *at, struct err *e)
{
	int unit = escape_unit(text + *at, size - *at);
	int next;

	if (unit == 0)
		return text_refuse(e, text, size, *at, "a string with a NUL character");
	if (unit < 0 || (unit & 0xf800) != 0xd800) {
		*at += unit < 0 && size - *at >= 2 ? 2 : 1;
		return 0;
	}
	next = escape_unit(text + *at + 6, size - *at < 6 ? 0 : size - *at - 6);
	if ((unit & 0xfc00) != 0xd800 || next < 0 || (next & 0xfc00) != 0xdc00)
		return text_refuse(e, text, size, *at, "half of a surrogate pair");
	*at += 12;
	return 0;
}

int text_check(const char *text, size_t size, struct err *e)
{
	const char *blank = memchr(text, '\f', size);
	size_t at = 0;

	if (!blank)
		blank = memchr(text, '\v', size);
	if (blank)
		return text_refuse(e, text, size, (size_t)(blank - text),
				   "not valid JSON: invalid character");
	if (size >= 3 && memcmp(text, "\xef\xbb\xbf", 3) == 0)
		return text_refuse(e, text, size, 0, "a byte order mark is not allowed");
	while (at < size) {
		size_t length;

		if (size - at >= 8 && is_plain(text + at)) {
			at += 8;
		} else if (text[at] == '\\') {
			int r = escape_check(text, size, &at, e);

			if (r < 0)
				return r;
		} else {
			length = utf8_length(text + at, size - at);
			if (length == 0)
				return text_refuse(e, text, size, at, "not valid UTF-8");
			at += length;
		}
	}
	return 0;
}
