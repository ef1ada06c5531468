/* What the agent tells by itself: who it is, what has ended. The host reads it as it reads anything
 * from a guest: sizes exact, numbers clamped, text stripped of what a terminal would obey. */
#include "put.h"
#include "wire/calls.h"

#include <errno.h>

enum { EXIT_SIZE = 16, OOM_SIZE = 12, SIGNAL_MAX = 64 };

_Static_assert(EVENT_BODY_MAX == 4 + WIRE_LOG_MAX, "the decoder lets every log line through");

/* Bytes of the UTF-8 sequence at `at`; 0: none, or a control character of Latin-1. */
static size_t sequence_length(const uint8_t *at, size_t left)
{
	static const uint32_t least[] = {0, 0, 0x80, 0x800, 0x10000};
	size_t length = at[0] >= 0xf0 ? 4 : at[0] >= 0xe0 ? 3 : 2;
	uint32_t point;

	if (at[0] < 0xc2 || at[0] > 0xf4 || length > left)
		return 0;
	point = at[0] & (0xffU >> (length + 1));
	for (size_t i = 1; i < length; i++) {
		if ((at[i] & 0xc0) != 0x80)
			return 0;
		point = point << 6 | (at[i] & 0x3f);
	}
	if (point < least[length] || point < 0xa0 || point > 0x10ffff ||
	    (point >= 0xd800 && point < 0xe000))
		return 0;
	return length;
}

void wire_text_copy(char *out, size_t out_size, const void *text, size_t size)
{
	const uint8_t *at = text;
	size_t used = 0;

	for (size_t i = 0; i < size && at[i] != 0;) {
		size_t length = at[i] < 0x80 ? 1 : sequence_length(at + i, size - i);
		bool is_shown = length > 1 || (length == 1 && at[i] >= 0x20 && at[i] != 0x7f);

		if (length == 0)
			length = 1;
		if (used + length >= out_size)
			break;
		if (is_shown)
			memcpy(out + used, at + i, length);
		else
			out[used] = '?';
		used += length;
		i += length;
	}
	out[used] = '\0';
}

void wire_hello_send(struct frame_lanes *lanes, const struct wire_hello *hello)
{
	auto_buf body = {0};

	put_u32(&body, hello->version);
	put_u32(&body, hello->reserved);
	buf_append(&body, hello->build, sizeof(hello->build));
	buf_append(&body, hello->kernel, sizeof(hello->kernel));
	frame_lanes_control(lanes, FRAME_HELLO, 0, body.data, body.size);
}

int wire_hello_take(const struct frame *frame, struct wire_hello *ret, struct err *e)
{
	struct wire_hello hello = {0};

	if (frame->kind != FRAME_HELLO || frame->length != WIRE_HELLO_SIZE)
		return refuse(e, EBADMSG, "the agent did not say hello");
	hello.version = frame_u32(frame, 0);
	hello.reserved = frame_u32(frame, 4);
	wire_text_copy(hello.build, sizeof(hello.build), frame->payload + 8, sizeof(hello.build));
	wire_text_copy(hello.kernel, sizeof(hello.kernel), frame->payload + 72,
		       sizeof(hello.kernel));
	if (hello.version != WIRE_VERSION || hello.reserved != 0)
		return refuse(e, EPROTO, "the guest's agent speaks version %u, not %d",
			      hello.version, WIRE_VERSION);
	if (strcmp(hello.build, wire_build_id()) != 0)
		return refuse(e, EPROTO,
			      "the guest's agent is of build '%s', not '%s': build the guest anew",
			      hello.build, wire_build_id());
	*ret = hello;
	return 0;
}

void wire_event_exit(struct frame_lanes *lanes, const struct wire_exit *exit)
{
	auto_buf body = {0};

	put_u32(&body, WIRE_EVENT_EXIT);
	put_u32(&body, exit->process);
	put_u32(&body, (uint32_t)exit->code);
	put_u32(&body, (uint32_t)exit->signal);
	put_u32(&body, exit->core);
	/* Behind the output, which it must not overtake. */
	frame_lanes_data(lanes, FRAME_EVENT, 0, body.data, body.size);
}

void wire_event_oom(struct frame_lanes *lanes, const struct wire_oom *oom)
{
	auto_buf body = {0};

	put_u32(&body, WIRE_EVENT_OOM);
	put_u32(&body, oom->container);
	put_u64(&body, oom->kills);
	frame_lanes_control(lanes, FRAME_EVENT, 0, body.data, body.size);
}

void wire_event_log(struct frame_lanes *lanes, uint32_t level, const char *text)
{
	auto_buf body = {0};

	put_u32(&body, WIRE_EVENT_LOG);
	put_u32(&body, level);
	buf_append(&body, text, strnlen(text, WIRE_LOG_MAX));
	frame_lanes_control(lanes, FRAME_EVENT, 0, body.data, body.size);
}

static int32_t clamp(int32_t value, int32_t least, int32_t most)
{
	return value < least ? least : value > most ? most : value;
}

int wire_event_take(const struct frame *frame, struct wire_event_told *ret, struct err *e)
{
	uint32_t event = frame_u32(frame, 0);
	size_t size = frame->length - EVENT_HEAD_SIZE;

	if (frame->kind != FRAME_EVENT || frame->id != 0 || frame->length < EVENT_HEAD_SIZE)
		return refuse(e, EBADMSG, "event: its head is wrong");
	*ret = (struct wire_event_told){.event = (enum wire_event)event};
	if (event == WIRE_EVENT_EXIT && size == EXIT_SIZE) {
		ret->exit.process = frame_u32(frame, 4);
		ret->exit.signal = clamp((int32_t)frame_u32(frame, 12), 0, SIGNAL_MAX);
		ret->exit.code = ret->exit.signal > 0
					 ? -1
					 : clamp((int32_t)frame_u32(frame, 8), 0, UINT8_MAX);
		ret->exit.core = frame_u32(frame, 16) != 0;
		return 0;
	}
	if (event == WIRE_EVENT_OOM && size == OOM_SIZE) {
		ret->oom.container = frame_u32(frame, 4);
		ret->oom.kills = get_u64(frame->payload + 8);
		return 0;
	}
	if (event == WIRE_EVENT_LOG && size >= 4 && size <= EVENT_BODY_MAX) {
		ret->level = (uint32_t)clamp((int32_t)frame_u32(frame, 4), 0, 3);
		wire_text_copy(ret->text, sizeof(ret->text), frame->payload + 8, size - 4);
		return 0;
	}
	return refuse(e, EBADMSG, "event %u: its size is wrong (%zu)", event, size);
}
