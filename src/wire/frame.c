/*
 * Frames out of bytes. The bytes come in whatever pieces a character device makes of them; what is
 * held back is never more than one frame and one piece. Once something was wrong, everything behind
 * it is: where the next frame would begin can no longer be known.
 */
#include "wire/frame.h"

#include "put.h"

#include <errno.h>

#include <string.h>

static const struct size_rule {
	uint32_t least, most;
} size_rules[FRAME_KINDS] = {
	[FRAME_HELLO] = {WIRE_HELLO_SIZE, WIRE_HELLO_SIZE},
	[FRAME_REQUEST] = {REQUEST_HEAD_SIZE, FRAME_PAYLOAD_MAX},
	[FRAME_REPLY] = {REPLY_HEAD_SIZE, FRAME_PAYLOAD_MAX},
	[FRAME_EVENT] = {EVENT_HEAD_SIZE, EVENT_HEAD_SIZE + EVENT_BODY_MAX},
	[FRAME_DATA] = {1, FRAME_PAYLOAD_MAX},
	[FRAME_CREDIT] = {4, 4},
	[FRAME_RESIZE] = {4, 4},
};

void frame_decoder_done(struct frame_decoder *decoder)
{
	buf_done(&decoder->pending);
}

void frame_decoder_feed(struct frame_decoder *decoder, const void *bytes, size_t size)
{
	size_t left = decoder->pending.size - decoder->consumed;

	if (decoder->is_broken)
		return;
	if (decoder->consumed > 0) {
		if (left > 0)
			memmove(decoder->pending.data, decoder->pending.data + decoder->consumed,
				left);
		decoder->pending.size = left;
		decoder->consumed = 0;
	}
	buf_append(&decoder->pending, bytes, size);
}

static int break_off(struct frame_decoder *decoder, struct err *e, const char *what, uint32_t value)
{
	decoder->is_broken = true;
	buf_clear(&decoder->pending);
	decoder->consumed = 0;
	return refuse(e, EBADMSG, "frame: its %s is wrong (%#x)", what, value);
}

int frame_decoder_next(struct frame_decoder *decoder, struct frame *ret, struct err *e)
{
	size_t left = decoder->pending.size - decoder->consumed;
	const uint8_t *at = (const uint8_t *)buf_text(&decoder->pending) + decoder->consumed;
	uint32_t length, kind;

	if (decoder->is_broken)
		return refuse(e, EBADMSG, "frame: the channel is broken");
	if (left < FRAME_HEADER_SIZE)
		return FRAME_NEED_MORE;
	length = get_u32(at);
	kind = get_u16(at + 4);
	if (get_u32(at + 12) != FRAME_CHECK)
		return break_off(decoder, e, "mark", get_u32(at + 12));
	if (get_u16(at + 6) != 0)
		return break_off(decoder, e, "reserved field", get_u16(at + 6));
	if (kind == 0 || kind >= FRAME_KINDS)
		return break_off(decoder, e, "kind", kind);
	if (length < size_rules[kind].least || length > size_rules[kind].most)
		return break_off(decoder, e, "length", length);
	if (left - FRAME_HEADER_SIZE < length)
		return FRAME_NEED_MORE;
	*ret = (struct frame){
		.kind = (enum frame_kind)kind,
		.id = get_u32(at + 8),
		.payload = at + FRAME_HEADER_SIZE,
		.length = length,
	};
	decoder->consumed += FRAME_HEADER_SIZE + length;
	return FRAME_COMPLETE;
}

uint16_t frame_u16(const struct frame *frame, size_t offset)
{
	return offset + 2 <= frame->length ? get_u16(frame->payload + offset) : 0;
}

uint32_t frame_u32(const struct frame *frame, size_t offset)
{
	return offset + 4 <= frame->length ? get_u32(frame->payload + offset) : 0;
}

void frame_append(struct buf *out, enum frame_kind kind, uint32_t id, const void *payload,
		  size_t length)
{
	put_u32(out, (uint32_t)length);
	put_u16(out, (uint16_t)kind);
	put_u16(out, 0);
	put_u32(out, id);
	put_u32(out, FRAME_CHECK);
	if (length > 0)
		buf_append(out, payload, length);
}
