/*
 * The typed configuration: every field of the runtime-spec's config.json (1.0 to 1.3) that has a
 * meaning on Linux or for the vm level, as C structs. Filled through field tables, checked and
 * completed by oci_config_parse(), and const for everyone after that. All memory is the arena's.
 * Conventions for optional members are those of json/fields.h.
 *
 * Source: runtime-spec 1.3 config.md, config-linux.md, config-vm.md.
 */
#ifndef OCI_SPEC_H
#define OCI_SPEC_H

#include "json/fields.h"

enum oci_namespace_type {
	OCI_NS_PID,
	OCI_NS_NETWORK,
	OCI_NS_MOUNT,
	OCI_NS_IPC,
	OCI_NS_UTS,
	OCI_NS_USER,
	OCI_NS_CGROUP,
	OCI_NS_TIME,
	OCI_NS_TYPES,
};

struct oci_namespace {
	struct opt_i32 type; /* enum oci_namespace_type */
	const char *path;
};

struct oci_id_mapping {
	struct opt_u32 container_id;
	struct opt_u32 host_id;
	struct opt_u32 size;
};

struct oci_root {
	const char *path;
	struct opt_bool readonly;
};

struct oci_mount {
	const char *destination;
	const char *source;
	const char *type;
	struct strv options;
	struct list uid_mappings; /* struct oci_id_mapping */
	struct list gid_mappings;
};

struct oci_console_size {
	struct opt_u32 height;
	struct opt_u32 width;
};

struct oci_user {
	struct opt_u32 uid;
	struct opt_u32 gid;
	struct opt_u32 umask;
	struct opt_u32s additional_gids;
	const char *username;
};

/* Values are capability numbers; unknown names were warned about and left out. */
struct oci_capabilities {
	struct opt_enums bounding, effective, inheritable, permitted, ambient;
};

struct oci_rlimit {
	struct opt_i32 type; /* RLIMIT_* of <sys/resource.h> */
	struct opt_u64 soft;
	struct opt_u64 hard;
};

struct oci_scheduler {
	struct opt_i32 policy; /* SCHED_* */
	struct opt_i32 nice;
	struct opt_i32 priority;
	struct opt_enums flags;			  /* SCHED_FLAG_* */
	struct opt_u64 runtime, deadline, period; /* ns */
};

struct oci_io_priority {
	struct opt_i32 class; /* IOPRIO_CLASS_* */
	struct opt_i32 priority;
};

struct oci_cpu_affinity {
	const char *initial;
	const char *final;
};

struct oci_process {
	struct opt_bool terminal;
	struct oci_console_size *console_size;
	const char *cwd;
	struct strv env;
	struct strv args;
	struct oci_user *user; /* never NULL */
	struct list rlimits;   /* struct oci_rlimit */
	const char *apparmor_profile;
	const char *selinux_label;
	struct oci_capabilities *capabilities;
	struct opt_bool no_new_privileges;
	struct opt_i32 oom_score_adj;
	struct oci_scheduler *scheduler;
	struct oci_io_priority *io_priority;
	struct oci_cpu_affinity *exec_cpu_affinity;
};

struct oci_hook {
	const char *path;
	struct strv args;
	struct strv env;
	struct opt_i64 timeout; /* seconds, > 0 */
};

enum oci_hook_kind {
	OCI_HOOK_PRESTART,
	OCI_HOOK_CREATE_RUNTIME,
	OCI_HOOK_CREATE_CONTAINER,
	OCI_HOOK_START_CONTAINER,
	OCI_HOOK_POSTSTART,
	OCI_HOOK_POSTSTOP,
	OCI_HOOK_KINDS,
};

struct oci_hooks {
	struct list lists[OCI_HOOK_KINDS]; /* struct oci_hook */
};

/* "prestart", "createRuntime", ... */
const char *oci_hook_kind_name(enum oci_hook_kind kind);

struct oci_device {
	const char *type; /* "c", "u", "b", "p" */
	const char *path;
	struct opt_i64 major, minor;
	struct opt_u32 file_mode; /* permission bits only */
	struct opt_u32 uid, gid;
};

struct oci_net_device {
	const char *host_name; /* the member's name */
	const char *name;
};

struct oci_time_offset {
	const char *clock; /* "monotonic", "boottime" */
	struct opt_i64 secs;
	struct opt_u32 nanosecs;
};

struct oci_device_rule {
	struct opt_bool allow;
	const char *type;	     /* "a", "c", "b"; NULL = a */
	struct opt_i64 major, minor; /* unset or -1 = all */
	const char *access;	     /* of "rwm", never NULL */
};

struct oci_memory {
	struct opt_i64 limit, reservation, swap, kernel, kernel_tcp;
	struct opt_u64 swappiness;
	struct opt_bool disable_oom_killer, use_hierarchy, check_before_update;
};

struct oci_cpu {
	struct opt_u64 shares;
	struct opt_i64 quota;
	struct opt_u64 burst, period;
	struct opt_i64 realtime_runtime;
	struct opt_u64 realtime_period;
	const char *cpus;
	const char *mems;
	struct opt_i64 idle;
};

struct oci_pids {
	struct opt_i64 limit;
};

struct oci_weight_device {
	struct opt_i64 major, minor;
	struct opt_u16 weight, leaf_weight;
};

struct oci_throttle_device {
	struct opt_i64 major, minor;
	struct opt_u64 rate;
};

struct oci_block_io {
	struct opt_u16 weight, leaf_weight;
	struct list weight_device;	      /* struct oci_weight_device */
	struct list throttle_read_bps_device; /* struct oci_throttle_device */
	struct list throttle_write_bps_device;
	struct list throttle_read_iops_device;
	struct list throttle_write_iops_device;
};

struct oci_hugepage_limit {
	const char *page_size;
	struct opt_u64 limit;
};

struct oci_interface_priority {
	const char *name;
	struct opt_u32 priority;
};

struct oci_network {
	struct opt_u32 class_id;
	struct list priorities; /* struct oci_interface_priority */
};

struct oci_rdma {
	const char *device; /* the member's name */
	struct opt_u32 hca_handles, hca_objects;
};

struct oci_resources {
	struct list devices; /* struct oci_device_rule */
	struct oci_memory *memory;
	struct oci_cpu *cpu;
	struct oci_pids *pids;
	struct oci_block_io *block_io;
	struct list hugepage_limits; /* struct oci_hugepage_limit */
	struct oci_network *network;
	struct list rdma; /* struct oci_rdma */
	struct map unified;
};

struct oci_intel_rdt {
	const char *clos_id;
	const char *l3_cache_schema;
	const char *mem_bw_schema;
	struct strv schemata;
	struct opt_bool enable_monitoring;
};

struct oci_memory_policy {
	struct opt_i32 mode; /* MPOL_* */
	const char *nodes;
	struct opt_enums flags; /* MPOL_F_* */
};

struct oci_personality {
	struct opt_i32 domain; /* PER_* */
	struct strv flags;
};

/* Actions as the names' own order; the planner turns them into libseccomp's numbers. */
enum oci_seccomp_action {
	OCI_SECCOMP_KILL_THREAD,
	OCI_SECCOMP_KILL_PROCESS,
	OCI_SECCOMP_TRAP,
	OCI_SECCOMP_ERRNO,
	OCI_SECCOMP_TRACE,
	OCI_SECCOMP_ALLOW,
	OCI_SECCOMP_LOG,
	OCI_SECCOMP_NOTIFY,
};

enum oci_seccomp_operator {
	OCI_SECCOMP_NE,
	OCI_SECCOMP_LT,
	OCI_SECCOMP_LE,
	OCI_SECCOMP_EQ,
	OCI_SECCOMP_GE,
	OCI_SECCOMP_GT,
	OCI_SECCOMP_MASKED_EQ,
};

struct oci_seccomp_arg {
	struct opt_u32 index;
	struct opt_u64 value, value_two;
	struct opt_i32 op; /* enum oci_seccomp_operator */
};

struct oci_seccomp_rule {
	struct strv names;
	struct opt_i32 action; /* enum oci_seccomp_action */
	struct opt_u32 errno_ret;
	struct list args; /* struct oci_seccomp_arg */
};

struct oci_seccomp {
	struct opt_i32 default_action; /* enum oci_seccomp_action */
	struct opt_u32 default_errno_ret;
	struct strv architectures; /* "SCMP_ARCH_X86_64", known names only */
	struct opt_enums flags;	   /* SECCOMP_FILTER_FLAG_* of <linux/seccomp.h> */
	const char *listener_path;
	const char *listener_metadata;
	struct list syscalls; /* struct oci_seccomp_rule */
};

struct oci_linux {
	struct list namespaces;	  /* struct oci_namespace */
	struct list uid_mappings; /* struct oci_id_mapping */
	struct list gid_mappings;
	struct list time_offsets; /* struct oci_time_offset */
	struct list devices;	  /* struct oci_device */
	struct list net_devices;  /* struct oci_net_device */
	const char *cgroups_path;
	struct oci_resources *resources;
	struct oci_intel_rdt *intel_rdt;
	struct oci_memory_policy *memory_policy;
	struct map sysctl;
	struct oci_seccomp *seccomp;
	const char *rootfs_propagation; /* "shared", "slave", ... and their r-forms */
	struct strv masked_paths;
	struct strv readonly_paths;
	const char *mount_label;
	struct oci_personality *personality;
};

struct oci_vm_hypervisor {
	const char *path;
	struct strv parameters;
};

struct oci_vm_kernel {
	const char *path;
	struct strv parameters;
	const char *initrd;
};

struct oci_vm_image {
	const char *path;
	const char *format;
};

struct oci_vm_iomem {
	struct opt_u64 first_gfn, first_mfn, nr_mfns;
};

struct oci_vm_hw_config {
	const char *device_tree;
	struct opt_u32 vcpus;
	struct opt_u64 memory; /* bytes */
	struct strv dtdevs;
	struct list iomems; /* struct oci_vm_iomem */
	struct opt_u32s irqs;
};

struct oci_vm {
	struct oci_vm_hypervisor *hypervisor;
	struct oci_vm_kernel *kernel;
	struct oci_vm_image *image;
	struct oci_vm_hw_config *hw_config;
};

struct oci_config {
	const char *oci_version;
	struct oci_root *root;
	struct list mounts; /* struct oci_mount */
	struct oci_process *process;
	const char *hostname;
	const char *domainname;
	struct oci_hooks *hooks;
	struct map annotations;
	struct oci_linux *linux_; /* `linux` is a macro of gnu17 compilers */
	struct oci_vm *vm;
};

#endif
