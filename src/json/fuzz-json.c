/*
 * Any bytes to the reader. What it takes must come out of the writer as a text that is taken again
 * and written the same; what it refuses must leave an error behind.
 */
#include "json/value.h"
#include "json/write.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void must(bool holds)
{
	if (!holds)
		abort();
}

static void tree_write(const struct json *value, int indent, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, indent);
	json_value(&w, value);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = {0};
	auto_buf first = {0};
	auto_buf indented = {0};
	auto_buf second = {0};
	const struct json *value = NULL;
	struct err e = {0};

	if (json_read(&arena, (const char *)data, size, &value, &e) < 0) {
		must(e.code > 0 && e.text[0] != '\0' && !value);
		return 0;
	}
	tree_write(value, 0, &first);
	tree_write(value, 3, &indented);
	must(json_read(&arena, indented.data, indented.size, &value, &e) == 0);
	tree_write(value, 0, &second);
	must(first.size == second.size && memcmp(first.data, second.data, first.size) == 0);
	return 0;
}
