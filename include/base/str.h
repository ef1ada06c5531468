/* String predicates and small helpers; no allocation unless an arena is given. */
#ifndef BASE_STR_H
#define BASE_STR_H

#include "base/arena.h"

#include <stdbool.h>
#include <string.h>

static inline bool str_is(const char *a, const char *b)
{
	return strcmp(a, b) == 0;
}

bool str_starts(const char *text, const char *prefix);
bool str_ends(const char *text, const char *suffix);
/* What follows `prefix` in text, or NULL. */
const char *str_after(const char *text, const char *prefix);

/*
 * A counted list of strings; `items` has a NULL behind the last one, so it serves as argv.
 * `capacity` belongs to strv_push(): leave it 0 when filling a list by hand, the first push copies
 * then. A list that was pushed to shares its array with copies of the struct: push to one of them
 * and only that one is argv from then on (counts stay right for all).
 */
struct strv {
	char **items;
	size_t count;
	size_t capacity;
};

bool strv_has(const struct strv *list, const char *text);
void strv_push(struct strv *list, struct arena *arena, const char *text); /* copies text */
/* Splits at each of `separators`; empty pieces are kept unless skip_empty. */
struct strv str_split(struct arena *arena, const char *text, const char *separators,
		      bool skip_empty);
char *strv_join(struct arena *arena, const struct strv *list, const char *separator);

/* Lexically clean absolute path: no "//", ".", ".."; ".." never climbs above "/". A relative
 * `path` is taken relative to "/". */
char *path_clean(struct arena *arena, const char *path);
/* `a`/`b` with exactly one slash between. */
char *path_join(struct arena *arena, const char *a, const char *b);

#endif
