/*
 * Diagnostics: a level and a sink for the whole process.
 *
 * Records are formatted on the stack and handed over whole, so that logging works after clone and
 * a record is one write(2); errno survives, since records are often written between a failure and
 * its report.
 */
#include "base/log.h"

#include "base/fd.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

enum { RECORD_MAX = 4096 };

static void sink_stderr(enum log_level level, const char *text, void *data);

static enum log_level current_level = LOG_LEVEL_WARNING;
static log_sink_fn *current_sink = sink_stderr;
static void *current_data;

static const char *level_name(enum log_level level)
{
	switch (level) {
	case LOG_LEVEL_ERROR:
		return "error";
	case LOG_LEVEL_WARNING:
		return "warning";
	case LOG_LEVEL_INFO:
		return "info";
	case LOG_LEVEL_DEBUG:
		return "debug";
	}
	return "unknown";
}

static void sink_stderr(enum log_level level, const char *text, void *data)
{
	char line[RECORD_MAX + 16];
	int length = snprintf(line, sizeof(line), "%s: %s\n", level_name(level), text);

	(void)data;
	if (length < 0)
		return;
	if ((size_t)length >= sizeof(line)) {
		length = (int)sizeof(line) - 1;
		line[length - 1] = '\n';
	}
	if (fd_write_all(STDERR_FILENO, line, (size_t)length) < 0)
		return; /* nobody left to tell */
}

void log_set_level(enum log_level level)
{
	current_level = level;
}

enum log_level log_get_level(void)
{
	return current_level;
}

void log_set_sink(log_sink_fn *sink, void *data)
{
	current_sink = sink ? sink : sink_stderr;
	current_data = sink ? data : NULL;
}

void log_record(enum log_level level, const char *text)
{
	int saved = errno;

	if (level <= current_level)
		current_sink(level, text, current_data);
	errno = saved;
}

static __attribute__((format(printf, 2, 0))) void log_format(enum log_level level,
							     const char *format, va_list arguments)
{
	char text[RECORD_MAX];
	int saved = errno;
	int length;

	if (level > current_level)
		return;
	length = vsnprintf(text, sizeof(text), format, arguments);
	if (length < 0)
		text[0] = '\0';
	else if ((size_t)length >= sizeof(text))
		memcpy(text + sizeof(text) - 4, "...", 4);
	errno = saved;
	log_record(level, text);
}

void log_debug(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_LEVEL_DEBUG, format, arguments);
	va_end(arguments);
}

void log_info(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_LEVEL_INFO, format, arguments);
	va_end(arguments);
}

void log_warning(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_LEVEL_WARNING, format, arguments);
	va_end(arguments);
}

void log_error(const char *format, ...)
{
	va_list arguments;

	va_start(arguments, format);
	log_format(LOG_LEVEL_ERROR, format, arguments);
	va_end(arguments);
}
