/*
 * Frames between the monitor and the guest's agent: bytes in, frames out, no I/O. Both ends are
 * built together and say so in HELLO; the other end is hostile all the same.
 *
 * A frame: struct frame_header (little endian), then `length` bytes. Anything that does not fit
 * the rules makes the decoder fail for good.
 */
#ifndef WIRE_FRAME_H
#define WIRE_FRAME_H

#include "base/buf.h"

#include <stdint.h>

enum {
	FRAME_HEADER_SIZE = 16,
	FRAME_PAYLOAD_MAX = 64 * 1024,
	FRAME_BODY_MAX = 4 * 1024 * 1024, /* a request's or reply's body, in parts */
};

enum frame_kind {
	FRAME_HELLO = 1, /* agent -> host, once and first: struct wire_hello */
	FRAME_REQUEST,	 /* host -> agent: u16 verb, u16 last part?, then a part of the body */
	FRAME_REPLY,	 /* agent -> host: i32 result, u32 last part?, then a part of the body, or
			    struct err when result < 0 */
	FRAME_EVENT,	 /* agent -> host: u32 event, then its body; id = 0 */
	FRAME_DATA,	 /* stream bytes, at least one; id = stream */
	FRAME_CREDIT,	 /* u32 bytes; id = stream */
	FRAME_END,	 /* id = stream. From its sender: no more bytes come. From its receiver:
			    nobody reads any more, the sender's source is closed (SIGPIPE) */
	FRAME_RESIZE, /* host -> agent: u16 rows, u16 columns; id = stream of a terminal's output */
	FRAME_PING,   /* either way; answered by FRAME_PONG with the same id */
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

/* ---- in ---- */

/* Zero-initialise. */
struct frame_decoder {
	struct buf pending;
	size_t consumed;
	bool is_broken;
};

enum frame_outcome { FRAME_COMPLETE = 0, FRAME_NEED_MORE = 1 };

void frame_decoder_done(struct frame_decoder *decoder);
/* Takes bytes that arrived. Call frame_decoder_next() until FRAME_NEED_MORE between two feeds, and
 * it holds less than one frame beyond what was fed. */
void frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t size);
/* The next frame; <0: broken, and so for ever. Length, kind and the sizes that belong to the kind
 * have been checked. */
int frame_decoder_next(struct frame_decoder *decoder, struct frame *ret, struct err *e) must_check;

/* Little-endian numbers of a payload. */
uint16_t frame_u16(const struct frame *frame, size_t offset);
uint32_t frame_u32(const struct frame *frame, size_t offset);

/* ---- out ---- */

/* Appends one frame. `length` is at most FRAME_PAYLOAD_MAX. */
void frame_append(struct buf *out, enum frame_kind kind, uint32_t id, const void *payload,
		  size_t length);

/*
 * What waits to be written. Control frames are never queued behind data: the control lane goes
 * first, between whole frames. EXIT goes in the data lane, behind the data it must follow.
 * Zero-initialise. Stop making data while frame_lanes_data_is_full().
 */
struct frame_lanes {
	struct buf control, data;
	size_t control_sent, data_sent; /* of the front bytes of each */
	size_t begun;			/* bytes left of the frame that is half written */
	size_t noted; /* of control that is neither request nor reply, since it was last empty */
	bool begun_is_data;
};

enum {
	FRAME_LANE_FULL = 128 * 1024,
	/* Credit, ends, answers to pings: who follows the rules has a few of them before it. */
	FRAME_NOTED_MAX = 256 * 1024,
};

void frame_lanes_done(struct frame_lanes *lanes);
void frame_lanes_control(struct frame_lanes *lanes, enum frame_kind kind, uint32_t id,
			 const void *payload, size_t length);
void frame_lanes_data(struct frame_lanes *lanes, enum frame_kind kind, uint32_t id,
		      const void *payload, size_t length);
/* The bytes to write next; false: nothing. Borrowed until the next call. */
bool frame_lanes_peek(struct frame_lanes *lanes, const void **ret_bytes, size_t *ret_size);
/* So many of them have been written. */
void frame_lanes_wrote(struct frame_lanes *lanes, size_t size);
bool frame_lanes_is_empty(const struct frame_lanes *lanes);
bool frame_lanes_data_is_full(const struct frame_lanes *lanes);
size_t frame_lanes_size(const struct frame_lanes *lanes);

#endif
