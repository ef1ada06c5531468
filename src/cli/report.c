/*
 * Telling people and engines.
 *
 * Engines read the same error from two places: standard error, where they look for words, and the
 * file of --log, where some take the last record and others parse the whole file as one document.
 * So at the usual verbosity that file gets the one error and nothing else; warnings go to standard
 * error.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "cli.h"
#include "json/write.h"

#include <errno.h>
#include <fcntl.h>

struct report {
	int log_fd;
	bool is_json;
	bool is_verbose; /* more than the error was asked for */
};

static struct report report = {.log_fd = FD_NONE};

static const char *level_word(enum log_level level)
{
	static const char *const words[] = {
		[LOG_LEVEL_ERROR] = "error",
		[LOG_LEVEL_WARNING] = "warning",
		[LOG_LEVEL_INFO] = "info",
		[LOG_LEVEL_DEBUG] = "debug",
	};

	return words[level];
}

static void quoted(struct buf *out, const char *text)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_string(&w, text);
}

static void log_write(enum log_level level, const char *text)
{
	auto_buf line = {0};
	char now[32];
	struct json_writer w;

	clock_rfc3339(now, sizeof(now));
	if (report.is_json) {
		json_writer_init(&w, &line, 0);
		json_begin_object(&w);
		json_member_string(&w, "level", level_word(level));
		json_member_string(&w, "msg", text);
		json_member_string(&w, "time", now);
		json_end_object(&w);
	} else {
		buf_printf(&line, "time=\"%s\" level=%s msg=", now, level_word(level));
		quoted(&line, text);
	}
	buf_append_char(&line, '\n');
	/* There is no better place to tell that this failed. */
	(void)!fd_write_all(report.log_fd, line.data, line.size);
}

static void stderr_write(enum log_level level, const char *text)
{
	auto_buf line = {0};

	buf_append_str(&line, "bulkhead: ");
	if (level != LOG_LEVEL_ERROR)
		buf_printf(&line, "%s: ", level_word(level));
	buf_printf(&line, "%s\n", text);
	(void)!fd_write_all(STDERR_FILENO, line.data, line.size);
}

static void sink(enum log_level level, const char *text, void *data)
{
	(void)data;
	if (report.log_fd >= 0 && report.is_verbose)
		log_write(level, text);
	else
		stderr_write(level, text);
}

static enum log_level level_of(const struct globals *globals)
{
	if (globals->debug.value || (globals->log_level && str_is(globals->log_level, "debug")))
		return LOG_LEVEL_DEBUG;
	if (globals->log_level && str_is(globals->log_level, "info"))
		return LOG_LEVEL_INFO;
	if (globals->log_level && str_is(globals->log_level, "error"))
		return LOG_LEVEL_ERROR;
	return LOG_LEVEL_WARNING;
}

int report_open(const struct globals *globals, struct err *e)
{
	report.is_json = globals->log_format && str_is(globals->log_format, "json");
	report.is_verbose = globals->debug.value || globals->log_level;
	log_set_level(level_of(globals));
	log_set_sink(sink, NULL);
	if (!globals->log || !*globals->log)
		return 0;
	report.log_fd =
		open(globals->log, O_WRONLY | O_CREAT | O_APPEND | O_CLOEXEC | O_NOCTTY, 0644);
	if (report.log_fd < 0)
		return fail(e, errno, "--log '%s'", globals->log);
	return 0;
}

int report_log_fd(void)
{
	return report.log_fd > 0 ? report.log_fd : 0;
}

bool report_is_json(void)
{
	return report.is_json;
}

void report_error(const struct err *e)
{
	char text[2048];

	(void)err_format(e, text, sizeof(text));
	stderr_write(LOG_LEVEL_ERROR, text);
	if (report.log_fd >= 0)
		log_write(LOG_LEVEL_ERROR, text);
}

int output_write(const struct buf *text, struct err *e)
{
	int r = fd_write_all(STDOUT_FILENO, buf_text(text), text->size);

	return r < 0 ? fail(e, -r, "write to standard output") : 0;
}
