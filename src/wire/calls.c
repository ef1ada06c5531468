/*
 * Which reply answers which request, and bodies that are longer than a frame. A guest cannot make
 * the host hold more than one body, nor answer what was not asked.
 */
#include "wire/calls.h"

#include "put.h"

#include <errno.h>

enum { PART_MAX = FRAME_PAYLOAD_MAX - REPLY_HEAD_SIZE, KEEP_CAPACITY = 256 * 1024 };

void wire_calls_done(struct wire_calls *calls)
{
	buf_done(&calls->body);
}

static uint32_t next_id(struct wire_calls *calls)
{
	do {
		calls->last_id++;
	} while (calls->last_id == 0 || wire_call_find(calls, calls->last_id));
	return calls->last_id;
}

static void request_part(struct frame_lanes *lanes, uint32_t id, enum wire_verb verb, bool is_last,
			 const void *bytes, size_t size)
{
	auto_buf part = {0};

	put_u16(&part, (uint16_t)verb);
	put_u16(&part, is_last);
	if (size > 0)
		buf_append(&part, bytes, size);
	frame_lanes_control(lanes, FRAME_REQUEST, id, part.data, part.size);
}

int wire_call_begin(struct wire_calls *calls, struct frame_lanes *lanes, enum wire_verb verb,
		    const void *body, size_t size, void *owner, uint32_t *ret_id, struct err *e)
{
	struct wire_call *place = NULL;
	const uint8_t *at = body;

	for (size_t i = 0; i < WIRE_CALLS_MAX && !place; i++) {
		if (calls->calls[i].id == 0)
			place = &calls->calls[i];
	}
	if (!place)
		return refuse(e, EAGAIN, "%s: too many requests are waiting for the guest",
			      wire_verb_name(verb));
	if (size > FRAME_BODY_MAX)
		return refuse(e, EMSGSIZE, "%s: %zu bytes are too many for one request",
			      wire_verb_name(verb), size);
	*place = (struct wire_call){.id = next_id(calls), .verb = verb, .owner = owner};
	while (size > PART_MAX) {
		request_part(lanes, place->id, verb, false, at, PART_MAX);
		at += PART_MAX;
		size -= PART_MAX;
	}
	request_part(lanes, place->id, verb, true, at, size);
	*ret_id = place->id;
	return 0;
}

struct wire_call *wire_call_find(struct wire_calls *calls, uint32_t id)
{
	for (size_t i = 0; id != 0 && i < WIRE_CALLS_MAX; i++) {
		if (calls->calls[i].id == id)
			return &calls->calls[i];
	}
	return NULL;
}

void wire_call_disown(struct wire_calls *calls, void *owner)
{
	for (size_t i = 0; i < WIRE_CALLS_MAX; i++) {
		if (calls->calls[i].id != 0 && calls->calls[i].owner == owner)
			calls->calls[i].owner = NULL;
	}
}

/* Appends a part; <0: the parts are mixed or too many. */
static int take_part(struct buf *body, uint32_t *partial, uint32_t id, const uint8_t *bytes,
		     size_t size, struct err *e)
{
	if (*partial != 0 && *partial != id)
		return refuse(e, EBADMSG, "the parts of two bodies are mixed");
	if (*partial == 0 && body->capacity > KEEP_CAPACITY)
		buf_done(body);
	else if (*partial == 0)
		buf_clear(body);
	if (size > FRAME_BODY_MAX - body->size)
		return refuse(e, EBADMSG, "a body is longer than %d bytes", FRAME_BODY_MAX);
	*partial = id;
	if (size > 0)
		buf_append(body, bytes, size);
	return 0;
}

/* A struct err that the other end has written. */
static int read_error(const struct buf *body, int result, struct err *ret, struct err *e)
{
	const size_t head = offsetof(struct err, text);

	if (body->size != sizeof(struct err))
		return refuse(e, EBADMSG, "an error has %zu bytes", body->size);
	*ret = (struct err){.code = -result};
	ret->show_errno = get_u32(body->data + offsetof(struct err, show_errno)) != 0;
	wire_text_copy(ret->text, sizeof(ret->text), body->data + head, sizeof(ret->text));
	return 0;
}

int wire_calls_reply(struct wire_calls *calls, const struct frame *frame, struct wire_reply *ret,
		     struct err *e)
{
	struct wire_call *call = wire_call_find(calls, frame->id);
	int32_t result = (int32_t)frame_u32(frame, 0);
	int r;

	if (!call)
		return refuse(e, EBADMSG, "reply to a request that was not made (%u)", frame->id);
	if (result > 0 || result < -4095 || frame_u32(frame, 4) > 1)
		return refuse(e, EBADMSG, "reply to '%s': its head is wrong",
			      wire_verb_name(call->verb));
	r = take_part(&calls->body, &calls->partial, frame->id, frame->payload + REPLY_HEAD_SIZE,
		      frame->length - REPLY_HEAD_SIZE, e);
	if (r < 0)
		return wrap(e, "reply to '%s'", wire_verb_name(call->verb));
	if (frame_u32(frame, 4) == 0)
		return WIRE_REPLY_PARTIAL;
	calls->partial = 0;
	*ret = (struct wire_reply){.call = *call,
				   .result = result,
				   .body = (const uint8_t *)buf_text(&calls->body),
				   .size = calls->body.size};
	call->id = 0;
	if (result < 0 && read_error(&calls->body, result, &ret->error, e) < 0)
		return wrap(e, "reply to '%s'", wire_verb_name(ret->call.verb));
	return WIRE_REPLY_COMPLETE;
}

void wire_requests_done(struct wire_requests *requests)
{
	buf_done(&requests->body);
}

int wire_requests_take(struct wire_requests *requests, const struct frame *frame,
		       struct wire_request *ret, struct err *e)
{
	uint16_t verb = frame_u16(frame, 0), last = frame_u16(frame, 2);
	int r;

	if (frame->id == 0 || verb == 0 || verb >= WIRE_VERBS || last > 1)
		return refuse(e, EBADMSG, "request %u: its head is wrong", frame->id);
	if (requests->partial != 0 && requests->verb != (enum wire_verb)verb)
		return refuse(e, EBADMSG, "request %u: its verb changes", frame->id);
	r = take_part(&requests->body, &requests->partial, frame->id,
		      frame->payload + REQUEST_HEAD_SIZE, frame->length - REQUEST_HEAD_SIZE, e);
	if (r < 0)
		return wrap(e, "request %u", frame->id);
	requests->verb = (enum wire_verb)verb;
	if (!last)
		return WIRE_REQUEST_PARTIAL;
	requests->partial = 0;
	*ret = (struct wire_request){.id = frame->id,
				     .verb = requests->verb,
				     .body = (const uint8_t *)buf_text(&requests->body),
				     .size = requests->body.size};
	return WIRE_REQUEST_COMPLETE;
}

static void reply_part(struct frame_lanes *lanes, uint32_t id, int32_t result, bool is_last,
		       const void *bytes, size_t size)
{
	auto_buf part = {0};

	put_u32(&part, (uint32_t)result);
	put_u32(&part, is_last);
	if (size > 0)
		buf_append(&part, bytes, size);
	frame_lanes_control(lanes, FRAME_REPLY, id, part.data, part.size);
}

void wire_reply_send(struct frame_lanes *lanes, uint32_t id, const void *body, size_t size)
{
	const uint8_t *at = body;
	struct err e;

	if (size > FRAME_BODY_MAX) {
		(void)refuse(&e, EMSGSIZE, "the answer has %zu bytes, which is too much", size);
		wire_reply_fail(lanes, id, &e);
		return;
	}
	while (size > PART_MAX) {
		reply_part(lanes, id, 0, false, at, PART_MAX);
		at += PART_MAX;
		size -= PART_MAX;
	}
	reply_part(lanes, id, 0, true, at, size);
}

void wire_reply_fail(struct frame_lanes *lanes, uint32_t id, const struct err *e)
{
	struct err copy = {0};

	copy.code = e->code;
	copy.show_errno = e->show_errno;
	(void)memcpy(copy.text, e->text, strnlen(e->text, sizeof(copy.text) - 1));
	reply_part(lanes, id, e->code > 0 && e->code < 4096 ? -e->code : -EIO, true, &copy,
		   sizeof(copy));
}
