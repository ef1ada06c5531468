/* The proxy of an exec: see proxy.c. */
#ifndef VM_PROXY_H
#define VM_PROXY_H

/* What the kernel calls it, whatever it is named for. */
#define PROXY_COMM "bulkhead-exec"

/* As VM_PROXY_NAME, with a terminal at descriptors 0 to 2. */
#define VM_PROXY_TERMINAL_NAME "bulkhead-exec-tty:"

/* The descriptors of a proxy besides 0 to 2, which are the process's streams. */
enum {
	PROXY_CONTROL_FD = 3, /* to the monitor; a number has been reserved on it */
	PROXY_BODY_FD,	      /* for WIRE_EXEC, sealed */
	PROXY_LINK_FD,	      /* to the creator: one struct err, code 0 when the program runs */
	PROXY_FDS_END,
};

_Noreturn void proxy_main(int is_terminal);

#endif
