/*
 * The lifecycle of containers: what each command does, over the backend seam. The command line
 * parses and prints, and calls this.
 *
 * Every container has a state directory <root>/<id>; see spec/lifecycle.md. All functions check
 * the id before it becomes part of a path, and none prints.
 *
 * Source: runtime-spec runtime.md ("Operations", "Lifecycle", "Hooks"), config.md.
 */
#ifndef RUNTIME_RUNTIME_H
#define RUNTIME_RUNTIME_H

#include "backend/backend.h"
#include "oci/spec.h"
#include "oci/state.h"

/* The registry of backends. Refuses unknown words and levels that this build does not have; never
 * answers with less isolation than was asked for. */
typedef int runtime_find_backend_fn(const char *name, const struct backend_ops **ret,
				    struct err *e);

struct runtime {
	const char *root;     /* absolute path of the state directories' parent */
	bool root_is_default; /* a missing default root is an empty list, a missing --root not */
	bool root_is_sticky;  /* below $XDG_RUNTIME_DIR: keep it from being pruned */
	bool systemd_cgroup;  /* --systemd-cgroup */
	bool no_cgroup;	      /* --cgroup-manager disabled */
	struct opt_bool rootless; /* --rootless; unset = found out */
	const char *isolation;	  /* strictest of --isolation and the program's name; NULL = none */
	runtime_find_backend_fn *find_backend;
	const char *vm_config, *vm_guest, *vm_accel; /* --config, --vm-guest, --vm-accel; NULL */
	int log_fd; /* of --log, for processes that stay; 0 = none */
	bool log_is_json;
	char **argv, **envp; /* to execute a sealed copy of this program with */
};

/* The default root, and whether it is to be sticky. Refused: no $XDG_RUNTIME_DIR. */
int runtime_default_root(struct arena *arena, const char **ret, bool *ret_sticky,
			 struct err *e) must_check;

/* ---- making ---- */

struct runtime_create {
	const char *id;
	const char *bundle;	    /* relative to the working directory; NULL = "." */
	const char *pid_file;	    /* NULL = none; the same */
	const char *console_socket; /* NULL = none; the same */
	const char *pidfd_socket;   /* NULL = none; the same */
	bool no_pivot, no_new_keyring;
	uint32_t preserve_fds;
	/* run only */
	bool detach, keep, no_subreaper;
};

int runtime_create(const struct runtime *runtime, const struct runtime_create *options,
		   struct err *e) must_check;
int runtime_start(const struct runtime *runtime, const char *id, struct err *e) must_check;
/* create and start; in the foreground *ret_status is the exit code for the shell: the program's,
 * or 128 + signal. 0 when detached. */
int runtime_run(const struct runtime *runtime, const struct runtime_create *options,
		int *ret_status, struct err *e) must_check;

/* What checkpoint and restore are both asked; the directories are made if missing. */
struct runtime_images {
	const char *image_path;	      /* NULL = "checkpoint" */
	const char *work_path;	      /* for CRIU's log; NULL = the same */
	struct backend_images images; /* without descriptors and work_path */
};

struct runtime_checkpoint {
	const char *id;
	struct runtime_images images;
	struct backend_checkpoint checkpoint; /* without images */
};

/* Saves the container as files by CRIU, and deletes it unless it is left running. */
int runtime_checkpoint(const struct runtime *runtime, const struct runtime_checkpoint *options,
		       struct err *e) must_check;

struct runtime_restore {
	struct runtime_create create; /* id, bundle, pid_file, console_socket, detach, ... */
	struct runtime_images images;
	const char *lsm_profile, *lsm_mount_context; /* NULL = as it was */
};

/* *ret_status as for run. */
int runtime_restore(const struct runtime *runtime, const struct runtime_restore *options,
		    int *ret_status, struct err *e) must_check;

struct runtime_exec {
	const char *id;
	const char *process_file; /* NULL: the configuration's process with what follows */
	struct strv args, env, additional_gids, capabilities, cgroups;
	const char *cwd, *user, *apparmor, *selinux_label;
	struct opt_bool tty, no_new_privileges;
	bool detach, ignore_paused;
	const char *pid_file, *console_socket, *pidfd_socket;
	uint32_t preserve_fds;
};

/* *ret_status as for run. */
int runtime_exec(const struct runtime *runtime, const struct runtime_exec *options, int *ret_status,
		 struct err *e) must_check;

/* ---- ending ---- */

/* With `all`, a container that does not run is no error. */
int runtime_kill(const struct runtime *runtime, const char *id, int signal, bool all,
		 struct err *e) must_check;
/* 0 means that it was checked that nothing is left. With `force` an unknown id is no error. */
int runtime_delete(const struct runtime *runtime, const char *id, bool force,
		   struct err *e) must_check;

/* ---- seeing ---- */

/* All strings are the arena's. */
int runtime_state(const struct runtime *runtime, struct arena *arena, const char *id,
		  struct oci_state *ret, struct err *e) must_check;

/* An entry that cannot be read is told to `broken` and left out. */
typedef void runtime_broken_fn(const char *id, const struct err *why, void *data);
int runtime_list(const struct runtime *runtime, struct arena *arena, runtime_broken_fn *broken,
		 void *data, struct oci_state **ret, size_t *ret_count, struct err *e) must_check;

/* Host pids, ascending; none when stopped. */
int runtime_pids(const struct runtime *runtime, struct arena *arena, const char *id, pid_t **ret,
		 size_t *ret_count, struct err *e) must_check;

/* As ps(1) would show them; BACKEND_TASKS_ON_HOST: the host's ps does, with runtime_pids(). */
int runtime_tasks(const struct runtime *runtime, struct arena *arena, const char *id,
		  struct backend_task **ret, size_t *ret_count, struct err *e) must_check;

/* One line of JSON with its newline; a failure ends the loop and is returned. */
typedef int runtime_event_fn(const char *line, size_t size, void *data, struct err *e);
/* With `once` one record of statistics; else one each `interval` nanoseconds, and one for each
 * out-of-memory kill, until the container stops. */
int runtime_events(const struct runtime *runtime, const char *id, uint64_t interval, bool once,
		   runtime_event_fn *event, void *data, struct err *e) must_check;

/* The `features` document. */
int runtime_features(const char *version, const char *commit, struct buf *out,
		     struct err *e) must_check;

/* Tries each level (or that of runtime->isolation) and says in `out` what works, how fast, and why
 * not. *ret_works: all that was tried. */
int runtime_check(const struct runtime *runtime, struct arena *arena, struct buf *out,
		  bool *ret_works, struct err *e) must_check;

/* Of the library in use: "2.5.4". */
const char *runtime_seccomp_version(void);

/* ---- changing ---- */

int runtime_pause(const struct runtime *runtime, const char *id, struct err *e) must_check;
int runtime_resume(const struct runtime *runtime, const char *id, struct err *e) must_check;

struct runtime_update {
	const struct oci_resources *resources;	     /* what is to change; what is absent stays */
	const char *l3_cache_schema, *mem_bw_schema; /* NULL = stay */
};

int runtime_update(const struct runtime *runtime, const char *id,
		   const struct runtime_update *update, struct err *e) must_check;

#endif
