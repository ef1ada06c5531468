/*
 * The words of the specification and what they mean: one set of tables that the config parser,
 * `features`, the command line and the planner all use, so that none can promise what another
 * does not know. Each table ends with a row whose name is NULL.
 */
#ifndef OCI_NAMES_H
#define OCI_NAMES_H

#include "json/fields.h"

extern const struct enum_name oci_namespace_names[];  /* enum oci_namespace_type */
extern const struct enum_name oci_capability_names[]; /* "CAP_CHOWN" -> capability number */
extern const struct enum_name oci_rlimit_names[];     /* "RLIMIT_CPU" -> RLIMIT_CPU */
extern const struct enum_name oci_scheduler_policy_names[];
extern const struct enum_name oci_scheduler_flag_names[];
extern const struct enum_name oci_io_priority_class_names[];
extern const struct enum_name oci_seccomp_action_names[]; /* with aliases; first row wins */
extern const struct enum_name oci_seccomp_operator_names[];
extern const struct enum_name oci_seccomp_arch_names[]; /* value: SCMP-independent index */
extern const struct enum_name oci_seccomp_flag_names[];
extern const struct enum_name oci_memory_policy_mode_names[];
extern const struct enum_name oci_memory_policy_flag_names[];
extern const struct enum_name oci_personality_names[];
extern const struct enum_name oci_signal_names[]; /* "TERM" -> SIGTERM, without "SIG" */

/* "TERM", "SIGTERM", "sigterm", "15", "RTMIN+3", "0". Refused: `unknown signal "X"`. */
int oci_signal_parse(const char *text, int *ret, struct err *e) must_check;

/* Capability by name in any case, with or without "CAP_"; -ENOENT without touching err. */
int oci_capability_parse(const char *text, int *ret) must_check;

/* One row per mount option that is not filesystem data. */
enum oci_mount_option_kind {
	OCI_MOUNT_FLAG,	       /* MS_ flag in `set`, or cleared by `clear` */
	OCI_MOUNT_PROPAGATION, /* MS_SHARED ... possibly | MS_REC in `set` */
	OCI_MOUNT_RECURSIVE,   /* MOUNT_ATTR_ in `set`/`clear`, applied with AT_RECURSIVE */
	OCI_MOUNT_IDMAP,       /* `set` = 0, or AT_RECURSIVE for ridmap */
	OCI_MOUNT_COPY_UP,     /* tmpcopyup */
};

struct oci_mount_option {
	const char *name;
	enum oci_mount_option_kind kind;
	uint64_t set;
	uint64_t clear;
};

extern const struct oci_mount_option oci_mount_options[];
const struct oci_mount_option *oci_mount_option_find(const char *name);

/* The container id grammar: 1..255 of [A-Za-z0-9_+.-], not starting with a dot.
 * Refused: "invalid container ID format: 'x': ...". */
int oci_id_check(const char *id, struct err *e) must_check;

/* "0-3,7" to a bit set; `size` bits are the limit (8192 for processors and nodes). Commas and
 * spaces separate, and an empty list sets nothing, as in the kernel. -EINVAL on bad syntax or
 * range. */
int oci_cpu_list_parse(const char *text, uint8_t *bits, size_t size) must_check;

/* A sysctl(8) name to its path below /proc/sys: "net.ipv4.ip_forward" and "net/ipv4/ip_forward"
 * alike; the first separator decides which form it is, and the other one then stands for itself
 * turned round ("net.ipv4.conf.eth0/1.forwarding" is interface eth0.1). NULL when the path would
 * have an empty part, "." or ".." (it would leave /proc/sys). */
char *oci_sysctl_path(struct arena *arena, const char *name);

/* UID[:GID] of exec --user: strict decimal, below 2^32 - 1; *ret_gid unset without ":GID". */
int oci_user_parse(const char *text, uint32_t *ret_uid, struct opt_u32 *ret_gid,
		   struct err *e) must_check;

#endif
