/* Resources against settings, both versions of cgroups, the systemd unit, and what is refused. */
#include "limits.h"
#include "test-planner.h"

struct row {
	const char *resources; /* members of linux.resources */
	const char *expected;  /* settings, or an error's part behind "!" */
};

static const struct row rows_v1[] = {
	{"", ""},
	{"\"memory\":{\"limit\":1000}", "memory.limit_in_bytes=1000"},
	{"\"memory\":{\"limit\":-1}", "memory.limit_in_bytes=-1 memory.memsw.limit_in_bytes=-1?"},
	{"\"memory\":{\"limit\":1000,\"swap\":3000}",
	 "memory.limit_in_bytes=1000 memory.memsw.limit_in_bytes=3000"},
	{"\"memory\":{\"limit\":1000,\"swap\":-1}",
	 "memory.limit_in_bytes=1000 memory.memsw.limit_in_bytes=-1?"},
	{"\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0,\"kernelTCP\":0,"
	 "\"disableOOMKiller\":false}",
	 ""},
	{"\"memory\":{\"reservation\":500}", "memory.soft_limit_in_bytes=500"},
	{"\"memory\":{\"kernel\":500}", "memory.kmem.limit_in_bytes=500"},
	{"\"memory\":{\"kernelTCP\":-1}", "memory.kmem.tcp.limit_in_bytes=-1?"},
	{"\"memory\":{\"swappiness\":0}", "memory.swappiness=0"},
	{"\"memory\":{\"swappiness\":60}", "memory.swappiness=60"},
	{"\"memory\":{\"disableOOMKiller\":true}", "memory.oom_control=1"},
	{"\"memory\":{\"useHierarchy\":true}", "memory.use_hierarchy=1?"},
	{"\"memory\":{\"useHierarchy\":false}", "memory.use_hierarchy=0"},
	{"\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"cpus\":\"\",\"mems\":\"\"}", ""},
	{"\"cpu\":{\"shares\":1024}", "cpu.shares=1024"},
	{"\"cpu\":{\"quota\":50000,\"period\":100000,\"burst\":1000}",
	 "cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000 cpu.cfs_burst_us=1000"},
	{"\"cpu\":{\"quota\":-1}", "cpu.cfs_quota_us=-1"},
	{"\"cpu\":{\"burst\":0}", "cpu.cfs_burst_us=0?"},
	{"\"cpu\":{\"realtimeRuntime\":900,\"realtimePeriod\":1000}",
	 "cpu.rt_period_us=1000 cpu.rt_runtime_us=900"},
	{"\"cpu\":{\"cpus\":\"0-3\",\"mems\":\"0\"}", "cpuset.cpus=0-3 cpuset.mems=0"},
	{"\"cpu\":{\"idle\":1,\"shares\":10}", "cpu.shares=10 cpu.idle=1"},
	{"\"cpu\":{\"idle\":0,\"shares\":10}", "cpu.idle=0? cpu.shares=10"},
	{"\"pids\":{\"limit\":10}", "pids.max=10"},
	{"\"pids\":{\"limit\":0}", "pids.max=0"},
	{"\"pids\":{\"limit\":-1}", "pids.max=max"},
	{"\"blockIO\":{\"weight\":0,\"leafWeight\":0}", ""},
	{"\"blockIO\":{\"weight\":100,\"leafWeight\":200}",
	 "blkio.weight|blkio.bfq.weight=100 blkio.leaf_weight=200"},
	{"\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":300,"
	 "\"leafWeight\":20}]}",
	 "blkio.weight_device|blkio.bfq.weight_device=8:0_300 blkio.leaf_weight_device=8:0_20"},
	{"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
	 "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}",
	 "blkio.throttle.read_bps_device=8:0_600 blkio.throttle.write_iops_device=8:16_0"},
	{"\"hugepageLimits\":[{\"pageSize\":\"2MB\",\"limit\":9}]",
	 "hugetlb.2MB.limit_in_bytes=9 hugetlb.2MB.rsvd.limit_in_bytes=9?"},
	{"\"network\":{\"classID\":0}", "net_cls.classid=0?"},
	{"\"network\":{\"classID\":17,\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]}",
	 "net_cls.classid=17 net_prio.ifpriomap=eth0_5"},
	{"\"rdma\":{\"mlx5\":{\"hcaHandles\":3,\"hcaObjects\":9}}",
	 "rdma.max=mlx5_hca_handle=3_hca_object=9"},
	{"\"unified\":{\"memory.max\":\"1\"}", "!linux.resources.unified: needs"},
};

static const struct row rows_v2[] = {
	{"", ""},
	{"\"memory\":{\"limit\":1000}", "memory.max=1000"},
	{"\"memory\":{\"limit\":-1}", "memory.swap.max=max? memory.max=max"},
	{"\"memory\":{\"limit\":1000,\"swap\":3000}", "memory.swap.max=2000 memory.max=1000"},
	{"\"memory\":{\"limit\":1000,\"swap\":1000}", "memory.swap.max=0? memory.max=1000"},
	{"\"memory\":{\"limit\":1000,\"swap\":-1}", "memory.swap.max=max? memory.max=1000"},
	{"\"memory\":{\"swap\":3000}", "!linux.resources.memory.swap: cannot be converted"},
	{"\"memory\":{\"limit\":0,\"swap\":0,\"reservation\":0,\"kernel\":0,\"kernelTCP\":-1,"
	 "\"disableOOMKiller\":false,\"useHierarchy\":true}",
	 ""},
	{"\"memory\":{\"reservation\":500}", "memory.low=500"},
	{"\"memory\":{\"reservation\":-1}", "memory.low=max"},
	{"\"memory\":{\"kernel\":500}", "!linux.resources.memory.kernel:"},
	{"\"memory\":{\"kernelTCP\":500}", "!linux.resources.memory.kernelTCP:"},
	{"\"memory\":{\"swappiness\":10}", "!linux.resources.memory.swappiness:"},
	{"\"memory\":{\"disableOOMKiller\":true}", "!linux.resources.memory.disableOOMKiller:"},
	{"\"memory\":{\"useHierarchy\":false}", "!linux.resources.memory.useHierarchy:"},
	{"\"cpu\":{\"shares\":0,\"quota\":0,\"period\":0,\"realtimeRuntime\":0}", ""},
	{"\"cpu\":{\"shares\":1024}", "cpu.weight=100"},
	{"\"cpu\":{\"quota\":50000}", "cpu.max=50000"},
	{"\"cpu\":{\"quota\":-1,\"period\":100000}", "cpu.max=max_100000"},
	{"\"cpu\":{\"quota\":50000,\"period\":100000,\"burst\":1000}",
	 "cpu.max=50000_100000 cpu.max.burst=1000"},
	{"\"cpu\":{\"realtimeRuntime\":900}", "!linux.resources.cpu.realtimeRuntime:"},
	{"\"cpu\":{\"realtimePeriod\":900}", "!linux.resources.cpu.realtimePeriod:"},
	{"\"cpu\":{\"cpus\":\"0-3\",\"mems\":\"0\"}", "cpuset.cpus=0-3 cpuset.mems=0"},
	{"\"cpu\":{\"idle\":1,\"shares\":1024}", "cpu.weight=100 cpu.idle=1"},
	{"\"cpu\":{\"idle\":0,\"shares\":1024}", "cpu.idle=0? cpu.weight=100"},
	{"\"pids\":{\"limit\":0}", "pids.max=0"},
	{"\"pids\":{\"limit\":-1}", "pids.max=max"},
	{"\"blockIO\":{\"weight\":10}", "io.bfq.weight|io.weight=10|1"},
	{"\"blockIO\":{\"weight\":1000}", "io.bfq.weight|io.weight=1000|10000"},
	{"\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"weight\":300}]}",
	 "io.bfq.weight|io.weight=8:0_300|8:0_2930"},
	{"\"blockIO\":{\"leafWeight\":10}", "!linux.resources.blockIO.leafWeight:"},
	{"\"blockIO\":{\"weightDevice\":[{\"major\":8,\"minor\":0,\"leafWeight\":300}]}",
	 "!linux.resources.blockIO.weightDevice[0].leafWeight:"},
	{"\"blockIO\":{\"throttleReadBpsDevice\":[{\"major\":8,\"minor\":0,\"rate\":600}],"
	 "\"throttleWriteIOPSDevice\":[{\"major\":8,\"minor\":16,\"rate\":0}]}",
	 "io.max=8:0_rbps=600 io.max=8:16_wiops=max"},
	{"\"hugepageLimits\":[{\"pageSize\":\"1GB\",\"limit\":9}]",
	 "hugetlb.1GB.max=9 hugetlb.1GB.rsvd.max=9?"},
	{"\"network\":{\"classID\":0}", ""},
	{"\"network\":{\"classID\":1}", "!linux.resources.network.classID:"},
	{"\"network\":{\"priorities\":[{\"name\":\"eth0\",\"priority\":5}]}",
	 "!linux.resources.network.priorities:"},
	{"\"rdma\":{\"mlx5\":{\"hcaHandles\":3}}", "rdma.max=mlx5_hca_handle=3"},
	{"\"unified\":{\"memory.high\":\"5\",\"cgroup.max.depth\":\"3\"}",
	 "memory.high=5 cgroup.max.depth=3"},
	{"\"unified\":{\"foo.max\":\"5\"}", "!linux.resources.unified.foo.max: the controller foo"},
	{"\"pids\":{\"limit\":5},\"unified\":{\"pids.max\":\"7\"}", "pids.max=5 pids.max=7"},
};

/* The order on update, where the cgroup has values already. */
static const struct row rows_update_v1[] = {
	{"\"memory\":{\"limit\":1000,\"swap\":3000}",
	 "memory.memsw.limit_in_bytes=-1 memory.limit_in_bytes=1000 "
	 "memory.memsw.limit_in_bytes=3000"},
	{"\"memory\":{\"limit\":-1}", "memory.memsw.limit_in_bytes=-1? memory.limit_in_bytes=-1"},
	{"\"memory\":{\"limit\":1000}", "memory.limit_in_bytes=1000"},
	{"\"memory\":{\"disableOOMKiller\":false}", "memory.oom_control=0"},
	{"\"cpu\":{\"quota\":50000,\"period\":100000}",
	 "cpu.cfs_quota_us=-1 cpu.cfs_period_us=100000 cpu.cfs_quota_us=50000"},
	{"\"cpu\":{\"quota\":50000}", "cpu.cfs_quota_us=50000"},
	{"\"cpu\":{\"quota\":50000,\"burst\":10}",
	 "cpu.cfs_burst_us=0 cpu.cfs_quota_us=50000 cpu.cfs_burst_us=10"},
};

static const struct row rows_update_v2[] = {
	{"\"cpu\":{\"quota\":50000,\"burst\":10}",
	 "cpu.max.burst=0 cpu.max=50000 cpu.max.burst=10"},
	{"\"cpu\":{\"idle\":1,\"shares\":10}", "cpu.idle=1"},
};

/* name=value; "?" when absence is fine, "|" before what belongs to the fallback, "_" for spaces. */
static const char *settings_text(struct arena *arena, const struct plan_limits *limits)
{
	auto_buf text = {0};

	list_each(const struct plan_setting, setting, &limits->settings)
	{
		size_t start;

		buf_printf(&text, "%s%s", text.size ? " " : "", setting->file);
		if (setting->fallback_file)
			buf_printf(&text, "|%s", setting->fallback_file);
		buf_append_char(&text, '=');
		start = text.size;
		buf_append_str(&text, setting->value);
		if (setting->fallback_value)
			buf_printf(&text, "|%s", setting->fallback_value);
		for (size_t i = start; i < text.size; i++)
			if (text.data[i] == ' ')
				text.data[i] = '_';
		if (setting->ignore_absent.value)
			buf_append_char(&text, '?');
	}
	return arena_strdup(arena, buf_text(&text));
}

static void check_row(const struct row *row, enum cgroup_mode mode, bool is_update)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(mode);
	const struct oci_resources *resources;
	const struct plan_limits *limits;
	const char *text = arena_printf(&arena, "{%s}", row->resources);
	struct err e = {0};
	int r;

	if (oci_resources_parse(&arena, text, strlen(text), &resources, &e) < 0) {
		tap_check(false, __FILE__, __LINE__, "%s: %s", text, e.text);
		return;
	}
	if (is_update) {
		r = planner_limits(&arena, resources, &facts, false, &limits, &e);
	} else {
		struct limits l = {.arena = &arena, .from = resources, .facts = &facts};

		l.to = arena_new(&arena, struct plan_limits);
		limits = l.to;
		r = mode == CGROUP_MODE_UNIFIED ? limits_v2_plan(&l, &e) : limits_v1_plan(&l, &e);
	}
	if (*row->expected == '!')
		tap_check(r < 0 && strstr(e.text, row->expected + 1), __FILE__, __LINE__,
			  "%s: refused: %s", row->resources, e.text);
	else
		tap_is_text(r < 0 ? e.text : settings_text(&arena, limits), row->expected, __FILE__,
			    __LINE__, row->resources);
}

static void test_settings(void)
{
	for (size_t i = 0; i < sizeof(rows_v1) / sizeof(rows_v1[0]); i++) {
		check_row(&rows_v1[i], CGROUP_MODE_LEGACY, false);
		check_row(&rows_v1[i], CGROUP_MODE_HYBRID, false);
	}
	for (size_t i = 0; i < sizeof(rows_v2) / sizeof(rows_v2[0]); i++)
		check_row(&rows_v2[i], CGROUP_MODE_UNIFIED, false);
	for (size_t i = 0; i < sizeof(rows_update_v1) / sizeof(rows_update_v1[0]); i++)
		check_row(&rows_update_v1[i], CGROUP_MODE_HYBRID, true);
	for (size_t i = 0; i < sizeof(rows_update_v2) / sizeof(rows_update_v2[0]); i++)
		check_row(&rows_update_v2[i], CGROUP_MODE_UNIFIED, true);
}

static void test_weights(void)
{
	/* From the formula in arbitrary precision. */
	static const uint64_t weights[][2] = {
		{0, 1},
		{1, 1},
		{2, 1},
		{3, 2},
		{4, 2},
		{10, 4},
		{100, 17},
		{512, 59},
		{1000, 99},
		{1023, 100},
		{1024, 100},
		{1025, 101},
		{2048, 174},
		{10000, 627},
		{65536, 3023},
		{200000, 7899},
		{262143, 10000},
		{262144, 10000},
		{UINT64_MAX, 10000},
	};

	for (size_t i = 0; i < sizeof(weights) / sizeof(weights[0]); i++)
		check_number(cpu_weight_of_shares(weights[i][0]), weights[i][1]);
	for (uint64_t shares = 3; shares <= 262144; shares++)
		if (cpu_weight_of_shares(shares) < cpu_weight_of_shares(shares - 1)) {
			tap_check(false, __FILE__, __LINE__, "more shares, more weight: %llu",
				  (unsigned long long)shares);
			break;
		}
	check_number(io_weight_of_blkio(10), 1);
	check_number(io_weight_of_blkio(500), 4950);
	check_number(io_weight_of_blkio(1000), 10000);
}

static const char *rules_text(struct arena *arena, const struct plan_limits *limits, size_t count)
{
	auto_buf text = {0};

	for (size_t i = 0; i < count && i < limits->devices.count; i++) {
		const struct plan_device_rule *rule =
			list_at(struct plan_device_rule, &limits->devices, i);

		buf_printf(&text, "%s%c%s", text.size ? " " : "", rule->allow.value ? '+' : '-',
			   rule->type);
		if (rule->major.is_set)
			buf_printf(&text, "%lld", (long long)rule->major.value);
		buf_append_char(&text, ':');
		if (rule->minor.is_set)
			buf_printf(&text, "%lld", (long long)rule->minor.value);
		buf_append_str(&text, rule->access);
	}
	return arena_strdup(arena, buf_text(&text));
}

static const struct plan *plan_of(struct arena *arena, const char *linux_, const char *more,
				  const struct facts *facts, bool systemd)
{
	struct planner_options options = test_options();
	const struct oci_config *config = test_config_with(
		arena, arena_printf(arena, TEST_PROCESS ",%s\"linux\":{%s}", more, linux_));
	const struct plan *plan = NULL;
	struct err e;

	options.systemd_cgroup = systemd;
	if (planner_build(arena, config, facts, &options, &plan, &e) < 0)
		tap_check(false, __FILE__, __LINE__, "%s: %s", linux_, e.text);
	return plan;
}

static void test_devices(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_UNIFIED);
	const struct plan *plan = plan_of(&arena, "", "", &facts, false);

	check(plan->limits->has_devices.value);
	check_number(plan->limits->devices.count, 12);
	check_text(rules_text(&arena, plan->limits, 4), "-a:rwm +c:m +b:m +c1:3rwm");
	plan = plan_of(&arena,
		       "\"resources\":{\"devices\":[{\"allow\":true,\"type\":\"c\",\"major\":10,"
		       "\"minor\":-1,\"access\":\"r\"},{\"allow\":false,\"type\":\"b\"}]}",
		       "", &facts, false);
	check_text(rules_text(&arena, plan->limits, 4), "-a:rwm +c10:r -b:rwm +c:m");
	plan = plan_of(&arena, "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}]}",
		       "", &facts, false);
	check_text(rules_text(&arena, plan->limits, 2), "+a:rwm +c:m");
	facts.is_rootless = true;
	facts.euid = 1000;
	plan = plan_of(&arena, "", "", &facts, false);
	check(!plan->limits->has_devices.value);
	check_number(plan->limits->devices.count, 0);
}

static const char *property(const struct plan *plan, const char *name)
{
	static char text[512];

	list_each(const struct plan_unit_property, p,
		  &plan->limits->unit_properties) if (str_is(p->name, name))
	{
		(void)snprintf(text, sizeof(text), "%s %s", p->signature, p->value);
		return text;
	}
	return "";
}

static void test_unit(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_UNIFIED);
	const struct plan *plan;

	facts.systemd_running = true;
	plan = plan_of(&arena,
		       "\"resources\":{\"memory\":{\"limit\":1000,\"swap\":3000},\"cpu\":{"
		       "\"shares\":1024,\"quota\":12345,\"period\":100000,\"cpus\":\"0-2,9\"},"
		       "\"pids\":{\"limit\":0},\"blockIO\":{\"weight\":500}}",
		       "\"annotations\":{\"org.systemd.property.TimeoutStopSec\":\"1.5\","
		       "\"org.systemd.property.CollectMode\":\"'inactive-or-failed'\","
		       "\"org.systemd.property.SendSIGHUP\":\"true\","
		       "\"org.systemd.property.Foo\":\"uint64 5\","
		       "\"org.systemd.property.After\":\"['a.service', \\\"b\\\"]\",\"x\":\"y\"},",
		       &facts, true);
	check_text(property(plan, "MemoryMax"), "t 1000");
	check_text(property(plan, "MemorySwapMax"), "t 2000");
	check_text(property(plan, "CPUWeight"), "t 100");
	check_text(property(plan, "CPUQuotaPerSecUSec"), "t 130000");
	check_text(property(plan, "CPUQuotaPeriodUSec"), "t 100000");
	check_text(property(plan, "AllowedCPUs"), "ay 0702");
	check_text(property(plan, "TasksMax"), "t 1");
	check_text(property(plan, "IOWeight"), "t 4950");
	check_text(property(plan, "DevicePolicy"), "s strict");
	check_contains(property(plan, "DeviceAllow"), "char-* m\nblock-* m\n/dev/char/1:3 rwm\n");
	check_text(property(plan, "TimeoutStopUSec"), "t 1500000");
	check_text(property(plan, "CollectMode"), "s inactive-or-failed");
	check_text(property(plan, "SendSIGHUP"), "b true");
	check_text(property(plan, "Foo"), "t 5");
	check_text(property(plan, "After"), "as a.service\nb");
	check_text(plan->cgroup->slice, "system.slice");
	check_text(plan->cgroup->unit, "bulkhead-c1.scope");
	plan = plan_of(&arena,
		       "\"resources\":{\"devices\":[{\"allow\":true,\"access\":\"rwm\"}],"
		       "\"memory\":{\"limit\":-1},\"cpu\":{\"quota\":-1}}",
		       "", &facts, true);
	check_text(property(plan, "DevicePolicy"), "s auto");
	check_text(property(plan, "DeviceAllow"), "a(ss) ");
	check_text(property(plan, "MemoryMax"), "t 18446744073709551615");
	check_text(property(plan, "CPUQuotaPerSecUSec"), "t 18446744073709551615");
	plan = plan_of(&arena,
		       "\"resources\":{\"unified\":{\"memory.high\":\"48M\",\"memory.min\":\"max\","
		       "\"cpu.max\":\"50000 200000\",\"cpu.weight\":\"7\",\"pids.max\":\"12x\","
		       "\"io.weight\":\"default 30\",\"cpuset.cpus\":\"1\"}}",
		       "", &facts, true);
	check_text(property(plan, "MemoryHigh"), "t 50331648");
	check_text(property(plan, "MemoryMin"), "t 18446744073709551615");
	check_text(property(plan, "CPUQuotaPerSecUSec"), "t 250000");
	check_text(property(plan, "CPUQuotaPeriodUSec"), "t 200000");
	check_text(property(plan, "CPUWeight"), "t 7");
	check_text(property(plan, "IOWeight"), "t 30");
	check_text(property(plan, "AllowedCPUs"), "ay 02");
	check_text(property(plan, "TasksMax"), "");
	facts.cgroup_mode = CGROUP_MODE_HYBRID;
	plan = plan_of(&arena, "\"resources\":{\"memory\":{\"limit\":9},\"cpu\":{\"shares\":7}}",
		       "", &facts, true);
	check_text(property(plan, "MemoryLimit"), "t 9");
	check_text(property(plan, "CPUShares"), "t 7");
}

int main(void)
{
	test_settings();
	test_weights();
	test_devices();
	test_unit();
	return tap_done();
}
