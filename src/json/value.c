/* Look-ups in a JSON tree. */
#include "json/value.h"

#include <string.h>

const struct json *json_get(const struct json *object, const char *name)
{
	if (object->kind != JSON_OBJECT)
		return NULL;
	for (size_t i = 0; i < object->count; i++) {
		const struct json_member *member = &object->members[i];

		if (strcmp(member->name, name) == 0)
			return member->value.kind == JSON_NULL ? NULL : &member->value;
	}
	return NULL;
}

const char *json_kind_name(enum json_kind kind)
{
	switch (kind) {
	case JSON_NULL:
		return "null";
	case JSON_BOOL:
		return "a boolean";
	case JSON_NUMBER:
		return "a number";
	case JSON_STRING:
		return "a string";
	case JSON_ARRAY:
		return "an array";
	case JSON_OBJECT:
		return "an object";
	}
	return "something unknown";
}
