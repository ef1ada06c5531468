/*
 * update: other limits for a living container.
 *
 * What is not given stays. Where the kernel has one file for two values (cpu.max), the other one
 * is taken from what was set last, which is kept beside the record; the backend puts the old
 * values back when one of several cannot be set.
 */
#include "base/fd.h"
#include "container.h"
#include "oci/load.h"
#include "planner/build.h"
#include "planner/machine.h"

#include <errno.h>
#include <fcntl.h>

#define RESOURCES_FILE "resources.json"

enum { RESOURCES_SIZE_MAX = 1024 * 1024 };

/* What holds now: of the last update, else of the configuration. NULL: nothing. */
static int resources_load(struct container *container, const struct oci_config *config,
			  const struct oci_resources **ret, struct err *e)
{
	auto_buf text = {0};

	*ret = config->linux_ ? config->linux_->resources : NULL;
	if (file_read(container->state_fd, RESOURCES_FILE, RESOURCES_SIZE_MAX, false, &text, e) < 0)
		return e->code == ENOENT ? 0 : -e->code;
	if (oci_resources_parse(&container->arena, buf_text(&text), text.size, ret, e) < 0)
		return wrap(e, "the kept resources of container '%s'", container->id);
	return 0;
}

#define KEEP(member)                                 \
	do {                                         \
		if (!into->member.is_set)            \
			into->member = from->member; \
	} while (0)

static void cpu_keep(struct oci_cpu *into, const struct oci_cpu *from)
{
	KEEP(shares);
	KEEP(quota);
	KEEP(burst);
	KEEP(period);
	KEEP(realtime_runtime);
	KEEP(realtime_period);
	KEEP(idle);
	if (!into->cpus)
		into->cpus = from->cpus;
	if (!into->mems)
		into->mems = from->mems;
}

static void memory_keep(struct oci_memory *into, const struct oci_memory *from)
{
	KEEP(limit);
	KEEP(reservation);
	KEEP(swap);
	KEEP(swappiness);
	KEEP(disable_oom_killer);
}

/* The document to keep: what is set now, with what stays from before. */
static const struct oci_resources *resources_merge(struct arena *arena,
						   const struct oci_resources *now,
						   const struct oci_resources *before)
{
	struct oci_resources *merged = arena_memdup(arena, now, sizeof(*merged));

	if (!before)
		return merged;
	if (merged->cpu && before->cpu) {
		merged->cpu = arena_memdup(arena, merged->cpu, sizeof(*merged->cpu));
		cpu_keep(merged->cpu, before->cpu);
	} else if (before->cpu) {
		merged->cpu = before->cpu;
	}
	if (merged->memory && before->memory) {
		merged->memory = arena_memdup(arena, merged->memory, sizeof(*merged->memory));
		memory_keep(merged->memory, before->memory);
	} else if (before->memory) {
		merged->memory = before->memory;
	}
	if (!merged->pids)
		merged->pids = before->pids;
	return merged;
}

/* What to write: `now`, completed where one value alone means nothing. */
static const struct oci_resources *resources_complete(struct arena *arena,
						      const struct oci_resources *now,
						      const struct oci_resources *before)
{
	struct oci_resources *complete = arena_memdup(arena, now, sizeof(*complete));

	/* Devices are never touched: a denied one may be open already. */
	complete->devices = (struct list){0};
	if (!before)
		return complete;
	if (now->cpu && before->cpu) {
		struct oci_cpu *cpu = arena_memdup(arena, now->cpu, sizeof(*cpu));

		if (cpu->quota.is_set && !cpu->period.is_set)
			cpu->period = before->cpu->period;
		if (cpu->period.is_set && !cpu->quota.is_set)
			cpu->quota = before->cpu->quota;
		complete->cpu = cpu;
	}
	if (now->memory && before->memory && now->memory->limit.is_set) {
		struct oci_memory *memory = arena_memdup(arena, now->memory, sizeof(*memory));

		if (!memory->swap.is_set && before->memory->swap.is_set)
			memory->swap =
				memory->limit.value == -1 ? memory->limit : before->memory->swap;
		complete->memory = memory;
	}
	return complete;
}

static int resources_save(struct container *container, const struct oci_resources *resources,
			  struct err *e)
{
	auto_buf text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	oci_resources_write(resources, &w);
	return file_replace(container->state_fd, RESOURCES_FILE, text.data, text.size, 0600, e);
}

static int schema_write(const struct container *container, const char *option, const char *schema,
			struct err *e)
{
	const struct plan_intel_rdt *group = container->record.intel_rdt;
	auto_free char *path = NULL;
	auto_free char *line = NULL;

	if (!schema)
		return 0;
	if (!group)
		return refuse(e, EINVAL, "%s: linux.intelRdt is not configured for container '%s'",
			      option, container->id);
	if (strchr(schema, '\n'))
		return refuse(e, EINVAL, "%s: must be one line", option);
	path = xasprintf("/sys/fs/resctrl/%s/schemata", group->clos_directory);
	line = xasprintf("%s\n", schema);
	if (file_write_existing(AT_FDCWD, path, line, e) < 0)
		return wrap(e, "%s", option);
	return 0;
}

static int limits_plan(struct container *container, const struct oci_resources *resources,
		       const struct plan_limits **ret, struct err *e)
{
	bool systemd_cgroup = container->record.systemd_cgroup.value;

	if (container->backend->ops->has_machine)
		return planner_limits_machine(&container->arena, resources, container->facts,
					      systemd_cgroup, ret, e);
	return planner_limits(&container->arena, resources, container->facts, systemd_cgroup, ret,
			      e);
}

static int limits_update(struct container *container, const struct oci_resources *now,
			 struct err *e)
{
	const struct oci_resources *before;
	const struct plan_limits *limits;
	const struct oci_config *config;
	struct arena *arena = &container->arena;

	if (container_config(container, &config, e) < 0 ||
	    resources_load(container, config, &before, e) < 0 ||
	    limits_plan(container, resources_complete(arena, now, before), &limits, e) < 0 ||
	    container->backend->ops->update(container->backend, limits, e) < 0)
		return -e->code;
	return resources_save(container, resources_merge(arena, now, before), e);
}

int runtime_update(const struct runtime *runtime, const char *id,
		   const struct runtime_update *update, struct err *e)
{
	auto_container *container = NULL;

	if (container_find(runtime, id, CONTAINER_CHANGE, &container, e) < 0 ||
	    phase_check(container->phase, VERB_UPDATE, id, e) < 0)
		return -e->code;
	if (limits_update(container, update->resources, e) < 0 ||
	    schema_write(container, "--l3-cache-schema", update->l3_cache_schema, e) < 0 ||
	    schema_write(container, "--mem-bw-schema", update->mem_bw_schema, e) < 0)
		return wrap(e, "update container '%s'", id);
	return 0;
}
