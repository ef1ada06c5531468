/* A C struct to JSON by its table, and the look-ups that tables and maps share. */
#include "json/fields.h"

#include <errno.h>

const char *enum_name_of(const struct enum_name *names, int64_t value)
{
	for (; names->name; names++) {
		if (names->value == value)
			return names->name;
	}
	return NULL;
}

int enum_value_of(const struct enum_name *names, const char *name, int64_t *ret)
{
	for (; names->name; names++) {
		if (str_is(names->name, name)) {
			*ret = names->value;
			return 0;
		}
	}
	return -ENOENT;
}

const char *map_get(const struct map *map, const char *name)
{
	for (size_t i = 0; i < map->count; i++) {
		if (str_is(map->items[i].name, name))
			return map->items[i].value;
	}
	return NULL;
}

/* Structs keep 32 bits of a value; tables may name one above INT32_MAX (SCMP_ACT_*). */
static const char *enum_name_stored(const struct enum_name *names, int32_t value)
{
	for (; names->name; names++) {
		if ((int32_t)names->value == value)
			return names->name;
	}
	return NULL;
}

static void strings_encode(const char *name, const struct strv *list, struct json_writer *w)
{
	if (!list->items)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++)
		json_string(w, list->items[i]);
	json_end_array(w);
}

static void enums_encode(const struct field *field, const struct opt_enums *list,
			 struct json_writer *w)
{
	if (!list->is_set)
		return;
	json_name(w, field->name);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++) {
		const char *word = enum_name_stored(field->names, list->values[i]);

		if (word)
			json_string(w, word);
	}
	json_end_array(w);
}

static void u32s_encode(const char *name, const struct opt_u32s *list, struct json_writer *w)
{
	if (!list->is_set)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++)
		json_u64(w, list->values[i]);
	json_end_array(w);
}

static void map_encode(const char *name, const struct map *map, struct json_writer *w)
{
	if (!map->items)
		return;
	json_name(w, name);
	json_begin_object(w);
	for (size_t i = 0; i < map->count; i++)
		json_member_string(w, map->items[i].name, map->items[i].value);
	json_end_object(w);
}

static void list_encode(const struct field *field, const struct list *list, struct json_writer *w)
{
	const char *item = list->items;

	if (!item)
		return;
	json_name(w, field->name);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++, item += field->size)
		fields_encode(field->fields, item, w);
	json_end_array(w);
}

static void objects_encode(const struct field *field, const struct list *list,
			   struct json_writer *w)
{
	const char *item = list->items;

	if (!item)
		return;
	json_name(w, field->name);
	json_begin_object(w);
	for (size_t i = 0; i < list->count; i++, item += field->size) {
		json_name(w, *(const char *const *)(const void *)item);
		fields_encode(field->fields, item, w);
	}
	json_end_object(w);
}

static void number_encode(const struct field *field, const void *place, struct json_writer *w)
{
	const struct opt_i32 *i32 = place;
	const struct opt_u16 *u16 = place;
	const struct opt_u32 *u32 = place;
	const struct opt_i64 *i64 = place;
	const struct opt_u64 *u64 = place;

	if (field->kind == FIELD_I32 && i32->is_set)
		json_member_i64(w, field->name, i32->value);
	else if (field->kind == FIELD_U16 && u16->is_set)
		json_member_u64(w, field->name, u16->value);
	else if (field->kind == FIELD_U32 && u32->is_set)
		json_member_u64(w, field->name, u32->value);
	else if (field->kind == FIELD_I64 && i64->is_set)
		json_member_i64(w, field->name, i64->value);
	else if (field->kind == FIELD_U64 && u64->is_set)
		json_member_u64(w, field->name, u64->value);
}

static void scalar_encode(const struct field *field, const void *place, struct json_writer *w)
{
	const char *text = NULL;

	if (field->kind == FIELD_BOOL) {
		const struct opt_bool *boolean = place;

		if (boolean->is_set)
			json_member_bool(w, field->name, boolean->value);
	} else if (field->kind == FIELD_STRING) {
		text = *(const char *const *)place;
	} else {
		const struct opt_i32 *word = place;

		if (word->is_set)
			text = enum_name_stored(field->names, word->value);
	}
	if (text)
		json_member_string(w, field->name, text);
}

static void field_encode(const struct field *field, const void *place, struct json_writer *w)
{
	switch (field->kind) {
	case FIELD_END:
		break;
	case FIELD_I32:
	case FIELD_U16:
	case FIELD_U32:
	case FIELD_I64:
	case FIELD_U64:
		number_encode(field, place, w);
		break;
	case FIELD_BOOL:
	case FIELD_STRING:
	case FIELD_ENUM:
		scalar_encode(field, place, w);
		break;
	case FIELD_STRINGS:
		strings_encode(field->name, place, w);
		break;
	case FIELD_ENUMS:
		enums_encode(field, place, w);
		break;
	case FIELD_U32S:
		u32s_encode(field->name, place, w);
		break;
	case FIELD_OBJECT:
		if (*(const void *const *)place) {
			json_name(w, field->name);
			fields_encode(field->fields, *(const void *const *)place, w);
		}
		break;
	case FIELD_LIST:
		list_encode(field, place, w);
		break;
	case FIELD_MAP:
		map_encode(field->name, place, w);
		break;
	case FIELD_OBJECTS:
		objects_encode(field, place, w);
		break;
	}
}

void fields_encode(const struct field *fields, const void *object, struct json_writer *w)
{
	json_begin_object(w);
	for (const struct field *field = fields; field->kind != FIELD_END; field++)
		field_encode(field, (const char *)object + field->offset, w);
	json_end_object(w);
}
