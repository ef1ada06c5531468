/* update: limits of a living container, from options or a resources object. */
#include "base/fd.h"
#include "base/log.h"
#include "cli.h"
#include "oci/load.h"

#include <errno.h>
#include <fcntl.h>

#define ROW(kind_, member, name_, letter_, value_, help_)                                  \
	{                                                                                  \
		.name = name_, .letter = letter_, .kind = kind_,                           \
		.offset = offsetof(struct options, member), .value = value_, .help = help_ \
	}

enum { RESOURCES_SIZE_MAX = 1024 * 1024 };

struct options {
	const char *resources;
	struct opt_u32 blkio_weight;
	struct opt_u64 cpu_period, cpu_burst, cpu_share, cpu_rt_period;
	struct opt_i64 cpu_quota, cpu_rt_runtime, cpu_idle, pids_limit;
	const char *cpuset_cpus, *cpuset_mems, *l3_cache_schema, *mem_bw_schema;
	struct opt_i64 memory, memory_reservation, memory_swap, kernel_memory, kernel_memory_tcp;
};

static const struct option_row options[] = {
	ROW(OPTION_STRING, resources, "resources", 'r', "FILE",
	    "a resources object, - for standard input; other options are then ignored"),
	ROW(OPTION_U32, blkio_weight, "blkio-weight", 0, "N", "weight of block I/O, 10 to 1000"),
	ROW(OPTION_U64, cpu_period, "cpu-period", 0, "US", "period of the CPU quota"),
	ROW(OPTION_I64, cpu_quota, "cpu-quota", 0, "US", "CPU time in each period, -1 for all"),
	ROW(OPTION_U64, cpu_burst, "cpu-burst", 0, "US", "unused quota that may be kept"),
	ROW(OPTION_U64, cpu_share, "cpu-share", 0, "N", "weight of CPU time"),
	ROW(OPTION_U64, cpu_rt_period, "cpu-rt-period", 0, "US", "period of realtime CPU time"),
	ROW(OPTION_I64, cpu_rt_runtime, "cpu-rt-runtime", 0, "US", "realtime CPU time in it"),
	ROW(OPTION_I64, cpu_idle, "cpu-idle", 0, "0|1", "run only when nobody else wants to"),
	ROW(OPTION_STRING, cpuset_cpus, "cpuset-cpus", 0, "LIST", "CPUs: 0-3,7"),
	ROW(OPTION_STRING, cpuset_mems, "cpuset-mems", 0, "LIST", "memory nodes"),
	ROW(OPTION_SIZE, memory, "memory", 0, "BYTES", "memory limit: 512m, -1 for none"),
	ROW(OPTION_SIZE, memory_reservation, "memory-reservation", 0, "BYTES", "soft limit"),
	ROW(OPTION_SIZE, memory_swap, "memory-swap", 0, "BYTES", "limit of memory and swap"),
	ROW(OPTION_SIZE, kernel_memory, "kernel-memory", 0, "BYTES", "ignored: obsolete"),
	ROW(OPTION_SIZE, kernel_memory_tcp, "kernel-memory-tcp", 0, "BYTES",
	    "limit of TCP buffers, where the kernel has one"),
	ROW(OPTION_I64, pids_limit, "pids-limit", 0, "N", "number of tasks, -1 for any"),
	ROW(OPTION_STRING, l3_cache_schema, "l3-cache-schema", 0, "SCHEMA", "of Intel RDT"),
	ROW(OPTION_STRING, mem_bw_schema, "mem-bw-schema", 0, "SCHEMA", "of Intel RDT"),
	{.name = NULL},
};

static int resources_read(struct arena *arena, const char *path, const struct oci_resources **ret,
			  struct err *e)
{
	auto_buf text = {0};
	int r;

	if (str_is(path, "-")) {
		r = fd_read_all(STDIN_FILENO, RESOURCES_SIZE_MAX, &text);
		if (r < 0)
			return fail(e, -r, "--resources: read standard input");
	} else if (file_read(AT_FDCWD, path, RESOURCES_SIZE_MAX, false, &text, e) < 0) {
		return wrap(e, "--resources");
	}
	if (oci_resources_parse(arena, buf_text(&text), text.size, ret, e) < 0)
		return wrap(e, "--resources '%s'", path);
	return 0;
}

static void cpu_fill(const struct options *given, struct oci_cpu *cpu)
{
	cpu->period = given->cpu_period;
	cpu->quota = given->cpu_quota;
	cpu->burst = given->cpu_burst;
	cpu->shares = given->cpu_share;
	cpu->realtime_period = given->cpu_rt_period;
	cpu->realtime_runtime = given->cpu_rt_runtime;
	cpu->idle = given->cpu_idle;
	cpu->cpus = given->cpuset_cpus;
	cpu->mems = given->cpuset_mems;
}

/* Through the parser of the document, so that the same rules hold. */
static int resources_make(struct arena *arena, const struct options *given,
			  const struct oci_resources **ret, struct err *e)
{
	struct oci_cpu cpu = {0};
	struct oci_memory memory = {
		.limit = given->memory,
		.reservation = given->memory_reservation,
		.swap = given->memory_swap,
		.kernel_tcp = given->kernel_memory_tcp,
	};
	struct oci_pids pids = {.limit = given->pids_limit};
	struct oci_block_io block_io = {
		.weight = {given->blkio_weight.is_set, (uint16_t)given->blkio_weight.value}};
	const struct oci_resources resources = {
		.cpu = &cpu, .memory = &memory, .pids = &pids, .block_io = &block_io};
	auto_buf text = {0};
	struct json_writer w;

	if (given->blkio_weight.value > UINT16_MAX)
		return refuse(e, EINVAL, "--blkio-weight: %u is out of range",
			      given->blkio_weight.value);
	cpu_fill(given, &cpu);
	json_writer_init(&w, &text, 0);
	oci_resources_write(&resources, &w);
	return oci_resources_parse(arena, text.data, text.size, ret, e);
}

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	struct runtime_update update = {0};
	int r;

	if (given->resources) {
		r = resources_read(call->arena, given->resources, &update.resources, e);
	} else {
		if (given->kernel_memory.is_set)
			log_warning("--kernel-memory is ignored: the kernel has no such limit any "
				    "more");
		update.l3_cache_schema = given->l3_cache_schema;
		update.mem_bw_schema = given->mem_bw_schema;
		r = resources_make(call->arena, given, &update.resources, e);
	}
	if (r < 0)
		return r;
	return runtime_update(&call->runtime, call->words.items[0], &update, e);
}

const struct command command_update = {
	.name = "update",
	.arguments = "ID",
	.summary = "change the limits of a container",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
