/*
 * Diagnostics. Layers below runtime log debug only; `warning` is for "the specification lets us
 * ignore this, and we did"; `error` is printed by cli/main.c alone.
 *
 * The sink is process-wide: it is set once in main. The container's side of create replaces it by
 * one that sends records to its parent (log_set_sink).
 */
#ifndef BASE_LOG_H
#define BASE_LOG_H

#include "base/err.h"

enum log_level { LOG_LEVEL_ERROR, LOG_LEVEL_WARNING, LOG_LEVEL_INFO, LOG_LEVEL_DEBUG };

typedef void log_sink_fn(enum log_level level, const char *text, void *data);

/* The most talkative level that reaches the sink; LOG_LEVEL_WARNING at first. */
void log_set_level(enum log_level level);
enum log_level log_get_level(void);

/* Where records go; the first sink prints "level: text" on stderr. `data` is borrowed. */
void log_set_sink(log_sink_fn *sink, void *data);

void log_debug(const char *format, ...) format_like(1, 2);
void log_info(const char *format, ...) format_like(1, 2);
void log_warning(const char *format, ...) format_like(1, 2);
void log_error(const char *format, ...) format_like(1, 2);

/* Hands an already formatted record to the sink (used to relay a child's records). */
void log_record(enum log_level level, const char *text);

#endif
