/*
 * The machine of a container at the vm level, as data: the half of the plan that the host carries
 * out, while the plan itself is made for the guest and carried out there.
 *
 * Made by planner_build_machine() (planner/machine.h); a member of struct plan, NULL at the process
 * level. All memory is the arena's.
 */
#ifndef PLAN_MACHINE_H
#define PLAN_MACHINE_H

#include "plan/plan.h"

enum plan_accel { PLAN_ACCEL_KVM, PLAN_ACCEL_TCG };

/* Where the guest sees the shared directory. */
#define PLAN_SHARE_DIRECTORY "/run/share"

/* In it: <place>/<name> of each container that has joined the machine of its pod's sandbox. */
#define PLAN_SHARE_POD "pod"
/* The sandbox's namespaces, for a container that joins its machine: the agent knows the pid. */
#define PLAN_SANDBOX_NAMESPACES "/proc/sandbox/ns/"

/* A file or directory of the host that the guest sees as PLAN_SHARE_DIRECTORY/<name>. */
struct plan_share {
	const char *name;	   /* "rootfs", "m0" */
	const char *source;	   /* absolute host path */
	const char *origin;	   /* JSON path, for messages: "mounts[3]" */
	struct opt_bool recursive; /* with what is mounted below */
	struct opt_bool read_only; /* also on the host */
	struct opt_bool read_only_recursive;
	struct opt_bool late_read_only; /* once the container's root is complete */
	struct opt_bool link;		/* a symbolic link is shared as one */
	struct opt_bool idmap, idmap_recursive;
	struct list uid_map, gid_map; /* struct plan_id_map, when idmap */
};

/* What the container has at a path, for whoever looks at its files on the host. */
struct plan_view {
	const char *target; /* inside the container */
	const char *share;  /* name of the entry; NULL: in the guest alone, nothing to be seen */
};

/* A block device of the host, seen by the guest as a disk. */
struct plan_disk {
	const char *path; /* inside the container */
	struct opt_u32 major, minor;
	struct opt_bool read_only;
	const char *origin;
};

struct plan_machine {
	struct opt_i32 accel; /* enum plan_accel */
	const char *hypervisor;
	struct strv hypervisor_parameters;
	const char *virtiofsd;
	const char *kernel, *initramfs;
	struct strv kernel_parameters;
	struct opt_u32 vcpus;
	struct opt_u64 memory;		 /* bytes */
	struct opt_u32 spare_interfaces; /* more than the network namespace has at create */
	struct opt_u32 boot_seconds;
	struct plan_memory_policy *memory_policy; /* of the machine's memory; NULL: the caller's */
	const char *sandbox; /* state directory of that whose machine is joined; NULL = its own */
	const char *network_path; /* to join; NULL = a new network namespace */
	const char *network_origin;
	struct list shares;		  /* struct plan_share; the first is the rootfs */
	struct list views;		  /* struct plan_view, in the order of mounting */
	struct list disks;		  /* struct plan_disk */
	struct plan_cgroup *guest_cgroup; /* the container's inside; plan->cgroup is the host's */
	struct plan_limits *limits;	  /* of the cgroup on the host */
};

extern const struct enum_name plan_accel_names[];
extern const struct field plan_machine_fields[];

#endif
