/* The decoder and the agent's end of requests and bodies: whatever a host sends. The first byte
 * says in what pieces the rest comes. */
#include "wire/bodies.h"
#include "wire/calls.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void take_request(const struct wire_request *request)
{
	auto_arena arena = {0};
	struct wire_configure configure;
	struct wire_network network;
	struct wire_prepare prepare;
	struct wire_signal signal;
	struct wire_target target;
	struct wire_update update;
	struct wire_exec exec;
	struct err e;

	(void)!wire_configure_decode(&arena, request->body, request->size, &configure, &e);
	(void)!wire_network_decode(&arena, request->body, request->size, &network, &e);
	(void)!wire_prepare_decode(&arena, request->body, request->size, &prepare, &e);
	(void)!wire_signal_decode(request->body, request->size, &signal, &e);
	(void)!wire_target_decode(request->body, request->size, &target, &e);
	(void)!wire_update_decode(&arena, request->body, request->size, &update, &e);
	(void)!wire_exec_decode(&arena, request->body, request->size, &exec, &e);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct wire_requests requests = {0};
	struct frame_decoder decoder = {0};
	struct wire_request request;
	size_t piece = size > 0 && data[0] > 0 ? data[0] : 1;
	struct frame frame;
	struct err e;

	for (size_t at = 1; at < size; at += piece) {
		size_t some = size - at < piece ? size - at : piece;
		/* A copy: its end is where a sanitizer watches. */
		void *copy = malloc(some);

		if (!copy)
			abort();
		memcpy(copy, data + at, some);
		frame_decoder_feed(&decoder, copy, some);
		free(copy);
		while (frame_decoder_next(&decoder, &frame, &e) == FRAME_COMPLETE) {
			if (frame.length > FRAME_PAYLOAD_MAX)
				abort();
			if (frame.kind == FRAME_REQUEST &&
			    wire_requests_take(&requests, &frame, &request, &e) ==
				    WIRE_REQUEST_COMPLETE)
				take_request(&request);
		}
	}
	frame_decoder_done(&decoder);
	wire_requests_done(&requests);
	return 0;
}
