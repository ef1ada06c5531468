/* The process on the host of an exec, and of a container that has joined a machine: proxy.c. */
#ifndef VM_PROXY_H
#define VM_PROXY_H

#include "base/err.h"

/* What the kernel calls it, whatever it is named for. */
#define PROXY_COMM "bulkhead-exec"

/* The first word of the command line; the others have a terminal at descriptors 0 to 2. */
#define VM_PROXY_TERMINAL_NAME	"bulkhead-exec-tty:"
#define VM_JOINED_NAME		"bulkhead-container:"
#define VM_JOINED_TERMINAL_NAME "bulkhead-container-tty:"

/* The descriptors of a proxy besides 0 to 2, which are the process's streams. */
enum {
	PROXY_CONTROL_FD = 3, /* to the monitor; a number has been reserved on it */
	PROXY_BODY_FD,	      /* for WIRE_EXEC or WIRE_PREPARE, sealed */
	PROXY_LINK_FD,	      /* to the creator: one struct err, code 0 when the program runs; a
				 container then hears there that it is released */
	PROXY_FDS_END,
	/* of a container */
	PROXY_LISTENER_FD = PROXY_FDS_END,
	PROXY_SETUP_FD,
	PROXY_LOG_FD,
	PROXY_MONITOR_FD, /* pidfd */
	PROXY_JOINED_FDS_END,
};

/* The creator waits for the report. */
int proxy_await(int link, struct err *e) must_check;

_Noreturn void proxy_main(const char *name);

#endif
