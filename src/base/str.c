/*
 * Strings, lists of strings and lexical paths. Paths are cleaned by their text alone: what a
 * symbolic link would make of ".." is the business of whoever opens the path.
 */
#include "base/str.h"

bool str_starts(const char *text, const char *prefix)
{
	return strncmp(text, prefix, strlen(prefix)) == 0;
}

bool str_ends(const char *text, const char *suffix)
{
	size_t length = strlen(text);
	size_t suffix_length = strlen(suffix);

	return length >= suffix_length && str_is(text + length - suffix_length, suffix);
}

const char *str_after(const char *text, const char *prefix)
{
	return str_starts(text, prefix) ? text + strlen(prefix) : NULL;
}

bool strv_has(const struct strv *list, const char *text)
{
	for (size_t i = 0; i < list->count; i++) {
		if (str_is(list->items[i], text))
			return true;
	}
	return false;
}

/* Appends `take_text` itself. Room that another copy of the list has already used is left alone:
 * the slot behind the last item is not NULL then. */
static void strv_add(struct strv *list, struct arena *arena, char *take_text)
{
	if (list->count + 1 >= list->capacity || list->items[list->count]) {
		size_t capacity = list->count < 4 ? 8 : list->count * 2 + 2;
		char **items = arena_new_array(arena, capacity, char *);

		if (list->count > 0)
			memcpy(items, list->items, list->count * sizeof(*items));
		list->items = items;
		list->capacity = capacity;
	}
	list->items[list->count++] = take_text;
	list->items[list->count] = NULL;
}

void strv_push(struct strv *list, struct arena *arena, const char *text)
{
	strv_add(list, arena, arena_strdup(arena, text));
}

struct strv str_split(struct arena *arena, const char *text, const char *separators,
		      bool skip_empty)
{
	struct strv list = {.items = arena_new_array(arena, 8, char *), .capacity = 8};

	for (;;) {
		size_t length = strcspn(text, separators);

		if (length > 0 || !skip_empty)
			strv_add(&list, arena, arena_strndup(arena, text, length));
		if (!text[length])
			return list;
		text += length + 1;
	}
}

char *strv_join(struct arena *arena, const struct strv *list, const char *separator)
{
	size_t separator_length = strlen(separator);
	size_t size = 1;
	char *joined;
	char *end;

	for (size_t i = 0; i < list->count; i++)
		size += strlen(list->items[i]) + (i > 0 ? separator_length : 0);
	joined = end = arena_alloc(arena, size);
	for (size_t i = 0; i < list->count; i++) {
		if (i > 0)
			end = mempcpy(end, separator, separator_length);
		end = mempcpy(end, list->items[i], strlen(list->items[i]));
	}
	return joined;
}

char *path_clean(struct arena *arena, const char *path)
{
	char *clean = arena_alloc(arena, strlen(path) + 2);
	size_t size = 0; /* of what is clean so far, without a slash at its end */

	while (*path) {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.') {
			while (size > 0 && clean[--size] != '/')
				;
		} else if (length > 0 && !(length == 1 && path[0] == '.')) {
			clean[size++] = '/';
			memcpy(clean + size, path, length);
			size += length;
		}
		path += length;
		path += strspn(path, "/");
	}
	if (size == 0)
		clean[size++] = '/';
	clean[size] = '\0';
	return clean;
}

char *path_join(struct arena *arena, const char *a, const char *b)
{
	size_t length = strlen(a);

	while (length > 0 && a[length - 1] == '/')
		length--;
	b += strspn(b, "/");
	return arena_printf(arena, "%.*s/%s", (int)length, a, b);
}
