/*
 * One direction of a process's input or output, under credit: the receiver grants bytes, the sender
 * never sends more. No I/O: the owner reads and writes the descriptors.
 *
 * A stream is one way: a terminal's input is the process's stream 0, its output is stream 1.
 *
 * Sender: read at most stream_sender_room() bytes from the source, stream_sender_data(); at its end
 * stream_sender_end(). Receiver: hand frames to stream_receiver_frame(), write what
 * stream_receiver_peek() shows to the sink, stream_receiver_wrote(), which grants further credit.
 */
#ifndef WIRE_STREAM_H
#define WIRE_STREAM_H

#include "wire/frame.h"

enum {
	STREAM_WINDOW = 64 * 1024, /* credit that a receiver grants, and at most buffers */
	STREAM_CHUNK = 32 * 1024,  /* of one DATA frame */
};

enum stream_number {
	STREAM_INPUT = 0,
	STREAM_OUTPUT = 1, /* or the terminal's */
	STREAM_ERROR = 2,
	STREAMS_PER_PROCESS = 4,
};

/* Process numbers are at most this: their streams' ids fit. */
#define STREAM_PROCESS_MAX (UINT32_MAX / STREAMS_PER_PROCESS)

static inline uint32_t stream_id(uint32_t process, enum stream_number number)
{
	return process * STREAMS_PER_PROCESS + (uint32_t)number;
}

/* ---- the sending end ---- */

struct stream_sender {
	uint32_t id;
	uint32_t credit; /* granted and not used */
	bool has_ended;	 /* we have said END */
	bool is_refused; /* the receiver has said END: close the source */
};

/* Credit is 0 until the receiver grants some. */
void stream_sender_init(struct stream_sender *sender, uint32_t id);
/* How many bytes to read from the source now; 0: none. */
size_t stream_sender_room(const struct stream_sender *sender, const struct frame_lanes *lanes);
/* `size` is at most what room said. */
void stream_sender_data(struct stream_sender *sender, struct frame_lanes *lanes, const void *bytes,
			size_t size);
void stream_sender_end(struct stream_sender *sender, struct frame_lanes *lanes);
/* Takes CREDIT and END of this stream. <0: against the rules (more credit than the window). */
int stream_sender_frame(struct stream_sender *sender, const struct frame *frame,
			struct err *e) must_check;

/* ---- the receiving end ---- */

struct stream_receiver {
	uint32_t id;
	uint32_t granted;   /* credit the sender has not used */
	struct buf pending; /* came, not yet written to the sink */
	size_t written;	    /* of pending */
	bool has_ended;	    /* the sender has said END */
	bool is_closed;	    /* we have said END: what still comes is dropped */
};

/* Grants the first window. */
void stream_receiver_init(struct stream_receiver *receiver, uint32_t id, struct frame_lanes *lanes);
void stream_receiver_done(struct stream_receiver *receiver);
/* Takes DATA and END of this stream. <0: against the rules (beyond its credit, after its END). */
int stream_receiver_frame(struct stream_receiver *receiver, const struct frame *frame,
			  struct err *e) must_check;
/* Bytes for the sink; false: none now. */
bool stream_receiver_peek(const struct stream_receiver *receiver, const void **ret_bytes,
			  size_t *ret_size);
void stream_receiver_wrote(struct stream_receiver *receiver, size_t size,
			   struct frame_lanes *lanes);
/* END came and all before it has been written: close the sink. */
bool stream_receiver_is_drained(const struct stream_receiver *receiver);
/* The sink is gone (EPIPE): tells the sender, drops what is pending. */
void stream_receiver_close(struct stream_receiver *receiver, struct frame_lanes *lanes);

#endif
