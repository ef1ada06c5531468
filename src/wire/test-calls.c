/* Requests, replies and events across, and what a hostile guest says instead. */
#include "wire/calls.h"

#include "tap.h"

#include <errno.h>
#include <stdlib.h>

static struct frame_decoder decoder;
static struct frame_lanes lanes;

static void carry(void)
{
	const void *bytes;
	size_t size;

	while (frame_lanes_peek(&lanes, &bytes, &size)) {
		frame_decoder_feed(&decoder, bytes, size);
		frame_lanes_wrote(&lanes, size);
	}
}

static bool next(struct frame *ret)
{
	struct err e;

	carry();
	return frame_decoder_next(&decoder, ret, &e) == FRAME_COMPLETE;
}

/* A body of `size` bytes there and back. */
static void test_body(size_t size)
{
	struct wire_calls *calls = calloc(1, sizeof(*calls));
	struct wire_requests requests = {0};
	struct wire_request request = {0};
	struct wire_reply reply = {0};
	uint8_t *body = malloc(size + 1);
	struct frame frame;
	struct err e = {0};
	uint32_t id = 0;
	int owner, r = -1;

	for (size_t i = 0; i < size; i++)
		body[i] = (uint8_t)(i * 7 >> 2);
	check_number(wire_call_begin(calls, &lanes, WIRE_PREPARE, body, size, &owner, &id, &e), 0);
	while (next(&frame))
		r = wire_requests_take(&requests, &frame, &request, &e);
	check_number(r, WIRE_REQUEST_COMPLETE);
	check(request.verb == WIRE_PREPARE && request.id == id && request.size == size);
	check(size == 0 || memcmp(request.body, body, size) == 0);
	wire_reply_send(&lanes, id, request.body, request.size);
	while (next(&frame))
		r = wire_calls_reply(calls, &frame, &reply, &e);
	check_number(r, WIRE_REPLY_COMPLETE);
	check(reply.call.id == id && reply.call.owner == &owner && reply.result == 0);
	check(reply.size == size && (size == 0 || memcmp(reply.body, body, size) == 0));
	check(wire_call_find(calls, id) == NULL);
	wire_calls_done(calls);
	wire_requests_done(&requests);
	free(calls);
	free(body);
}

static void test_errors(void)
{
	struct wire_calls *calls = calloc(1, sizeof(*calls));
	struct wire_reply reply;
	struct frame frame;
	struct err said = {0}, e = {0};
	uint32_t id;

	check_number(wire_call_begin(calls, &lanes, WIRE_START, NULL, 0, NULL, &id, &e), 0);
	check(next(&frame));
	/* Not by fail(), which would not let it be said. */
	said.code = ENOENT;
	memcpy(said.text, "open '\x1b[31mcaf\xc3\xa9 \xff\n'", 20);
	wire_reply_fail(&lanes, id, &said);
	check(next(&frame));
	check_number(wire_calls_reply(calls, &frame, &reply, &e), WIRE_REPLY_COMPLETE);
	check_number(reply.result, -ENOENT);
	check_number(reply.error.code, ENOENT);
	check_text(reply.error.text, "open '?[31mcaf\xc3\xa9 ?"
				     "?'");
	/* Not twice. */
	wire_reply_send(&lanes, id, NULL, 0);
	check(next(&frame));
	check_number(wire_calls_reply(calls, &frame, &reply, &e), -EBADMSG);
	check_contains(e.text, "not made");
	wire_calls_done(calls);
	free(calls);
}

static void test_too_many(void)
{
	struct wire_calls *calls = calloc(1, sizeof(*calls));
	struct frame frame;
	struct err e = {0};
	uint32_t id;
	int r = 0;

	for (int i = 0; r == 0 && i < WIRE_CALLS_MAX; i++)
		r = wire_call_begin(calls, &lanes, WIRE_STATUS, NULL, 0, NULL, &id, &e);
	check_number(r, 0);
	check_number(wire_call_begin(calls, &lanes, WIRE_STATUS, NULL, 0, NULL, &id, &e), -EAGAIN);
	while (next(&frame))
		;
	wire_calls_done(calls);
	free(calls);
}

/* A reply in endless parts, and parts of two bodies. */
static void test_parts(void)
{
	static uint8_t part[FRAME_PAYLOAD_MAX];
	struct wire_calls *calls = calloc(1, sizeof(*calls));
	struct frame frame = {.kind = FRAME_REPLY, .payload = part, .length = sizeof(part)};
	struct wire_reply reply;
	struct err e = {0};
	uint32_t first, second;
	int r = WIRE_REPLY_PARTIAL;

	check_number(wire_call_begin(calls, &lanes, WIRE_STATS, NULL, 0, NULL, &first, &e), 0);
	check_number(wire_call_begin(calls, &lanes, WIRE_STATS, NULL, 0, NULL, &second, &e), 0);
	frame.id = first;
	for (int i = 0; r == WIRE_REPLY_PARTIAL && i < 100; i++)
		r = wire_calls_reply(calls, &frame, &reply, &e);
	check_number(r, -EBADMSG);
	check_contains(e.text, "longer than");
	frame.id = second;
	check_number(wire_calls_reply(calls, &frame, &reply, &e), -EBADMSG);
	check_contains(e.text, "mixed");
	while (next(&frame))
		;
	wire_calls_done(calls);
	free(calls);
}

static void test_events(void)
{
	struct wire_exit exit = {.process = 3, .code = 7000, .signal = 0, .core = 9};
	struct wire_oom oom = {.container = 2, .kills = UINT64_C(1) << 40};
	struct wire_event_told told;
	struct frame frame;
	struct err e = {0};

	wire_event_exit(&lanes, &exit);
	check(next(&frame));
	check_number(wire_event_take(&frame, &told, &e), 0);
	check(told.event == WIRE_EVENT_EXIT && told.exit.process == 3);
	check_number(told.exit.code, 255);
	check_number(told.exit.core, 1);
	exit = (struct wire_exit){.process = 3, .code = 1, .signal = 9};
	wire_event_exit(&lanes, &exit);
	check(next(&frame));
	check_number(wire_event_take(&frame, &told, &e), 0);
	check(told.exit.code == -1 && told.exit.signal == 9);
	wire_event_oom(&lanes, &oom);
	check(next(&frame));
	check_number(wire_event_take(&frame, &told, &e), 0);
	check(told.oom.container == 2 && told.oom.kills == oom.kills);
	wire_event_log(&lanes, 3, "a\tb\x1b]0;x\x07\xc2\x9b");
	check(next(&frame));
	check_number(wire_event_take(&frame, &told, &e), 0);
	check_text(told.text, "a?b?]0;x???");
	frame.length--;
	frame.payload = (const uint8_t *)"\1\0\0\0";
	frame.length = 4;
	check_number(wire_event_take(&frame, &told, &e), -EBADMSG);
}

static void test_hello(void)
{
	struct wire_hello hello = {.version = WIRE_VERSION, .kernel = "6.1"}, told;
	struct frame frame;
	struct err e = {0};

	(void)snprintf(hello.build, sizeof(hello.build), "%s", wire_build_id());
	wire_hello_send(&lanes, &hello);
	check(next(&frame));
	check_number(wire_hello_take(&frame, &told, &e), 0);
	check_text(told.kernel, "6.1");
	hello.build[0] ^= 1;
	wire_hello_send(&lanes, &hello);
	check(next(&frame));
	check_number(wire_hello_take(&frame, &told, &e), -EPROTO);
	check_contains(e.text, "build the guest anew");
	hello.version++;
	wire_hello_send(&lanes, &hello);
	check(next(&frame));
	check_number(wire_hello_take(&frame, &told, &e), -EPROTO);
}

int main(void)
{
	test_body(0);
	test_body(1);
	test_body(FRAME_PAYLOAD_MAX - 8);
	test_body(FRAME_PAYLOAD_MAX);
	test_body(FRAME_BODY_MAX);
	test_errors();
	test_too_many();
	test_parts();
	test_events();
	test_hello();
	check_text(wire_verb_name(WIRE_EXEC), "exec");
	check_text(wire_verb_name(WIRE_VERBS), "unknown");
	frame_decoder_done(&decoder);
	frame_lanes_done(&lanes);
	return tap_done();
}
