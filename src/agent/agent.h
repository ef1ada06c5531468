/*
 * The agent's state and what its files share. One thread, one epoll set, and nothing in it waits:
 * whatever may take time is done by workers (worker.h).
 */
#ifndef AGENT_AGENT_H
#define AGENT_AGENT_H

#include "backend/backend.h"
#include "wire/bodies.h"
#include "wire/calls.h"
#include "wire/stream.h"

#define DRAIN_NS	  UINT64_C(1000000000)
#define DRAIN_KILLED_NS	  UINT64_C(250000000)
#define SHUTDOWN_NS	  UINT64_C(3000000000)
#define GUEST_CGROUP_ROOT "/sys/fs/cgroup"
#define CONTAINERS_CGROUP "containers"

struct agent;

/* Memory that events of this round may still point to; freed before the next. */
void agent_discard(struct agent *agent, void *take_memory);

/* Something in the epoll set. */
struct source {
	void (*ready)(struct agent *agent, struct source *source, uint32_t events);
	int fd;
	uint32_t events; /* registered; 0: not in the set */
};

/* Wants exactly `events`; 0 takes it out of the set, since EPOLLHUP cannot be masked. */
void source_want(struct agent *agent, struct source *source, uint32_t events);
/* Takes it out of the set and closes the descriptor. */
void source_close(struct agent *agent, struct source *source);

/* ---- containers ---- */

struct container {
	struct container *next;
	uint32_t number;
	char id[256];
	int state_fd;
	struct arena arena; /* of the plan */
	const struct plan *plan;
	const struct plan_cgroup *cgroup;
	const struct plan_intel_rdt *intel_rdt;
	bool shares_pid_namespace;
	struct process init;	  /* pid 0 before PREPARE has succeeded and when it was reaped */
	struct worker *preparing; /* lives until COMMIT */
	uint32_t init_number;
	int mounts_fd; /* its mount namespace */
	uint64_t oom_kills;
	struct source oom;
};

struct container *container_find(struct agent *agent, uint32_t number);
/* Makes the record and the state directory. */
int container_add(struct agent *agent, uint32_t number, const struct plan *plan,
		  struct container **ret, struct err *e) must_check;
void container_forget(struct agent *agent, struct container *container);
/* A handle for one operation; close with ops->close. */
int container_open(const struct agent *agent, const struct container *container,
		   struct backend **ret, struct err *e) must_check;
void container_watch_oom(struct agent *agent, struct container *container);
/* Its mounts outlive its processes, until it is forgotten. */
void container_keep_mounts(const struct agent *agent, struct container *container);
/* Tells the host when the count has grown. */
void container_check_oom(struct agent *agent, struct container *container);

/* ---- processes ---- */

struct input {
	struct source source; /* write end, or a terminal's master */
	struct stream_receiver stream;
	bool is_open;
};

struct output {
	struct source source;
	struct stream_sender stream;
	bool is_open;
	size_t owed; /* bytes that were there when the process ended */
};

struct proc {
	struct proc *next;
	uint32_t number, container;
	pid_t pid; /* 0 before the reply and when reaped */
	bool is_terminal;
	bool is_running; /* the reply was sent, the streams are */
	bool has_exited, was_killed;
	int status;
	uint64_t deadline; /* of draining; 0: not yet */
	struct input input;
	struct output outputs[2]; /* [0] stdout or terminal, [1] stderr */
	int child_fds[3];	  /* for the process, until its worker has them */
	int console_fd;		  /* for window sizes */
};

struct proc *proc_find(struct agent *agent, uint32_t number);
struct proc *proc_find_pid(struct agent *agent, pid_t pid);
/* Makes pipes as asked. */
int proc_add(struct agent *agent, uint32_t number, uint32_t container,
	     const struct wire_stdio *stdio, bool is_terminal, struct proc **ret,
	     struct err *e) must_check;
void proc_forget(struct agent *agent, struct proc *proc);
/* The process exists: its streams begin (a terminal's when the console is there). */
void proc_begin(struct agent *agent, struct proc *proc, pid_t pid);
void proc_take_console(struct agent *agent, struct proc *proc, int take_fd);
void proc_reaped(struct agent *agent, struct proc *proc, int status);
/* SIGKILL was sent: readers that stopped are no longer waited for. */
void proc_killed(struct agent *agent, struct proc *proc);
/* DATA, CREDIT, END, RESIZE; those for a process that has gone are dropped. <0: broken rules. */
int proc_frame(struct agent *agent, const struct frame *frame, struct err *e) must_check;
/* Registers interest by room and credit, ends drained processes. */
void procs_settle(struct agent *agent);
/* SIGKILL went to everybody there. */
void procs_killed(struct agent *agent, uint32_t container);
/* The earliest deadline; 0: none. */
uint64_t procs_deadline(const struct agent *agent);

/* ---- the whole ---- */

struct agent {
	int epoll_fd;
	struct source channel, signals;
	struct frame_decoder decoder;
	struct frame_lanes lanes;
	struct wire_requests requests;
	struct container *containers;
	struct proc *procs;
	struct worker *workers;
	struct garbage *garbage;
	struct arena arena; /* of facts */
	struct facts facts;
	int state_fd;	    /* containers' state directories are made here */
	uint32_t log_level; /* what goes to the host */
	bool is_machine;    /* pid 1 of a guest; false: a test's process */
	bool has_hello_gone;
	bool is_ending;
	uint64_t end_deadline;
	uint32_t shutdown_request;
};

/* ---- dispatch.c, channel.c, loop.c ---- */

/* Begins what was asked, or answers at once. */
void request_take(struct agent *agent, const struct wire_request *request);
int channel_open_port(int *ret_fd, struct err *e) must_check;
void channel_hello(struct agent *agent);
void channel_flush(struct agent *agent);
void channel_ready(struct agent *agent, struct source *source, uint32_t events);
/* Reaps whatever has ended. */
void agent_reap(struct agent *agent);
int agent_init(struct agent *agent, int take_channel, struct err *e) must_check;
int agent_run(struct agent *agent, struct err *e) must_check;
/* The guest is over: reboots, or ends the process. */
_Noreturn void agent_end(const struct agent *agent, int status);

#endif
