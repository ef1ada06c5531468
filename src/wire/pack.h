/*
 * One walk over a struct both writes and reads it: pack_u32(p, &x) appends x or fills it, by which
 * way the pack was begun. So a body's layout is said once. Reading never goes beyond the end, and
 * after the first thing that is wrong everything reads as zero; pack_end() tells.
 */
#ifndef WIRE_PACK_H
#define WIRE_PACK_H

#include "base/arena.h"
#include "base/buf.h"
#include "base/str.h"

#include <stdint.h>

struct pack {
	struct buf *out; /* writing; NULL: reading */
	const uint8_t *at, *end;
	struct arena *arena; /* NULL: a body without texts and lists */
	bool is_wrong;
	bool is_hostile; /* texts are for people: control characters do not come through */
};

static inline struct pack pack_write(struct buf *out)
{
	return (struct pack){.out = out};
}

static inline struct pack pack_read(struct arena *arena, const void *bytes, size_t size)
{
	return (struct pack){.at = bytes, .end = (const uint8_t *)bytes + size, .arena = arena};
}

/* Reading: everything was right and nothing is left. */
int pack_end(const struct pack *pack, const char *what, struct err *e) must_check;

void pack_u8(struct pack *pack, uint8_t *value);
void pack_u16(struct pack *pack, uint16_t *value);
void pack_u32(struct pack *pack, uint32_t *value);
void pack_u64(struct pack *pack, uint64_t *value);
void pack_i32(struct pack *pack, int32_t *value);
void pack_double(struct pack *pack, double *value);
void pack_bool(struct pack *pack, bool *value);
void pack_bytes(struct pack *pack, void *bytes, size_t size);
/* NULL stays NULL; NUL inside is wrong. */
void pack_text(struct pack *pack, const char **text);
/* A text in an array of `size` bytes, always terminated. */
void pack_name(struct pack *pack, char *text, size_t size);
/* Count, and when reading the zeroed items, each of which takes at least `least` bytes. */
void *pack_items(struct pack *pack, void *items, size_t *count, size_t item_size, size_t least);
/* None is NULL; with the NULL behind the last one. */
void pack_words(struct pack *pack, struct strv *words);

#endif
