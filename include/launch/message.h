/*
 * What the processes that make a container say to each other: one message is one datagram on a
 * SOCK_SEQPACKET pair. Shared by the runtime (ns/handshake.c) and the launch program, which has no
 * libc; so only integers and bytes.
 */
#ifndef LAUNCH_MESSAGE_H
#define LAUNCH_MESSAGE_H

#include <stdint.h>

enum launch_message_kind {
	/* from the container's side */
	MESSAGE_ERROR = 1, /* failure: the sender exits */
	MESSAGE_LOG,	   /* number: enum log_level */
	MESSAGE_NEED_MAPS, /* the user namespace is there, write its id maps */
	MESSAGE_PID,	   /* number: pid of the process that goes on, as the runtime sees it */
	MESSAGE_AT_HOOKS,  /* everything before the hooks is done */
	MESSAGE_CONSOLE,   /* with one descriptor: the pty master */
	MESSAGE_LISTENER,  /* number: descriptor of the seccomp listener in the sender */
	MESSAGE_READY,	   /* nothing but the start is left to do */
	/* from the runtime */
	MESSAGE_MAPS_DONE,
	MESSAGE_IN_CGROUP,
	MESSAGE_NET_DONE,
	MESSAGE_HOOKS_DONE,
	MESSAGE_LISTENER_TAKEN, /* the runtime has fetched the descriptor itself */
	MESSAGE_LISTENER_SEND,	/* it could not: answer with the descriptor attached */
	MESSAGE_COMMITTED,	/* the record is on disk: outlive the runtime */
	MESSAGE_KINDS,
};

/* The layout of struct err (base/err.h), which this layer may not know. In the result FIFO code 0
 * says that the hooks have run and execve is next. */
struct launch_error {
	int32_t code;
	int32_t show_errno;
	char text[1016];
};

struct launch_message {
	uint32_t kind;
	int32_t number;
	struct launch_error error; /* ERROR: all of it; LOG: text; else not sent */
};

#define LAUNCH_MESSAGE_SHORT 8U /* bytes of a message without `error` */

#endif
