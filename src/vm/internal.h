/* The vm backend's handle, and what its files on the commands' side share. */
#ifndef VM_INTERNAL_H
#define VM_INTERNAL_H

#include "backend/backend.h"
#include "cgroup/cgroup.h"
#include "control.h"
#include "wire/bodies.h"

struct vm_backend_handle {
	struct backend base;
	struct backend_context context;
	struct cgroup *cgroup; /* NULL: the record knows none */
	struct process init;   /* the monitor */
	bool is_ours;	       /* we have made it and have to reap it */
	bool is_told;	       /* why it failed is the caller's error */
	int link_fd;	       /* to the monitor, from prepare to release */
	int console_fd;
	const struct plan *plan; /* from prepare to commit */
};

static inline struct vm_backend_handle *vm_of(struct backend *backend)
{
	return (struct vm_backend_handle *)backend;
}

enum { VM_CONTAINER = 1, VM_INIT = 1 };

/* ---- vm.c ---- */
int vm_open_cgroup(struct vm_backend_handle *vm, struct err *e) must_check;
/* The agent's verb about the container, on a connection of its own. */
int vm_call(struct vm_backend_handle *vm, enum wire_verb verb, const struct buf *body,
	    struct buf *ret_body, struct err *e) must_check;

/* ---- prepare.c ---- */
int vm_prepare(struct backend *backend, const struct plan *plan, struct backend_stdio *take_stdio,
	       struct backend_process *ret, struct err *e) must_check;
int vm_commit(struct backend *backend, struct backend_process *process, struct err *e) must_check;
int vm_release(struct backend *backend, struct err *e) must_check;

/* ---- exec.c ---- */
int vm_exec(struct backend *backend, const struct backend_exec *exec,
	    struct backend_stdio *take_stdio, struct backend_process *ret,
	    struct err *e) must_check;

/* ---- hooks.c: createContainer, in the monitor's namespaces ---- */
int vm_hooks_run(const struct plan *plan, const struct process *monitor, struct err *e) must_check;

/* ---- spawn.c ---- */

struct spawn {
	const char *name; /* VM_MONITOR_NAME, VM_PROXY_NAME */
	const char *id;
	const struct strv *args; /* what the container runs, for ps(1) */
	int stdio[3];		 /* FD_NONE: ours */
	const int *fds;		 /* become 3, 4, ... */
	size_t fd_count;
	struct cgroup *cgroup; /* NULL: none */
	const struct plan_limits *limits;
	pid_t init;		/* exec: of the container, 0: this is it */
	const struct strv *sub; /* exec --cgroup */
};

/* This program again, as a child of ours, in the cgroup. */
int vm_spawn(const struct spawn *spawn, struct process *ret, struct err *e) must_check;

/* A pty of the host, its peer raw: the guest's terminal does the rest. */
int vm_terminal(const struct plan_process *process, int *ret_master, int *ret_peer,
		struct err *e) must_check;
/* Which of the streams are worth passing: not those that lead nowhere. */
struct wire_stdio vm_stdio(const int fds[3], bool terminal);

#endif
