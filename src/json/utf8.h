/* UTF-8 as RFC 3629 has it: shortest forms only, no surrogates, nothing above U+10FFFF. */
#ifndef JSON_UTF8_H
#define JSON_UTF8_H

#include <stddef.h>

/* Bytes (1 to 4) of the character that text[0..size) begins with, or 0 when it is malformed. */
size_t utf8_length(const char *text, size_t size);

#endif
