#include "tap.h"

#include <stdarg.h>

static int checks;
static int failures;

static void print_line(bool passed, const char *format, va_list arguments)
{
	char text[2048];

	(void)vsnprintf(text, sizeof(text), format, arguments);
	for (char *c = text; *c; c++) {
		if (*c == '\n' || *c == '#')
			*c = ' ';
	}
	printf("%s %d - %s\n", passed ? "ok" : "not ok", ++checks, text);
	(void)fflush(stdout);
}

bool tap_check(bool passed, const char *file, int line, const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	print_line(passed, format, arguments);
	va_end(arguments);
	if (!passed) {
		failures++;
		printf("# failed at %s:%d\n", file, line);
	}
	return passed;
}

void tap_skip(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	printf("ok %d # SKIP ", ++checks);
	vprintf(format, arguments);
	printf("\n");
	va_end(arguments);
}

bool tap_is_text(const char *actual, const char *expected, const char *file, int line,
		 const char *what)
{
	bool same = actual && expected ? strcmp(actual, expected) == 0 : actual == expected;

	return tap_check(same, file, line, "%s is '%s', expected '%s'", what,
			 actual ? actual : "(null)", expected ? expected : "(null)");
}

bool tap_is_number(long long actual, long long expected, const char *file, int line,
		   const char *what)
{
	return tap_check(actual == expected, file, line, "%s is %lld, expected %lld", what, actual,
			 expected);
}

int tap_done(void)
{
	printf("1..%d\n", checks);
	return failures ? 1 : 0;
}
