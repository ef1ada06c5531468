/*
 * Streams under credit. The sum of what a receiver has granted and what it holds is never above the
 * window, so neither a flood nor a reader that stopped makes anything grow. Credit is given back in
 * halves of the window: single bytes of output do not cost a frame each way.
 */
#include "wire/stream.h"

#include "put.h"

#include <errno.h>

void stream_sender_init(struct stream_sender *sender, uint32_t id)
{
	*sender = (struct stream_sender){.id = id};
}

size_t stream_sender_room(const struct stream_sender *sender, const struct frame_lanes *lanes)
{
	if (sender->has_ended || sender->is_refused || frame_lanes_data_is_full(lanes))
		return 0;
	return sender->credit < STREAM_CHUNK ? sender->credit : STREAM_CHUNK;
}

void stream_sender_data(struct stream_sender *sender, struct frame_lanes *lanes, const void *bytes,
			size_t size)
{
	if (size == 0 || size > sender->credit || size > FRAME_PAYLOAD_MAX)
		return;
	sender->credit -= (uint32_t)size;
	frame_lanes_data(lanes, FRAME_DATA, sender->id, bytes, size);
}

void stream_sender_end(struct stream_sender *sender, struct frame_lanes *lanes)
{
	if (sender->has_ended)
		return;
	sender->has_ended = true;
	frame_lanes_data(lanes, FRAME_END, sender->id, NULL, 0);
}

int stream_sender_frame(struct stream_sender *sender, const struct frame *frame, struct err *e)
{
	uint32_t more;

	if (frame->kind == FRAME_END) {
		sender->is_refused = true;
		return 0;
	}
	if (frame->kind != FRAME_CREDIT)
		return refuse(e, EBADMSG, "stream %u: takes no frame of kind %d", sender->id,
			      (int)frame->kind);
	more = frame_u32(frame, 0);
	if (more > STREAM_WINDOW || sender->credit + more > STREAM_WINDOW)
		return refuse(e, EBADMSG, "stream %u: more credit than its window", sender->id);
	sender->credit += more;
	return 0;
}

static size_t held(const struct stream_receiver *receiver)
{
	return receiver->pending.size - receiver->written;
}

static void grant(struct stream_receiver *receiver, struct frame_lanes *lanes)
{
	uint32_t more = STREAM_WINDOW - receiver->granted - (uint32_t)held(receiver);
	uint32_t wire = htole32(more);

	if (receiver->has_ended || receiver->is_closed || more < STREAM_WINDOW / 2)
		return;
	receiver->granted += more;
	frame_lanes_control(lanes, FRAME_CREDIT, receiver->id, &wire, sizeof(wire));
}

void stream_receiver_init(struct stream_receiver *receiver, uint32_t id, struct frame_lanes *lanes)
{
	*receiver = (struct stream_receiver){.id = id};
	grant(receiver, lanes);
}

void stream_receiver_done(struct stream_receiver *receiver)
{
	buf_done(&receiver->pending);
	receiver->written = 0;
}

int stream_receiver_frame(struct stream_receiver *receiver, const struct frame *frame,
			  struct err *e)
{
	if (receiver->has_ended)
		return refuse(e, EBADMSG, "stream %u: goes on after its end", receiver->id);
	if (frame->kind == FRAME_END) {
		receiver->has_ended = true;
		return 0;
	}
	if (frame->kind != FRAME_DATA)
		return refuse(e, EBADMSG, "stream %u: takes no frame of kind %d", receiver->id,
			      (int)frame->kind);
	if (frame->length > receiver->granted)
		return refuse(e, EBADMSG, "stream %u: %u bytes come on a credit of %u",
			      receiver->id, frame->length, receiver->granted);
	receiver->granted -= frame->length;
	if (!receiver->is_closed)
		buf_append(&receiver->pending, frame->payload, frame->length);
	return 0;
}

bool stream_receiver_peek(const struct stream_receiver *receiver, const void **ret_bytes,
			  size_t *ret_size)
{
	if (held(receiver) == 0)
		return false;
	*ret_bytes = receiver->pending.data + receiver->written;
	*ret_size = held(receiver);
	return true;
}

void stream_receiver_wrote(struct stream_receiver *receiver, size_t size, struct frame_lanes *lanes)
{
	receiver->written += size < held(receiver) ? size : held(receiver);
	if (held(receiver) == 0) {
		buf_clear(&receiver->pending);
		receiver->written = 0;
	} else if (receiver->written >= STREAM_WINDOW / 2) {
		memmove(receiver->pending.data, receiver->pending.data + receiver->written,
			held(receiver));
		receiver->pending.size -= receiver->written;
		receiver->written = 0;
	}
	grant(receiver, lanes);
}

bool stream_receiver_is_drained(const struct stream_receiver *receiver)
{
	return receiver->has_ended && held(receiver) == 0;
}

void stream_receiver_close(struct stream_receiver *receiver, struct frame_lanes *lanes)
{
	if (receiver->is_closed)
		return;
	receiver->is_closed = true;
	stream_receiver_done(receiver);
	if (!receiver->has_ended)
		frame_lanes_control(lanes, FRAME_END, receiver->id, NULL, 0);
}
