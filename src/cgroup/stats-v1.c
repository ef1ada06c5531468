/*
 * Statistics of cgroup v1: one function a controller, whichever are mounted.
 *
 * Surprising: cpuacct.stat counts in clock ticks, everything else in nanoseconds; memory.memsw is
 * memory and swap together; blkio.bfq.* appears only while the bfq scheduler is in use, then the
 * throttle files count the same requests a second time, so they are read only without the former.
 */
#include "stats.h"

#include <fcntl.h>

static int fail_file(const char *file, int code, struct err *e)
{
	return fail(e, code, "read '%s'", file);
}

static int read_cpuacct(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const uint64_t tick = 1000000000ULL / (uint64_t)sysconf(_SC_CLK_TCK);
	const char *text;
	int r = stats_text(fd, "cpuacct.stat", &buf, &text);

	if (r < 0)
		return fail_file("cpuacct.stat", -r, e);
	stats->has_cpu = true;
	stats->cpu_total = stats_number(fd, "cpuacct.usage");
	stats->cpu_user = stats_key(text, "user") * tick;
	stats->cpu_kernel = stats_key(text, "system") * tick;
	r = stats_text(fd, "cpuacct.usage_percpu", &buf, &text);
	if (r < 0)
		return fail_file("cpuacct.usage_percpu", -r, e);
	stats_numbers(arena, text, &stats->cpu_per, &stats->cpu_per_count);
	r = stats_text(fd, "cpuacct.usage_all", &buf, &text);
	if (r < 0)
		return fail_file("cpuacct.usage_all", -r, e);
	stats_usage_all(arena, text, stats);
	return 0;
}

static int read_cpu(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	int r = stats_text(fd, "cpu.stat", &buf, &text);

	(void)arena;
	if (r < 0)
		return fail_file("cpu.stat", -r, e);
	stats->has_cpu = true;
	stats->periods = stats_key(text, "nr_periods");
	stats->throttled_periods = stats_key(text, "nr_throttled");
	stats->throttled_time = stats_key(text, "throttled_time");
	return 0;
}

static const char *read_list(int fd, struct arena *arena, const char *file, const char *other)
{
	char text[4096];

	if (control_read(fd, file, text, sizeof(text)) > 0 ||
	    control_read(fd, other, text, sizeof(text)) > 0)
		return arena_strdup(arena, text);
	return "";
}

static int read_cpuset(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	static const char *const names[] = {
		"cpu_exclusive",   "mem_hardwall",	 "mem_exclusive",
		"memory_migrate",  "memory_spread_page", "memory_spread_slab",
		"memory_pressure", "sched_load_balance", "sched_relax_domain_level",
	};
	enum { COUNT = sizeof(names) / sizeof(names[0]) };

	(void)e;
	stats->has_cpuset = true;
	stats->cpus = read_list(fd, arena, "cpuset.effective_cpus", "cpuset.cpus");
	stats->mems = read_list(fd, arena, "cpuset.effective_mems", "cpuset.mems");
	stats->cpuset_values.items = arena_new_array(arena, COUNT, struct map_entry);
	for (size_t i = 0; i < COUNT; i++) {
		char file[64], text[64];

		(void)snprintf(file, sizeof(file), "cpuset.%s", names[i]);
		if (control_read(fd, file, text, sizeof(text)) <= 0)
			continue;
		stats->cpuset_values.items[stats->cpuset_values.count++] =
			(struct map_entry){names[i], arena_strdup(arena, text)};
	}
	return 0;
}

static void read_memory_entry(int fd, const char *prefix, struct stats_memory_entry *ret)
{
	char file[96];

	(void)snprintf(file, sizeof(file), "%s.usage_in_bytes", prefix);
	ret->usage = stats_number(fd, file);
	(void)snprintf(file, sizeof(file), "%s.max_usage_in_bytes", prefix);
	ret->max = stats_number(fd, file);
	(void)snprintf(file, sizeof(file), "%s.failcnt", prefix);
	ret->failcnt = stats_number(fd, file);
	(void)snprintf(file, sizeof(file), "%s.limit_in_bytes", prefix);
	ret->limit = stats_number(fd, file);
}

static int read_memory(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	int r = stats_text(fd, "memory.stat", &buf, &text);

	if (r < 0)
		return fail_file("memory.stat", -r, e);
	stats->has_memory = true;
	stats->memory_raw = stats_map(arena, text);
	stats->memory_cache = stats_key(text, "cache");
	read_memory_entry(fd, "memory", &stats->memory);
	read_memory_entry(fd, "memory.memsw", &stats->swap);
	read_memory_entry(fd, "memory.kmem", &stats->kernel);
	read_memory_entry(fd, "memory.kmem.tcp", &stats->kernel_tcp);
	return 0;
}

static int read_pids(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	uint64_t limit = stats_number(fd, "pids.max");

	(void)arena;
	(void)e;
	stats->has_pids = true;
	stats->pids_current = stats_number(fd, "pids.current");
	stats->pids_limit = limit == UINT64_MAX ? 0 : limit;
	return 0;
}

/* The first of the files that has entries. */
static int read_io_list(int fd, struct arena *arena, const char *const files[3],
			struct stats_io_list *list, struct err *e)
{
	auto_buf buf = {0};
	const char *text;

	for (size_t i = 0; i < 3 && files[i]; i++) {
		int r = stats_text(fd, files[i], &buf, &text);

		if (r < 0)
			return fail_file(files[i], -r, e);
		stats_blkio(arena, text, list);
		if (list->count > 0)
			return 0;
	}
	return 0;
}

static int read_blkio(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	const struct {
		const char *files[3];
		struct stats_io_list *list;
	} lists[] = {
		{{"blkio.bfq.io_service_bytes_recursive", "blkio.io_service_bytes_recursive",
		  "blkio.throttle.io_service_bytes_recursive"},
		 &stats->io_bytes},
		{{"blkio.bfq.io_serviced_recursive", "blkio.io_serviced_recursive",
		  "blkio.throttle.io_serviced_recursive"},
		 &stats->io_serviced},
		{{"blkio.bfq.io_queued_recursive", "blkio.io_queued_recursive"}, &stats->io_queued},
		{{"blkio.bfq.io_service_time_recursive", "blkio.io_service_time_recursive"},
		 &stats->io_service_time},
		{{"blkio.bfq.io_wait_time_recursive", "blkio.io_wait_time_recursive"},
		 &stats->io_wait_time},
		{{"blkio.bfq.io_merged_recursive", "blkio.io_merged_recursive"}, &stats->io_merged},
		{{"blkio.bfq.time_recursive", "blkio.time_recursive"}, &stats->io_time},
		{{"blkio.bfq.sectors_recursive", "blkio.sectors_recursive"}, &stats->io_sectors},
	};

	stats->has_io = true;
	for (size_t i = 0; i < sizeof(lists) / sizeof(lists[0]); i++) {
		int r = read_io_list(fd, arena, lists[i].files, lists[i].list, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int read_hugetlb(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	struct strv sizes;

	(void)e;
	stats_page_sizes(fd, arena, &sizes);
	stats->hugetlb = arena_new_array(arena, sizes.count, struct stats_hugetlb_entry);
	for (size_t i = 0; i < sizes.count; i++) {
		struct stats_hugetlb_entry *entry = &stats->hugetlb[stats->hugetlb_count++];
		const char *reserved = "rsvd.";
		char file[128];

		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.usage_in_bytes",
			       sizes.items[i]);
		if (faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) < 0)
			reserved = "";
		entry->page_size = sizes.items[i];
		(void)snprintf(file, sizeof(file), "hugetlb.%s.%susage_in_bytes", sizes.items[i],
			       reserved);
		entry->usage = stats_number(fd, file);
		(void)snprintf(file, sizeof(file), "hugetlb.%s.%smax_usage_in_bytes",
			       sizes.items[i], reserved);
		entry->max = stats_number(fd, file);
		(void)snprintf(file, sizeof(file), "hugetlb.%s.%sfailcnt", sizes.items[i],
			       reserved);
		entry->failcnt = stats_number(fd, file);
	}
	return 0;
}

int stats_read_v1(struct cgroup *cgroup, struct arena *arena, struct stats *stats, struct err *e)
{
	static const struct {
		const char *controller;
		int (*read)(int fd, struct arena *arena, struct stats *stats, struct err *e);
	} readers[] = {
		{"cpuacct", read_cpuacct}, {"cpu", read_cpu},	{"cpuset", read_cpuset},
		{"memory", read_memory},   {"pids", read_pids}, {"blkio", read_blkio},
		{"hugetlb", read_hugetlb},
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++) {
		struct hierarchy *h = cgroup_find(cgroup, readers[i].controller);
		int r = h && !h->info->is_v2 ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

		if (r == 0)
			r = readers[i].read(h->fd, arena, stats, e);
		if (r < 0)
			return r;
	}
	return 0;
}
