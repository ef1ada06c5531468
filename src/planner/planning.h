/*
 * What the parts of the planner share: the inputs, and the plan under construction. Each part
 * fills its own members of the plan; build.c says in which order.
 */
#ifndef PLANNER_PLANNING_H
#define PLANNER_PLANNING_H

#include "oci/load.h"
#include "oci/names.h"
#include "planner/build.h"

#include <errno.h>

struct planning {
	struct arena *arena;
	const struct oci_config *config;
	const struct oci_linux *linux_; /* never NULL: an empty one when the config has none */
	const struct facts *facts;
	const struct planner_options *options;
	struct plan *plan; /* NULL for exec */

	bool has_user_namespace;   /* the container is in one of its own, or the runtime is */
	bool is_dev_bound;	   /* a bind mount covers /dev: its content is not ours */
	bool has_joined_cgroup;	   /* PLAN_OP_JOIN_CGROUP is among the operations */
	struct list late_readonly; /* struct plan_op: mounts that become read-only after pivot */
};

void planning_init(struct planning *p, struct arena *arena, const struct oci_config *config,
		   const struct facts *facts, const struct planner_options *options);

/* Room for one more zeroed element of `size` bytes at the end of `list`; earlier elements move. */
void *list_add(struct arena *arena, struct list *list, size_t size);
#define list_push(arena, list, type) ((type *)list_add((arena), (list), sizeof(type)))

/* Appends an operation; `origin` and `target` may be NULL. Valid until the next one. */
struct plan_op *op_add(struct planning *p, enum plan_op_kind kind, const char *origin,
		       const char *target);

static inline struct opt_bool opt_true(void)
{
	return (struct opt_bool){.is_set = true, .value = true};
}

static inline struct opt_bool opt_bool_if(bool value)
{
	return (struct opt_bool){.is_set = value, .value = value};
}

static inline struct opt_i32 opt_i32_of(int32_t value)
{
	return (struct opt_i32){.is_set = true, .value = value};
}

static inline struct opt_u32 opt_u32_of(uint32_t value)
{
	return (struct opt_u32){.is_set = true, .value = value};
}

static inline struct opt_u64 opt_u64_of(uint64_t value)
{
	return (struct opt_u64){.is_set = true, .value = value};
}

/* Unset when zero: absent flags stay out of dumps. */
static inline struct opt_u64 opt_flags(uint64_t value)
{
	return (struct opt_u64){.is_set = value != 0, .value = value};
}

/* namespaces.c */
int namespaces_plan(struct planning *p, struct err *e) must_check;
uint64_t planning_namespace_flag(enum oci_namespace_type type);
void id_maps_copy(struct arena *arena, const struct list *mappings, struct list *ret);
/* Whether the kernel will refuse setgroups(2) in the user namespace that is made. */
bool is_setgroups_denied(const struct planning *p);
/* `id` of the container in `mappings` as an id of the host. */
bool id_to_host(const struct list *mappings, uint32_t id, uint32_t *ret);

/* mount-options.c: options of mounts[index] into `mount`, whose source, type and maps are the
 * caller's. */
int mount_options_parse(const struct planning *p, const struct oci_mount *from, size_t index,
			struct plan_mount *mount, struct err *e) must_check;
/* mounts.c */
int mounts_plan(struct planning *p, struct err *e) must_check;
void late_readonly_plan(struct planning *p);
/* Waits for the cgroup here, unless an earlier operation has. */
void join_cgroup_plan(struct planning *p);
/* devices.c */
int devices_plan(struct planning *p, struct err *e) must_check;
/* masks.c */
void masks_plan(struct planning *p);
/* settings.c: host name, domain name, kernel parameters */
int settings_plan(struct planning *p, struct err *e) must_check;
/* hooks.c */
void hooks_plan(struct planning *p, enum oci_hook_kind kind, struct list *ret);
void state_document_plan(struct planning *p);
/* network.c */
int network_plan(struct planning *p, struct err *e) must_check;
/* rdt.c */
int rdt_plan(struct planning *p, struct err *e) must_check;
/* limits.c */
int limits_plan(struct planning *p, struct err *e) must_check;
/* cgroup-path.c */
int cgroup_path_plan(struct planning *p, struct err *e) must_check;

/* process.c, environment.c, capabilities.c */
int process_plan(struct planning *p, const struct oci_process *process, bool is_exec,
		 struct plan_process **ret, struct err *e) must_check;
int environment_plan(const struct planning *p, const struct oci_process *process,
		     struct plan_process *to, struct err *e) must_check;
/* Labels that this host can give. */
int mount_label_check(const struct facts *facts, const char *label, struct err *e) must_check;
int labels_check(const struct facts *facts, const char *apparmor, const char *selinux,
		 struct err *e) must_check;
/* NULL: none is asked for. */
struct plan_memory_policy *memory_policy_plan(struct arena *arena, const struct oci_linux *linux_);
void capabilities_plan(const struct planning *p, const struct oci_capabilities *from,
		       struct plan_process *to);

/* seccomp.c: the filter of linux.seccomp, from the cache when it is there. */
int seccomp_plan(const struct planning *p, const struct oci_seccomp *seccomp,
		 struct plan_seccomp **ret, struct err *e) must_check;

#endif
