/* What the parts of the planner of machines share. */
#ifndef PLANNER_MACHINE_PARTS_H
#define PLANNER_MACHINE_PARTS_H

#include "planner/machine.h"

#include "planning.h"

struct machine_planning {
	struct arena *arena;
	const struct oci_config *config;
	const struct facts *host;
	const struct planner_options *options;
	const struct planner_machine *defaults;
	struct plan *plan; /* the guest's, a copy of our own */
	struct plan_machine *machine;
};

/* machine-check.c: refuses what cannot be had behind a kernel of its own. */
int machine_check(const struct machine_planning *m, struct err *e) must_check;
/* The devices that the guest is to have. */
struct list machine_devices(struct arena *arena, const struct oci_config *config);

/* machine-caller.c: what a process inherits at the process level and a guest cannot give. */
void machine_caller_apply(struct arena *arena, const struct planner_caller *caller,
			  const struct oci_config *config, struct plan_process *process);

/* machine-pod.c: what a pod changes about that. */
int machine_pod_check(const struct machine_planning *m, struct err *e) must_check;
/* Whether a namespace may have a path, and what it is inside. */
bool machine_pod_may_join(const struct machine_planning *m, const struct oci_namespace *namespace);
const char *machine_pod_namespace(struct machine_planning *m,
				  const struct oci_namespace *namespace);
/* Sums of the pod's limits; 0: not known. */
void machine_pod_size(const struct machine_planning *m, uint64_t *ret_memory, uint64_t *ret_vcpus);

/* machine-size.c: vcpus and memory. */
int machine_size_plan(struct machine_planning *m, struct err *e) must_check;
/* What of the resources is for which side. */
void machine_resources_inside(const struct oci_resources *from, struct oci_resources *ret,
			      struct arena *arena);
void machine_resources_outside(const struct oci_resources *from, uint64_t machine_memory,
			       struct oci_resources *ret, struct arena *arena);

/* machine-shares.c: sources of mounts become entries of the shared directory. */
int machine_shares_plan(struct machine_planning *m, struct err *e) must_check;

#endif
