/* Optional scalars: absent is not zero, and many rules of the specification depend on it. */
#ifndef BASE_OPT_H
#define BASE_OPT_H

#include <stdbool.h>
#include <stdint.h>

struct opt_bool {
	bool is_set;
	bool value;
};
struct opt_i32 {
	bool is_set;
	int32_t value;
};
struct opt_u16 {
	bool is_set;
	uint16_t value;
};
struct opt_u32 {
	bool is_set;
	uint32_t value;
};
struct opt_i64 {
	bool is_set;
	int64_t value;
};
struct opt_u64 {
	bool is_set;
	uint64_t value;
};

#endif
