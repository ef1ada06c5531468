/*
 * Arenas and the allocators that end the process when memory is out.
 *
 * Blocks grow geometrically; a request that is large for the current block gets a block of its
 * own behind it, so that the rest of the current one stays in use. Strings are packed without
 * alignment. Ending the process is acceptable, because each process here is short-lived or is
 * itself what would have to be ended.
 */
#include "base/arena.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

enum { BLOCK_FIRST = 16 * 1024, BLOCK_LARGEST = 1024 * 1024, ALIGNMENT = 16 };

struct arena_block {
	struct arena_block *next;
	size_t size;
	size_t used;
	_Alignas(ALIGNMENT) char bytes[];
};

static __attribute__((noreturn)) void out_of_memory(void)
{
	static const char text[] = "error: out of memory\n";
	ssize_t written = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)written;
	_exit(1);
}

void *xmalloc(size_t size)
{
	void *pointer = malloc(size ? size : 1);

	if (!pointer)
		out_of_memory();
	return pointer;
}

void *xcalloc(size_t count, size_t size)
{
	void *pointer = calloc(count ? count : 1, size ? size : 1);

	if (!pointer)
		out_of_memory();
	return pointer;
}

void *xrealloc(void *pointer, size_t size)
{
	void *moved = realloc(pointer, size ? size : 1);

	if (!moved)
		out_of_memory();
	return moved;
}

char *xstrdup(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(xmalloc(size), text, size);
}

char *xasprintf(const char *format, ...)
{
	char *text = NULL;
	va_list arguments;
	int length;

	va_start(arguments, format);
	length = vasprintf(&text, format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	return text;
}

void arena_done(struct arena *arena)
{
	struct arena_block *next;

	for (struct arena_block *block = arena->blocks; block; block = next) {
		next = block->next;
		free(block);
	}
	arena->blocks = NULL;
}

static struct arena_block *block_new(size_t size)
{
	struct arena_block *block;

	if (size > SIZE_MAX - sizeof(*block))
		out_of_memory();
	block = xmalloc(sizeof(*block) + size);
	block->next = NULL;
	block->size = size;
	block->used = 0;
	return block;
}

/* A block with room for `size` bytes: put in front, unless it will be full at once. */
static struct arena_block *arena_grow(struct arena *arena, size_t size)
{
	struct arena_block *current = arena->blocks;
	size_t usual = current ? current->size * 2 : BLOCK_FIRST - sizeof(*current);
	struct arena_block *block;

	if (usual > BLOCK_LARGEST)
		usual = BLOCK_LARGEST;
	block = block_new(size > usual / 2 ? size : usual);
	if (current && size > usual / 2) {
		block->next = current->next;
		current->next = block;
	} else {
		block->next = current;
		arena->blocks = block;
	}
	return block;
}

/* Memory that is not cleared. */
static void *arena_take(struct arena *arena, size_t size, size_t alignment)
{
	struct arena_block *block = arena->blocks;
	size_t start = block ? (block->used + alignment - 1) & ~(alignment - 1) : 0;

	if (!block || start > block->size || size > block->size - start) {
		block = arena_grow(arena, size);
		start = 0;
	}
	block->used = start + size;
	return block->bytes + start;
}

void *arena_alloc(struct arena *arena, size_t size)
{
	if (size == 0)
		size = 1;
	return memset(arena_take(arena, size, ALIGNMENT), 0, size);
}

void *arena_array(struct arena *arena, size_t count, size_t size)
{
	size_t total;

	if (__builtin_mul_overflow(count, size, &total))
		out_of_memory();
	return arena_alloc(arena, total);
}

char *arena_strndup(struct arena *arena, const char *text, size_t length)
{
	size_t used = strnlen(text, length);
	char *copy = arena_take(arena, used + 1, 1);

	memcpy(copy, text, used);
	copy[used] = '\0';
	return copy;
}

char *arena_strdup(struct arena *arena, const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_take(arena, size, 1), text, size);
}

char *arena_printf(struct arena *arena, const char *format, ...)
{
	char small[256];
	va_list arguments;
	char *text;
	int length;

	va_start(arguments, format);
	length = vsnprintf(small, sizeof(small), format, arguments);
	va_end(arguments);
	if (length < 0)
		out_of_memory();
	text = arena_take(arena, (size_t)length + 1, 1);
	if ((size_t)length < sizeof(small))
		return memcpy(text, small, (size_t)length + 1);
	va_start(arguments, format);
	(void)vsnprintf(text, (size_t)length + 1, format, arguments);
	va_end(arguments);
	return text;
}

void *arena_memdup(struct arena *arena, const void *bytes, size_t size)
{
	void *copy = arena_take(arena, size ? size : 1, ALIGNMENT);

	if (size > 0)
		memcpy(copy, bytes, size);
	return copy;
}
