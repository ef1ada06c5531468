/* The primitives of bodies: see pack.h. A count is believed only as far as the bytes that are left
 * could hold so many items, so memory stays in proportion to what was really sent. */
#include "pack.h"

#include "base/str.h"
#include "put.h"
#include "wire/calls.h"

#include <errno.h>

enum { WORD_LEAST = 4 };

int pack_end(const struct pack *pack, const char *what, struct err *e)
{
	if (pack->is_wrong)
		return refuse(e, EBADMSG, "%s: its body is malformed", what);
	if (pack->at != pack->end)
		return refuse(e, EBADMSG, "%s: its body is too long", what);
	return 0;
}

void pack_bytes(struct pack *pack, void *bytes, size_t size)
{
	if (pack->out) {
		buf_append(pack->out, bytes, size);
		return;
	}
	if (pack->is_wrong || (size_t)(pack->end - pack->at) < size) {
		pack->is_wrong = true;
		memset(bytes, 0, size);
		return;
	}
	memcpy(bytes, pack->at, size);
	pack->at += size;
}

void pack_u8(struct pack *pack, uint8_t *value)
{
	pack_bytes(pack, value, 1);
}

void pack_u16(struct pack *pack, uint16_t *value)
{
	uint16_t wire = htole16(*value);

	pack_bytes(pack, &wire, sizeof(wire));
	*value = le16toh(wire);
}

void pack_u32(struct pack *pack, uint32_t *value)
{
	uint32_t wire = htole32(*value);

	pack_bytes(pack, &wire, sizeof(wire));
	*value = le32toh(wire);
}

void pack_u64(struct pack *pack, uint64_t *value)
{
	uint64_t wire = htole64(*value);

	pack_bytes(pack, &wire, sizeof(wire));
	*value = le64toh(wire);
}

void pack_i32(struct pack *pack, int32_t *value)
{
	uint32_t wire = (uint32_t)*value;

	pack_u32(pack, &wire);
	*value = (int32_t)wire;
}

void pack_double(struct pack *pack, double *value)
{
	uint64_t wire;

	memcpy(&wire, value, sizeof(wire));
	pack_u64(pack, &wire);
	memcpy(value, &wire, sizeof(wire));
}

void pack_bool(struct pack *pack, bool *value)
{
	/* What is read into may hold anything. */
	uint8_t wire = pack->out ? *value : 0;

	pack_u8(pack, &wire);
	if (wire > 1)
		pack->is_wrong = true;
	*value = wire == 1;
}

static const char *read_text(struct pack *pack, uint32_t length)
{
	const char *bytes = (const char *)pack->at;
	char *text;

	if (length > (size_t)(pack->end - pack->at) || memchr(bytes, 0, length)) {
		pack->is_wrong = true;
		return NULL;
	}
	pack->at += length;
	if (!pack->is_hostile)
		return arena_strndup(pack->arena, bytes, length);
	text = arena_alloc(pack->arena, length + 1);
	wire_text_copy(text, length + 1, bytes, length);
	return text;
}

/* On the wire: length + 1, or 0 for NULL. */
void pack_text(struct pack *pack, const char **text)
{
	uint32_t wire = pack->out && *text ? (uint32_t)strlen(*text) + 1 : 0;

	pack_u32(pack, &wire);
	if (!pack->out)
		*text = wire == 0 || pack->is_wrong ? NULL : read_text(pack, wire - 1);
	else if (wire > 1)
		buf_append(pack->out, *text, wire - 1);
}

void pack_name(struct pack *pack, char *text, size_t size)
{
	pack_bytes(pack, text, size);
	if (pack->out)
		return;
	if (!memchr(text, 0, size))
		pack->is_wrong = true;
	text[size - 1] = '\0';
}

void *pack_items(struct pack *pack, void *items, size_t *count, size_t item_size, size_t least)
{
	uint32_t wire = (uint32_t)*count;

	pack_u32(pack, &wire);
	if (pack->out)
		return items;
	*count = 0;
	if (wire > (size_t)(pack->end - pack->at) / least)
		pack->is_wrong = true;
	if (pack->is_wrong || wire == 0)
		return NULL;
	*count = wire;
	return arena_array(pack->arena, wire, item_size);
}

void pack_words(struct pack *pack, struct strv *words)
{
	bool is_reading = !pack->out;

	words->items = pack_items(pack, words->items, &words->count, sizeof(char *), WORD_LEAST);
	/* With the NULL behind the last one. */
	if (is_reading)
		words->items = arena_new_array(pack->arena, words->count + 1, char *);
	for (size_t i = 0; i < words->count; i++) {
		const char *word = words->items[i];

		pack_text(pack, &word);
		if (!word)
			pack->is_wrong = true;
		if (is_reading)
			words->items[i] = (char *)(uintptr_t)word;
	}
}
