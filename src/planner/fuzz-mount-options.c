/*
 * Option words, one a line, through the parser of mounts: whatever they are, the result is a
 * refusal or a mount whose flags agree with each other.
 */
#include "planning.h"

#include "kern/compat.h"

#include <assert.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const struct facts facts;
	static const struct planner_options options = {.id = "f", .bundle = "/b"};
	auto_arena arena = {0};
	struct oci_config config = {0};
	struct oci_mount from = {.destination = "/t", .type = "tmpfs"};
	struct plan_mount mount = {0};
	struct planning p;
	struct err e;
	char *text;

	if (size > 65536 || memchr(data, 0, size))
		return 0;
	text = arena_strndup(&arena, (const char *)data, size);
	from.options = str_split(&arena, text, "\n", false);
	planning_init(&p, &arena, &config, &facts, &options);
	if (mount_options_parse(&p, &from, 0, &mount, &e) < 0) {
		assert(e.code > 0 && strstr(e.text, "mounts[0].options"));
		return 0;
	}
	assert((mount.set.value & mount.clear.value) == 0);
	assert((mount.attr_set.value & mount.attr_clear.value & ~(uint64_t)MOUNT_ATTR__ATIME) == 0);
	assert(!(mount.set.value & MS_BIND) || !mount.data);
	assert(!mount.idmap.value || (mount.set.value & MS_BIND));
	assert(mount.propagation.count <= from.options.count);
	return 0;
}
