/* state.json from whoever could write there: never a crash, and what is accepted makes sense. */
#include "record.h"

#include <stdlib.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = {0};
	struct record record = {0};
	struct err e;

	if (record_parse(&arena, (const char *)data, size, "x", false, &record, &e) == 0) {
		if (!record.bundle || record.bundle[0] != '/' || !record.cgroup ||
		    (record.pid.is_set && record.pid.value <= 1))
			abort();
	}
	if (record_parse(&arena, (const char *)data, size, "x", true, &record, &e) == 0 &&
	    !record.cgroup)
		abort();
	return 0;
}
