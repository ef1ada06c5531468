/* The text of a JSON document: whether its bytes are acceptable, and messages about places in it.
 */
#ifndef JSON_TEXT_H
#define JSON_TEXT_H

#include "base/err.h"

/* Refuses what is not UTF-8, a byte order mark, NUL and half surrogate pairs among the escapes, and
 * the two control characters that yajl takes for blanks. Malformed escapes are left to yajl. */
int text_check(const char *text, size_t size, struct err *e) must_check;

/* Refuses with EINVAL: "line L, column C: <formatted>" for offset `at`; columns are characters. */
int text_refuse(struct err *e, const char *text, size_t size, size_t at, const char *format, ...)
	format_like(5, 6);

#endif
