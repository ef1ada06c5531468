/*
 * The conversation between the runtime and the processes that become a container's init or an
 * exec'd process: launch/message.h over a SOCK_SEQPACKET pair. The end of the peer is an outcome
 * of every read, so neither side can wait for somebody who has gone.
 */
#ifndef NS_HANDSHAKE_H
#define NS_HANDSHAKE_H

#include "base/err.h"
#include "base/own.h"
#include "kern/process.h"
#include "launch/message.h"

struct handshake {
	int sock;
	bool is_child;
	int interrupt_fd; /* ends the runtime's waits when it is readable; 0: none */
	uint64_t seen;	  /* bit for each kind that came before it was waited for */
};

#define HANDSHAKE_NONE ((struct handshake){.sock = FD_NONE})

int handshake_pair(struct handshake *ret_parent, struct handshake *ret_child,
		   struct err *e) must_check;
void handshake_done(struct handshake *handshake);
const char *handshake_kind_name(uint32_t kind);

/* `fd` FD_NONE: no descriptor. */
int handshake_send(struct handshake *handshake, enum launch_message_kind kind, int number, int fd,
		   struct err *e) must_check;

struct handshake_message {
	enum launch_message_kind kind;
	int number;
	int fd; /* owned by the receiver; FD_NONE */
};

/*
 * The runtime's side: the next message that is not LOG (which goes to log_record()). ERROR becomes
 * a failure with the sender's text. `process` is watched with its pidfd: "container init died
 * ..." when it ends without a word. deadline as in kern/sock.h.
 */
int handshake_receive(struct handshake *handshake, const struct process *process, uint64_t deadline,
		      struct handshake_message *ret, struct err *e) must_check;
/* ERROR that may have come already, for a runtime that has failed to do something to a process
 * that was dying: replaces the error by the cause. */
void handshake_explain(struct handshake *handshake, const struct process *process, struct err *e);

/* The container's side: waits for `kind`, remembering others; the end of the runtime ends us. */
int handshake_wait(struct handshake *handshake, enum launch_message_kind kind,
		   struct err *e) must_check;
/* Whether the runtime is still there. */
bool handshake_is_alive(const struct handshake *handshake);
/* Reports and does not return. */
_Noreturn void handshake_give_up(struct handshake *handshake, const struct err *e);
/* Sends what log_*() is told to the runtime. */
void handshake_take_log(struct handshake *handshake);

#endif
