/*
 * The planner: the only place that decides. No system calls but the ones libseccomp needs to
 * export a program, and those on the cache of compiled filters, a directory the caller opens.
 */
#ifndef PLANNER_BUILD_H
#define PLANNER_BUILD_H

#include "kern/facts.h"
#include "oci/spec.h"
#include "plan/plan.h"

/* What a process has from its parent where the configuration says nothing; for one that is no
 * descendant of the caller's. */
struct planner_caller {
	struct opt_u32 umask;
	struct opt_i32 oom_score_adj;
	struct opt_u32s groups;
	struct list rlimits; /* struct plan_rlimit, all there are */
};

struct planner_options {
	const char *id;
	const char *bundle; /* absolute */
	bool systemd_cgroup;
	bool no_cgroup; /* --cgroup-manager disabled */
	bool no_pivot;
	bool no_new_keyring;
	uint32_t preserve_fds;	      /* --preserve-fds */
	uint32_t listen_fds;	      /* honoured LISTEN_FDS of the caller */
	const char *notify_directory; /* host directory to show at /run/notify; NULL = none */
	int seccomp_cache_fd;	      /* directory of compiled filters; FD_NONE = no cache */
	const struct planner_caller *caller; /* for a guest's processes; NULL = they inherit */
};

/* create: everything. Errors name the JSON path. */
int planner_build(struct arena *arena, const struct oci_config *config, const struct facts *facts,
		  const struct planner_options *options, const struct plan **ret,
		  struct err *e) must_check;

/* exec: the process object alone, with what the container's config says about the rest
 * (seccomp, personality, memory policy, user ns mappings). */
int planner_exec(struct arena *arena, const struct oci_config *config,
		 const struct oci_process *process, const struct facts *facts,
		 const struct planner_options *options, const struct plan_process **ret,
		 struct err *e) must_check;

/* update: resources to settings (devices are left out). */
int planner_limits(struct arena *arena, const struct oci_resources *resources,
		   const struct facts *facts, bool systemd_cgroup, const struct plan_limits **ret,
		   struct err *e) must_check;

/* The libseccomp in use, for features: "2.5.4", and the SCMP_ARCH_ names it knows (NULL ends). */
const char *planner_seccomp_version(void);
const char *const *planner_seccomp_archs(void);

#endif
