/*
 * Text to tree, with yajl's event parser as the tokenizer. The only file that knows yajl.
 *
 * What yajl does not do, or does too kindly, is done here: it lets overlong UTF-8 and lone
 * surrogates pass, makes "?" of a lone \ud800, takes form feeds for blanks, accepts an unfinished
 * token behind the document, and has no limit of depth. So bytes and escapes are checked before it
 * sees them, and where the document ended is compared with where the text ends.
 *
 * Values whose container is still open wait on one stack that grows geometrically; at the end of a
 * container its part of the stack moves into the arena at its exact size. Names of small objects
 * are compared pairwise for duplicates, those of large ones are sorted: a hostile document cannot
 * make either quadratic.
 */
#include "json/value.h"

#include "text.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>
#include <yajl/yajl_parse.h>

enum { PAIRWISE_MAX = 12 };

struct slot {
	struct json_member member; /* without a name in arrays */
	size_t at;		   /* offset of the name in the text */
};

struct frame {
	size_t first; /* slot */
	bool is_object;
};

struct reader {
	struct arena *arena;
	const char *text;
	size_t size;
	yajl_handle parser;
	struct slot *slots;
	size_t count;
	size_t capacity;
	size_t values; /* of all, and the names of members */
	struct frame frames[JSON_DEPTH_MAX];
	size_t depth;
	struct json root;
	size_t end;	  /* of the last value that has ended */
	bool is_complete; /* that was the top-level one */
	bool is_finishing;
	struct err *e;
};

/* --- where we are --- */

/* Behind the current token. */
static size_t reader_offset(const struct reader *reader)
{
	return reader->is_finishing ? reader->size : yajl_get_bytes_consumed(reader->parser);
}

/* Whether numbers and literals are made of it. */
static bool is_word(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') || c == '+' || c == '-' ||
	       c == '.' || c == 'E';
}

/* Where the token that ends at `end` begins. */
static size_t token_start(const char *text, size_t end)
{
	size_t start = end;

	if (start == 0)
		return 0;
	start--;
	if (text[start] == '"') {
		/* An opening quote has an even number of backslashes before it: none inside the
		 * string does. */
		while (start > 0) {
			size_t slashes = 0;

			if (text[--start] != '"')
				continue;
			while (slashes < start && text[start - slashes - 1] == '\\')
				slashes++;
			if (slashes % 2 == 0)
				break;
		}
		return start;
	}
	while (start > 0 && is_word(text[start]) && is_word(text[start - 1]))
		start--;
	return start;
}

/* --- the tree --- */

static int value_count(struct reader *reader)
{
	if (++reader->values <= JSON_VALUES_MAX)
		return 1;
	(void)text_refuse(reader->e, reader->text, reader->size, reader_offset(reader) - 1,
			  "more than %d values in one document", JSON_VALUES_MAX);
	return 0;
}

static struct slot *slot_push(struct reader *reader)
{
	if (reader->count == reader->capacity) {
		reader->capacity = reader->capacity ? reader->capacity * 2 : 64;
		reader->slots = xrealloc(reader->slots, reader->capacity * sizeof(struct slot));
	}
	return &reader->slots[reader->count++];
}

static int reader_put(struct reader *reader, struct json value)
{
	if (!value_count(reader))
		return 0;
	reader->end = reader_offset(reader);
	if (reader->depth == 0) {
		reader->root = value;
		reader->is_complete = true;
	} else if (reader->frames[reader->depth - 1].is_object) {
		reader->slots[reader->count - 1].member.value = value;
	} else {
		slot_push(reader)->member.value = value;
	}
	return 1;
}

static int on_null(void *context)
{
	return reader_put(context, (struct json){.kind = JSON_NULL});
}

static int on_boolean(void *context, int value)
{
	return reader_put(context, (struct json){.kind = JSON_BOOL, .boolean = value != 0});
}

static int on_number(void *context, const char *text, size_t length)
{
	struct reader *reader = context;
	const char *copy = arena_strndup(reader->arena, text, length);

	return reader_put(reader,
			  (struct json){.kind = JSON_NUMBER, .count = length, .text = copy});
}

static int on_string(void *context, const unsigned char *text, size_t length)
{
	struct reader *reader = context;
	const char *copy = arena_strndup(reader->arena, (const char *)text, length);

	return reader_put(reader,
			  (struct json){.kind = JSON_STRING, .count = length, .text = copy});
}

static int on_key(void *context, const unsigned char *text, size_t length)
{
	struct reader *reader = context;
	struct slot *slot;

	if (!value_count(reader))
		return 0;
	slot = slot_push(reader);
	slot->member.name = arena_strndup(reader->arena, (const char *)text, length);
	slot->at = reader_offset(reader);
	return 1;
}

static int container_begin(struct reader *reader, bool is_object)
{
	if (reader->depth == JSON_DEPTH_MAX) {
		(void)text_refuse(reader->e, reader->text, reader->size, reader_offset(reader) - 1,
				  "nested deeper than %d levels", JSON_DEPTH_MAX);
		return 0;
	}
	reader->frames[reader->depth++] =
		(struct frame){.first = reader->count, .is_object = is_object};
	return 1;
}

static int on_begin_object(void *context)
{
	return container_begin(context, true);
}

static int on_begin_array(void *context)
{
	return container_begin(context, false);
}

static int on_end_array(void *context)
{
	struct reader *reader = context;
	size_t first = reader->frames[--reader->depth].first;
	size_t count = reader->count - first;
	struct json *items = count > 0 ? arena_new_array(reader->arena, count, struct json) : NULL;

	for (size_t i = 0; i < count; i++)
		items[i] = reader->slots[first + i].member.value;
	reader->count = first;
	return reader_put(reader,
			  (struct json){.kind = JSON_ARRAY, .count = count, .items = items});
}

static int slot_order(const void *left, const void *right)
{
	const struct slot *a = *(struct slot *const *)left;
	const struct slot *b = *(struct slot *const *)right;
	int order = strcmp(a->member.name, b->member.name);

	return order ? order : (a->at > b->at) - (a->at < b->at);
}

/* The first slot in the text whose name came before, or NULL. */
static const struct slot *duplicate_find(struct slot *slots, size_t count)
{
	const struct slot *found = NULL;
	struct slot **sorted;

	if (count <= PAIRWISE_MAX) {
		for (size_t i = 1; i < count; i++) {
			for (size_t j = 0; j < i; j++) {
				if (strcmp(slots[i].member.name, slots[j].member.name) == 0)
					return &slots[i];
			}
		}
		return NULL;
	}
	sorted = xmalloc(count * sizeof(struct slot *));
	for (size_t i = 0; i < count; i++)
		sorted[i] = &slots[i];
	qsort(sorted, count, sizeof(struct slot *), slot_order);
	for (size_t i = 1; i < count; i++) {
		if (strcmp(sorted[i]->member.name, sorted[i - 1]->member.name) == 0 &&
		    (!found || sorted[i]->at < found->at))
			found = sorted[i];
	}
	free(sorted);
	return found;
}

static int on_end_object(void *context)
{
	struct reader *reader = context;
	size_t first = reader->frames[--reader->depth].first;
	size_t count = reader->count - first;
	struct json_member *members =
		count > 0 ? arena_new_array(reader->arena, count, struct json_member) : NULL;
	const struct slot *duplicate =
		count > 0 ? duplicate_find(reader->slots + first, count) : NULL;

	if (duplicate) {
		(void)text_refuse(reader->e, reader->text, reader->size,
				  token_start(reader->text, duplicate->at), "duplicate member '%s'",
				  duplicate->member.name);
		return 0;
	}
	for (size_t i = 0; i < count; i++)
		members[i] = reader->slots[first + i].member;
	reader->count = first;
	return reader_put(reader,
			  (struct json){.kind = JSON_OBJECT, .count = count, .members = members});
}

/* --- yajl --- */

static void *yajl_take(void *context, size_t size)
{
	(void)context;
	return xmalloc(size);
}

static void *yajl_move(void *context, void *pointer, size_t size)
{
	(void)context;
	return xrealloc(pointer, size);
}

static void yajl_give(void *context, void *pointer)
{
	(void)context;
	free(pointer);
}

static size_t blanks_skip(const char *text, size_t size, size_t at)
{
	while (at < size && memchr(" \t\r\n", text[at], 4))
		at++;
	return at;
}

/* Puts yajl's reason, without its decoration, into the error. */
static int refuse_syntax(struct reader *reader)
{
	unsigned char *message = yajl_get_error(reader->parser, 0, NULL, 0);
	const char *reason = (const char *)message;
	const char *colon = strstr(reason, ": ");
	size_t end = reader_offset(reader);
	size_t at = end;
	size_t length;
	int r;

	/* yajl stops behind the token it does not want and behind a character that begins none, but
	 * before a character that does not continue one; of one token it takes back a part. */
	if (strstr(reason, "after key and value"))
		at = blanks_skip(reader->text, reader->size, reader->end);
	else if (strncmp(reason, "parse error", 11) == 0 && !reader->is_finishing)
		at = token_start(reader->text, end);
	else if (strstr(reason, "invalid char in") && end > 0)
		at = end - 1;
	reason = colon ? colon + 2 : reason;
	length = strcspn(reason, "\n");
	while (length > 0 && reason[length - 1] == '.')
		length--;
	r = text_refuse(reader->e, reader->text, reader->size, at, "not valid JSON: %.*s",
			(int)length, reason);
	yajl_free_error(reader->parser, message);
	return r;
}

static int reader_run(struct reader *reader)
{
	yajl_status status =
		yajl_parse(reader->parser, (const unsigned char *)reader->text, reader->size);

	if (status == yajl_status_ok) {
		reader->is_finishing = true;
		status = yajl_complete_parse(reader->parser);
	}
	if (status == yajl_status_client_canceled)
		return -reader->e->code;
	if (reader->is_complete) {
		size_t next = blanks_skip(reader->text, reader->size, reader->end);

		if (next < reader->size)
			return text_refuse(reader->e, reader->text, reader->size, next,
					   "something follows the JSON document");
	}
	if (status != yajl_status_ok)
		return refuse_syntax(reader);
	return 0;
}

int json_read(struct arena *arena, const char *text, size_t size, const struct json **ret,
	      struct err *e)
{
	static const yajl_callbacks callbacks = {
		.yajl_null = on_null,
		.yajl_boolean = on_boolean,
		.yajl_number = on_number,
		.yajl_string = on_string,
		.yajl_start_map = on_begin_object,
		.yajl_map_key = on_key,
		.yajl_end_map = on_end_object,
		.yajl_start_array = on_begin_array,
		.yajl_end_array = on_end_array,
	};
	static const yajl_alloc_funcs allocators = {
		.malloc = yajl_take, .realloc = yajl_move, .free = yajl_give};
	yajl_alloc_funcs functions = allocators;
	struct reader reader = {.arena = arena, .text = text, .size = size, .e = e};
	int r;

	if (size > JSON_SIZE_MAX)
		return refuse(e, EFBIG, "larger than %d bytes", JSON_SIZE_MAX);
	if (blanks_skip(text, size, 0) == size)
		return refuse(e, EINVAL, "is empty");
	r = text_check(text, size, e);
	if (r < 0)
		return r;
	reader.parser = yajl_alloc(&callbacks, &functions, &reader);
	/* Valid UTF-8 by now. */
	(void)yajl_config(reader.parser, yajl_dont_validate_strings, 1);
	r = reader_run(&reader);
	yajl_free(reader.parser);
	free(reader.slots);
	if (r < 0)
		return r;
	*ret = arena_memdup(arena, &reader.root, sizeof(reader.root));
	return 0;
}
