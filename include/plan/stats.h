/* What a container uses, as `events` reports it: filled from cgroup files, or sent by a guest. */
#ifndef PLAN_STATS_H
#define PLAN_STATS_H

#include "json/fields.h"

struct stats_io_entry {
	uint64_t major, minor;
	const char *op; /* "Read", "Write", ... */
	uint64_t value;
};

struct stats_io_list {
	struct stats_io_entry *items;
	size_t count;
};

struct stats_pressure {
	bool is_set;
	double some_avg10, some_avg60, some_avg300, full_avg10, full_avg60, full_avg300;
	uint64_t some_total, full_total; /* us */
};

struct stats_memory_entry {
	uint64_t usage, max, failcnt, limit; /* UINT64_MAX = none */
};

struct stats_hugetlb_entry {
	const char *page_size; /* "2MB" */
	uint64_t usage, max, failcnt;
};

struct stats_interface {
	const char *name;
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};

struct stats {
	bool has_cpu, has_cpuset, has_memory, has_pids, has_io;
	uint64_t cpu_total, cpu_user, cpu_kernel;	   /* ns */
	uint64_t *cpu_per, *cpu_per_user, *cpu_per_kernel; /* ns, v1 only */
	size_t cpu_per_count;
	uint64_t periods, throttled_periods, throttled_time;
	struct stats_pressure cpu_pressure, memory_pressure, io_pressure;
	const char *cpus, *mems;  /* effective lists, "0-3" */
	struct map cpuset_values; /* v1 cpuset.* numbers by their events name */
	uint64_t memory_cache;
	struct stats_memory_entry memory, swap, kernel, kernel_tcp;
	struct map memory_raw;		   /* memory.stat: name -> digits */
	uint64_t pids_current, pids_limit; /* limit 0 = none */
	struct stats_io_list io_bytes, io_serviced, io_queued, io_service_time, io_wait_time,
		io_merged, io_time, io_sectors;
	struct stats_hugetlb_entry *hugetlb;
	size_t hugetlb_count;
	struct stats_interface *interfaces; /* of the container's network namespace */
	size_t interface_count;
};

#endif
