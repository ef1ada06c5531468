/* Resources as files and values: what the two versions of cgroups have in common. */
#ifndef PLANNER_LIMITS_H
#define PLANNER_LIMITS_H

#include "planning.h"

struct limits {
	struct arena *arena;
	const struct oci_resources *from;
	const struct facts *facts;
	bool is_update; /* the cgroup has values already: their order against the new ones counts */
	struct plan_limits *to;
};

/* Appends a setting; `origin` is what follows "linux.resources.". */
struct plan_setting *setting_add(struct limits *l, const char *controller, const char *file,
				 const char *value, const char *origin);
const char *text_of_i64(struct limits *l, int64_t value);
const char *text_of_u64(struct limits *l, uint64_t value);
/* "max" for -1. */
const char *text_of_limit(struct limits *l, int64_t value);

int limits_v1_plan(struct limits *l, struct err *e) must_check;
int limits_v2_plan(struct limits *l, struct err *e) must_check;
/* The rules of devices: the configuration's, then what every container may use. */
void device_rules_plan(struct limits *l);
/* v1 and v2 alike. */
void rdma_plan(struct limits *l);

/* cpu.shares (2..262144) as cpu.weight (1..10000). */
uint64_t cpu_weight_of_shares(uint64_t shares);
/* blkio.weight (10..1000) as io.weight (1..10000). */
uint64_t io_weight_of_blkio(uint64_t weight);
/* memory.swap (both) and memory.limit as memory.swap.max; 1 and no value when nothing is to be set.
 */
int swap_of_memory_swap(int64_t swap, int64_t limit, int64_t *ret, struct err *e) must_check;

/* unit-properties.c: the same limits as properties of the systemd unit, and those of annotations.
 */
int unit_properties_plan(struct limits *l, const struct map *annotations, struct err *e) must_check;

#endif
