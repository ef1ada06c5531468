/*
 * Statistics of cgroup v2, in the units of v1.
 *
 * Surprising: times are in microseconds; "swap" here is swap alone, while events reports memory and
 * swap together as v1 does; memory.peak is younger (5.19) than the rest.
 */
#include "stats.h"

#include <fcntl.h>

static uint64_t add_limits(uint64_t a, uint64_t b)
{
	uint64_t sum;

	return a == UINT64_MAX || b == UINT64_MAX || __builtin_add_overflow(a, b, &sum) ? UINT64_MAX
											: sum;
}

static int read_text(int fd, const char *file, struct buf *buf, const char **ret, struct err *e)
{
	int r = stats_text(fd, file, buf, ret);

	return r < 0 ? fail(e, -r, "read '%s'", file) : 0;
}

static bool has_file(int fd, const char *file)
{
	return faccessat(fd, file, F_OK, AT_SYMLINK_NOFOLLOW) == 0;
}

static int read_pressure(int fd, const char *file, struct stats_pressure *ret, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	int r = read_text(fd, file, &buf, &text, e);

	if (r == 0)
		stats_pressure_parse(text, ret);
	return r;
}

static int read_cpu(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	int r = read_text(fd, "cpu.stat", &buf, &text, e);

	(void)arena;
	if (r < 0)
		return r;
	stats->has_cpu = text[0] != '\0';
	stats->cpu_total = stats_key(text, "usage_usec") * 1000;
	stats->cpu_user = stats_key(text, "user_usec") * 1000;
	stats->cpu_kernel = stats_key(text, "system_usec") * 1000;
	stats->periods = stats_key(text, "nr_periods");
	stats->throttled_periods = stats_key(text, "nr_throttled");
	stats->throttled_time = stats_key(text, "throttled_usec") * 1000;
	return read_pressure(fd, "cpu.pressure", &stats->cpu_pressure, e);
}

static int read_memory(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	uint64_t swap_usage, swap_limit;
	int r = read_text(fd, "memory.stat", &buf, &text, e);

	if (r < 0 || text[0] == '\0')
		return r;
	stats->has_memory = true;
	stats->memory_raw = stats_map(arena, text);
	stats->memory_cache = stats_key(text, "file");
	stats->kernel.usage = stats_key(text, "kernel");
	stats->kernel.limit = UINT64_MAX;
	stats->kernel_tcp.usage = stats_key(text, "sock");
	stats->kernel_tcp.limit = UINT64_MAX;
	stats->memory.usage = stats_number(fd, "memory.current");
	stats->memory.max = stats_number(fd, "memory.peak");
	stats->memory.limit =
		has_file(fd, "memory.max") ? stats_number(fd, "memory.max") : UINT64_MAX;
	r = read_text(fd, "memory.events", &buf, &text, e);
	if (r < 0)
		return r;
	stats->memory.failcnt = stats_key(text, "max");
	swap_usage = stats_number(fd, "memory.swap.current");
	swap_limit = has_file(fd, "memory.swap.max") ? stats_number(fd, "memory.swap.max") : 0;
	stats->swap.usage = add_limits(stats->memory.usage, swap_usage);
	stats->swap.limit = add_limits(stats->memory.limit, swap_limit);
	/* The two peaks need not have been at the same time. */
	stats->swap.max = add_limits(stats->memory.max, stats_number(fd, "memory.swap.peak"));
	r = read_text(fd, "memory.swap.events", &buf, &text, e);
	if (r < 0)
		return r;
	stats->swap.failcnt = stats_key(text, "max");
	return read_pressure(fd, "memory.pressure", &stats->memory_pressure, e);
}

static int read_pids(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	uint64_t limit;

	(void)arena;
	(void)e;
	if (!has_file(fd, "pids.current"))
		return 0;
	limit = stats_number(fd, "pids.max");
	stats->has_pids = true;
	stats->pids_current = stats_number(fd, "pids.current");
	stats->pids_limit = limit == UINT64_MAX ? 0 : limit;
	return 0;
}

static int read_io(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	auto_buf buf = {0};
	const char *text;
	int r = read_text(fd, "io.stat", &buf, &text, e);

	if (r < 0)
		return r;
	stats->has_io = has_file(fd, "io.stat");
	stats_io(arena, text, &stats->io_bytes, &stats->io_serviced);
	return read_pressure(fd, "io.pressure", &stats->io_pressure, e);
}

static int read_cpuset(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	char text[4096];

	(void)e;
	if (control_read(fd, "cpuset.cpus.effective", text, sizeof(text)) < 0)
		return 0;
	stats->has_cpuset = true;
	stats->cpus = arena_strdup(arena, text);
	stats->mems = "";
	if (control_read(fd, "cpuset.mems.effective", text, sizeof(text)) > 0)
		stats->mems = arena_strdup(arena, text);
	return 0;
}

static int read_hugetlb(int fd, struct arena *arena, struct stats *stats, struct err *e)
{
	struct strv sizes;

	stats_page_sizes(fd, arena, &sizes);
	stats->hugetlb = arena_new_array(arena, sizes.count, struct stats_hugetlb_entry);
	for (size_t i = 0; i < sizes.count; i++) {
		struct stats_hugetlb_entry *entry = &stats->hugetlb[stats->hugetlb_count++];
		auto_buf buf = {0};
		const char *text;
		char file[128];
		int r;

		entry->page_size = sizes.items[i];
		(void)snprintf(file, sizeof(file), "hugetlb.%s.rsvd.current", sizes.items[i]);
		if (!has_file(fd, file))
			(void)snprintf(file, sizeof(file), "hugetlb.%s.current", sizes.items[i]);
		entry->usage = stats_number(fd, file);
		(void)snprintf(file, sizeof(file), "hugetlb.%s.events", sizes.items[i]);
		r = read_text(fd, file, &buf, &text, e);
		if (r < 0)
			return r;
		entry->failcnt = stats_key(text, "max");
	}
	return 0;
}

int stats_read_v2(struct cgroup *cgroup, struct arena *arena, struct stats *stats, struct err *e)
{
	int (*const readers[])(int, struct arena *, struct stats *, struct err *) = {
		read_cpu, read_memory, read_pids, read_io, read_cpuset, read_hugetlb,
	};
	struct hierarchy *h = cgroup->v2;
	int r = hierarchy_open(cgroup, h, e);

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]) && r == 0; i++)
		r = readers[i](h->fd, arena, stats, e);
	return r < 0 ? r : 0;
}

int cgroup_stats(struct cgroup *cgroup, struct arena *arena, struct stats *ret, struct err *e)
{
	struct stats stats = {0};
	int r = 0;

	if (cgroup->is_unified)
		r = stats_read_v2(cgroup, arena, &stats, e);
	else if (!cgroup->is_none)
		r = stats_read_v1(cgroup, arena, &stats, e);
	if (r < 0)
		return wrap(e, "statistics of cgroup '%s'", cgroup->path);
	*ret = stats;
	return 0;
}
