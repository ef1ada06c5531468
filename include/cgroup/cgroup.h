/*
 * One container's cgroup on every hierarchy, driver-neutral: v1, hybrid and v2; made by us
 * ("fs") or by systemd. A handle is cheap to make from the record on disk and knows nothing but
 * where the cgroup is, so that whatever died, `delete` finds it again.
 *
 * Every function works on half-made cgroups and is idempotent; "absent" is never an error for
 * kill, thaw and remove. Paths are opened below the hierarchy's mount point without following
 * links and checked to be on a cgroup file system.
 */
#ifndef CGROUP_CGROUP_H
#define CGROUP_CGROUP_H

#include "kern/facts.h"
#include "plan/plan.h"
#include "plan/stats.h"

#include <sys/types.h>

struct cgroup;

/* `where` and `facts` are borrowed until cgroup_close(). Touches nothing yet. */
int cgroup_open(const struct plan_cgroup *where, const struct facts *facts, struct cgroup **ret,
		struct err *e) must_check;
void cgroup_close(struct cgroup *cgroup);

/* fs driver: makes the directories (with ancestors, v2: controllers enabled on the way for what
 * `limits` needs, v1: cpuset filled from the parent). Refused when one already has processes:
 * "container's cgroup is not empty: N process(es) found", or is frozen: "container's cgroup
 * unexpectedly frozen". systemd driver: nothing until cgroup_add(), which starts the unit. */
int cgroup_create(struct cgroup *cgroup, const struct plan_limits *limits,
		  struct err *e) must_check;
/* v2 tree (also the one of a hybrid layout), fs driver: a descriptor for CLONE_INTO_CGROUP, owned
 * by the caller; else FD_NONE. */
int cgroup_clone_fd(struct cgroup *cgroup);

/*
 * The cheap way in. Writing a pid to cgroup.procs makes the kernel wait for an RCU grace period
 * (5 to 20 ms on an idle host); a task that moves only itself, or is born there, does not. So:
 * clone the child with CLONE_INTO_CGROUP and clone_fd (when not FD_NONE), and let the child, while
 * it has one thread, write "0" with one write(2) to each of task_fds before anything else; children
 * it makes later inherit the place. Permission was checked when the descriptors were opened, so the
 * child may have given up its privileges. cgroup_add() and cgroup_join() are not called then.
 *
 * Where clone3(2) does not know CLONE_INTO_CGROUP (ENOSYS, EINVAL, E2BIG) or refuses (EBUSY,
 * EOPNOTSUPP, EACCES): clone without it, and call cgroup_add() or cgroup_join() as if there was no
 * entry.
 */
enum { CGROUP_ENTRY_FDS_MAX = 32 };

struct cgroup_entry {
	int clone_fd; /* FD_NONE: v1 only */
	int task_fds[CGROUP_ENTRY_FDS_MAX];
	size_t task_count;
};

enum cgroup_entry_result {
	CGROUP_ENTRY_READY = 0,
	CGROUP_ENTRY_NONE = 1, /* systemd driver before the unit runs: use cgroup_add() */
};

/* For the container's first process (`init` 0, `sub` NULL) or for exec (as cgroup_join()). All
 * descriptors are the caller's: cgroup_entry_done(). With no cgroup at all (driver none, or
 * optional and not permitted): READY, and nothing to do. */
int cgroup_entry_open(struct cgroup *cgroup, pid_t init, const struct strv *sub,
		      struct cgroup_entry *ret, struct err *e) must_check;
void cgroup_entry_done(struct cgroup_entry *entry);
/* The child's half: writes "0" to every task_fd; 0 or -errno. Async-signal-safe. */
int cgroup_entry_enter(const struct cgroup_entry *entry) must_check;

/* Puts a process there on every hierarchy (systemd: StartTransientUnit with the unit properties of
 * `limits`; waits for the job, at most 30 s). */
int cgroup_add(struct cgroup *cgroup, pid_t pid, const struct plan_limits *limits,
	       struct err *e) must_check;
/* The same for exec: joins the existing cgroup; `sub` is NULL or pairs "controller:path"/"path" as
 * exec --cgroup takes them, below the container's cgroup (".." refused). v2: when the cgroup has
 * become an inner node, falls back to the cgroup of `init`, unless sub is given. */
int cgroup_join(struct cgroup *cgroup, pid_t pid, pid_t init, const struct strv *sub,
		struct err *e) must_check;
/* Writes the settings and the device rules; messages carry the setting's origin. */
int cgroup_apply(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e) must_check;
/* update: the same without devices; on failure the values before are put back. */
int cgroup_update(struct cgroup *cgroup, const struct plan_limits *limits,
		  struct err *e) must_check;

int cgroup_freeze(struct cgroup *cgroup, struct err *e) must_check; /* waits until frozen */
int cgroup_thaw(struct cgroup *cgroup, struct err *e) must_check;
int cgroup_is_frozen(struct cgroup *cgroup, bool *ret, struct err *e) must_check;

/* All processes in the cgroup and below (thread group ids, host view, sorted, unique). */
int cgroup_pids(struct cgroup *cgroup, struct arena *arena, pid_t **ret, size_t *ret_count,
		struct err *e) must_check;
/* Sends to every process; SIGKILL uses cgroup.kill, else freezes, kills, thaws, until empty. */
int cgroup_signal(struct cgroup *cgroup, int signal, struct err *e) must_check;
/* Kills what is left, removes the directories we own (sub-cgroups too) or stops the unit, retries
 * EBUSY with back-off for some seconds, then fails with what is left. */
int cgroup_remove(struct cgroup *cgroup, struct err *e) must_check;
/* Whether any directory of it is still there. */
bool cgroup_exists(struct cgroup *cgroup);
/* Directory below the v2 tree or the freezer/devices hierarchy, for messages and tests. */
const char *cgroup_path(const struct cgroup *cgroup);
/* Host path of the directory that freezes it; NULL: there is none. */
const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena);

/* ---- statistics ---- */

int cgroup_stats(struct cgroup *cgroup, struct arena *arena, struct stats *ret,
		 struct err *e) must_check;

/* ---- out of memory ---- */

/* A descriptor that polls readable (POLLIN) or exceptional (POLLPRI) when the OOM killer may have
 * struck, and the count of kills so far. v1: eventfd on memory.oom_control; v2: inotify on
 * memory.events. */
int cgroup_oom_watch(struct cgroup *cgroup, int *ret_fd, struct err *e) must_check;
int cgroup_oom_count(struct cgroup *cgroup, uint64_t *ret, struct err *e) must_check;

#endif
