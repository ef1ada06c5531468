/*
 * A worker is to the guest what the command line is to the host: a forked process that calls the
 * process backend's operations, and tells the agent over a socket what came of it. What it has made
 * becomes the agent's child when it ends. The worker of PREPARE waits for the word to commit.
 */
#ifndef AGENT_WORKER_H
#define AGENT_WORKER_H

#include "agent.h"

enum worker_kind {
	WORKER_RESULT = 1, /* worker -> agent: result, err, process, descriptors */
	WORKER_LOG,	   /* worker -> agent: level, err.text */
	WORKER_COMMIT,	   /* agent -> worker */
};

struct worker_message {
	int32_t kind;
	int32_t result;
	int32_t pid;
	int32_t level;
	uint64_t born;
	bool has_console, has_body; /* which descriptors come, in this order */
	struct err error;
};

/* What the worker has to do; borrowed from the parent's memory by the fork. */
struct job {
	struct agent *agent;
	enum wire_verb verb;
	struct container *container; /* NULL: the guest as a whole */
	struct proc *proc;	     /* PREPARE, EXEC */
	const void *body;	     /* struct wire_* of the verb */
	int sock;		     /* to the agent */
};

struct worker {
	struct worker *next;
	struct source source;
	pid_t pid;	  /* 0: reaped */
	uint32_t request; /* 0: none waits */
	enum wire_verb verb;
	uint32_t container, proc; /* numbers; 0: none */
	bool is_prepared;	  /* waits for COMMIT */
};

/* Forks; the request is answered when the worker tells. */
int worker_start(struct agent *agent, const struct job *job, uint32_t request, struct worker **ret,
		 struct err *e) must_check;
/* Tells the worker of PREPARE to go on. */
int worker_commit(struct agent *agent, struct worker *worker, uint32_t request,
		  struct err *e) must_check;
void worker_kill(struct worker *worker);
/* Takes what workers have said already. */
void workers_drain(struct agent *agent);
void worker_reaped(struct agent *agent, pid_t pid);

/* ---- in the worker ---- */

/* job.c: does it, and tells. */
_Noreturn void job_run(const struct job *job);
void job_tell(const struct job *job, const struct worker_message *message, const int *fds,
	      size_t fd_count);

/* guest.c */
int guest_configure(const struct agent *agent, const struct wire_configure *body,
		    struct err *e) must_check;
/* network.c */
int guest_network(const struct agent *agent, const struct wire_network *body,
		  struct err *e) must_check;
/* disks.c: the plan with the numbers of this guest. */
int disks_apply(const struct wire_prepare *body, struct arena *arena, const struct plan **ret,
		struct err *e) must_check;
/* pod.c: the plan with the namespaces of the sandbox; what a container leaves behind. */
int pod_apply(const struct agent *agent, struct arena *arena, const struct plan **plan,
	      struct err *e) must_check;
void pod_leave(const struct plan *plan);
/* ps.c */
int ps_list(struct backend *backend, struct arena *arena, struct wire_processes *ret,
	    struct err *e) must_check;

#endif
