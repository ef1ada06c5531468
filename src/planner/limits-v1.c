/*
 * Resources as files of cgroups version 1.
 *
 * Zero means "no value" where a limit of zero makes no sense: engines write all members always.
 *
 * The kernel compares some new values with old ones of other files: a memory limit may not exceed
 * that of memory and swap together, a burst not its quota, and a quota and its period must keep
 * above a minimum together. On a new cgroup the right order suffices; on update the bounding value
 * is first taken out of the way and then set.
 *
 * Source: runtime-spec 1.3 config-linux.md; Documentation/admin-guide/cgroup-v1/.
 */
#include "limits.h"

static void memory_swap_plan(struct limits *l, const struct oci_memory *memory)
{
	static const char file[] = "memory.memsw.limit_in_bytes";
	int64_t swap = memory->swap.value;

	/* Freeing memory alone would be refused: swap is counted with it. */
	if (swap == 0 && memory->limit.value == -1)
		swap = -1;
	if (l->is_update && memory->limit.value != 0 && swap != 0)
		setting_add(l, "memory", file, "-1", "memory.swap")->ignore_absent =
			opt_bool_if(memory->swap.value <= 0);
	if (memory->limit.value != 0)
		(void)setting_add(l, "memory", "memory.limit_in_bytes",
				  text_of_i64(l, memory->limit.value), "memory.limit");
	if (swap == 0 || (l->is_update && swap == -1 && memory->limit.value != 0))
		return;
	setting_add(l, "memory", file, text_of_i64(l, swap), "memory.swap")->ignore_absent =
		opt_bool_if(swap == -1);
}

static void memory_plan(struct limits *l)
{
	const struct oci_memory *memory = l->from->memory;

	if (!memory)
		return;
	if (memory->use_hierarchy.is_set)
		setting_add(l, "memory", "memory.use_hierarchy",
			    memory->use_hierarchy.value ? "1" : "0", "memory.useHierarchy")
			->ignore_absent = opt_bool_if(memory->use_hierarchy.value);
	memory_swap_plan(l, memory);
	if (memory->reservation.value != 0)
		(void)setting_add(l, "memory", "memory.soft_limit_in_bytes",
				  text_of_i64(l, memory->reservation.value), "memory.reservation");
	if (memory->kernel.value != 0)
		setting_add(l, "memory", "memory.kmem.limit_in_bytes",
			    text_of_i64(l, memory->kernel.value), "memory.kernel")
			->ignore_absent = opt_bool_if(memory->kernel.value == -1);
	if (memory->kernel_tcp.value != 0)
		setting_add(l, "memory", "memory.kmem.tcp.limit_in_bytes",
			    text_of_i64(l, memory->kernel_tcp.value), "memory.kernelTCP")
			->ignore_absent = opt_bool_if(memory->kernel_tcp.value == -1);
	if (memory->swappiness.is_set && memory->swappiness.value != UINT64_MAX)
		(void)setting_add(l, "memory", "memory.swappiness",
				  text_of_u64(l, memory->swappiness.value), "memory.swappiness");
	if (memory->disable_oom_killer.value || (memory->disable_oom_killer.is_set && l->is_update))
		(void)setting_add(l, "memory", "memory.oom_control",
				  memory->disable_oom_killer.value ? "1" : "0",
				  "memory.disableOOMKiller");
}

static void cpu_quota_plan(struct limits *l, const struct oci_cpu *cpu)
{
	bool has_quota = cpu->quota.value != 0;
	bool has_period = cpu->period.value != 0;

	if (l->is_update && cpu->burst.is_set && has_quota)
		setting_add(l, "cpu", "cpu.cfs_burst_us", "0", "cpu.burst")->ignore_absent =
			opt_bool_if(cpu->burst.value == 0);
	if (l->is_update && has_quota && has_period)
		(void)setting_add(l, "cpu", "cpu.cfs_quota_us", "-1", "cpu.quota");
	if (has_period)
		(void)setting_add(l, "cpu", "cpu.cfs_period_us", text_of_u64(l, cpu->period.value),
				  "cpu.period");
	if (has_quota)
		(void)setting_add(l, "cpu", "cpu.cfs_quota_us",
				  text_of_i64(l, cpu->quota.value < 0 ? -1 : cpu->quota.value),
				  "cpu.quota");
	if (cpu->burst.is_set)
		setting_add(l, "cpu", "cpu.cfs_burst_us", text_of_u64(l, cpu->burst.value),
			    "cpu.burst")
			->ignore_absent = opt_bool_if(cpu->burst.value == 0);
}

/* While a cgroup is idle its shares cannot be written. */
static void cpu_shares_plan(struct limits *l, const struct oci_cpu *cpu)
{
	bool is_leaving = cpu->idle.is_set && cpu->idle.value == 0;

	if (is_leaving)
		setting_add(l, "cpu", "cpu.idle", "0", "cpu.idle")->ignore_absent = opt_true();
	if (cpu->shares.value != 0)
		(void)setting_add(l, "cpu", "cpu.shares", text_of_u64(l, cpu->shares.value),
				  "cpu.shares");
	if (cpu->idle.value != 0)
		(void)setting_add(l, "cpu", "cpu.idle", text_of_i64(l, cpu->idle.value),
				  "cpu.idle");
}

static void cpu_plan(struct limits *l)
{
	const struct oci_cpu *cpu = l->from->cpu;

	if (!cpu)
		return;
	if (cpu->cpus && *cpu->cpus)
		(void)setting_add(l, "cpuset", "cpuset.cpus", cpu->cpus, "cpu.cpus");
	if (cpu->mems && *cpu->mems)
		(void)setting_add(l, "cpuset", "cpuset.mems", cpu->mems, "cpu.mems");
	cpu_shares_plan(l, cpu);
	if (cpu->realtime_period.value != 0)
		(void)setting_add(l, "cpu", "cpu.rt_period_us",
				  text_of_u64(l, cpu->realtime_period.value), "cpu.realtimePeriod");
	if (cpu->realtime_runtime.value != 0)
		(void)setting_add(l, "cpu", "cpu.rt_runtime_us",
				  text_of_i64(l, cpu->realtime_runtime.value),
				  "cpu.realtimeRuntime");
	cpu_quota_plan(l, cpu);
}

static void weights_plan(struct limits *l, const struct oci_block_io *io)
{
	size_t index = 0;

	if (io->weight.value != 0)
		setting_add(l, "blkio", "blkio.weight", text_of_u64(l, io->weight.value),
			    "blockIO.weight")
			->fallback_file = "blkio.bfq.weight";
	if (io->leaf_weight.value != 0)
		(void)setting_add(l, "blkio", "blkio.leaf_weight",
				  text_of_u64(l, io->leaf_weight.value), "blockIO.leafWeight");
	list_each(const struct oci_weight_device, device, &io->weight_device)
	{
		const char *origin = arena_printf(l->arena, "blockIO.weightDevice[%zu]", index++);
		long long major = device->major.value, minor = device->minor.value;

		if (device->weight.value != 0)
			setting_add(l, "blkio", "blkio.weight_device",
				    arena_printf(l->arena, "%lld:%lld %u", major, minor,
						 device->weight.value),
				    origin)
				->fallback_file = "blkio.bfq.weight_device";
		if (device->leaf_weight.value != 0)
			(void)setting_add(l, "blkio", "blkio.leaf_weight_device",
					  arena_printf(l->arena, "%lld:%lld %u", major, minor,
						       device->leaf_weight.value),
					  origin);
	}
}

static void block_io_plan(struct limits *l)
{
	const struct oci_block_io *io = l->from->block_io;
	const struct {
		const struct list *devices;
		const char *file, *name;
	} throttles[] = {
		{io ? &io->throttle_read_bps_device : NULL, "blkio.throttle.read_bps_device",
		 "throttleReadBpsDevice"},
		{io ? &io->throttle_write_bps_device : NULL, "blkio.throttle.write_bps_device",
		 "throttleWriteBpsDevice"},
		{io ? &io->throttle_read_iops_device : NULL, "blkio.throttle.read_iops_device",
		 "throttleReadIOPSDevice"},
		{io ? &io->throttle_write_iops_device : NULL, "blkio.throttle.write_iops_device",
		 "throttleWriteIOPSDevice"},
	};

	if (!io)
		return;
	weights_plan(l, io);
	for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++) {
		size_t index = 0;

		list_each(const struct oci_throttle_device, device, throttles[i].devices)(void)
			setting_add(l, "blkio", throttles[i].file,
				    arena_printf(l->arena, "%lld:%lld %llu",
						 (long long)device->major.value,
						 (long long)device->minor.value,
						 (unsigned long long)device->rate.value),
				    arena_printf(l->arena, "blockIO.%s[%zu]", throttles[i].name,
						 index++));
	}
}

static void hugepages_plan(struct limits *l)
{
	size_t index = 0;

	list_each(const struct oci_hugepage_limit, limit, &l->from->hugepage_limits)
	{
		const char *origin = arena_printf(l->arena, "hugepageLimits[%zu]", index++);
		const char *value = text_of_u64(l, limit->limit.value);

		(void)setting_add(
			l, "hugetlb",
			arena_printf(l->arena, "hugetlb.%s.limit_in_bytes", limit->page_size),
			value, origin);
		setting_add(
			l, "hugetlb",
			arena_printf(l->arena, "hugetlb.%s.rsvd.limit_in_bytes", limit->page_size),
			value, origin)
			->ignore_absent = opt_true();
	}
}

static void network_limits_plan(struct limits *l)
{
	const struct oci_network *network = l->from->network;

	if (!network)
		return;
	if (network->class_id.is_set)
		setting_add(l, "net_cls", "net_cls.classid",
			    text_of_u64(l, network->class_id.value), "network.classID")
			->ignore_absent = opt_bool_if(network->class_id.value == 0);
	list_each(const struct oci_interface_priority, priority, &network->priorities)(void)
		setting_add(
			l, "net_prio", "net_prio.ifpriomap",
			arena_printf(l->arena, "%s %u", priority->name, priority->priority.value),
			"network.priorities");
}

int limits_v1_plan(struct limits *l, struct err *e)
{
	if (l->from->unified.count > 0)
		return refuse(e, ENOTSUP,
			      "linux.resources.unified: needs cgroups version 2, this host has its "
			      "controllers on version 1");
	memory_plan(l);
	cpu_plan(l);
	if (l->from->pids && l->from->pids->limit.is_set)
		(void)setting_add(l, "pids", "pids.max",
				  text_of_limit(l, l->from->pids->limit.value), "pids.limit");
	block_io_plan(l);
	hugepages_plan(l);
	network_limits_plan(l);
	rdma_plan(l);
	return 0;
}
