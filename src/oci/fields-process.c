/*
 * Field tables of the `process` object, of config.json and of exec --process alike.
 * `commandLine` and `user.username` belong to Windows; the name is kept since it costs nothing.
 *
 * Source: runtime-spec 1.3 config.md "Process".
 */
#include "oci/names.h"
#include "tables.h"

static const struct field console_size_fields[] = {
	FIELD(FIELD_U32, struct oci_console_size, height, "height", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct oci_console_size, width, "width", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field user_fields[] = {
	FIELD(FIELD_U32, struct oci_user, uid, "uid", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct oci_user, gid, "gid", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct oci_user, umask, "umask", 0),
	FIELD(FIELD_U32S, struct oci_user, additional_gids, "additionalGids", 0),
	FIELD(FIELD_STRING, struct oci_user, username, "username", 0),
	{.kind = FIELD_END},
};

static const struct field rlimit_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_rlimit, type, "type", FIELD_REQUIRED,
			 oci_rlimit_names),
	FIELD(FIELD_U64, struct oci_rlimit, soft, "soft", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_rlimit, hard, "hard", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

/* Since 1.1 a capability that is not known is a reason to warn, never to fail. */
static const struct field capabilities_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_capabilities, bounding, "bounding",
			 FIELD_WARN_UNKNOWN, oci_capability_names),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_capabilities, effective, "effective",
			 FIELD_WARN_UNKNOWN, oci_capability_names),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_capabilities, inheritable, "inheritable",
			 FIELD_WARN_UNKNOWN, oci_capability_names),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_capabilities, permitted, "permitted",
			 FIELD_WARN_UNKNOWN, oci_capability_names),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_capabilities, ambient, "ambient",
			 FIELD_WARN_UNKNOWN, oci_capability_names),
	{.kind = FIELD_END},
};

static const struct field scheduler_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_scheduler, policy, "policy", FIELD_REQUIRED,
			 oci_scheduler_policy_names),
	FIELD(FIELD_I32, struct oci_scheduler, nice, "nice", 0),
	FIELD(FIELD_I32, struct oci_scheduler, priority, "priority", 0),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_scheduler, flags, "flags", 0,
			 oci_scheduler_flag_names),
	FIELD(FIELD_U64, struct oci_scheduler, runtime, "runtime", 0),
	FIELD(FIELD_U64, struct oci_scheduler, deadline, "deadline", 0),
	FIELD(FIELD_U64, struct oci_scheduler, period, "period", 0),
	{.kind = FIELD_END},
};

static const struct field io_priority_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_io_priority, class, "class", FIELD_REQUIRED,
			 oci_io_priority_class_names),
	FIELD(FIELD_I32, struct oci_io_priority, priority, "priority", 0),
	{.kind = FIELD_END},
};

static const struct field cpu_affinity_fields[] = {
	FIELD(FIELD_STRING, struct oci_cpu_affinity, initial, "initial", 0),
	FIELD(FIELD_STRING, struct oci_cpu_affinity, final, "final", 0),
	{.kind = FIELD_END},
};

const struct field oci_process_fields[] = {
	FIELD(FIELD_BOOL, struct oci_process, terminal, "terminal", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, console_size, "consoleSize", 0,
			  struct oci_console_size, console_size_fields),
	FIELD(FIELD_STRING, struct oci_process, cwd, "cwd", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct oci_process, env, "env", 0),
	FIELD(FIELD_STRINGS, struct oci_process, args, "args", FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, user, "user", 0, struct oci_user,
			  user_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_process, rlimits, "rlimits", 0, struct oci_rlimit,
			  rlimit_fields),
	FIELD(FIELD_STRING, struct oci_process, apparmor_profile, "apparmorProfile", 0),
	FIELD(FIELD_STRING, struct oci_process, selinux_label, "selinuxLabel", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, capabilities, "capabilities", 0,
			  struct oci_capabilities, capabilities_fields),
	FIELD(FIELD_BOOL, struct oci_process, no_new_privileges, "noNewPrivileges", 0),
	FIELD(FIELD_I32, struct oci_process, oom_score_adj, "oomScoreAdj", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, scheduler, "scheduler", 0,
			  struct oci_scheduler, scheduler_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, io_priority, "ioPriority", 0,
			  struct oci_io_priority, io_priority_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_process, exec_cpu_affinity, "execCPUAffinity", 0,
			  struct oci_cpu_affinity, cpu_affinity_fields),
	{.kind = FIELD_END},
};
