/* Everything that a guest can say, read as the host reads it: hello, replies with their bodies,
 * events, streams. Requests 1 to 8 are outstanding, stream 5 is being received, stream 4 sent. */
#include "wire/bodies.h"
#include "wire/calls.h"
#include "wire/stream.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

struct host {
	struct wire_calls calls;
	struct frame_lanes lanes;
	struct frame_decoder decoder;
	struct stream_receiver receiver;
	struct stream_sender sender;
};

static void check_text(const char *text)
{
	for (; text && *text; text++) {
		if ((unsigned char)*text < 0x20 || *text == 0x7f)
			abort();
	}
}

static void take_body(const struct wire_reply *reply)
{
	auto_arena arena = {0};
	struct wire_processes processes;
	struct wire_status status;
	struct wire_made made;
	struct stats stats;
	struct err e;

	if (reply->result < 0) {
		check_text(reply->error.text);
		return;
	}
	(void)!wire_status_decode(reply->body, reply->size, &status, &e);
	(void)!wire_made_decode(reply->body, reply->size, &made, &e);
	if (wire_stats_decode(&arena, reply->body, reply->size, &stats, &e) == 0) {
		for (size_t i = 0; i < stats.cpu_per_count; i++)
			stats.cpu_total +=
				stats.cpu_per[i] + stats.cpu_per_user[i] + stats.cpu_per_kernel[i];
		for (size_t i = 0; i < stats.interface_count; i++)
			check_text(stats.interfaces[i].name);
		check_text(map_get(&stats.memory_raw, "anon"));
	}
	if (wire_processes_decode(&arena, reply->body, reply->size, &processes, &e) == 0) {
		for (size_t i = 0; i < processes.count; i++) {
			check_text(processes.items[i].comm);
			for (size_t j = 0; j < processes.items[i].command.count; j++)
				check_text(processes.items[i].command.items[j]);
		}
	}
}

static int take_stream(struct host *host, const struct frame *frame, struct err *e)
{
	const void *bytes;
	size_t size;
	int r;

	if (frame->id == 4)
		return stream_sender_frame(&host->sender, frame, e);
	r = stream_receiver_frame(&host->receiver, frame, e);
	if (host->receiver.granted > STREAM_WINDOW ||
	    host->receiver.pending.size > 2 * STREAM_WINDOW)
		abort();
	/* A slow reader. */
	if (r == 0 && stream_receiver_peek(&host->receiver, &bytes, &size))
		stream_receiver_wrote(&host->receiver, (size + 1) / 2, &host->lanes);
	return r;
}

static int take(struct host *host, const struct frame *frame, struct err *e)
{
	struct wire_event_told told;
	struct wire_hello hello;
	struct wire_reply reply;
	int r;

	switch ((int)frame->kind) {
	case FRAME_HELLO:
		return wire_hello_take(frame, &hello, e);
	case FRAME_REPLY:
		r = wire_calls_reply(&host->calls, frame, &reply, e);
		if (r == WIRE_REPLY_COMPLETE)
			take_body(&reply);
		return r < 0 ? r : 0;
	case FRAME_EVENT:
		r = wire_event_take(frame, &told, e);
		if (r == 0)
			check_text(told.text);
		if (r == 0 && (told.exit.code < -1 || told.exit.code > 255))
			abort();
		return r;
	case FRAME_DATA:
	case FRAME_CREDIT:
	case FRAME_END:
		return take_stream(host, frame, e);
	default:
		return 0;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct host *host = calloc(1, sizeof(*host));
	struct frame frame;
	struct err e;
	uint32_t id;
	int r = 0;

	if (!host)
		abort();
	for (uint32_t i = 0; i < 8; i++)
		r = wire_call_begin(&host->calls, &host->lanes, WIRE_STATS, NULL, 0, host, &id, &e);
	stream_sender_init(&host->sender, 4);
	stream_receiver_init(&host->receiver, 5, &host->lanes);
	frame_decoder_feed(&host->decoder, data, size);
	while (r == 0 && frame_decoder_next(&host->decoder, &frame, &e) == FRAME_COMPLETE)
		r = take(host, &frame, &e);
	stream_receiver_done(&host->receiver);
	frame_decoder_done(&host->decoder);
	frame_lanes_done(&host->lanes);
	wire_calls_done(&host->calls);
	free(host);
	return 0;
}
