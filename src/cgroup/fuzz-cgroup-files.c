/*
 * Fuzzes the parsers of kernel files that carry names and numbers from elsewhere: the first byte
 * chooses, the rest is the file; for mountinfo a NUL separates it from /proc/self/cgroup.
 */
#include "stats.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static void parse_mounts(struct arena *arena, const char *text, size_t size)
{
	const char *zero = memchr(text, '\0', size);
	struct facts facts = {0};

	facts_parse_mounts(arena, text, zero ? zero + 1 : "", &facts);
	for (size_t i = 0; i < facts.hierarchy_count; i++) {
		if (facts.hierarchies[i].is_v2)
			continue;
		if (!facts_has_controller(facts.hierarchies[i].controllers,
					  facts.hierarchies[i].controllers))
			__builtin_trap();
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = {0};
	struct stats_pressure pressure = {0};
	struct stats_io_list bytes, serviced;
	struct stats stats = {0};
	uint64_t *numbers;
	size_t count;
	char *text;

	if (size == 0)
		return 0;
	text = arena_alloc(&arena, size);
	memcpy(text, data + 1, size - 1);
	switch (data[0] % 7) {
	case 0:
		parse_mounts(&arena, text, size - 1);
		break;
	case 1:
		(void)stats_map(&arena, text);
		(void)stats_key(text, "key");
		break;
	case 2:
		stats_numbers(&arena, text, &numbers, &count);
		break;
	case 3:
		stats_usage_all(&arena, text, &stats);
		break;
	case 4:
		stats_blkio(&arena, text, &bytes);
		break;
	case 5:
		stats_io(&arena, text, &bytes, &serviced);
		break;
	default:
		stats_pressure_parse(text, &pressure);
		break;
	}
	return 0;
}
