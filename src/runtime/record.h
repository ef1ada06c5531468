/* The record of a container: state.json, and the copy of where its resources are. */
#ifndef RUNTIME_RECORD_H
#define RUNTIME_RECORD_H

#include "plan/plan.h"

struct record {
	struct opt_u32 version;
	const char *id;
	const char *bundle;   /* absolute */
	const char *rootfs;   /* absolute */
	const char *created;  /* RFC 3339 */
	struct opt_u32 owner; /* uid */
	struct opt_i32 phase; /* PHASE_CREATING or PHASE_CREATED: what else there is, is asked */
	const char *isolation;
	const char *boot_id;
	struct opt_i32 pid; /* unset until the init exists */
	struct opt_u64 born;
	struct opt_bool shares_pid_namespace;
	struct plan_cgroup *cgroup;
	struct plan_intel_rdt *intel_rdt;
	struct opt_bool has_process, has_poststart, has_poststop;
	struct opt_bool systemd_cgroup;
	struct map annotations;
};

/* Writes both files, the copy first: whoever finds neither knows that nothing was made. Atomic;
 * on disk when it returns. */
int record_save(int state_fd, const struct record *record, struct err *e) must_check;

enum record_outcome { RECORD_READ = 0, RECORD_ABSENT = 1 };

/* Strict: everything that a whole record has must be there and make sense. */
int record_load(int state_fd, const char *id, struct arena *arena, struct record *ret,
		struct err *e) must_check;
/* The copy: isolation, boot id, init, cgroup and resctrl group only. */
int record_load_copy(int state_fd, const char *id, struct arena *arena, struct record *ret,
		     struct err *e) must_check;

/* Parses the text of either, for the above and the fuzz target. */
int record_parse(struct arena *arena, const char *text, size_t size, const char *id, bool is_copy,
		 struct record *ret, struct err *e) must_check;

#endif
