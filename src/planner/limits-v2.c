/*
 * Resources, which are worded in terms of version 1, as files of cgroups version 2.
 *
 * The specification wants an error where that is impossible, but engines always write some members
 * with the value that changes nothing (false, 0, -1): those pass. No mathematics library: it would
 * cost every command its loading, for one formula.
 *
 * Source: runtime-spec 1.3 config-linux.md; Documentation/admin-guide/cgroup-v2.rst.
 */
#include "limits.h"

#include "base/log.h"

enum { SHARES_MIN = 2, SHARES_MAX = 262144, WEIGHT_MAX = 10000 };

/* log2 of x >= 1 by repeated squaring: each square shows one more binary digit. */
static double log2_of(double x)
{
	double result = 0;
	double digit = 1;

	for (; x >= 2; x /= 2)
		result++;
	for (int i = 0; i < 48; i++) {
		digit /= 2;
		x *= x;
		if (x >= 2) {
			x /= 2;
			result += digit;
		}
	}
	return result;
}

/* 10 to the power of x, 0 <= x <= 4, by the series of exp. */
static double power_of_ten(double x)
{
	double y = x * 2.302585092994045684;
	double term = 1;
	double sum = 1;

	for (int i = 1; i < 60; i++) {
		term *= y / i;
		sum += term;
	}
	return sum;
}

/* ceil(10^((l^2 + 125 l) / 612 - 7/34)), l = log2(shares): 2 is 1, 1024 is 100, 262144 is 10000. */
uint64_t cpu_weight_of_shares(uint64_t shares)
{
	double l, value;
	uint64_t weight;

	if (shares <= SHARES_MIN)
		return 1;
	if (shares >= SHARES_MAX)
		return WEIGHT_MAX;
	l = log2_of((double)shares);
	value = power_of_ten((l * l + 125 * l - 126) / 612);
	/* The three exact points must not be rounded up by the last bit. */
	weight = (uint64_t)(value - 1e-7);
	return weight + 1;
}

uint64_t io_weight_of_blkio(uint64_t weight)
{
	return 1 + (weight - 10) * 9999 / 990;
}

int swap_of_memory_swap(int64_t swap, int64_t limit, int64_t *ret, struct err *e)
{
	if (limit == -1 && swap == 0)
		swap = -1;
	if (swap == 0)
		return 1;
	if (swap == -1) {
		*ret = -1;
		return 0;
	}
	if (limit == 0 || limit == -1)
		return refuse(e, EINVAL,
			      "linux.resources.memory.swap: cannot be converted without "
			      "memory.limit");
	if (swap < limit)
		return refuse(
			e, EINVAL,
			"linux.resources.memory.swap: %lld is memory and swap together, so it "
			"cannot be below memory.limit %lld",
			(long long)swap, (long long)limit);
	*ret = swap - limit;
	return 0;
}

static int refuse_member(struct err *e, const char *member)
{
	return refuse(e, ENOTSUP, "linux.resources.%s: cgroups version 2 has nothing like it",
		      member);
}

static int memory_check(const struct oci_memory *memory, struct err *e)
{
	if (memory->kernel.value > 0)
		return refuse_member(e, "memory.kernel");
	if (memory->kernel_tcp.value > 0)
		return refuse_member(e, "memory.kernelTCP");
	if (memory->swappiness.is_set && memory->swappiness.value != UINT64_MAX)
		return refuse_member(e, "memory.swappiness");
	if (memory->disable_oom_killer.value)
		return refuse_member(e, "memory.disableOOMKiller");
	if (memory->use_hierarchy.is_set && !memory->use_hierarchy.value)
		return refuse(e, ENOTSUP,
			      "linux.resources.memory.useHierarchy: cgroups version 2 is always "
			      "hierarchical, so it cannot be false");
	return 0;
}

static int memory_plan(struct limits *l, struct err *e)
{
	const struct oci_memory *memory = l->from->memory;
	int64_t limit, swap;
	int r;

	if (!memory)
		return 0;
	r = memory_check(memory, e);
	if (r < 0)
		return r;
	limit = memory->limit.value;
	r = swap_of_memory_swap(memory->swap.value, limit, &swap, e);
	if (r < 0)
		return r;
	if (r == 0)
		setting_add(l, "memory", "memory.swap.max", text_of_limit(l, swap), "memory.swap")
			->ignore_absent = opt_bool_if(swap <= 0);
	if (limit != 0)
		(void)setting_add(l, "memory", "memory.max", text_of_limit(l, limit),
				  "memory.limit");
	if (memory->reservation.value != 0)
		(void)setting_add(l, "memory", "memory.low",
				  text_of_limit(l, memory->reservation.value),
				  "memory.reservation");
	if (memory->check_before_update.value && limit > 0)
		l->to->memory_check_limit = opt_u64_of((uint64_t)limit);
	return 0;
}

/* While a cgroup is idle its weight cannot be written. */
static void cpu_weight_plan(struct limits *l, const struct oci_cpu *cpu)
{
	if (cpu->idle.is_set && cpu->idle.value == 0)
		setting_add(l, "cpu", "cpu.idle", "0", "cpu.idle")->ignore_absent = opt_true();
	if (cpu->shares.value != 0) {
		if (cpu->idle.value != 0 && l->is_update)
			log_warning("linux.resources.cpu.shares: has no meaning while cpu.idle is "
				    "set: left out");
		else
			(void)setting_add(l, "cpu", "cpu.weight",
					  text_of_u64(l, cpu_weight_of_shares(cpu->shares.value)),
					  "cpu.shares");
	}
	if (cpu->idle.value != 0)
		(void)setting_add(l, "cpu", "cpu.idle", text_of_i64(l, cpu->idle.value),
				  "cpu.idle");
}

static void cpu_quota_plan(struct limits *l, const struct oci_cpu *cpu)
{
	const char *quota = cpu->quota.value > 0 ? text_of_i64(l, cpu->quota.value) : "max";

	if (l->is_update && cpu->burst.is_set && cpu->quota.value != 0)
		setting_add(l, "cpu", "cpu.max.burst", "0", "cpu.burst")->ignore_absent =
			opt_bool_if(cpu->burst.value == 0);
	if (cpu->period.value != 0)
		(void)setting_add(l, "cpu", "cpu.max",
				  arena_printf(l->arena, "%s %llu", quota,
					       (unsigned long long)cpu->period.value),
				  cpu->quota.value != 0 ? "cpu.quota" : "cpu.period");
	else if (cpu->quota.value != 0)
		(void)setting_add(l, "cpu", "cpu.max", quota, "cpu.quota");
	if (cpu->burst.is_set)
		setting_add(l, "cpu", "cpu.max.burst", text_of_u64(l, cpu->burst.value),
			    "cpu.burst")
			->ignore_absent = opt_bool_if(cpu->burst.value == 0);
}

static int cpu_plan(struct limits *l, struct err *e)
{
	const struct oci_cpu *cpu = l->from->cpu;

	if (!cpu)
		return 0;
	if (cpu->realtime_runtime.value > 0)
		return refuse_member(e, "cpu.realtimeRuntime");
	if (cpu->realtime_period.value > 0)
		return refuse_member(e, "cpu.realtimePeriod");
	cpu_weight_plan(l, cpu);
	cpu_quota_plan(l, cpu);
	if (cpu->cpus && *cpu->cpus)
		(void)setting_add(l, "cpuset", "cpuset.cpus", cpu->cpus, "cpu.cpus");
	if (cpu->mems && *cpu->mems)
		(void)setting_add(l, "cpuset", "cpuset.mems", cpu->mems, "cpu.mems");
	return 0;
}

/* The scheduler bfq has a weight of the same scale; else the controller's own, of another one. */
static void io_weight_add(struct limits *l, const char *device, uint64_t weight, const char *origin)
{
	struct plan_setting *setting = setting_add(
		l, "io", "io.bfq.weight",
		arena_printf(l->arena, "%s%llu", device, (unsigned long long)weight), origin);

	setting->fallback_file = "io.weight";
	setting->fallback_value = arena_printf(l->arena, "%s%llu", device,
					       (unsigned long long)io_weight_of_blkio(weight));
}

static int weights_plan(struct limits *l, const struct oci_block_io *io, struct err *e)
{
	size_t index = 0;

	if (io->leaf_weight.value != 0)
		return refuse_member(e, "blockIO.leafWeight");
	if (io->weight.value != 0)
		io_weight_add(l, "", io->weight.value, "blockIO.weight");
	list_each(const struct oci_weight_device, device, &io->weight_device)
	{
		const char *origin = arena_printf(l->arena, "blockIO.weightDevice[%zu]", index++);

		if (device->leaf_weight.value != 0)
			return refuse_member(e, arena_printf(l->arena, "%s.leafWeight", origin));
		if (device->weight.value != 0)
			io_weight_add(l,
				      arena_printf(l->arena, "%lld:%lld ",
						   (long long)device->major.value,
						   (long long)device->minor.value),
				      device->weight.value, origin);
	}
	return 0;
}

static int block_io_plan(struct limits *l, struct err *e)
{
	const struct oci_block_io *io = l->from->block_io;
	const struct {
		const struct list *devices;
		const char *key, *name;
	} throttles[] = {
		{io ? &io->throttle_read_bps_device : NULL, "rbps", "throttleReadBpsDevice"},
		{io ? &io->throttle_write_bps_device : NULL, "wbps", "throttleWriteBpsDevice"},
		{io ? &io->throttle_read_iops_device : NULL, "riops", "throttleReadIOPSDevice"},
		{io ? &io->throttle_write_iops_device : NULL, "wiops", "throttleWriteIOPSDevice"},
	};
	int r;

	if (!io)
		return 0;
	r = weights_plan(l, io, e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++) {
		size_t index = 0;

		list_each(const struct oci_throttle_device, device, throttles[i].devices)
		{
			/* 0 lifts the limit on version 1; here it would be refused. */
			const char *rate =
				device->rate.value ? text_of_u64(l, device->rate.value) : "max";

			(void)setting_add(l, "io", "io.max",
					  arena_printf(l->arena, "%lld:%lld %s=%s",
						       (long long)device->major.value,
						       (long long)device->minor.value,
						       throttles[i].key, rate),
					  arena_printf(l->arena, "blockIO.%s[%zu]",
						       throttles[i].name, index++));
		}
	}
	return 0;
}

static void hugepages_plan(struct limits *l)
{
	size_t index = 0;

	list_each(const struct oci_hugepage_limit, limit, &l->from->hugepage_limits)
	{
		const char *origin = arena_printf(l->arena, "hugepageLimits[%zu]", index++);
		const char *value = text_of_u64(l, limit->limit.value);

		(void)setting_add(l, "hugetlb",
				  arena_printf(l->arena, "hugetlb.%s.max", limit->page_size), value,
				  origin);
		setting_add(l, "hugetlb",
			    arena_printf(l->arena, "hugetlb.%s.rsvd.max", limit->page_size), value,
			    origin)
			->ignore_absent = opt_true();
	}
}

/* The controller that a file belongs to; NULL for the core's own files. */
static const char *controller_of(struct limits *l, const char *file)
{
	size_t length = strcspn(file, ".");

	if (str_starts(file, "cgroup.") || str_starts(file, "irq."))
		return NULL;
	return arena_strndup(l->arena, file, length);
}

static int unified_plan(struct limits *l, struct err *e)
{
	struct strv available = {0};

	if (l->from->unified.count > 0 && l->facts->v2_controllers)
		available = str_split(l->arena, l->facts->v2_controllers, " \n", true);
	for (size_t i = 0; i < l->from->unified.count; i++) {
		const struct map_entry *entry = &l->from->unified.items[i];
		const char *controller = controller_of(l, entry->name);

		if (*entry->name == '\0' || strpbrk(entry->name, "/\n") ||
		    str_is(entry->name, ".") || str_is(entry->name, ".."))
			return refuse(e, EINVAL,
				      "linux.resources.unified: '%s' is no file of a cgroup",
				      entry->name);
		if (controller && !strv_has(&available, controller))
			return refuse(e, ENOENT,
				      "linux.resources.unified.%s: the controller %s is not "
				      "available",
				      entry->name, controller);
		(void)setting_add(l, controller, entry->name, entry->value,
				  arena_printf(l->arena, "unified.%s", entry->name));
	}
	return 0;
}

int limits_v2_plan(struct limits *l, struct err *e)
{
	const struct oci_network *network = l->from->network;
	int r;

	if (network && network->class_id.value != 0)
		return refuse_member(e, "network.classID");
	if (network && network->priorities.count > 0)
		return refuse_member(e, "network.priorities");
	if (l->from->pids && l->from->pids->limit.is_set)
		(void)setting_add(l, "pids", "pids.max",
				  text_of_limit(l, l->from->pids->limit.value), "pids.limit");
	r = memory_plan(l, e);
	if (r < 0)
		return r;
	r = block_io_plan(l, e);
	if (r < 0)
		return r;
	r = cpu_plan(l, e);
	if (r < 0)
		return r;
	hugepages_plan(l);
	rdma_plan(l);
	return unified_plan(l, e);
}
