/*
 * The seam between the lifecycle (runtime) and what a container is made of: the namespace backend
 * today, a virtual machine tomorrow. A backend is whole: every pointer is set, nothing above asks
 * which one it has. Hooks of the host, console sockets, pid files and the record on disk belong to
 * the runtime; a backend never calls upwards.
 */
#ifndef BACKEND_BACKEND_H
#define BACKEND_BACKEND_H

#include "backend/checkpoint.h"
#include "kern/facts.h"
#include "kern/process.h"
#include "plan/plan.h"
#include "plan/stats.h"

struct backend {
	const struct backend_ops *ops;
};

enum backend_status {
	BACKEND_ABSENT,	 /* never made, or the process has gone */
	BACKEND_CREATED, /* waits for start */
	BACKEND_RUNNING,
	BACKEND_PAUSED, /* frozen, created or running */
};

/* How a handle is made. Borrowed for the life of the backend. */
struct backend_context {
	const char *id;
	int state_fd; /* the container's state directory */
	const struct facts *facts;
	const struct plan_cgroup *cgroup;	/* from the plan or from the record */
	const struct plan_intel_rdt *intel_rdt; /* the same; NULL = none */
	struct process init;			/* pid 0 when there is none yet; copied by value */
	bool shares_pid_namespace;		/* the container has no pid namespace of its own */
	int log_fd;	  /* where a process that stays tells why it ended; 0: none */
	bool log_is_json; /* the form of its records */
};

/* What a process of the container starts with. The descriptors are consumed. */
struct backend_stdio {
	int fds[3]; /* FD_NONE: inherit the caller's 0, 1, 2 */
};

/* A process that a backend made: child of the caller. */
struct backend_process {
	struct process process; /* owned by the receiver */
	int console_fd;		/* pty master, or FD_NONE; owned by the receiver */
	int seccomp_fd;		/* seccomp listener, or FD_NONE; owned by the receiver */
};

struct backend_exec {
	const struct plan_process *process;
	const struct strv *cgroup; /* exec --cgroup; NULL = the container's */
	bool ignore_paused;	   /* in a paused container it waits until that is resumed */
	int interrupt_fd; /* when this becomes readable the waiting ends, with ECANCELED; 0: none */
};

/* A process as ps(1) would show it, where the host's ps cannot. */
struct backend_task {
	uint32_t pid, ppid; /* of the container's kernel */
	uint32_t inner_pid; /* in the container's pid namespace */
	uint32_t uid, gid;
	char state; /* R, S, D, ... */
	uint32_t threads;
	int32_t nice;
	uint64_t started;		 /* ns since the epoch */
	uint64_t cpu_time, elapsed;	 /* ns */
	uint64_t virtual_size, resident; /* bytes */
	uint32_t tty;			 /* device number; 0: none */
	const char *comm;
	const char *command; /* printable, arguments joined by spaces */
};

enum backend_tasks_outcome { BACKEND_TASKS = 0, BACKEND_TASKS_ON_HOST = 1 };

struct backend_ops {
	const char *name; /* "process", "vm" */
	bool has_machine; /* its plans have a machine (plan/machine.h) */

	/* May this host run it? Says in err why not. */
	int (*probe)(const struct facts *facts, struct err *e) must_check;

	int (*open)(const struct backend_context *context, struct backend **ret,
		    struct err *e) must_check;
	void (*close)(struct backend *backend);

	/*
	 * create is prepare, (hooks of the host), commit: the specification puts prestart and
	 * createRuntime between the two. After prepare the namespaces, the cgroup with its limits
	 * and all mounts exist, pivot_root has not happened if the plan has hooks,
	 * *ret->process is the container's init (host view). On failure nothing of it is left but
	 * what destroy removes.
	 */
	int (*prepare)(struct backend *backend, const struct plan *plan,
		       struct backend_stdio *take_stdio, struct backend_process *ret,
		       struct err *e) must_check;
	/* createContainer hooks, pivot, identity; returns when the process waits for start. Fills
	 * the console and seccomp descriptors of `process`. */
	int (*commit)(struct backend *backend, struct backend_process *process,
		      struct err *e) must_check;
	/* The caller's record is safe on disk: from here on the init outlives the caller. Until
	 * this call the backend sees to it that the init ends when the caller dies. Called once,
	 * after commit, as the last step of create that can fail. */
	int (*release)(struct backend *backend, struct err *e) must_check;
	/* Lets the program run: startContainer hooks, then execve. Returns when execve has
	 * happened; an error carries why it did not (the process has exited then). */
	int (*start)(struct backend *backend, struct err *e) must_check;
	/* A further process in the running container; returns when execve has happened. */
	int (*exec)(struct backend *backend, const struct backend_exec *exec,
		    struct backend_stdio *take_stdio, struct backend_process *ret,
		    struct err *e) must_check;

	/* Saves the running container as files; `plan` is what planner_build() makes of its
	 * configuration. On failure it goes on as it was; on success it has ended, unless asked to
	 * be left running. */
	int (*checkpoint)(struct backend *backend, const struct plan *plan,
			  const struct backend_checkpoint *checkpoint, struct err *e) must_check;
	/* In the place of prepare, commit, release and start: a container that runs, from files.
	 * The process is a child of the caller, which has become a subreaper. */
	int (*restore)(struct backend *backend, const struct plan *plan,
		       const struct backend_restore *restore, struct backend_process *ret,
		       struct err *e) must_check;

	int (*status)(struct backend *backend, enum backend_status *ret, struct err *e) must_check;
	/* To init; with `all`, or SIGKILL in a shared pid namespace, to every process.
	 * Refused: "container not running". */
	int (*signal)(struct backend *backend, int signal, bool all, struct err *e) must_check;
	int (*pause)(struct backend *backend, struct err *e) must_check;
	int (*resume)(struct backend *backend, struct err *e) must_check;
	int (*update)(struct backend *backend, const struct plan_limits *limits,
		      struct err *e) must_check;
	int (*stats)(struct backend *backend, struct arena *arena, struct stats *ret,
		     struct err *e) must_check;
	/* See cgroup_oom_watch(), cgroup_oom_count(). */
	int (*oom_watch)(struct backend *backend, int *ret_fd, struct err *e) must_check;
	int (*oom_count)(struct backend *backend, uint64_t *ret, struct err *e) must_check;
	/* The container's processes; BACKEND_TASKS_ON_HOST: they are what pids() tells, and the
	 * host's ps shows them. */
	int (*tasks)(struct backend *backend, struct arena *arena, struct backend_task **ret,
		     size_t *ret_count, struct err *e) must_check;
	/* Host pids of all processes; where they are not the host's, of those that stand for them.
	 */
	int (*pids)(struct backend *backend, struct arena *arena, pid_t **ret, size_t *ret_count,
		    struct err *e) must_check;

	/* Kills and removes everything, from any half-made state, as often as called. 0 means that
	 * it was checked that nothing is left. */
	int (*destroy)(struct backend *backend, struct err *e) must_check;
};

#endif
