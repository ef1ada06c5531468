/*
 * The container's side of create: a process in the new namespaces that performs the plan's
 * operations one after another and ends as the launch program. See child.c.
 */
#ifndef NS_CHILD_H
#define NS_CHILD_H

#include "internal.h"

struct child {
	const struct plan *plan;
	const struct facts *facts;
	const struct handover *handover;
	struct handshake *handshake;
	struct arena arena;
	int root;		   /* the container's root directory, O_PATH */
	int proc;		   /* private procfs; FD_NONE when nothing needs it */
	int console_peer;	   /* slave of the terminal, FD_NONE: none */
	struct mount null, hidden; /* what masks files and directories */
	bool null_is_attached, hidden_is_attached;
	const char *cgroup_paths; /* /proc/self/cgroup before the cgroup namespace, or NULL */
	bool is_at_hooks;
	int place; /* the directory of the last device or link; FD_NONE */
	const char *place_path;
	size_t place_length; /* of that directory's path in place_path, with its slash; 0: none */
};

/* Runs in the container's first process; `has_joined`: an intermediate process has joined the
 * namespaces of plan->joins already. Ends in execve or _exit. */
_Noreturn void child_run(const struct handover *handover, struct handshake *handshake,
			 bool has_joined);
/* The common beginning of processes the runtime makes: the parent's death, the log, the
 * cgroup (`entry` NULL: the runtime sees to it). */
void child_begin(struct handshake *handshake, const struct cgroup_entry *entry);
/* Root (or what the map offers) in a user namespace whose maps have been written. */
int child_become_root(const struct plan *plan, struct err *e) must_check;

/* ---- operations: one file for each family ---- */

typedef int op_fn(struct child *child, const struct plan_op *op, struct err *e);

op_fn op_host_propagation, op_root, op_pivot, op_root_propagation, op_make_cwd, op_root_readonly;
op_fn op_mount, op_remount, op_readonly_mount;
op_fn op_bind;
op_fn op_cgroup, op_join_cgroup;
op_fn op_device, op_link, op_ptmx;
op_fn op_console;
op_fn op_net_devices, op_loopback, op_hooks, op_hostname, op_domainname, op_sysctl;
op_fn op_readonly_path, op_mask_path;

extern op_fn *const op_handlers[PLAN_OP_KINDS];

/* Attaches to the target, looks the path up again and compares; then recursive attributes and
 * propagation of `plan` (NULL: none). */
int child_attach(struct child *child, struct mount *mount, int target, const char *path,
		 const struct plan_mount *plan, struct err *e) must_check;
/* copy-up.c: copies what is in the directory `from` (O_PATH) into `to`. */
int copy_up(int from, int to, struct err *e) must_check;
/* op-device.c: for when a mount may have covered the kept directory. */
void child_forget_place(struct child *child);
/* Something verified to be the host's /dev/null or an empty directory, to mount over. Before the
 * root changes. */
int mask_prepare(struct child *child, struct err *e) must_check;

/* ---- hook.c ---- */

/* createContainer hooks. */
int hooks_run_create(struct child *child, struct err *e) must_check;
/* The state document for this process, ended by `tail`, as a sealed file. */
int hook_input(const struct plan *plan, const char *tail, int *ret_fd, struct err *e) must_check;

/* ---- finish.c: from the runtime's code to the launch program ---- */

struct finish {
	const struct plan_process *process;
	const struct plan *plan; /* NULL for exec */
	struct handshake *handshake;
	int image_fd;
	int start_fd, result_fd; /* FD_NONE for exec */
	int proc;
	bool is_forked;	  /* goes on in a child, which is in another pid namespace */
	int hook_input;	  /* FD_NONE: no hooks */
	int console_peer; /* FD_NONE: stdio below */
	int stdio[3];
	mode_t umask;
};

/* Returns only on failure. The root directory is the container's. */
int finish_launch(const struct finish *finish, struct arena *arena, struct err *e) must_check;

/* ---- blob.c ---- */

struct launch_fds {
	int sync, start, result, proc, hook_input;
	int stdio[3];
	bool is_forked;
};
/* The orders of the launch program, for launch/blob.h. `process` NULL: only wait. `home`: HOME to
 * add, NULL: none. */
int blob_build(const struct plan_process *process, const struct launch_fds *fds, const char *home,
	       mode_t umask, struct buf *ret, struct err *e) must_check;

#endif
