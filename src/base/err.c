/*
 * The error value: text is formatted in place, without allocation, so that it also works in a
 * process that was just cloned.
 *
 * Texts quote names from configurations and file systems. Control characters in them become
 * blanks or '?', since the text ends in terminals and in logs with one record a line.
 */
#include "base/err.h"

#include <ctype.h>
#include <errno.h>
#include <stdio.h>
#include <string.h>

/* Ends a text that did not fit with "...", never inside a UTF-8 sequence. */
static void text_cut(char *text, size_t size)
{
	static const char dots[] = "...";
	size_t end;

	if (size <= sizeof(dots))
		return;
	end = size - sizeof(dots);
	while (end > 0 && ((unsigned char)text[end] & 0xc0) == 0x80)
		end--;
	memcpy(text + end, dots, sizeof(dots));
}

static void text_tidy(char *text)
{
	for (; *text; text++) {
		if (*text == '\n' || *text == '\t')
			*text = ' ';
		else if ((unsigned char)*text < 0x20 || *text == 0x7f)
			*text = '?';
	}
}

/* Formats into a copy first: the arguments may point into e->text. */
static __attribute__((format(printf, 4, 0))) int err_set(struct err *e, int code, bool show_errno,
							 const char *format, va_list arguments)
{
	char text[sizeof(e->text)];
	int length = vsnprintf(text, sizeof(text), format, arguments);

	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= sizeof(text))
		text_cut(text, sizeof(text));
	text_tidy(text);
	memcpy(e->text, text, strlen(text) + 1);
	e->code = code > 0 ? code : EIO;
	e->show_errno = show_errno;
	return -e->code;
}

int fail(struct err *e, int code, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = err_set(e, code, true, format, arguments);
	va_end(arguments);
	return r;
}

int refuse(struct err *e, int code, const char *format, ...)
{
	va_list arguments;
	int r;

	va_start(arguments, format);
	r = err_set(e, code, false, format, arguments);
	va_end(arguments);
	return r;
}

int wrap(struct err *e, const char *format, ...)
{
	struct err outer;
	va_list arguments;
	size_t outer_length;
	size_t length = strnlen(e->text, sizeof(e->text) - 1);

	va_start(arguments, format);
	(void)err_set(&outer, e->code, e->show_errno != 0, format, arguments);
	va_end(arguments);
	outer_length = strlen(outer.text);
	if (outer_length + 2 + length < sizeof(outer.text)) {
		memcpy(outer.text + outer_length, ": ", 2);
		memcpy(outer.text + outer_length + 2, e->text, length);
		outer.text[outer_length + 2 + length] = '\0';
	} else if (outer_length + 2 < sizeof(outer.text)) {
		memcpy(outer.text + outer_length, ": ", 2);
		memcpy(outer.text + outer_length + 2, e->text,
		       sizeof(outer.text) - outer_length - 2);
		text_cut(outer.text, sizeof(outer.text));
	}
	memcpy(e->text, outer.text, strlen(outer.text) + 1);
	e->code = outer.code;
	return -e->code;
}

const char *err_format(const struct err *e, char *out, size_t size)
{
	const char *meaning = strerrordesc_np(e->code);
	bool lower;
	int length;

	if (size == 0)
		return out;
	if (!e->show_errno) {
		length = snprintf(out, size, "%s", e->text);
	} else if (!meaning) {
		length = snprintf(out, size, "%s: error %d", e->text, e->code);
	} else {
		/* "RPC ..." and the like keep their capitals. */
		lower = isupper((unsigned char)meaning[0]) && !isupper((unsigned char)meaning[1]);
		length = snprintf(out, size, "%s%s%c%s", e->text, e->text[0] ? ": " : "",
				  lower ? tolower((unsigned char)meaning[0]) : meaning[0],
				  meaning + 1);
	}
	if (length < 0)
		out[0] = '\0';
	else if ((size_t)length >= size)
		text_cut(out, size);
	return out;
}
