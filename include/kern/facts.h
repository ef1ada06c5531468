/*
 * What this host can do, probed once per process, as a plain value: an input of the planner, so
 * that tests can invent hosts. Cheap: a handful of small reads.
 */
#ifndef KERN_FACTS_H
#define KERN_FACTS_H

#include "base/arena.h"

enum cgroup_mode {
	CGROUP_MODE_NONE,    /* no cgroup file system mounted */
	CGROUP_MODE_LEGACY,  /* v1 only */
	CGROUP_MODE_HYBRID,  /* controllers on v1, an (empty) v2 tree beside them */
	CGROUP_MODE_UNIFIED, /* v2 */
};

/* One mounted v1 hierarchy, or the v2 tree. */
struct cgroup_hierarchy {
	const char *mount_point; /* "/sys/fs/cgroup/cpu,cpuacct" */
	const char *controllers; /* "cpu,cpuacct", "name=systemd"; "" for v2 */
	const char *own_path;	 /* the runtime's own cgroup there, from /proc/self/cgroup */
	const char *mount_root;	 /* root of the mount (field 4 of mountinfo), "/" usually */
	bool is_v2;
};

struct facts {
	enum cgroup_mode cgroup_mode;
	struct cgroup_hierarchy *hierarchies;
	size_t hierarchy_count;
	const char *v2_controllers; /* of the v2 root's cgroup.controllers; "" if none */
	bool systemd_running;	    /* /run/systemd/system exists */
	uint32_t euid, egid;
	bool in_user_namespace; /* our uid_map is not the initial one */
	bool is_rootless;	/* euid != 0 or inside a user namespace */
	int cap_last_cap;
	uint64_t capabilities_effective; /* of the runtime itself */
	bool apparmor_enabled, selinux_enabled;
	bool resctrl_mounted;
	uint64_t seccomp_flags;	     /* supported SECCOMP_FILTER_FLAG_* */
	const char *boot_id;	     /* without the newline */
	uint64_t namespaces;	     /* CLONE_NEW* that /proc/self/ns knows */
	const char *xdg_runtime_dir; /* for the user's systemd; NULL */
};

int facts_probe(struct arena *arena, struct facts *ret, struct err *e) must_check;

/*
 * The part that is text only: fills cgroup_mode, hierarchies, selinux_enabled and resctrl_mounted
 * from the contents of /proc/self/mountinfo and /proc/self/cgroup. Lines that make no sense are
 * skipped: the files come from the kernel, but names in them from users.
 *
 * A hierarchy that is mounted several times appears once: as its whole ("/" at mount_root) before
 * a part of it, below /sys/fs/cgroup before elsewhere, earlier before later.
 */
void facts_parse_mounts(struct arena *arena, const char *mountinfo, const char *own_cgroups,
			struct facts *ret);
/* Whether the comma separated list `controllers` has exactly `name`. */
bool facts_has_controller(const char *controllers, const char *name);

#endif
