/* The making of a container, for create and run. */
#ifndef RUNTIME_MAKE_H
#define RUNTIME_MAKE_H

#include "container.h"
#include "planner/machine.h"

struct making {
	const struct runtime *runtime;
	const struct runtime_create *options;
	bool detach;
	struct container *container;
	const char *bundle; /* absolute */
	struct buf config_text;
	const struct oci_config *config;
	const char *isolation;
	bool has_machine;		       /* the backend's plans have one */
	const struct planner_sandbox *sandbox; /* whose machine it joins; NULL: none */
	const struct plan *plan;
	int cache_fd;
	uint32_t listen_fds;
	struct backend_process process;
	bool has_pid_file;
	const struct backend_restore *restore; /* from files, by making_restore(); else NULL */
};

/* Decides everything; nothing exists yet. May execute a sealed copy of this program. */
int making_plan(struct making *making, const struct runtime *runtime,
		const struct runtime_create *options, bool detach, struct err *e) must_check;
/* Makes it, up to phase CREATED, between interrupt_begin() and interrupt_end(). On failure nothing
 * is left. Terminal and listener have been sent, or (foreground) the terminal is in `process`. */
int making_act(struct making *making, struct err *e) must_check;
/* The same from a checkpoint, up to phase RUNNING. */
int making_restore(struct making *making, const struct backend_restore *restore,
		   struct err *e) must_check;
/* The foreground: waits for the program, as run does, and deletes the container. */
int making_finish(struct making *making, int *ret_status, struct err *e) must_check;
void making_done(struct making *making);

#endif
