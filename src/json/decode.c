/*
 * JSON to a C struct by its table.
 *
 * Where a value is in the document is kept as a chain on the stack and becomes text only for a
 * message, since almost every decoding succeeds. Strings are copied: the struct may live longer
 * than the tree.
 */
#include "base/log.h"
#include "base/num.h"
#include "json/fields.h"

#include <errno.h>
#include <inttypes.h>
#include <limits.h>
#include <stdio.h>

struct path {
	const struct path *parent;
	const char *name; /* NULL: an item of an array, `index` */
	size_t index;
};

struct decoder {
	struct arena *arena;
	struct err *e;
};

enum { PATH_TEXT_MAX = 512 };

/* --- messages --- */

/* Appends to out[0..PATH_TEXT_MAX), returns the new length; a path too long is cut. */
static size_t path_text(const struct path *path, char *out)
{
	size_t length = path->parent ? path_text(path->parent, out) : 0;
	size_t room = PATH_TEXT_MAX - length;
	int added;

	if (!path->name)
		added = snprintf(out + length, room, "[%zu]", path->index);
	else
		added = snprintf(out + length, room, "%s%s", length > 0 ? "." : "", path->name);
	if (added < 0)
		return length;
	return (size_t)added < room ? length + (size_t)added : PATH_TEXT_MAX - 1;
}

static __attribute__((format(printf, 3, 4))) int
decode_refuse(struct decoder *decoder, const struct path *path, const char *format, ...)
{
	char place[PATH_TEXT_MAX] = "";
	char text[sizeof(decoder->e->text)];
	va_list arguments;

	va_start(arguments, format);
	(void)vsnprintf(text, sizeof(text), format, arguments);
	va_end(arguments);
	if (path_text(path, place) == 0)
		return refuse(decoder->e, EINVAL, "%s", text);
	return refuse(decoder->e, EINVAL, "%s: %s", place, text);
}

static int kind_demand(struct decoder *decoder, const struct path *path, const struct json *value,
		       enum json_kind kind)
{
	if (value->kind == kind)
		return 0;
	return decode_refuse(decoder, path, "must be %s, not %s", json_kind_name(kind),
			     json_kind_name(value->kind));
}

/* --- scalars --- */

static const struct integer {
	const char *name;
	int64_t minimum;
	uint64_t maximum;
} integers[] = {
	[FIELD_I32] = {"a signed 32-bit integer", INT32_MIN, INT32_MAX},
	[FIELD_U16] = {"an unsigned 16-bit integer", 0, UINT16_MAX},
	[FIELD_U32] = {"an unsigned 32-bit integer", 0, UINT32_MAX},
	[FIELD_I64] = {"a signed 64-bit integer", INT64_MIN, INT64_MAX},
	[FIELD_U64] = {"an unsigned 64-bit integer", 0, UINT64_MAX},
};

static void integer_store(enum field_kind kind, void *place, uint64_t bits)
{
	if (kind == FIELD_I32)
		*(struct opt_i32 *)place = (struct opt_i32){true, (int32_t)bits};
	else if (kind == FIELD_U16)
		*(struct opt_u16 *)place = (struct opt_u16){true, (uint16_t)bits};
	else if (kind == FIELD_U32)
		*(struct opt_u32 *)place = (struct opt_u32){true, (uint32_t)bits};
	else if (kind == FIELD_I64)
		*(struct opt_i64 *)place = (struct opt_i64){true, (int64_t)bits};
	else
		*(struct opt_u64 *)place = (struct opt_u64){true, bits};
}

static int integer_decode(struct decoder *decoder, const struct path *path,
			  const struct json *value, enum field_kind kind, void *place)
{
	const struct integer *integer = &integers[kind];
	uint64_t bits = 0;
	int64_t number = 0;
	bool is_in_range;

	if (value->kind != JSON_NUMBER)
		return decode_refuse(decoder, path, "must be %s, not %s", integer->name,
				     json_kind_name(value->kind));
	if (strpbrk(value->text, ".eE"))
		return decode_refuse(decoder, path, "must be an integer, not %s", value->text);
	if (integer->minimum < 0) {
		is_in_range = num_i64(value->text, &number) == 0 && number >= integer->minimum &&
			      (number < 0 || (uint64_t)number <= integer->maximum);
		bits = (uint64_t)number;
	} else {
		is_in_range = num_u64(value->text, &bits) == 0 && bits <= integer->maximum;
	}
	if (!is_in_range)
		return decode_refuse(
			decoder, path, "must be %s (%" PRId64 " to %" PRIu64 "), not %s",
			integer->name, integer->minimum, integer->maximum, value->text);
	integer_store(kind, place, bits);
	return 0;
}

static int bool_decode(struct decoder *decoder, const struct path *path, const struct json *value,
		       struct opt_bool *place)
{
	int r = kind_demand(decoder, path, value, JSON_BOOL);

	if (r < 0)
		return r;
	*place = (struct opt_bool){true, value->boolean};
	return 0;
}

static int string_decode(struct decoder *decoder, const struct path *path, const struct json *value,
			 unsigned flags, const char **place)
{
	int r = kind_demand(decoder, path, value, JSON_STRING);

	if (r < 0)
		return r;
	if ((flags & FIELD_NONEMPTY) && value->count == 0)
		return decode_refuse(decoder, path, "must not be empty");
	*place = arena_strndup(decoder->arena, value->text, value->count);
	return 0;
}

static int enum_unknown(struct decoder *decoder, const struct path *path, const char *word,
			const struct enum_name *names)
{
	auto_buf known = {0};

	for (; names->name; names++)
		buf_printf(&known, "%s%s", known.size > 0 ? ", " : "", names->name);
	return decode_refuse(decoder, path, "unknown value '%.100s' (one of: %s)", word,
			     buf_text(&known));
}

static int enum_decode(struct decoder *decoder, const struct path *path, const struct json *value,
		       const struct enum_name *names, struct opt_i32 *place)
{
	int64_t number = 0;
	int r = kind_demand(decoder, path, value, JSON_STRING);

	if (r < 0)
		return r;
	if (enum_value_of(names, value->text, &number) < 0)
		return enum_unknown(decoder, path, value->text, names);
	*place = (struct opt_i32){true, (int32_t)number};
	return 0;
}

/* --- lists and maps --- */

static int array_demand(struct decoder *decoder, const struct path *path, const struct json *value,
			unsigned flags)
{
	int r = kind_demand(decoder, path, value, JSON_ARRAY);

	if (r == 0 && (flags & FIELD_NONEMPTY) && value->count == 0)
		r = decode_refuse(decoder, path, "must not be empty");
	return r;
}

static int strings_decode(struct decoder *decoder, const struct path *path,
			  const struct json *value, unsigned flags, struct strv *place)
{
	struct strv list = {0};
	int r = array_demand(decoder, path, value, flags);

	if (r < 0)
		return r;
	list.items = arena_new_array(decoder->arena, value->count + 1, char *);
	for (; list.count < value->count; list.count++) {
		const struct json *item = &value->items[list.count];
		struct path here = {.parent = path, .index = list.count};

		r = kind_demand(decoder, &here, item, JSON_STRING);
		if (r < 0)
			return r;
		list.items[list.count] = arena_strndup(decoder->arena, item->text, item->count);
	}
	*place = list;
	return 0;
}

static int enums_decode(struct decoder *decoder, const struct path *path, const struct json *value,
			const struct field *field, struct opt_enums *place)
{
	struct opt_enums list = {.is_set = true};
	int r = array_demand(decoder, path, value, field->flags);

	if (r < 0)
		return r;
	list.values = arena_new_array(decoder->arena, value->count, int32_t);
	for (size_t i = 0; i < value->count; i++) {
		const struct json *item = &value->items[i];
		struct path here = {.parent = path, .index = i};
		char place_text[PATH_TEXT_MAX] = "";
		int64_t number = 0;

		r = kind_demand(decoder, &here, item, JSON_STRING);
		if (r < 0)
			return r;
		if (enum_value_of(field->names, item->text, &number) == 0) {
			list.values[list.count++] = (int32_t)number;
		} else if (field->flags & FIELD_WARN_UNKNOWN) {
			(void)path_text(&here, place_text);
			log_warning("%s: unknown value '%.100s' is ignored", place_text,
				    item->text);
		} else {
			return enum_unknown(decoder, &here, item->text, field->names);
		}
	}
	*place = list;
	return 0;
}

static int u32s_decode(struct decoder *decoder, const struct path *path, const struct json *value,
		       unsigned flags, struct opt_u32s *place)
{
	struct opt_u32s list = {.is_set = true, .count = value->count};
	int r = array_demand(decoder, path, value, flags);

	if (r < 0)
		return r;
	list.values = arena_new_array(decoder->arena, list.count, uint32_t);
	for (size_t i = 0; i < list.count; i++) {
		struct path here = {.parent = path, .index = i};
		struct opt_u32 number = {0};

		r = integer_decode(decoder, &here, &value->items[i], FIELD_U32, &number);
		if (r < 0)
			return r;
		list.values[i] = number.value;
	}
	*place = list;
	return 0;
}

static int map_decode(struct decoder *decoder, const struct path *path, const struct json *value,
		      struct map *place)
{
	struct map map = {0};
	int r = kind_demand(decoder, path, value, JSON_OBJECT);

	if (r < 0)
		return r;
	map.items = arena_new_array(decoder->arena, value->count, struct map_entry);
	for (size_t i = 0; i < value->count; i++) {
		const struct json_member *member = &value->members[i];
		struct path here = {.parent = path, .name = member->name};
		struct map_entry *entry = &map.items[map.count];

		if (member->value.kind == JSON_NULL)
			continue;
		r = string_decode(decoder, &here, &member->value, 0, &entry->value);
		if (r < 0)
			return r;
		entry->name = arena_strdup(decoder->arena, member->name);
		map.count++;
	}
	*place = map;
	return 0;
}

/* --- structs --- */

static int object_decode(struct decoder *decoder, const struct path *path, const struct json *value,
			 const struct field *fields, void *object);

static int list_decode(struct decoder *decoder, const struct path *path, const struct json *value,
		       const struct field *field, struct list *place)
{
	struct list list = {.count = value->count};
	int r = array_demand(decoder, path, value, field->flags);
	char *item;

	if (r < 0)
		return r;
	list.items = item = arena_array(decoder->arena, list.count, field->size);
	for (size_t i = 0; i < list.count; i++, item += field->size) {
		struct path here = {.parent = path, .index = i};

		r = object_decode(decoder, &here, &value->items[i], field->fields, item);
		if (r < 0)
			return r;
	}
	*place = list;
	return 0;
}

static int objects_decode(struct decoder *decoder, const struct path *path,
			  const struct json *value, const struct field *field, struct list *place)
{
	struct list list = {0};
	int r = kind_demand(decoder, path, value, JSON_OBJECT);
	char *item;

	if (r < 0)
		return r;
	list.items = item = arena_array(decoder->arena, value->count, field->size);
	for (size_t i = 0; i < value->count; i++) {
		const struct json_member *member = &value->members[i];
		struct path here = {.parent = path, .name = member->name};

		if (member->value.kind == JSON_NULL)
			continue;
		r = object_decode(decoder, &here, &member->value, field->fields, item);
		if (r < 0)
			return r;
		*(const char **)(void *)item = arena_strdup(decoder->arena, member->name);
		item += field->size;
		list.count++;
	}
	*place = list;
	return 0;
}

static int pointer_decode(struct decoder *decoder, const struct path *path,
			  const struct json *value, const struct field *field, void **place)
{
	void *object = arena_alloc(decoder->arena, field->size);
	int r = object_decode(decoder, path, value, field->fields, object);

	if (r < 0)
		return r;
	*place = object;
	return 0;
}

static int field_decode(struct decoder *decoder, const struct path *path, const struct json *value,
			const struct field *field, void *place)
{
	switch (field->kind) {
	case FIELD_END:
		return 0;
	case FIELD_BOOL:
		return bool_decode(decoder, path, value, place);
	case FIELD_I32:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_I64:
	case FIELD_U64:
		return integer_decode(decoder, path, value, field->kind, place);
	case FIELD_STRING:
		return string_decode(decoder, path, value, field->flags, place);
	case FIELD_ENUM:
		return enum_decode(decoder, path, value, field->names, place);
	case FIELD_STRINGS:
		return strings_decode(decoder, path, value, field->flags, place);
	case FIELD_ENUMS:
		return enums_decode(decoder, path, value, field, place);
	case FIELD_U32S:
		return u32s_decode(decoder, path, value, field->flags, place);
	case FIELD_OBJECT:
		return pointer_decode(decoder, path, value, field, place);
	case FIELD_LIST:
		return list_decode(decoder, path, value, field, place);
	case FIELD_MAP:
		return map_decode(decoder, path, value, place);
	case FIELD_OBJECTS:
		return objects_decode(decoder, path, value, field, place);
	}
	return 0;
}

static int object_decode(struct decoder *decoder, const struct path *path, const struct json *value,
			 const struct field *fields, void *object)
{
	int r = kind_demand(decoder, path, value, JSON_OBJECT);

	for (const struct field *field = fields; r == 0 && field->kind != FIELD_END; field++) {
		struct path here = {.parent = path, .name = field->name};
		const struct json *member = json_get(value, field->name);

		if (member)
			r = field_decode(decoder, &here, member, field,
					 (char *)object + field->offset);
		else if (field->flags & FIELD_REQUIRED)
			r = decode_refuse(decoder, &here, "is required");
	}
	return r;
}

int fields_decode(const struct field *fields, struct arena *arena, const struct json *value,
		  const char *path, void *object, struct err *e)
{
	struct decoder decoder = {.arena = arena, .e = e};
	struct path top = {.name = path};

	return object_decode(&decoder, &top, value, fields, object);
}
