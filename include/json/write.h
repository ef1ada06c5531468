/* A streaming JSON writer into a struct buf: keeps commas, escapes and indentation right. */
#ifndef JSON_WRITE_H
#define JSON_WRITE_H

#include "base/buf.h"
#include "json/value.h"

struct json_writer {
	struct buf *out;
	int indent; /* spaces a level; 0 writes all on one line */
	int depth;
	bool need_comma;
	bool after_name;
};

void json_writer_init(struct json_writer *w, struct buf *out, int indent);
void json_begin_object(struct json_writer *w);
void json_end_object(struct json_writer *w);
void json_begin_array(struct json_writer *w);
void json_end_array(struct json_writer *w);
void json_name(struct json_writer *w, const char *name);
/* Invalid UTF-8 is replaced by U+FFFD, so that output is always valid JSON. */
void json_string(struct json_writer *w, const char *text);
void json_u64(struct json_writer *w, uint64_t value);
void json_i64(struct json_writer *w, int64_t value);
void json_double(struct json_writer *w, double value);
void json_bool(struct json_writer *w, bool value);
void json_null(struct json_writer *w);
void json_value(struct json_writer *w, const struct json *value); /* a whole tree */

#define json_member_string(w, name, value) (json_name((w), (name)), json_string((w), (value)))
#define json_member_u64(w, name, value)	   (json_name((w), (name)), json_u64((w), (value)))
#define json_member_i64(w, name, value)	   (json_name((w), (name)), json_i64((w), (value)))
#define json_member_bool(w, name, value)   (json_name((w), (name)), json_bool((w), (value)))

#endif
