/*
 * Statistics in the shape that callers of `events` parse: names and nesting are theirs. Members
 * that a host does not measure are left out; numbers are unsigned 64-bit.
 */
#include "stats-write.h"

#include "base/num.h"
#include "oci/names.h"

enum { CPUS_MAX = 8192 };

static void array_write(struct json_writer *w, const char *name, const uint64_t *values,
			size_t count)
{
	if (!values || count == 0)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < count; i++)
		json_u64(w, values[i]);
	json_end_array(w);
}

static void pressure_half(struct json_writer *w, const char *name, double avg10, double avg60,
			  double avg300, uint64_t total)
{
	json_name(w, name);
	json_begin_object(w);
	json_name(w, "avg10");
	json_double(w, avg10);
	json_name(w, "avg60");
	json_double(w, avg60);
	json_name(w, "avg300");
	json_double(w, avg300);
	json_member_u64(w, "total", total);
	json_end_object(w);
}

static void pressure_write(struct json_writer *w, const struct stats_pressure *p)
{
	if (!p->is_set)
		return;
	json_name(w, "psi");
	json_begin_object(w);
	pressure_half(w, "some", p->some_avg10, p->some_avg60, p->some_avg300, p->some_total);
	pressure_half(w, "full", p->full_avg10, p->full_avg60, p->full_avg300, p->full_total);
	json_end_object(w);
}

static void cpu_write(struct json_writer *w, const struct stats *stats)
{
	size_t count = stats->cpu_per_count;

	json_name(w, "cpu");
	json_begin_object(w);
	json_name(w, "usage");
	json_begin_object(w);
	json_member_u64(w, "total", stats->cpu_total);
	array_write(w, "percpu", stats->cpu_per, count);
	array_write(w, "percpu_kernel", stats->cpu_per_kernel, count);
	array_write(w, "percpu_user", stats->cpu_per_user, count);
	json_member_u64(w, "kernel", stats->cpu_kernel);
	json_member_u64(w, "user", stats->cpu_user);
	json_end_object(w);
	json_name(w, "throttling");
	json_begin_object(w);
	json_member_u64(w, "periods", stats->periods);
	json_member_u64(w, "throttledPeriods", stats->throttled_periods);
	json_member_u64(w, "throttledTime", stats->throttled_time);
	json_end_object(w);
	pressure_write(w, &stats->cpu_pressure);
	json_end_object(w);
}

/* "0-2,5" as [0,1,2,5]. */
static void cpu_list_write(struct json_writer *w, const char *name, const char *list)
{
	uint8_t bits[CPUS_MAX / 8] = {0};

	if (!list || oci_cpu_list_parse(list, bits, CPUS_MAX) < 0)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < CPUS_MAX; i++) {
		if (bits[i / 8] & (1U << (i % 8)))
			json_u64(w, i);
	}
	json_end_array(w);
}

/* Digits as numbers. */
static void map_write(struct json_writer *w, const struct map *map)
{
	uint64_t number;

	for (size_t i = 0; i < map->count; i++) {
		if (num_u64(map->items[i].value, &number) == 0)
			json_member_u64(w, map->items[i].name, number);
	}
}

static void cpuset_write(struct json_writer *w, const struct stats *stats)
{
	json_name(w, "cpuset");
	json_begin_object(w);
	cpu_list_write(w, "cpus", stats->cpus);
	cpu_list_write(w, "mems", stats->mems);
	map_write(w, &stats->cpuset_values);
	json_end_object(w);
}

static void memory_entry_write(struct json_writer *w, const char *name,
			       const struct stats_memory_entry *entry)
{
	json_name(w, name);
	json_begin_object(w);
	json_member_u64(w, "limit", entry->limit);
	json_member_u64(w, "usage", entry->usage);
	json_member_u64(w, "max", entry->max);
	json_member_u64(w, "failcnt", entry->failcnt);
	json_end_object(w);
}

static void memory_write(struct json_writer *w, const struct stats *stats)
{
	json_name(w, "memory");
	json_begin_object(w);
	json_member_u64(w, "cache", stats->memory_cache);
	memory_entry_write(w, "usage", &stats->memory);
	memory_entry_write(w, "swap", &stats->swap);
	memory_entry_write(w, "kernel", &stats->kernel);
	memory_entry_write(w, "kernelTCP", &stats->kernel_tcp);
	json_name(w, "raw");
	json_begin_object(w);
	map_write(w, &stats->memory_raw);
	json_end_object(w);
	pressure_write(w, &stats->memory_pressure);
	json_end_object(w);
}

static void io_list_write(struct json_writer *w, const char *name, const struct stats_io_list *list)
{
	if (list->count == 0)
		return;
	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < list->count; i++) {
		const struct stats_io_entry *entry = &list->items[i];

		json_begin_object(w);
		json_member_u64(w, "major", entry->major);
		json_member_u64(w, "minor", entry->minor);
		json_member_string(w, "op", entry->op ? entry->op : "");
		json_member_u64(w, "value", entry->value);
		json_end_object(w);
	}
	json_end_array(w);
}

static void io_write(struct json_writer *w, const struct stats *stats)
{
	json_name(w, "blkio");
	json_begin_object(w);
	io_list_write(w, "ioServiceBytesRecursive", &stats->io_bytes);
	io_list_write(w, "ioServicedRecursive", &stats->io_serviced);
	io_list_write(w, "ioQueueRecursive", &stats->io_queued);
	io_list_write(w, "ioServiceTimeRecursive", &stats->io_service_time);
	io_list_write(w, "ioWaitTimeRecursive", &stats->io_wait_time);
	io_list_write(w, "ioMergedRecursive", &stats->io_merged);
	io_list_write(w, "ioTimeRecursive", &stats->io_time);
	io_list_write(w, "sectorsRecursive", &stats->io_sectors);
	pressure_write(w, &stats->io_pressure);
	json_end_object(w);
}

static void hugetlb_write(struct json_writer *w, const struct stats *stats)
{
	json_name(w, "hugetlb");
	json_begin_object(w);
	for (size_t i = 0; i < stats->hugetlb_count; i++) {
		const struct stats_hugetlb_entry *entry = &stats->hugetlb[i];

		json_name(w, entry->page_size);
		json_begin_object(w);
		json_member_u64(w, "usage", entry->usage);
		json_member_u64(w, "max", entry->max);
		json_member_u64(w, "failcnt", entry->failcnt);
		json_end_object(w);
	}
	json_end_object(w);
}

static void interfaces_write(struct json_writer *w, const struct stats *stats)
{
	json_name(w, "network_interfaces");
	if (stats->interface_count == 0) {
		json_null(w);
		return;
	}
	json_begin_array(w);
	for (size_t i = 0; i < stats->interface_count; i++) {
		const struct stats_interface *interface = &stats->interfaces[i];

		json_begin_object(w);
		json_member_string(w, "Name", interface->name);
		json_member_u64(w, "RxBytes", interface->rx_bytes);
		json_member_u64(w, "RxPackets", interface->rx_packets);
		json_member_u64(w, "RxErrors", interface->rx_errors);
		json_member_u64(w, "RxDropped", interface->rx_dropped);
		json_member_u64(w, "TxBytes", interface->tx_bytes);
		json_member_u64(w, "TxPackets", interface->tx_packets);
		json_member_u64(w, "TxErrors", interface->tx_errors);
		json_member_u64(w, "TxDropped", interface->tx_dropped);
		json_end_object(w);
	}
	json_end_array(w);
}

void stats_write(const char *id, const struct stats *stats, struct json_writer *w)
{
	json_begin_object(w);
	json_member_string(w, "type", "stats");
	json_member_string(w, "id", id);
	json_name(w, "data");
	json_begin_object(w);
	if (stats->has_cpu)
		cpu_write(w, stats);
	if (stats->has_cpuset)
		cpuset_write(w, stats);
	if (stats->has_memory)
		memory_write(w, stats);
	if (stats->has_pids) {
		json_name(w, "pids");
		json_begin_object(w);
		json_member_u64(w, "current", stats->pids_current);
		json_member_u64(w, "limit", stats->pids_limit);
		json_end_object(w);
	}
	if (stats->has_io)
		io_write(w, stats);
	if (stats->hugetlb_count > 0)
		hugetlb_write(w, stats);
	interfaces_write(w, stats);
	json_end_object(w);
	json_end_object(w);
}
