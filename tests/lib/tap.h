/* The smallest test library: TAP on standard output, one line a check, plan at the end. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stdio.h>
#include <string.h>

/* Reports one check; returns `passed`. */
bool tap_check(bool passed, const char *file, int line, const char *format, ...)
	__attribute__((format(printf, 4, 5)));
/* A check that cannot run here, with its reason. */
void tap_skip(const char *format, ...) __attribute__((format(printf, 1, 2)));
/* Prints the plan; the exit status of main. */
int tap_done(void);

bool tap_is_text(const char *actual, const char *expected, const char *file, int line,
		 const char *what);
bool tap_is_number(long long actual, long long expected, const char *file, int line,
		   const char *what);

#define check(condition)	   tap_check((condition), __FILE__, __LINE__, "%s", #condition)
#define check_text(actual, wanted) tap_is_text((actual), (wanted), __FILE__, __LINE__, #actual)
#define check_number(actual, wanted) \
	tap_is_number((long long)(actual), (long long)(wanted), __FILE__, __LINE__, #actual)
/* Whether `text` contains `part`, showing both when not. */
#define check_contains(text, part)                                                          \
	tap_check(strstr((text), (part)) != NULL, __FILE__, __LINE__, "'%s' contains '%s'", \
		  (text), (part))

#endif
