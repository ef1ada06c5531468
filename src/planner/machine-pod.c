/*
 * Pods: several containers in one guest. An engine of CRI says by annotations which container is
 * the sandbox of a pod and which belongs to it; the others join the machine of the sandbox, whose
 * network is theirs and of whose namespaces they share what their configuration names by path.
 *
 * Some engines make a pod's namespaces before its sandbox and give the sandbox their paths. Nobody
 * is in them yet, so a guest's new ones are as good.
 */
#include "machine.h"

#include "base/num.h"

enum { PERIOD_DEFAULT = 100000 };

static const struct {
	const char *type, *sandbox;
} words[] = {
	{"io.kubernetes.cri.container-type", "io.kubernetes.cri.sandbox-id"},
	{"io.kubernetes.cri-o.ContainerType", "io.kubernetes.cri-o.SandboxID"},
};

enum planner_pod_role planner_pod_role(const struct oci_config *config, const char **ret_sandbox)
{
	*ret_sandbox = NULL;
	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++) {
		const char *type = map_get(&config->annotations, words[i].type);

		if (!type)
			continue;
		if (str_is(type, "sandbox"))
			return POD_SANDBOX;
		if (!str_is(type, "container"))
			continue;
		*ret_sandbox = map_get(&config->annotations, words[i].sandbox);
		if (*ret_sandbox)
			return POD_CONTAINER;
	}
	return POD_NONE;
}

static bool is_sandbox(const struct machine_planning *m)
{
	const char *ignored;

	return planner_pod_role(m->config, &ignored) == POD_SANDBOX;
}

static bool leads_to_sandbox(const struct machine_planning *m,
			     const struct oci_namespace *namespace)
{
	uint64_t flag = planning_namespace_flag((enum oci_namespace_type) namespace->type.value);

	return m->defaults->sandbox && namespace->path &&
	       (m->defaults->sandbox->namespaces & flag) != 0;
}

bool machine_pod_may_join(const struct machine_planning *m, const struct oci_namespace *namespace)
{
	if (namespace->type.value == OCI_NS_MOUNT)
		return false;
	if (leads_to_sandbox(m, namespace))
		return true;
	return !m->defaults->sandbox && is_sandbox(m) &&
	       (namespace->type.value == OCI_NS_IPC || namespace->type.value == OCI_NS_UTS);
}

const char *machine_pod_namespace(struct machine_planning *m, const struct oci_namespace *namespace)
{
	static const char *const files[OCI_NS_TYPES] = {
		[OCI_NS_PID] = "pid",	    [OCI_NS_NETWORK] = "net", [OCI_NS_MOUNT] = "mnt",
		[OCI_NS_IPC] = "ipc",	    [OCI_NS_UTS] = "uts",     [OCI_NS_USER] = "user",
		[OCI_NS_CGROUP] = "cgroup", [OCI_NS_TIME] = "time",
	};

	if (!leads_to_sandbox(m, namespace))
		return NULL;
	return arena_printf(m->arena, PLAN_SANDBOX_NAMESPACES "%s", files[namespace->type.value]);
}

/* A machine that runs takes no further device, and its kernel is the one it has. */
int machine_pod_check(const struct machine_planning *m, struct err *e)
{
	const struct planner_sandbox *sandbox = m->defaults->sandbox;
	const struct list *namespaces = &m->config->linux_->namespaces;
	size_t index = 0;

	for (size_t i = 0; i < namespaces->count; i++) {
		const struct oci_namespace *namespace =
			list_at(struct oci_namespace, namespaces, i);

		if (namespace->type.value == OCI_NS_NETWORK && !leads_to_sandbox(m, namespace))
			return refuse(e, EINVAL,
				      "linux.namespaces[%zu].path: must be the network namespace "
				      "of the sandbox '%s', in whose machine the container runs",
				      i, sandbox->id);
	}
	if (m->config->vm)
		return refuse(e, EINVAL,
			      "vm: the container runs in the machine of the sandbox '%s'",
			      sandbox->id);
	list_each(const struct oci_device, device, &m->config->linux_->devices)
	{
		if (*device->type == 'b')
			return refuse(e, ENOTSUP,
				      "linux.devices[%zu]: no disk can be added to the machine of "
				      "the sandbox '%s', which runs already ('%s')",
				      index, sandbox->id, device->path);
		index++;
	}
	return 0;
}

static uint64_t annotated(const struct machine_planning *m, const char *name)
{
	const char *text = map_get(&m->config->annotations, name);
	uint64_t value;

	return text && num_u64(text, &value) == 0 ? value : 0;
}

void machine_pod_size(const struct machine_planning *m, uint64_t *ret_memory, uint64_t *ret_vcpus)
{
	uint64_t quota, period;

	*ret_memory = *ret_vcpus = 0;
	if (!is_sandbox(m))
		return;
	*ret_memory = annotated(m, "io.kubernetes.cri.sandbox-memory");
	quota = annotated(m, "io.kubernetes.cri.sandbox-cpu-quota");
	period = annotated(m, "io.kubernetes.cri.sandbox-cpu-period");
	if (period == 0)
		period = PERIOD_DEFAULT;
	*ret_vcpus = quota / period + (quota % period != 0);
}
