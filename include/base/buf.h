/* Growable bytes, always NUL-terminated behind `size`. Zero-initialise; buf_done() frees. */
#ifndef BASE_BUF_H
#define BASE_BUF_H

#include "base/err.h"

struct buf {
	char *data; /* NULL while empty */
	size_t size;
	size_t capacity;
};

void buf_done(struct buf *buf);
#define auto_buf __attribute__((cleanup(buf_done))) struct buf

void buf_append(struct buf *buf, const void *bytes, size_t size);
void buf_append_str(struct buf *buf, const char *text);
void buf_append_char(struct buf *buf, char c);
void buf_printf(struct buf *buf, const char *format, ...) format_like(2, 3);
/* Room for `size` more bytes; returns where they go. Follow with buf_added(). */
char *buf_reserve(struct buf *buf, size_t size);
void buf_added(struct buf *buf, size_t size);
void buf_clear(struct buf *buf);
/* The text, never NULL ("" while empty); valid until the next change. */
const char *buf_text(const struct buf *buf);

#endif
