/*
 * The plan: what will be done to make a container, as data.
 *
 * planner_build() decides everything (which flags, which fallback, which order) from the checked
 * configuration, the facts of the host and the caller's options; the executor (ns) performs the
 * operations one after another and decides nothing. A plan holds no descriptors and no pids, so
 * it can be dumped as JSON (plan_write, golden tests) and can cross into a guest.
 *
 * All memory is an arena's; const once built. CLONE_NEW*, MS_*, MOUNT_ATTR_* and so on are the
 * kernel's numbers.
 */
#ifndef PLAN_PLAN_H
#define PLAN_PLAN_H

#include "json/fields.h"

/* A namespace to join. */
struct plan_join {
	struct opt_u64 flag; /* one CLONE_NEW* */
	const char *path;    /* absolute host path */
	const char *origin;  /* JSON path, for messages: "linux.namespaces[1].path" */
};

struct plan_id_map {
	struct opt_u32 inside, outside, size;
};

struct plan_time_offset {
	const char *clock;
	struct opt_i64 secs;
	struct opt_u32 nanosecs;
};

/* ---- operations ---- */

enum plan_op_kind {
	/* before pivot_root: host paths are still reachable; targets resolve inside the rootfs */
	PLAN_OP_HOST_PROPAGATION, /* text=NULL, flags: make "/" of the new mount ns MS_x|MS_REC */
	PLAN_OP_ROOT, /* mount: bind the rootfs (source) to become the root; parent private */
	PLAN_OP_JOIN_CGROUP, /* wait until the process is in its cgroup; then new cgroup ns if
				planned */
	PLAN_OP_MOUNT,	     /* mount: a new filesystem */
	PLAN_OP_BIND,	     /* mount: a bind mount */
	PLAN_OP_REMOUNT,     /* mount: change an existing mount (option "remount") */
	PLAN_OP_CGROUP,	     /* mount: the cgroup tree at target */
	PLAN_OP_DEVICE,	     /* device: node, or bind from the host where mknod is impossible */
	PLAN_OP_LINK,	     /* text=contents, target: symbolic link, kept if something is there */
	PLAN_OP_PTMX,	     /* target /dev/ptmx: link to pts/ptmx, replacing what the image has */
	PLAN_OP_CONSOLE,     /* allocate the pty in the container's devpts, bind it to /dev/console;
				flags = 1: without that bind (/dev is the host's) */
	PLAN_OP_NET_DEVICES, /* wait until the parent has moved the network devices */
	PLAN_OP_LOOPBACK,    /* bring lo up in the new network namespace */
	PLAN_OP_HOOKS, /* the runtime runs prestart and createRuntime, then createContainer run;
			  flags = PLAN_HOOKS_NONE: there are none, the init need not wait */
	PLAN_OP_PIVOT, /* make the rootfs the root: pivot_root, PLAN_PIVOT_* in flags */
	/* after pivot_root */
	PLAN_OP_ROOT_PROPAGATION, /* flags: MS_SHARED... for "/" */
	PLAN_OP_MAKE_CWD,	  /* target: mkdir -p 0755 */
	PLAN_OP_READONLY_MOUNT, /* target: late "ro" of a mount made above (tmpfs, /dev); flags: all
				   MS_* it has then, MS_RDONLY included */
	PLAN_OP_ROOT_READONLY,	/* "/" read-only, keeping locked flags */
	PLAN_OP_HOSTNAME,	/* text */
	PLAN_OP_DOMAINNAME,	/* text */
	PLAN_OP_SYSCTL,		/* target: path below /proc/sys ("net/core/somaxconn"), text: value;
				   flags: CLONE_NEW* of the namespace it belongs to, which must not
				   be the runtime's own (a joined one may turn out to be); unset:
				   it is nobody else's */
	PLAN_OP_READONLY_PATH,	/* target: bind on itself, recursively read-only; absent is fine */
	PLAN_OP_MASK_PATH, /* target: /dev/null or an empty read-only tmpfs over it; the same */
	PLAN_OP_KINDS,
};

#define PLAN_HOOKS_NONE 1U

/* How PLAN_OP_PIVOT makes the rootfs the root. */
enum plan_pivot {
	PLAN_PIVOT_ROOT,   /* pivot_root(2) */
	PLAN_PIVOT_MOVE,   /* MS_MOVE and chroot: --no-pivot */
	PLAN_PIVOT_CHROOT, /* chroot alone: there is no mount namespace of the container's */
};

/* "mount", "bind", ... for dumps and debug messages. */
const char *plan_op_name(enum plan_op_kind kind);

struct plan_mount {
	const char *type;     /* filesystem type; NULL for binds */
	const char *source;   /* host path for binds (absolute), else the device word */
	const char *data;     /* filesystem options, comma separated; NULL = none */
	struct opt_u64 set;   /* MS_* flags asked for (MS_BIND, MS_REC, MS_RDONLY, ...) */
	struct opt_u64 clear; /* MS_* flags explicitly cleared ("rw", "suid", ...) */
	struct opt_u64 attr_set, attr_clear; /* MOUNT_ATTR_*, recursive */
	struct opt_enums propagation;	     /* MS_SHARED etc. (| MS_REC), in order */
	struct opt_bool idmap;		     /* id-mapped mount; recursive below */
	struct opt_bool idmap_recursive;
	struct list uid_map, gid_map;	/* struct plan_id_map; empty = the container's user ns */
	struct opt_bool copy_up;	/* tmpcopyup */
	struct opt_bool keep_mode;	/* tmpfs: give its root the mode of the directory below */
	struct opt_bool target_is_file; /* known only for NULL-source cases; else by the source */
	struct opt_bool may_fail;	/* a failure is a warning (rootless fallbacks) */
	struct opt_bool source_no_follow, target_no_follow; /* src-nofollow, dest-nofollow */
	struct opt_bool copy_symlink; /* a source that is a symbolic link is copied, not bound */
	const char *label;	      /* SELinux context for mounts that take one */
};

struct plan_device {
	struct opt_u32 mode; /* S_IFCHR, S_IFBLK or S_IFIFO with permission bits */
	struct opt_u32 major, minor;
	struct opt_u32 uid, gid;    /* in the container's user ns */
	struct opt_bool bind;	    /* bind the host's node instead of mknod */
	struct opt_bool is_default; /* one of the six; an existing one is left alone */
};

struct plan_op {
	struct opt_i32 kind; /* enum plan_op_kind */
	const char *origin;  /* JSON path of the cause, or NULL: "mounts[3]" */
	const char *target;  /* clean absolute path inside the container */
	const char *text;
	struct opt_u64 flags;
	struct plan_mount *mount;
	struct plan_device *device;
};

/* ---- the process ---- */

struct plan_rlimit {
	struct opt_i32 type;
	struct opt_u64 soft, hard;
};

struct plan_scheduler {
	struct opt_i32 policy;
	struct opt_u64 flags;
	struct opt_i32 nice;
	struct opt_u32 priority;
	struct opt_u64 runtime, deadline, period;
};

struct plan_memory_policy {
	struct opt_i32 mode; /* MPOL_* | MPOL_F_* */
	const char *nodes;   /* "0-3,7"; NULL = none */
};

/* A compiled filter. `program` is hexadecimal in dumps; in memory it is raw struct sock_filter. */
struct plan_seccomp {
	const void *program;	  /* struct sock_filter[] */
	size_t instruction_count; /* of 8 bytes each */
	uint64_t flags;		  /* SECCOMP_FILTER_FLAG_*, NEW_LISTENER included when notifying */
	const char *listener_path;
	const char *listener_metadata;
};

struct plan_hook {
	const char *path;
	struct strv args; /* argv, never empty */
	struct strv env;
	struct opt_bool has_env; /* false: the default environment of checklist 1.6 */
	struct opt_i64 timeout;	 /* seconds */
};

struct plan_process {
	struct strv args;
	struct strv env;	  /* complete but for HOME */
	struct opt_bool add_home; /* HOME is absent or empty: take it from the image's passwd */
	const char *cwd;
	struct opt_u32 uid, gid;
	struct opt_u32s groups;
	struct opt_u32 umask; /* unset: leave alone */
	struct opt_u64 bounding, effective, inheritable, permitted,
		ambient; /* masks; unset: keep */
	struct opt_bool no_new_privileges;
	struct list rlimits; /* struct plan_rlimit */
	struct opt_i32 oom_score_adj;
	const char *apparmor_profile;
	const char *selinux_label;
	struct plan_scheduler *scheduler;
	struct opt_i32 io_priority; /* class << 13 | priority */
	struct opt_u64 personality;
	struct plan_memory_policy *memory_policy;
	const char *affinity_initial, *affinity_final; /* exec only; CPU lists */
	struct opt_bool terminal;
	struct opt_u32 console_height, console_width;
	struct opt_u32 keep_fds; /* descriptors 3 .. 3+keep_fds-1 stay open in the program */
	struct opt_bool new_keyring;
	const char *keyring_name;     /* "_ses.<id>" */
	struct plan_seccomp *seccomp; /* not in the field table: see plan_write() */
	struct list start_hooks;      /* struct plan_hook: startContainer */
};

/* ---- cgroups ---- */

enum plan_cgroup_driver { PLAN_CGROUP_FS, PLAN_CGROUP_SYSTEMD, PLAN_CGROUP_NONE };

/* Where the container's cgroup is: enough to find, kill and remove it again, whoever made it. */
struct plan_cgroup {
	struct opt_i32 driver;
	const char *path;	  /* "/a/b" below the mount point of every hierarchy (fs driver) */
	const char *slice, *unit; /* systemd driver; `unit` with its suffix */
	struct opt_bool user_manager; /* the user's systemd, not the system's */
	struct opt_bool
		optional; /* rootless: lack of permission is a warning when no limit is set */
	struct opt_u32 delegate_uid; /* v2: chown the delegatable files to this host uid */
};

/* One value for one file. */
struct plan_setting {
	const char *controller; /* "memory", "cpu", "io", ...; v1: hierarchy that has it */
	const char *file;	/* "memory.max" */
	const char *value;	/* written with one write(2); several lines: one write a line */
	const char *origin;	/* "linux.resources.memory.limit" */
	struct opt_bool ignore_absent; /* no such file: fine (neutral value) */
	const char *fallback_file;     /* tried when `file` does not exist */
	const char *fallback_value;    /* the value for it when it is another */
};

struct plan_device_rule {
	struct opt_bool allow;
	const char *type;	     /* "a", "b", "c" */
	struct opt_i64 major, minor; /* unset or -1 = all */
	const char *access;	     /* of "rwm" */
};

/*
 * A property of the systemd unit; `value` is text by the D-Bus signature: "s" itself, "b"
 * true/false, "i" "u" "x" "t" decimal digits, "d" a decimal fraction, "ay" hexadecimal bytes
 * ("0f"), "as" one string a line, "a(ss)" one pair a line, cut at its first space. No lines = empty
 * array.
 */
struct plan_unit_property {
	const char *name;
	const char *signature;
	const char *value;
};

struct plan_limits {
	struct list settings; /* struct plan_setting, in the order of writing */
	struct list devices;  /* struct plan_device_rule: complete list incl. the defaults */
	struct opt_bool has_devices;
	struct list unit_properties;	   /* struct plan_unit_property */
	struct opt_u64 memory_check_limit; /* checkBeforeUpdate: refuse if usage is above this */
	struct plan_limits
		*outside; /* vm level, update: of the host's cgroup; not in the field table */
};

struct plan_net_device {
	const char *host_name, *name;
	const char *origin;
};

struct plan_intel_rdt {
	const char *clos_directory; /* below the resctrl mount; "" = its root */
	struct strv schemata;	    /* lines, in order */
	struct opt_bool create;	    /* made by us if missing */
	struct opt_bool remove;	    /* removed by us on delete */
	struct opt_bool must_match; /* existing content must equal the schema */
	const char *monitor_group;  /* NULL = none */
};

/* ---- the whole ---- */

struct plan {
	const char *id;
	const char *rootfs;		 /* absolute host path */
	const char *bundle;		 /* absolute host path */
	struct opt_u64 new_namespaces;	 /* CLONE_NEW* */
	struct list joins;		 /* struct plan_join */
	struct list uid_map, gid_map;	 /* struct plan_id_map; for a new user ns */
	struct opt_bool deny_setgroups;	 /* unprivileged gid map */
	struct opt_bool use_map_helpers; /* newuidmap, newgidmap */
	struct list time_offsets;	 /* struct plan_time_offset */
	struct plan_cgroup *cgroup;
	struct plan_limits *limits;
	struct plan_intel_rdt *intel_rdt;
	struct plan_machine *machine; /* vm level: see plan/machine.h; else NULL */
	struct list net_devices;      /* struct plan_net_device */
	struct list ops;	      /* struct plan_op */
	struct list create_hooks;     /* struct plan_hook: createContainer */
	/* Files of the host for what these print (kern/hook.h); NULL: shown when they fail. */
	const char *hook_stdout, *hook_stderr;
	struct plan_process *process; /* NULL: nothing to run yet */
	/* The state document of container-side hooks, cut around the digits of the pid: head, pid,
	 * tail for createContainer; head, pid, start tail for startContainer (another status). */
	const char *state_json_head, *state_json_tail, *start_state_json_tail;
};

/* JSON for golden tests, `--debug` and, later, the wire. */
void plan_write(const struct plan *plan, struct json_writer *w);
extern const struct field plan_fields[];
extern const struct field plan_process_fields[];
extern const struct field plan_memory_policy_fields[];
extern const struct field plan_cgroup_fields[];
extern const struct field plan_limits_fields[];
extern const struct field plan_intel_rdt_fields[];

#endif
