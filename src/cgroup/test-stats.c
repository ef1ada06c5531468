/* Statistics: the formats, a v2 cgroup of ordinary files, and the real thing with its OOM killer.
 */
#include "stats.h"
#include "test-tools.h"

#include "base/fd.h"

#include <poll.h>

static void test_formats(struct arena *arena)
{
	struct stats_io_list list, serviced;
	struct stats_pressure pressure = {0};
	struct stats stats = {0};
	struct map map;

	check_number(stats_key("user 5\nsystem 7\n", "system"), 7);
	check_number(stats_key("user 5\nsystem x\n", "system"), 0);
	check_number(stats_key("usersystem 5\n", "user"), 0);
	map = stats_map(arena, "cache 1\nrss 18446744073709551615\nbad\nx -1\n\nlast 3");
	check_number(map.count, 3);
	check_text(map_get(&map, "rss"), "18446744073709551615");
	check_text(map_get(&map, "last"), "3");
	stats_blkio(arena, "8:0 Read 10\n8:16 Write 20\nTotal 30\n9:1 7\nx:1 Read 3\n", &list);
	check_number(list.count, 3);
	check_text(list.items[0].op, "Read");
	check_number(list.items[1].minor, 16);
	check_number(list.items[2].value, 7);
	stats_io(arena, "8:0 rbytes=1 wbytes=2 rios=3 wios=4 dbytes=5 dios=6\nbad\n8:1 rbytes=x\n",
		 &list, &serviced);
	check_number(list.count, 2);
	check_number(serviced.count, 2);
	check_text(serviced.items[1].op, "Write");
	check_number(serviced.items[1].value, 4);
	stats_pressure_parse("some avg10=1.50 avg60=0.00 avg300=0.25 total=77\n"
			     "full avg10=0.00 avg60=0.00 avg300=0.00 total=5\nother\n",
			     &pressure);
	check(pressure.is_set && pressure.some_avg10 == 1.5 && pressure.full_total == 5);
	stats_usage_all(arena, "cpu user system\n0 5 6\n1 7 8\n", &stats);
	check_number(stats.cpu_per_count, 2);
	check_number(stats.cpu_per_kernel[1], 8);
}

static void put(int fd, const char *file, const char *text)
{
	auto_fd int out = openat(fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(write(out, text, strlen(text)) == (ssize_t)strlen(text));
}

static void test_v2(struct arena *arena)
{
	char directory[] = "/tmp/bulkhead-test-XXXXXX";
	struct cgroup_hierarchy tree = {.mount_point = directory,
					.controllers = "",
					.own_path = "/",
					.mount_root = "/",
					.is_v2 = true};
	struct facts facts = {.cgroup_mode = CGROUP_MODE_UNIFIED,
			      .hierarchies = &tree,
			      .hierarchy_count = 1,
			      .v2_controllers = ""};
	struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS}, .path = "/box"};
	struct cgroup *cgroup = NULL;
	auto_fd int top = FD_NONE, box = FD_NONE;
	struct stats stats;
	struct err e;

	if (!mkdtemp(directory))
		return;
	hierarchy_accepts_any_file_system = true;
	top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(mkdirat(top, "box", 0755) == 0);
	box = openat(top, "box", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(box, "cpu.stat",
	    "usage_usec 3\nuser_usec 2\nsystem_usec 1\nnr_periods 4\n"
	    "nr_throttled 5\nthrottled_usec 6\n");
	put(box, "memory.stat", "anon 1\nfile 2\nkernel 3\nsock 4\n");
	put(box, "memory.current", "100\n");
	put(box, "memory.max", "max\n");
	put(box, "memory.swap.current", "20\n");
	put(box, "memory.swap.max", "30\n");
	put(box, "memory.events", "low 0\nhigh 0\nmax 9\noom 0\noom_kill 2\n");
	put(box, "pids.current", "7\n");
	put(box, "pids.max", "max\n");
	put(box, "io.stat", "8:0 rbytes=1 wbytes=2 rios=3 wios=4\n");
	put(box, "cpuset.cpus.effective", "0-3\n");
	put(box, "hugetlb.2MB.current", "2097152\n");
	put(box, "hugetlb.2MB.events", "max 3\n");
	check_ok(cgroup_open(&where, &facts, &cgroup, &e));
	check_ok(cgroup_stats(cgroup, arena, &stats, &e));
	check_number(stats.cpu_total, 3000);
	check_number(stats.throttled_time, 6000);
	check_number(stats.memory_cache, 2);
	check(stats.memory.limit == UINT64_MAX);
	check_number(stats.memory.failcnt, 9);
	check_number(stats.swap.usage, 120);
	check(stats.swap.limit == UINT64_MAX);
	check_number(stats.pids_limit, 0);
	check_number(stats.io_serviced.count, 2);
	check_text(stats.cpus, "0-3");
	check_number(stats.hugetlb_count, 1);
	check_text(stats.hugetlb[0].page_size, "2MB");
	check_number(stats.hugetlb[0].failcnt, 3);
	{
		uint64_t kills = 0;

		check_ok(cgroup_oom_count(cgroup, &kills, &e));
		check_number(kills, 2);
	}
	cgroup_close(cgroup);
	check(tree_remove(AT_FDCWD, directory, &e) == 0);
	hierarchy_accepts_any_file_system = false;
}

static int run_glutton(void *data)
{
	(void)data;
	for (;;) {
		char *memory = malloc(1 << 20);

		if (!memory)
			return 1;
		memset(memory, 1, 1 << 20);
	}
	return 0;
}

static void test_host(const struct facts *facts, struct arena *arena)
{
	const bool v2 = facts->cgroup_mode == CGROUP_MODE_UNIFIED;
	struct plan_setting settings[] = {
		{.controller = "memory",
		 .file = v2 ? "memory.max" : "memory.limit_in_bytes",
		 .value = "8388608",
		 .origin = "memory.limit"},
		{.controller = "memory",
		 .file = v2 ? "memory.swap.max" : "memory.memsw.limit_in_bytes",
		 .value = v2 ? "0" : "8388608",
		 .origin = "memory.swap",
		 .ignore_absent = {true, true}},
	};
	const struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS},
					  .path = own_path("stats")};
	struct plan_limits limits = {.settings = {settings, 2}};
	struct cgroup *cgroup = NULL;
	struct pollfd watch = {.events = POLLIN | POLLPRI};
	struct stats stats;
	uint64_t kills = 7;
	auto_fd int fd = FD_NONE;
	struct err e;

	if (!check_ok(cgroup_open(&where, facts, &cgroup, &e)) ||
	    !check_ok(cgroup_create(cgroup, &limits, &e)) ||
	    !check_ok(cgroup_apply(cgroup, &limits, &e)))
		return;
	check_ok(cgroup_oom_watch(cgroup, &fd, &e));
	check_ok(cgroup_oom_count(cgroup, &kills, &e));
	check_number(kills, 0);
	watch.fd = fd;
	check_number(poll(&watch, 1, 0), 0);
	check_number(reap(start_inside(cgroup, NULL, run_glutton, NULL)), 128 + SIGKILL);
	check_number(poll(&watch, 1, 2000), 1);
	check_ok(cgroup_oom_count(cgroup, &kills, &e));
	check_number(kills, 1);
	check_ok(cgroup_stats(cgroup, arena, &stats, &e));
	check(stats.has_cpu && stats.has_memory && stats.has_pids);
	check(stats.cpu_total > 0);
	check_number(stats.memory.limit, 8388608);
	check(stats.memory.max > 0);
	check(map_get(&stats.memory_raw, v2 ? "anon" : "cache") != NULL);
	check_number(stats.pids_current, 0);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

int main(void)
{
	auto_arena arena = {0};
	struct facts facts;
	struct err e;

	test_formats(&arena);
	test_v2(&arena);
	if (!check_ok(facts_probe(&arena, &facts, &e)))
		return tap_done();
	if (can_make(&facts))
		test_host(&facts, &arena);
	else
		tap_skip("cgroups cannot be made here");
	return tap_done();
}
