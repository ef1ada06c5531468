/* What a container uses: struct stats, member by member. */
#include "pack.h"
#include "wire/bodies.h"

enum { MAP_ENTRY_LEAST = 8, IO_ENTRY_LEAST = 28, HUGETLB_LEAST = 28, INTERFACE_LEAST = 68 };

static void walk_map(struct pack *p, struct map *map)
{
	map->items =
		pack_items(p, map->items, &map->count, sizeof(struct map_entry), MAP_ENTRY_LEAST);
	for (size_t i = 0; i < map->count; i++) {
		pack_text(p, &map->items[i].name);
		pack_text(p, &map->items[i].value);
		if (!map->items[i].name || !map->items[i].value)
			p->is_wrong = true;
	}
}

static void walk_pressure(struct pack *p, struct stats_pressure *pressure)
{
	double *const averages[] = {&pressure->some_avg10,  &pressure->some_avg60,
				    &pressure->some_avg300, &pressure->full_avg10,
				    &pressure->full_avg60,  &pressure->full_avg300};

	pack_bool(p, &pressure->is_set);
	for (size_t i = 0; i < sizeof(averages) / sizeof(*averages); i++)
		pack_double(p, averages[i]);
	pack_u64(p, &pressure->some_total);
	pack_u64(p, &pressure->full_total);
}

static void walk_memory(struct pack *p, struct stats_memory_entry *memory)
{
	pack_u64(p, &memory->usage);
	pack_u64(p, &memory->max);
	pack_u64(p, &memory->failcnt);
	pack_u64(p, &memory->limit);
}

static void walk_io(struct pack *p, struct stats_io_list *list)
{
	list->items = pack_items(p, list->items, &list->count, sizeof(struct stats_io_entry),
				 IO_ENTRY_LEAST);
	for (size_t i = 0; i < list->count; i++) {
		pack_u64(p, &list->items[i].major);
		pack_u64(p, &list->items[i].minor);
		pack_text(p, &list->items[i].op);
		if (!list->items[i].op)
			list->items[i].op = "";
		pack_u64(p, &list->items[i].value);
	}
}

static void walk_cpus(struct pack *p, struct stats *body)
{
	uint64_t **const lists[] = {&body->cpu_per, &body->cpu_per_user, &body->cpu_per_kernel};

	bool is_whole = body->cpu_per && body->cpu_per_user && body->cpu_per_kernel;

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++) {
		size_t count = is_whole ? body->cpu_per_count : 0;

		*lists[i] = pack_items(p, *lists[i], &count, sizeof(uint64_t), sizeof(uint64_t));
		for (size_t j = 0; j < count; j++)
			pack_u64(p, &(*lists[i])[j]);
		if (i == 0)
			body->cpu_per_count = count;
		else if (count != body->cpu_per_count)
			p->is_wrong = true;
	}
}

static void walk_cpu(struct pack *p, struct stats *body)
{
	pack_u64(p, &body->cpu_total);
	pack_u64(p, &body->cpu_user);
	pack_u64(p, &body->cpu_kernel);
	walk_cpus(p, body);
	pack_u64(p, &body->periods);
	pack_u64(p, &body->throttled_periods);
	pack_u64(p, &body->throttled_time);
	walk_pressure(p, &body->cpu_pressure);
	walk_pressure(p, &body->memory_pressure);
	walk_pressure(p, &body->io_pressure);
	pack_text(p, &body->cpus);
	pack_text(p, &body->mems);
	walk_map(p, &body->cpuset_values);
}

static void walk_interface(struct pack *p, struct stats_interface *interface)
{
	uint64_t *const counters[] = {&interface->rx_bytes,  &interface->rx_packets,
				      &interface->rx_errors, &interface->rx_dropped,
				      &interface->tx_bytes,  &interface->tx_packets,
				      &interface->tx_errors, &interface->tx_dropped};

	pack_text(p, &interface->name);
	if (!interface->name)
		interface->name = "";
	for (size_t i = 0; i < sizeof(counters) / sizeof(*counters); i++)
		pack_u64(p, counters[i]);
}

static void walk_devices(struct pack *p, struct stats *body)
{
	struct stats_io_list *const lists[] = {
		&body->io_bytes,     &body->io_serviced, &body->io_queued, &body->io_service_time,
		&body->io_wait_time, &body->io_merged,	 &body->io_time,   &body->io_sectors};

	for (size_t i = 0; i < sizeof(lists) / sizeof(*lists); i++)
		walk_io(p, lists[i]);
	body->hugetlb = pack_items(p, body->hugetlb, &body->hugetlb_count,
				   sizeof(struct stats_hugetlb_entry), HUGETLB_LEAST);
	for (size_t i = 0; i < body->hugetlb_count; i++) {
		pack_text(p, &body->hugetlb[i].page_size);
		if (!body->hugetlb[i].page_size)
			body->hugetlb[i].page_size = "";
		pack_u64(p, &body->hugetlb[i].usage);
		pack_u64(p, &body->hugetlb[i].max);
		pack_u64(p, &body->hugetlb[i].failcnt);
	}
	body->interfaces = pack_items(p, body->interfaces, &body->interface_count,
				      sizeof(struct stats_interface), INTERFACE_LEAST);
	for (size_t i = 0; i < body->interface_count; i++)
		walk_interface(p, &body->interfaces[i]);
}

static void walk_stats(struct pack *p, struct stats *body)
{
	pack_bool(p, &body->has_cpu);
	pack_bool(p, &body->has_cpuset);
	pack_bool(p, &body->has_memory);
	pack_bool(p, &body->has_pids);
	pack_bool(p, &body->has_io);
	walk_cpu(p, body);
	pack_u64(p, &body->memory_cache);
	walk_memory(p, &body->memory);
	walk_memory(p, &body->swap);
	walk_memory(p, &body->kernel);
	walk_memory(p, &body->kernel_tcp);
	walk_map(p, &body->memory_raw);
	pack_u64(p, &body->pids_current);
	pack_u64(p, &body->pids_limit);
	walk_devices(p, body);
}

void wire_stats_encode(const struct stats *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct stats copy = *body;

	walk_stats(&p, &copy);
}

int wire_stats_decode(struct arena *arena, const void *bytes, size_t size, struct stats *ret,
		      struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct stats body = {0};

	p.is_hostile = true;
	walk_stats(&p, &body);
	if (pack_end(&p, "stats", e) < 0)
		return -e->code;
	*ret = body;
	return 0;
}
