/*
 * The error value.
 *
 * Every function that can fail is must_check, returns int and takes `struct err *e` last:
 *   0   done;
 *   <0  failed: equals -e->code, and e->text says what was tried, on which object and why;
 *   >0  a documented outcome of that one function (an enum in its header).
 *
 * A struct err is a plain value without pointers, so it crosses clone, pipes and sockets by copy.
 * Text grammar: lower case, what was tried, the object in single quotes, no full stop. The
 * meaning of an errno is appended by err_format(), never written in the text.
 */
#ifndef BASE_ERR_H
#define BASE_ERR_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>

#define must_check	  __attribute__((warn_unused_result))
#define format_like(f, a) __attribute__((format(printf, f, a)))

struct err {
	int code;	 /* a positive errno; never 0 after a failure */
	int show_errno;	 /* whether err_format() appends strerror(code) */
	char text[1016]; /* NUL-terminated; cut with "..." when too long */
};

_Static_assert(sizeof(struct err) == 1024, "struct err crosses process boundaries");

/* A system call failed with `code`: its meaning will be shown. Returns -code. */
int fail(struct err *e, int code, const char *format, ...) format_like(3, 4);

/* A rule of ours or of the specification was broken; `code` classifies (EINVAL, ENOENT, ...) but
 * is not shown, the text says it all. Returns -code. */
int refuse(struct err *e, int code, const char *format, ...) format_like(3, 4);

/* Puts "<formatted>: " before the text that a callee left. Returns -e->code. */
int wrap(struct err *e, const char *format, ...) format_like(2, 3);

/* Writes the whole message ("open 'x': No such file or directory", errno text in strerror's
 * words, lower-cased first letter) into `out`; always NUL-terminated. Returns `out`. */
const char *err_format(const struct err *e, char *out, size_t size);

#endif
