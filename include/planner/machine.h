/*
 * The planner of the vm level: one configuration, two readings. The plan is made with the facts of
 * the guest, the machine beside it with the facts of the host.
 */
#ifndef PLANNER_MACHINE_H
#define PLANNER_MACHINE_H

#include "plan/machine.h"
#include "planner/build.h"

/* The pod's sandbox whose machine a container joins. */
struct planner_sandbox {
	const char *id;
	const char *state;   /* its state directory */
	const char *place;   /* a name that its shared directory does not have yet */
	uint64_t namespaces; /* CLONE_NEW* of the configuration's paths that lead to its own */
};

/* What a container is in a pod, by the annotations of CRI's engines. */
enum planner_pod_role { POD_NONE, POD_SANDBOX, POD_CONTAINER };
/* *ret_sandbox is the sandbox's id for POD_CONTAINER. */
enum planner_pod_role planner_pod_role(const struct oci_config *config, const char **ret_sandbox);

/* What the administrator, the command line and the guest's own description say; complete. */
struct planner_machine {
	enum plan_accel accel;
	const char *hypervisor;
	struct strv hypervisor_parameters;
	const char *virtiofsd;
	const char *kernel, *initramfs; /* absolute paths */
	struct strv kernel_parameters;
	uint32_t vcpus;	       /* default */
	uint64_t memory;       /* default, bytes */
	uint64_t guest_memory; /* what the guest needs beside the container, bytes */
	uint32_t spare_interfaces;
	uint32_t boot_seconds;
	/* Hypervisors besides `hypervisor` that a configuration may name: absolute paths. */
	struct strv allowed_hypervisors;
	const struct planner_sandbox *sandbox; /* NULL: a machine of its own */
};

/* What the guest can do: its kernel is of our making, so nothing needs to be probed. The boot id is
 * the host's, since the record of a container is. */
void planner_guest_facts(const struct facts *host, struct facts *ret);

/* As planner_build(), for the vm level; plan->machine is set, plan->cgroup is the host's. */
int planner_build_machine(struct arena *arena, const struct oci_config *config,
			  const struct facts *host, const struct planner_options *options,
			  const struct planner_machine *machine, const struct plan **ret,
			  struct err *e) must_check;

/* As planner_exec(). */
int planner_exec_machine(struct arena *arena, const struct oci_config *config,
			 const struct oci_process *process, const struct facts *host,
			 const struct planner_options *options, const struct plan_process **ret,
			 struct err *e) must_check;

/* As planner_limits(): (*ret) is for the guest, (*ret)->outside for the host. */
int planner_limits_machine(struct arena *arena, const struct oci_resources *resources,
			   const struct facts *host, bool systemd_cgroup,
			   const struct plan_limits **ret, struct err *e) must_check;

#endif
