/*
 * How big the machine is, and which limit acts where.
 *
 * The guest's cgroup enforces what the configuration says; the host's cgroup around the machine is
 * a second wall, and has to leave room for what is not the container: the guest's kernel, the
 * hypervisor, the file server. A limit below the machine's memory would let the host's OOM killer
 * end the hypervisor where the guest's should have ended a process.
 *
 * Numbers of CPUs, nodes and devices are the host's and stay outside.
 */
#include "machine.h"

#include <stdlib.h>

enum { VCPUS_MAX = 255, PERIOD_DEFAULT = 100000 };

#define MIB		 (1024ULL * 1024)
#define MEMORY_MIN	 (64 * MIB)
#define MEMORY_ALIGNMENT (2 * MIB)
/* The hypervisor's own memory, translated code included, and the file server's. */
#define OVERHEAD (192 * MIB)

static int cpus_count(const char *list, uint32_t *ret, struct err *e)
{
	uint32_t count = 0;

	while (*list) {
		char *end;
		unsigned long first = strtoul(list, &end, 10);
		unsigned long last = first;

		if (end == list)
			break;
		if (*end == '-') {
			list = end + 1;
			last = strtoul(list, &end, 10);
		}
		if (end == list || last < first || last - first >= 8192)
			break;
		count += (uint32_t)(last - first) + 1;
		list = *end == ',' ? end + 1 : end;
		if (*end && *end != ',')
			break;
	}
	if (*list || count == 0)
		return refuse(e, EINVAL, "linux.resources.cpu.cpus: '%s' is no list of CPUs", list);
	*ret = count;
	return 0;
}

static int vcpus_plan(struct machine_planning *m, const struct oci_resources *resources,
		      struct err *e)
{
	const struct oci_vm *vm = m->config->vm;
	const struct oci_cpu *cpu = resources ? resources->cpu : NULL;
	const char *origin = "the configuration file: vcpus";
	uint64_t count = m->defaults->vcpus, pod_memory, pod_vcpus;

	machine_pod_size(m, &pod_memory, &pod_vcpus);
	if (vm && vm->hw_config && vm->hw_config->vcpus.is_set) {
		count = vm->hw_config->vcpus.value;
		origin = "vm.hwConfig.vcpus";
	} else if (pod_vcpus > 0) {
		count = pod_vcpus;
		origin = "annotations: the pod's sum of cpu quotas";
	} else if (cpu && cpu->quota.value > 0) {
		uint64_t period = cpu->period.value ? cpu->period.value : PERIOD_DEFAULT;

		count = ((uint64_t)cpu->quota.value + period - 1) / period;
		origin = "linux.resources.cpu.quota";
	} else if (cpu && cpu->cpus && *cpu->cpus) {
		uint32_t cpus = 0;

		if (cpus_count(cpu->cpus, &cpus, e) < 0)
			return -e->code;
		count = cpus;
	}
	if (count < 1 || count > VCPUS_MAX)
		return refuse(e, EINVAL, "%s: a machine has 1 to %d CPUs, not %llu", origin,
			      VCPUS_MAX, (unsigned long long)count);
	m->machine->vcpus = opt_u32_of((uint32_t)count);
	return 0;
}

static int memory_plan(struct machine_planning *m, const struct oci_resources *resources,
		       struct err *e)
{
	const struct oci_vm *vm = m->config->vm;
	const struct oci_memory *memory = resources ? resources->memory : NULL;
	const char *origin = "the configuration file: memory";
	uint64_t bytes = m->defaults->memory, pod_memory, pod_vcpus;

	machine_pod_size(m, &pod_memory, &pod_vcpus);
	if (vm && vm->hw_config && vm->hw_config->memory.is_set) {
		bytes = vm->hw_config->memory.value;
		origin = "vm.hwConfig.memory";
	} else if (pod_memory > 0) {
		bytes = pod_memory + m->defaults->guest_memory;
		origin = "annotations: the pod's sum of memory limits";
	} else if (memory && memory->limit.value > 0) {
		bytes = (uint64_t)memory->limit.value + m->defaults->guest_memory;
		origin = "linux.resources.memory.limit";
	}
	if (bytes < MEMORY_MIN || bytes > 1ULL << 46)
		return refuse(e, EINVAL,
			      "%s: a machine of %llu bytes cannot be made; %llu at least", origin,
			      (unsigned long long)bytes, (unsigned long long)MEMORY_MIN);
	bytes = (bytes + MEMORY_ALIGNMENT - 1) / MEMORY_ALIGNMENT * MEMORY_ALIGNMENT;
	m->machine->memory = opt_u64_of(bytes);
	return 0;
}

int machine_size_plan(struct machine_planning *m, struct err *e)
{
	const struct oci_resources *resources = m->config->linux_->resources;
	int r = vcpus_plan(m, resources, e);

	return r < 0 ? r : memory_plan(m, resources, e);
}

void machine_resources_inside(const struct oci_resources *from, struct oci_resources *ret,
			      struct arena *arena)
{
	*ret = *from;
	ret->block_io = NULL;
	ret->network = NULL;
	ret->rdma = (struct list){0};
	if (!from->cpu)
		return;
	ret->cpu = arena_memdup(arena, from->cpu, sizeof(*from->cpu));
	ret->cpu->cpus = NULL;
	ret->cpu->mems = NULL;
	ret->cpu->realtime_runtime = (struct opt_i64){0};
	ret->cpu->realtime_period = (struct opt_u64){0};
}

void machine_resources_outside(const struct oci_resources *from, uint64_t machine_memory,
			       struct oci_resources *ret, struct arena *arena)
{
	struct oci_memory *memory;

	*ret = (struct oci_resources){
		.cpu = from->cpu,
		.block_io = from->block_io,
		.network = from->network,
	};
	if (!from->memory || from->memory->limit.value <= 0 || machine_memory == 0)
		return;
	memory = arena_new(arena, struct oci_memory);
	memory->limit = (struct opt_i64){true, (int64_t)(machine_memory + OVERHEAD)};
	ret->memory = memory;
}
