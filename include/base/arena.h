/*
 * An arena: allocate many, free once. Nothing inside is freed alone. Out of memory ends the
 * process with a message: inputs are bounded before they reach an arena.
 */
#ifndef BASE_ARENA_H
#define BASE_ARENA_H

#include "base/err.h"

#include <stdint.h>

struct arena_block;

struct arena {
	struct arena_block *blocks; /* zero-initialise: struct arena arena = {0}; */
};

void arena_done(struct arena *arena);
#define auto_arena __attribute__((cleanup(arena_done))) struct arena

/* Zeroed memory, aligned for any type. size 0 gives a valid unique pointer. */
void *arena_alloc(struct arena *arena, size_t size) __attribute__((malloc, returns_nonnull));
/* Zeroed array; ends the process on overflow of count * size. */
void *arena_array(struct arena *arena, size_t count, size_t size)
	__attribute__((malloc, returns_nonnull));
#define arena_new(arena, type)		((type *)arena_alloc((arena), sizeof(type)))
#define arena_new_array(arena, n, type) ((type *)arena_array((arena), (n), sizeof(type)))

char *arena_strdup(struct arena *arena, const char *text) __attribute__((returns_nonnull));
char *arena_strndup(struct arena *arena, const char *text, size_t length)
	__attribute__((returns_nonnull));
char *arena_printf(struct arena *arena, const char *format, ...) format_like(2, 3)
	__attribute__((returns_nonnull));
void *arena_memdup(struct arena *arena, const void *bytes, size_t size)
	__attribute__((returns_nonnull));

/* malloc family for what lives outside arenas; end the process when out of memory. */
void *xmalloc(size_t size) __attribute__((malloc, returns_nonnull));
void *xcalloc(size_t count, size_t size) __attribute__((malloc, returns_nonnull));
void *xrealloc(void *pointer, size_t size) __attribute__((returns_nonnull));
char *xstrdup(const char *text) __attribute__((returns_nonnull));
char *xasprintf(const char *format, ...) format_like(1, 2) __attribute__((returns_nonnull));

#endif
