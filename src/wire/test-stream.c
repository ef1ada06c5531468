/* Streams: the window holds whatever the ends do, and nothing is lost or reordered. */
#include "wire/stream.h"

#include "tap.h"

#include <errno.h>
#include <stdlib.h>

/* Moves what one end has to say to the other's decoder. */
static void carry(struct frame_lanes *from, struct frame_decoder *to)
{
	const void *bytes;
	size_t size;

	while (frame_lanes_peek(from, &bytes, &size)) {
		frame_decoder_feed(to, bytes, size);
		frame_lanes_wrote(from, size);
	}
}

struct ends {
	struct stream_sender sender;
	struct stream_receiver receiver;
	struct frame_lanes at_sender, at_receiver;
	struct frame_decoder to_sender, to_receiver;
};

static void ends_init(struct ends *ends)
{
	*ends = (struct ends){0};
	stream_sender_init(&ends->sender, 5);
	stream_receiver_init(&ends->receiver, 5, &ends->at_receiver);
}

static void ends_done(struct ends *ends)
{
	stream_receiver_done(&ends->receiver);
	frame_lanes_done(&ends->at_sender);
	frame_lanes_done(&ends->at_receiver);
	frame_decoder_done(&ends->to_sender);
	frame_decoder_done(&ends->to_receiver);
}

/* 0, or the first error of either end. */
static int exchange(struct ends *ends)
{
	struct frame frame;
	struct err e;
	int r = 0;

	carry(&ends->at_sender, &ends->to_receiver);
	carry(&ends->at_receiver, &ends->to_sender);
	while (r == 0 && frame_decoder_next(&ends->to_receiver, &frame, &e) == FRAME_COMPLETE)
		r = stream_receiver_frame(&ends->receiver, &frame, &e);
	while (r == 0 && frame_decoder_next(&ends->to_sender, &frame, &e) == FRAME_COMPLETE)
		r = stream_sender_frame(&ends->sender, &frame, &e);
	return r;
}

static void test_order(void)
{
	enum { TOTAL = 3000000 };
	struct ends ends;
	uint8_t chunk[STREAM_CHUNK];
	size_t sent = 0, got = 0;
	bool is_right = true, is_bounded = true;
	const void *bytes;
	size_t size;

	ends_init(&ends);
	srand(1);
	while (got < TOTAL && is_right) {
		size_t room = stream_sender_room(&ends.sender, &ends.at_sender);
		size_t some = room > 0 ? (size_t)rand() % room + 1 : 0;

		some = some < TOTAL - sent ? some : TOTAL - sent;
		for (size_t i = 0; i < some; i++)
			chunk[i] = (uint8_t)((sent + i) * 31 >> 3);
		stream_sender_data(&ends.sender, &ends.at_sender, chunk, some);
		sent += some;
		is_right = exchange(&ends) == 0;
		is_bounded = is_bounded && ends.receiver.pending.size <= 2 * STREAM_WINDOW;
		if (!stream_receiver_peek(&ends.receiver, &bytes, &size))
			continue;
		size = (size_t)rand() % size + 1;
		for (size_t i = 0; i < size; i++)
			is_right = is_right &&
				   ((const uint8_t *)bytes)[i] == (uint8_t)((got + i) * 31 >> 3);
		got += size;
		stream_receiver_wrote(&ends.receiver, size, &ends.at_receiver);
	}
	check(is_right);
	check(is_bounded);
	stream_sender_end(&ends.sender, &ends.at_sender);
	check_number(exchange(&ends), 0);
	check(stream_receiver_is_drained(&ends.receiver));
	ends_done(&ends);
}

/* A reader that stops: the sender stops at the window. */
static void test_stopped_reader(void)
{
	static const uint8_t chunk[STREAM_CHUNK];
	struct ends ends;
	size_t sent = 0, room;

	ends_init(&ends);
	check_number(exchange(&ends), 0);
	for (int i = 0; i < 100; i++) {
		room = stream_sender_room(&ends.sender, &ends.at_sender);
		stream_sender_data(&ends.sender, &ends.at_sender, chunk, room);
		sent += room;
		check_number(exchange(&ends), 0);
	}
	check_number(sent, STREAM_WINDOW);
	stream_receiver_close(&ends.receiver, &ends.at_receiver);
	check_number(exchange(&ends), 0);
	check(ends.sender.is_refused);
	check_number(stream_sender_room(&ends.sender, &ends.at_sender), 0);
	stream_sender_end(&ends.sender, &ends.at_sender);
	check_number(exchange(&ends), 0);
	check(stream_receiver_is_drained(&ends.receiver));
	ends_done(&ends);
}

static void test_rules(void)
{
	struct frame_lanes lanes = {0};
	struct stream_receiver receiver;
	struct stream_sender sender;
	uint8_t credit[4] = {1, 0, 1, 0};
	struct frame frame = {.kind = FRAME_DATA, .id = 5, .payload = credit, .length = 4};
	struct err e = {0};

	stream_receiver_init(&receiver, 5, &lanes);
	receiver.granted = 3;
	check_number(stream_receiver_frame(&receiver, &frame, &e), -EBADMSG);
	check_contains(e.text, "on a credit of 3");
	frame.kind = FRAME_END;
	check_number(stream_receiver_frame(&receiver, &frame, &e), 0);
	frame.kind = FRAME_DATA;
	check_number(stream_receiver_frame(&receiver, &frame, &e), -EBADMSG);
	check_contains(e.text, "after its end");
	frame.kind = FRAME_CREDIT;
	stream_sender_init(&sender, 5);
	check_number(stream_sender_frame(&sender, &frame, &e), -EBADMSG);
	check_contains(e.text, "window");
	frame.kind = FRAME_DATA;
	check_number(stream_sender_frame(&sender, &frame, &e), -EBADMSG);
	stream_receiver_done(&receiver);
	frame_lanes_done(&lanes);
}

int main(void)
{
	test_order();
	test_stopped_reader();
	test_rules();
	return tap_done();
}
