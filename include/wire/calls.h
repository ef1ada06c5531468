/*
 * Requests and replies: bodies in parts, correlated by id. The host's end keeps a table of what it
 * has asked, the agent's end puts requests together. The parts of a body follow each other without
 * another body's in between. No I/O.
 */
#ifndef WIRE_CALLS_H
#define WIRE_CALLS_H

#include "wire/frame.h"
#include "wire/verbs.h"

enum { WIRE_CALLS_MAX = 256 }; /* outstanding at a time */

/* ---- the host's end ---- */

struct wire_call {
	uint32_t id; /* 0: a free place */
	enum wire_verb verb;
	void *owner;	   /* the caller's */
	uint64_t deadline; /* the caller's; 0 at first */
};

/* Zero-initialise. */
struct wire_calls {
	struct wire_call calls[WIRE_CALLS_MAX];
	uint32_t last_id;
	uint32_t partial; /* id of the reply whose parts are coming; 0: none */
	struct buf body;
};

struct wire_reply {
	struct wire_call call; /* by then no longer in the table */
	int result;	       /* 0, or negative: then `error` */
	const uint8_t *body;   /* borrowed until the next call of wire_calls_*() */
	size_t size;
	struct err error; /* as the agent said it: text is hostile but NUL-terminated printable
			     ASCII or UTF-8 without control characters; code is 1..4095 */
};

void wire_calls_done(struct wire_calls *calls);
/* Sends a request; *ret_id says which. -EAGAIN: too many are outstanding. */
int wire_call_begin(struct wire_calls *calls, struct frame_lanes *lanes, enum wire_verb verb,
		    const void *body, size_t size, void *owner, uint32_t *ret_id,
		    struct err *e) must_check;
/* Outstanding call by id; NULL: none. */
struct wire_call *wire_call_find(struct wire_calls *calls, uint32_t id);
/* The owner is no longer interested: the reply will come with owner NULL. */
void wire_call_disown(struct wire_calls *calls, void *owner);

enum wire_calls_outcome { WIRE_REPLY_COMPLETE = 0, WIRE_REPLY_PARTIAL = 1 };
/* Takes a FRAME_REPLY. <0: against the rules (unknown id, too large, mixed parts). */
int wire_calls_reply(struct wire_calls *calls, const struct frame *frame, struct wire_reply *ret,
		     struct err *e) must_check;

/* ---- the agent's end ---- */

/* Zero-initialise. */
struct wire_requests {
	uint32_t partial; /* id of the request whose parts are coming; 0: none */
	enum wire_verb verb;
	struct buf body;
};

struct wire_request {
	uint32_t id;
	enum wire_verb verb;
	const uint8_t *body; /* borrowed until the next call */
	size_t size;
};

void wire_requests_done(struct wire_requests *requests);
enum wire_requests_outcome { WIRE_REQUEST_COMPLETE = 0, WIRE_REQUEST_PARTIAL = 1 };
/* Takes a FRAME_REQUEST. */
int wire_requests_take(struct wire_requests *requests, const struct frame *frame,
		       struct wire_request *ret, struct err *e) must_check;
/* Sends the reply; a body over FRAME_BODY_MAX becomes an error. */
void wire_reply_send(struct frame_lanes *lanes, uint32_t id, const void *body, size_t size);
void wire_reply_fail(struct frame_lanes *lanes, uint32_t id, const struct err *e);

/* ---- hello and events ---- */

void wire_hello_send(struct frame_lanes *lanes, const struct wire_hello *hello);
/* Checks version and build; texts are NUL-terminated and printable afterwards. */
int wire_hello_take(const struct frame *frame, struct wire_hello *ret, struct err *e) must_check;

/* What a guest has told; fields of the kind of event only. */
struct wire_event_told {
	enum wire_event event;
	struct wire_exit exit;
	struct wire_oom oom;
	uint32_t level;		     /* LOG: enum log_level */
	char text[WIRE_LOG_MAX + 1]; /* LOG: without control characters */
};
void wire_event_exit(struct frame_lanes *lanes, const struct wire_exit *exit);
void wire_event_oom(struct frame_lanes *lanes, const struct wire_oom *oom);
void wire_event_log(struct frame_lanes *lanes, uint32_t level, const char *text);
/* Exit codes outside 0..255 and signals outside 0..64 are clamped. */
int wire_event_take(const struct frame *frame, struct wire_event_told *ret,
		    struct err *e) must_check;

/* Copies text of the other end: control characters, invalid UTF-8 and bytes from NUL on do not
 * come through; always NUL-terminated. */
void wire_text_copy(char *out, size_t out_size, const void *text, size_t size);

#endif
