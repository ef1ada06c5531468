/* Arenas and the allocators. */
#include "base/arena.h"

#include "base/own.h"

#include "tap.h"

#include <sys/wait.h>

static bool is_zero(const unsigned char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++) {
		if (bytes[i])
			return false;
	}
	return true;
}

static void test_alloc(void)
{
	auto_arena arena = {0};
	void *first = arena_alloc(&arena, 0);
	void *second = arena_alloc(&arena, 0);
	bool all_aligned = true;
	bool all_zero = true;

	check(first != second);
	for (size_t i = 1; i < 3000; i++) {
		unsigned char *bytes = arena_alloc(&arena, i);

		all_aligned &= (uintptr_t)bytes % _Alignof(max_align_t) == 0;
		all_zero &= is_zero(bytes, i);
		memset(bytes, 0xff, i);
		(void)arena_strdup(&arena, "odd");
	}
	check(all_aligned);
	check(all_zero);

	/* Large requests leave the rest of the current block in use. */
	first = arena_alloc(&arena, 16);
	memset(arena_alloc(&arena, 5 << 20), 1, 5 << 20);
	second = arena_alloc(&arena, 16);
	check((char *)second == (char *)first + 16);
	check(is_zero(arena_array(&arena, 100, 100), 10000));
	arena_done(&arena);
	check(arena.blocks == NULL);
	check(arena_new(&arena, long) != NULL);
}

static void test_copies(void)
{
	auto_arena arena = {0};
	char large[1000];
	const int numbers[] = {1, 2, 3};
	int *copy;

	check_text(arena_strdup(&arena, ""), "");
	check_text(arena_strdup(&arena, "abc"), "abc");
	check_text(arena_strndup(&arena, "abcdef", 3), "abc");
	check_text(arena_strndup(&arena, "ab", 10), "ab");
	check_text(arena_printf(&arena, "%d-%s", 7, "x"), "7-x");
	check_text(arena_printf(&arena, "%s", ""), "");
	for (size_t size = 250; size < 260; size++) {
		memset(large, 'l', size);
		large[size] = '\0';
		check_text(arena_printf(&arena, "%s", large), large);
	}
	copy = arena_memdup(&arena, numbers, sizeof(numbers));
	check_number(copy[2], 3);
	check(arena_memdup(&arena, NULL, 0) != NULL);
}

static void test_x(void)
{
	auto_free char *text = xasprintf("%s %d", "text", 5);
	auto_free char *copy = xstrdup(text);
	auto_free char *zeroed = xcalloc(0, 0);
	auto_free char *moved = xrealloc(NULL, 0);

	check_text(copy, "text 5");
	check(zeroed != NULL && moved != NULL);
	moved = xrealloc(moved, 100);
	check(moved != NULL);
}

/* Out of memory, and counts that overflow, end the process with status 1. */
static void test_out_of_memory(void)
{
	for (int i = 0; i < 3; i++) {
		pid_t child = fork();
		int status = 0;

		if (child == 0) {
			struct arena arena = {0};

			(void)close(STDERR_FILENO);
			if (i == 0)
				(void)arena_array(&arena, SIZE_MAX / 2, 3);
			else if (i == 1)
				(void)arena_alloc(&arena, SIZE_MAX - 4);
			else
				(void)arena_array(&arena, (size_t)1 << 62, 2);
			_exit(0);
		}
		check(waitpid(child, &status, 0) == child);
		check(WIFEXITED(status) && WEXITSTATUS(status) == 1);
	}
}

int main(void)
{
	test_alloc();
	test_copies();
	test_x();
	test_out_of_memory();
	return tap_done();
}
