/*
 * The conversation on a container's control socket, between commands and the monitor: one fixed
 * struct a message, SOCK_SEQPACKET, both ends the same program on the same machine. A body (a plan,
 * statistics) travels as a sealed memfd beside it, so that no message is long and reading one never
 * blocks.
 *
 * Who may speak is decided by the directory (0700) and SO_PEERCRED; a message is checked all the
 * same.
 */
#ifndef VM_CONTROL_H
#define VM_CONTROL_H

#include "base/buf.h"
#include "kern/process.h"
#include "wire/verbs.h"

#define CONTROL_SOCKET "control"

enum control_verb {
	CONTROL_CALL = 1, /* the agent's `wire` verb with the body; answered by CONTROL_REPLY */
	CONTROL_PREPARE,  /* by the creator: the same for WIRE_PREPARE */
	CONTROL_RELEASE,  /* by the creator: the guest outlives it from here */
	CONTROL_STATUS,	  /* answered by CONTROL_REPLY: `number` is enum backend_status */
	CONTROL_RESERVE,  /* a number for a process; `number` in CONTROL_REPLY */
	CONTROL_EXEC,	  /* that process: body for WIRE_EXEC, then descriptors of its streams;
			     CONTROL_REPLY, and CONTROL_EXIT later. The connection is the process: its
			     end kills it */
	CONTROL_JOIN,	/* a further container, whose process this connection is, as with EXEC: body
			   for WIRE_PREPARE, its streams, and CONTROL_JOIN_FDS more descriptors */
	CONTROL_SIGNAL, /* to the process of this connection: `number`; no answer */
	CONTROL_RESIZE, /* of its terminal: rows << 16 | columns; no answer */
	CONTROL_WATCH,	/* answered by CONTROL_REPLY with the count of kills in `number`, then
			   CONTROL_OOM for each change */
	CONTROL_END,	/* the machine is to end at once; answered before it does */
	CONTROL_VERBS,
};

enum { CONTROL_CHECK = 0x62766d32, CONTROL_FDS_MAX = 7, CONTROL_BODY_MAX = 4 * 1024 * 1024 };

/* Beside the streams of JOIN: the listening control socket of that container, its setup
 * (vm_setup_fields, sealed), its log. */
enum { CONTROL_JOIN_LISTENER = 3, CONTROL_JOIN_SETUP, CONTROL_JOIN_LOG, CONTROL_DESCRIPTORS };

struct control_request {
	uint32_t check; /* CONTROL_CHECK */
	uint32_t verb;
	uint32_t wire;	    /* enum wire_verb */
	uint32_t body_size; /* of the memfd, which is the first descriptor; 0: none */
	uint64_t number;
	uint32_t streams; /* EXEC, JOIN: bit n: the next descriptor is number n of those above */
	uint32_t zero;
};

enum control_kind { CONTROL_REPLY = 1, CONTROL_EXIT, CONTROL_OOM };

struct control_answer {
	uint32_t check;
	uint32_t kind;
	int32_t result; /* 0, or negative: `error` */
	uint32_t body_size;
	uint64_t number;
	int32_t code, signal; /* EXIT: code -1 when it was a signal; RESERVE: the monitor's pid */
	struct err error;
};

/* What has been received. Descriptors are owned by it. */
struct control_message {
	struct control_request request;
	int fds[CONTROL_FDS_MAX];
	size_t fd_count;
};

void control_message_done(struct control_message *message);
/* Whether the bytes are a request that makes sense with so many descriptors. */
int control_request_check(const void *bytes, size_t size, size_t fd_count,
			  struct control_request *ret, struct err *e) must_check;

enum control_outcome { CONTROL_RECEIVED = 0, CONTROL_ENDED = 1, CONTROL_NOTHING = 2 };
/* Never blocks. */
int control_receive(int sock, struct control_message *ret, struct err *e) must_check;
/* Never blocks: -EAGAIN when the peer does not read. `body` may be NULL. */
int control_answer(int sock, const struct control_answer *answer, const void *body, size_t size,
		   struct err *e) must_check;
/* Takes the message's descriptors by their numbers; FD_NONE: has not come. */
void control_descriptors(struct control_message *message, int ret_fds[CONTROL_DESCRIPTORS]);
/* The first descriptor's content. */
int control_body(const struct control_message *message, struct buf *ret, struct err *e) must_check;

/* ---- the commands' end ---- */

/* <state>/control; fails (-ESRCH) "container not running" when nobody listens. */
int control_connect(int state_fd, int *ret_sock, struct err *e) must_check;
/* `fds` (FD_NONE: none) are borrowed; `count` is 0, 3 or CONTROL_DESCRIPTORS. */
int control_send(int sock, const struct control_request *request, const void *body, size_t size,
		 const int *fds, size_t count, struct err *e) must_check;
/* The next answer, its body appended to `body` (may be NULL). A negative result becomes the error.
 * The end of the monitor: -ESRCH. */
int control_await(int sock, uint64_t deadline, struct control_answer *ret, struct buf *body,
		  struct err *e) must_check;
/* Both, on a connection of its own. */
int control_ask(int state_fd, const struct control_request *request, const void *body, size_t size,
		struct control_answer *ret, struct buf *ret_body, struct err *e) must_check;

#endif
