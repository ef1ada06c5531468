/*
 * One table both decodes and encodes a C struct.
 *
 * A `struct field` row names a JSON member, its type and where it lives in the struct. Decoding
 * checks type and range, refuses unknown enum words, ignores unknown members, treats null as
 * absent, and reports the JSON path: "process.rlimits[1].soft: must be an unsigned 64-bit integer,
 * not a string".
 * All memory comes from the arena. Encoding writes only what is set, in table order.
 *
 * C side of each kind (member in the struct):
 *   BOOL   struct opt_bool     I32 struct opt_i32     U16 struct opt_u16   U32 struct opt_u32
 *   I64    struct opt_i64      U64 struct opt_u64
 *   STRING const char * (NULL = absent)
 *   ENUM   struct opt_i32 holding the value of a row of `names`
 *   STRINGS  struct strv (items NULL = absent; non-NULL with count 0 = present and empty)
 *   ENUMS    struct opt_enums (present, count, values)
 *   U32S     struct opt_u32s (present, count, values)
 *   OBJECT   pointer to a struct described by `fields` (NULL = absent)
 *   LIST     struct list of such structs (items NULL = absent)
 *   MAP      struct map: member name -> string
 *   OBJECTS  struct list of structs that start with `const char *name`: member name -> object
 */
#ifndef JSON_FIELDS_H
#define JSON_FIELDS_H

#include "base/opt.h"
#include "base/str.h"
#include "json/value.h"
#include "json/write.h"

struct list {
	void *items; /* array of structs */
	size_t count;
};

struct map_entry {
	const char *name;
	const char *value;
};

struct map {
	struct map_entry *items;
	size_t count;
};

struct opt_enums {
	bool is_set;
	size_t count;
	int32_t *values;
};

struct opt_u32s {
	bool is_set;
	size_t count;
	uint32_t *values;
};

struct enum_name {
	const char *name; /* NULL ends the table */
	int64_t value;
};

/* Name of the first row with `value`, or NULL. */
const char *enum_name_of(const struct enum_name *names, int64_t value);
/* 0 and *ret, or -ENOENT. */
int enum_value_of(const struct enum_name *names, const char *name, int64_t *ret) must_check;

enum field_kind {
	FIELD_END,
	FIELD_BOOL,
	FIELD_I32,
	FIELD_U16,
	FIELD_U32,
	FIELD_I64,
	FIELD_U64,
	FIELD_STRING,
	FIELD_ENUM,
	FIELD_STRINGS,
	FIELD_ENUMS,
	FIELD_U32S,
	FIELD_OBJECT,
	FIELD_LIST,
	FIELD_MAP,
	FIELD_OBJECTS,
};

enum field_flags {
	FIELD_REQUIRED = 1,	/* absence is an error: "<path>: is required" */
	FIELD_WARN_UNKNOWN = 2, /* ENUMS: an unknown word is warned about and skipped */
	FIELD_NONEMPTY = 4,	/* STRING, STRINGS, LIST: empty is an error */
};

struct field {
	const char *name;
	enum field_kind kind;
	unsigned flags;
	size_t offset;
	size_t size;		       /* OBJECT, LIST, OBJECTS: sizeof the element */
	const struct field *fields;    /* OBJECT, LIST, OBJECTS */
	const struct enum_name *names; /* ENUM, ENUMS */
};

#define FIELD(kind_, type, member, json_name, flags_)              \
	{                                                          \
		.name = json_name, .kind = kind_, .flags = flags_, \
		.offset = offsetof(type, member)                   \
	}
#define FIELD_WITH_NAMES(kind_, type, member, json_name, flags_, names_) \
	{                                                                \
		.name = json_name, .kind = kind_, .flags = flags_,       \
		.offset = offsetof(type, member), .names = names_        \
	}
#define FIELD_WITH_FIELDS(kind_, type, member, json_name, flags_, element, fields_)          \
	{                                                                                    \
		.name = json_name, .kind = kind_, .flags = flags_,                           \
		.offset = offsetof(type, member), .size = sizeof(element), .fields = fields_ \
	}

/* Fills the zeroed struct at `object`. `path` is the JSON path of `value` ("" at the top). */
int fields_decode(const struct field *fields, struct arena *arena, const struct json *value,
		  const char *path, void *object, struct err *e) must_check;
/* Writes { ... }. */
void fields_encode(const struct field *fields, const void *object, struct json_writer *w);

/* Typed access to a struct list. */
#define list_each(type, item, list_)                                                              \
	for (type *item = (list_)->items; item && item < (type *)(list_)->items + (list_)->count; \
	     item++)
#define list_at(type, list_, index) (&((type *)(list_)->items)[index])

const char *map_get(const struct map *map, const char *name); /* NULL when absent */

#endif
