/*
 * A seccomp filter from resolved rules: numbers, actions and conditions, without names.
 *
 * libseccomp would do that too, in a time that grows with the square of the rules and with one
 * comparison for each system call until the right one is met. Here all numbers are cut into ranges
 * that are treated alike, and found by bisection.
 */
#ifndef PLANNER_FILTER_H
#define PLANNER_FILTER_H

#include "syscalls.h"

/* One rule for one number: `action` if all conditions hold. */
struct filter_call {
	uint32_t number;
	uint32_t action; /* SECCOMP_RET_* with its data */
	const struct oci_seccomp_arg *args;
	size_t arg_count;
	int32_t selector; /* >= 0: the number is a multiplexer, argument 0 must be this */
};

enum { FILTER_X32_BIT = 0x40000000 };

struct filter_arch {
	uint32_t audit_arch; /* AUDIT_ARCH_* */
	bool is_32bit;	     /* only the low halves of arguments are compared */
	bool splits_x32;   /* x86_64: numbers with FILTER_X32_BIT are another architecture's ... */
	bool has_x32;	   /* ... which is filtered, or else refused */
	int64_t last;	   /* the highest number named; -1 = none */
	int64_t last_x32;  /* with the bit */
	struct list calls; /* struct filter_call, in the order of the rules */
};

struct filter {
	uint32_t default_action;
	uint32_t
		newer_action; /* for numbers above the last; the default where there is no reason */
	struct filter_arch *archs;
	size_t arch_count;
};

/*
 * For one number, the first rule whose conditions hold counts; else the first that has none; else
 * the default. Sorts the calls. Calls of other architectures kill the thread. Refused (E2BIG): more
 * instructions than the kernel takes.
 */
int filter_generate(struct arena *arena, struct filter *filter, struct program *ret,
		    struct err *e) must_check;

#endif
