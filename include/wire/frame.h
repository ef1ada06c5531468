/*
 * Frames between the monitor and the guest's agent, and streams with credit: bytes in, frames out,
 * no I/O. Both ends are built together and say so in HELLO; the other end is hostile all the same.
 *
 * A frame: struct frame_header (little endian), then `length` bytes. Anything that does not fit
 * the rules makes the decoder fail for good.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"

#include <stdint.h>

enum {
	FRAME_PAYLOAD_MAX = 64 * 1024,
	FRAME_BODY_MAX = 4 * 1024 * 1024, /* a request's or reply's body, in parts */
	STREAM_WINDOW = 64 * 1024,	  /* credit a receiver grants at first */
};

enum frame_kind {
	FRAME_HELLO = 1, /* agent -> host, once: struct wire_hello */
	FRAME_REQUEST,	 /* host -> agent: u16 verb, u16 last part?, then a part of the body */
	FRAME_REPLY,	 /* agent -> host: i32 result, u32 last part?, then a part of the body, or
			    struct err when result < 0 */
	FRAME_EVENT,	 /* agent -> host: u16 event, then its struct */
	FRAME_DATA,	 /* stream bytes; id = stream */
	FRAME_CREDIT,	 /* u32 bytes; id = stream */
	FRAME_END,	 /* end of the stream; id = stream */
	FRAME_RESIZE,	 /* host -> agent: u16 rows, u16 columns; id = stream */
	FRAME_PING,	 /* either way; answered by FRAME_PONG with the same id */
	FRAME_PONG,
	FRAME_KINDS,
};

struct frame_header {
	uint32_t length; /* of the payload */
	uint16_t kind;
	uint16_t zero;
	uint32_t id;
	uint32_t check; /* FRAME_CHECK: tells a stray byte from a header */
};

#define FRAME_CHECK 0x6b6c7562U

struct frame {
	enum frame_kind kind;
	uint32_t id;
	const uint8_t *payload; /* borrowed from the decoder until the next call */
	uint32_t length;
};

struct frame_decoder {
	struct buf pending;
	size_t consumed;
	bool is_broken;
};

enum frame_outcome { FRAME_COMPLETE = 0, FRAME_NEED_MORE = 1 };

void frame_decoder_done(struct frame_decoder *decoder);
/* Takes bytes that arrived. */
void frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t size);
/* The next frame; <0: broken, and so for ever. */
int frame_decoder_next(struct frame_decoder *decoder, struct frame *ret, struct err *e) must_check;

/* Appends one frame. `length` is at most FRAME_PAYLOAD_MAX. */
void frame_append(struct buf *out, enum frame_kind kind, uint32_t id, const void *payload,
		  size_t length);

#endif
