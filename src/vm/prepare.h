/* What making a machine and joining one have in common. */
#ifndef VM_PREPARE_H
#define VM_PREPARE_H

#include "internal.h"

struct preparing {
	struct vm_backend_handle *vm;
	const struct plan *plan;
	int stdio[3];
	int link, monitor_link, control, setup, log, state;
	int master;
	/* to join: the sandbox's monitor and a connection to it, what it is asked */
	int sandbox, sandbox_pidfd, body;
	uint32_t number; /* of the container and its first process */
	struct process monitor;
};

int prepare_cgroup(struct preparing *preparing, struct err *e) must_check;
int prepare_setup(struct preparing *preparing, struct err *e) must_check;
int prepare_log(struct preparing *preparing, struct err *e) must_check;
/* The link, and the listening control socket. */
int prepare_sockets(struct preparing *preparing, struct err *e) must_check;
int prepare_terminal(struct preparing *preparing, struct err *e) must_check;
/* The container's process on the host; `fds` become 3, 4, ... */
int prepare_process(struct preparing *preparing, const char *name, const int *fds, size_t count,
		    struct err *e) must_check;
/* WIRE_PREPARE for the guest. */
void prepare_body(const struct preparing *preparing, struct buf *ret);

/* join.c: instead of a machine of its own. */
int join_make(struct preparing *preparing, struct err *e) must_check;
/* Told to the container's process: it stands on its own. */
int join_release(struct vm_backend_handle *vm, struct err *e) must_check;

#endif
