/* The namespace backend's handle and what its files share on the runtime's side. */
#ifndef NS_INTERNAL_H
#define NS_INTERNAL_H

#include "backend/backend.h"
#include "cgroup/cgroup.h"
#include "handshake.h"
#include "kern/mount.h"

#define START_FIFO  "start"
#define RESULT_FIFO "result"

struct ns_backend {
	struct backend base;
	struct backend_context context;
	struct cgroup *cgroup;	    /* NULL: the record knows none */
	struct process init;	    /* with a pidfd of our own once it was needed */
	struct handshake handshake; /* from prepare to release */
	int console_fd;		    /* came during prepare */
	bool waits_at_hooks;	    /* the init does, between prepare and commit */
};

static inline struct ns_backend *ns_of(struct backend *backend)
{
	return (struct ns_backend *)backend;
}

/* What the container's side inherits through clone, beyond the plan: made by the runtime, with the
 * runtime's rights. Descriptors are owned by it. */
struct handover {
	const struct plan *plan;
	const struct facts *facts;
	struct mount *sources; /* one for each op; those opened beforehand are not MOUNT_NONE */
	int *joins;	       /* one for each plan->joins */
	int image_fd;	       /* the launch program, sealed */
	int start_fd, result_fd;
	int stdio[3];
	int hook_out, hook_error;  /* files for what createContainer hooks print, or FD_NONE */
	mode_t umask;		   /* of the caller */
	struct cgroup_entry entry; /* the cgroup's doors, when has_entry */
	bool has_entry;
};

/* ---- backend.c ---- */

/* init with an open pidfd; PROCESS_GONE when it has ended. */
int ns_find_init(struct ns_backend *ns, struct err *e) must_check;
/* The container's plan of its cgroup, opened lazily. 0 also when there is none: ns->cgroup NULL. */
int ns_open_cgroup(struct ns_backend *ns, struct err *e) must_check;

/* ---- the operations of the table ---- */

int ns_prepare(struct backend *backend, const struct plan *plan, struct backend_stdio *take_stdio,
	       struct backend_process *ret, struct err *e) must_check;
int ns_commit(struct backend *backend, struct backend_process *process, struct err *e) must_check;
int ns_release(struct backend *backend, struct err *e) must_check;
int ns_start(struct backend *backend, struct err *e) must_check;
int ns_exec(struct backend *backend, const struct backend_exec *exec,
	    struct backend_stdio *take_stdio, struct backend_process *ret,
	    struct err *e) must_check;
int ns_destroy(struct backend *backend, struct err *e) must_check;
int ns_checkpoint(struct backend *backend, const struct plan *plan,
		  const struct backend_checkpoint *checkpoint, struct err *e) must_check;
int ns_restore(struct backend *backend, const struct plan *plan,
	       const struct backend_restore *restore, struct backend_process *ret,
	       struct err *e) must_check;

/* ---- commit.c: what create and exec have in common ---- */

struct accepted {
	int console_fd, seccomp_fd;
};
/* Takes messages until READY; descriptors that come are kept in *into. */
int ns_accept_until_ready(struct handshake *handshake, const struct process *process,
			  struct accepted *into, struct err *e) must_check;

/* ---- fifo.c: the start and result FIFOs ---- */

int fifo_make(int state_fd, int *ret_start, int *ret_result, struct err *e) must_check;
/* Whether an init waits at the start FIFO. */
int fifo_is_waiting(int state_fd, bool *ret, struct err *e) must_check;
int fifo_remove(int state_fd, struct err *e) must_check;
/* Gives the word and waits until the program has been executed. */
int fifo_start(int state_fd, const struct process *init, struct err *e) must_check;

/* ---- enter.c: into the cgroup without waiting for the kernel ---- */

/* Forks; with an entry the child is born in the v2 cgroup, and enters the others itself. *entry is
 * dropped, and *has_entry cleared, where the kernel cannot. */
int enter_fork(struct process_fork *how, struct cgroup_entry *entry, bool *has_entry,
	       struct process *ret, struct err *e) must_check;

/* ---- sources.c ---- */

/* Opens what the container's side could not: see handover.sources and handover.joins. */
int handover_open(struct handover *handover, struct err *e) must_check;
void handover_done(struct handover *handover);

/* ---- image.c: the launch program ---- */

int image_open(int *ret_fd, struct err *e) must_check;

/* ---- maps.c ---- */

int maps_write(const struct plan *plan, pid_t pid, struct err *e) must_check;

/* ---- net-device.c ---- */

/* Moves the plan's network devices into the network namespace of `pid`. */
int net_devices_move(const struct plan *plan, pid_t pid, struct err *e) must_check;
/* Counters of all interfaces there. */
int net_interfaces_count(pid_t pid, struct arena *arena, struct stats *stats,
			 struct err *e) must_check;

/* ---- resctrl.c ---- */

/* Makes the groups as planned and puts the process there. */
int resctrl_apply(const struct plan_intel_rdt *rdt, const char *id, pid_t pid,
		  struct err *e) must_check;
/* exec: an existing container's groups. */
int resctrl_join(const struct plan_intel_rdt *rdt, pid_t pid, struct err *e) must_check;
int resctrl_remove(const struct plan_intel_rdt *rdt, struct err *e) must_check;

#endif
