/* Little-endian numbers, and the sizes of what stands in front of the bodies. */
#ifndef WIRE_PUT_H
#define WIRE_PUT_H

#include "base/buf.h"

#include <endian.h>
#include <stdint.h>
#include <string.h>

enum {
	WIRE_HELLO_SIZE = 4 + 4 + 64 + 64,
	REQUEST_HEAD_SIZE = 4,
	REPLY_HEAD_SIZE = 8,
	EVENT_HEAD_SIZE = 4,
	EVENT_BODY_MAX = 4 + 1000, /* of LOG, the longest */
};

static inline void put_u16(struct buf *out, uint16_t value)
{
	value = htole16(value);
	buf_append(out, &value, sizeof(value));
}

static inline void put_u32(struct buf *out, uint32_t value)
{
	value = htole32(value);
	buf_append(out, &value, sizeof(value));
}

static inline void put_u64(struct buf *out, uint64_t value)
{
	value = htole64(value);
	buf_append(out, &value, sizeof(value));
}

static inline uint16_t get_u16(const void *at)
{
	uint16_t value;

	memcpy(&value, at, sizeof(value));
	return le16toh(value);
}

static inline uint32_t get_u32(const void *at)
{
	uint32_t value;

	memcpy(&value, at, sizeof(value));
	return le32toh(value);
}

static inline uint64_t get_u64(const void *at)
{
	uint64_t value;

	memcpy(&value, at, sizeof(value));
	return le64toh(value);
}

#endif
