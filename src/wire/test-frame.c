/* Frames fed byte by byte, all at once, cut, and wrong in every field; lanes written in pieces. */
#include "wire/frame.h"

#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static void append_all_kinds(struct buf *out)
{
	static const uint8_t hello[136];

	frame_append(out, FRAME_HELLO, 0, hello, sizeof(hello));
	frame_append(out, FRAME_REQUEST, 7, "\1\0\1\0body", 8);
	frame_append(out, FRAME_REPLY, 7, "\0\0\0\0\1\0\0\0", 8);
	frame_append(out, FRAME_DATA, 5, "x", 1);
	frame_append(out, FRAME_CREDIT, 5, "\0\1\0\0", 4);
	frame_append(out, FRAME_END, 5, NULL, 0);
	frame_append(out, FRAME_PING, 99, NULL, 0);
}

static const enum frame_kind all_kinds[] = {FRAME_HELLO,  FRAME_REQUEST, FRAME_REPLY, FRAME_DATA,
					    FRAME_CREDIT, FRAME_END,	 FRAME_PING};
enum { KIND_COUNT = sizeof(all_kinds) / sizeof(*all_kinds) };

static void test_pieces(size_t piece)
{
	struct frame_decoder decoder = {0};
	auto_buf bytes = {0};
	struct frame frame;
	struct err e;
	size_t found = 0;
	bool is_right = true;

	append_all_kinds(&bytes);
	for (size_t i = 0; i < bytes.size; i += piece) {
		size_t size = bytes.size - i < piece ? bytes.size - i : piece;
		int r;

		frame_decoder_feed(&decoder, bytes.data + i, size);
		while ((r = frame_decoder_next(&decoder, &frame, &e)) == FRAME_COMPLETE) {
			is_right = is_right && found < KIND_COUNT && frame.kind == all_kinds[found];
			if (frame.kind == FRAME_REQUEST)
				is_right = is_right && frame.id == 7 && frame.length == 8 &&
					   memcmp(frame.payload + 4, "body", 4) == 0;
			found++;
		}
		is_right = is_right && r == FRAME_NEED_MORE;
	}
	check(is_right);
	check_number(found, KIND_COUNT);
	frame_decoder_done(&decoder);
}

/* One byte of a good header is replaced. */
static void test_wrong(size_t offset, char value, const char *what)
{
	struct frame_decoder decoder = {0};
	auto_buf bytes = {0};
	struct frame frame;
	struct err e = {0};

	frame_append(&bytes, FRAME_CREDIT, 5, "\0\1\0\0", 4);
	bytes.data[offset] = value;
	frame_decoder_feed(&decoder, bytes.data, bytes.size);
	check_number(frame_decoder_next(&decoder, &frame, &e), -EBADMSG);
	check_contains(e.text, what);
	/* For ever. */
	bytes.size = 0;
	frame_append(&bytes, FRAME_PING, 0, NULL, 0);
	frame_decoder_feed(&decoder, bytes.data, bytes.size);
	check_number(frame_decoder_next(&decoder, &frame, &e), -EBADMSG);
	frame_decoder_done(&decoder);
}

static void test_largest(void)
{
	struct frame_decoder decoder = {0};
	char *payload = calloc(1, FRAME_PAYLOAD_MAX);
	auto_buf bytes = {0};
	struct frame frame;
	struct err e;

	frame_append(&bytes, FRAME_DATA, 1, payload, FRAME_PAYLOAD_MAX);
	frame_decoder_feed(&decoder, bytes.data, bytes.size - 1);
	check_number(frame_decoder_next(&decoder, &frame, &e), FRAME_NEED_MORE);
	frame_decoder_feed(&decoder, bytes.data + bytes.size - 1, 1);
	check_number(frame_decoder_next(&decoder, &frame, &e), FRAME_COMPLETE);
	check_number(frame.length, FRAME_PAYLOAD_MAX);
	frame_decoder_done(&decoder);
	free(payload);
}

/* Control waits for the frame that has begun, and for nothing else. */
static void test_lanes(void)
{
	struct frame_decoder decoder = {0};
	struct frame_lanes lanes = {0};
	enum frame_kind seen[8];
	const void *bytes;
	struct frame frame;
	struct err e;
	size_t size, count = 0;

	frame_lanes_data(&lanes, FRAME_DATA, 1, "abc", 3);
	frame_lanes_data(&lanes, FRAME_DATA, 1, "def", 3);
	check(frame_lanes_peek(&lanes, &bytes, &size));
	check_number(size, FRAME_HEADER_SIZE + 3);
	frame_decoder_feed(&decoder, bytes, 5);
	frame_lanes_wrote(&lanes, 5);
	frame_lanes_control(&lanes, FRAME_PING, 1, NULL, 0);
	frame_lanes_control(&lanes, FRAME_PONG, 1, NULL, 0);
	while (frame_lanes_peek(&lanes, &bytes, &size)) {
		frame_decoder_feed(&decoder, bytes, 1);
		frame_lanes_wrote(&lanes, 1);
	}
	while (count < 8 && frame_decoder_next(&decoder, &frame, &e) == FRAME_COMPLETE)
		seen[count++] = frame.kind;
	check_number(count, 4);
	check(seen[0] == FRAME_DATA && seen[1] == FRAME_PING && seen[2] == FRAME_PONG &&
	      seen[3] == FRAME_DATA);
	check(frame_lanes_is_empty(&lanes));
	frame_lanes_done(&lanes);
	frame_decoder_done(&decoder);
}

int main(void)
{
	test_pieces(1);
	test_pieces(3);
	test_pieces(17);
	test_pieces(100000);
	test_wrong(0, 5, "length");
	test_wrong(3, 1, "length");
	test_wrong(4, 0, "kind");
	test_wrong(4, FRAME_KINDS, "kind");
	test_wrong(5, 1, "kind");
	test_wrong(6, 1, "reserved");
	test_wrong(12, 0, "mark");
	test_largest();
	test_lanes();
	return tap_done();
}
