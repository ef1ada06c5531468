/*
 * Growable bytes. Capacity doubles, so appending is linear in total; one byte behind `size` is
 * always reserved for the NUL.
 */
#include "base/buf.h"

#include "base/arena.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

void buf_done(struct buf *buf)
{
	free(buf->data);
	*buf = (struct buf){0};
}

char *buf_reserve(struct buf *buf, size_t size)
{
	size_t wanted;
	size_t capacity = buf->capacity;

	if (__builtin_add_overflow(buf->size, size, &wanted) ||
	    __builtin_add_overflow(wanted, 1, &wanted))
		wanted = SIZE_MAX; /* which no allocator gives: the process ends */
	if (wanted > capacity) {
		capacity = capacity > SIZE_MAX / 2 ? SIZE_MAX : capacity * 2;
		if (capacity < wanted)
			capacity = wanted;
		if (capacity < 64)
			capacity = 64;
		buf->data = xrealloc(buf->data, capacity);
		buf->capacity = capacity;
		buf->data[buf->size] = '\0';
	}
	return buf->data + buf->size;
}

void buf_added(struct buf *buf, size_t size)
{
	buf->size += size;
	if (buf->data)
		buf->data[buf->size] = '\0';
}

void buf_append(struct buf *buf, const void *bytes, size_t size)
{
	if (size == 0)
		return;
	memcpy(buf_reserve(buf, size), bytes, size);
	buf_added(buf, size);
}

void buf_append_str(struct buf *buf, const char *text)
{
	buf_append(buf, text, strlen(text));
}

void buf_append_char(struct buf *buf, char c)
{
	buf_append(buf, &c, 1);
}

void buf_printf(struct buf *buf, const char *format, ...)
{
	char *room = buf_reserve(buf, 64);
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vsnprintf(room, buf->capacity - buf->size, format, arguments);
	va_end(arguments);
	if (length < 0) {
		*room = '\0';
		return;
	}
	if ((size_t)length >= buf->capacity - buf->size) {
		room = buf_reserve(buf, (size_t)length);
		va_start(arguments, format);
		(void)vsnprintf(room, (size_t)length + 1, format, arguments);
		va_end(arguments);
	}
	buf_added(buf, (size_t)length);
}

void buf_clear(struct buf *buf)
{
	buf->size = 0;
	if (buf->data)
		buf->data[0] = '\0';
}

const char *buf_text(const struct buf *buf)
{
	return buf->data ? buf->data : "";
}
