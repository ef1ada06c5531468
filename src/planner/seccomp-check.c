/*
 * Proves compiled filters: runs them, and compares the answers with a plain reading of the rules.
 *
 * libseccomp merges the conditions of all rules for a call into one tree, and gets that wrong for
 * some: with "argument 0 < 0x100000000" and "argument 0 > 2", 0x100000000 meets neither. It also
 * shares instructions between calls and architectures, and then a jump may land in another call's
 * rules. The answer is the default then, or another call's, either of which may allow. Which
 * versions do that for which rules is nothing to rely on, so each program is run before it is used:
 * for every call, for the values around all constants of its rules. A wrong answer refuses it.
 *
 * Where rules overlap, the answer of any rule that holds is right: the library's order is its own.
 * All combinations are tried as far as a bounded number of steps goes, and samples beyond that.
 *
 * What is behind socketcall(2) and ipc(2) is not run: the arguments there are not the call's.
 */
#include "syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

enum {
	ARGUMENTS = 6,
	STEPS_MAX = 32 * 1024 * 1024, /* instructions and conditions, for a whole filter */
	POINTS_MIN = 64,	      /* for each call, however many there are */
};

/* Values worth trying for one argument: each high half with each low half. */
struct range {
	uint32_t *high, *low;
	size_t high_count, low_count;
};

/* The rules for one name on one architecture. */
struct subject {
	const struct program *program;
	const struct syscalls_arch *arch;
	const struct seccomp_call **calls;
	size_t call_count;
	uint32_t default_action;
	uint64_t seed;
	struct range ranges[ARGUMENTS];
	struct seccomp_data data;
};

static bool is_met(const struct oci_seccomp_arg *arg, uint64_t argument, uint64_t mask)
{
	uint64_t x = argument & mask;
	uint64_t y = arg->value.value & mask;

	switch ((enum oci_seccomp_operator)arg->op.value) {
	case OCI_SECCOMP_NE:
		return x != y;
	case OCI_SECCOMP_LT:
		return x < y;
	case OCI_SECCOMP_LE:
		return x <= y;
	case OCI_SECCOMP_EQ:
		return x == y;
	case OCI_SECCOMP_GE:
		return x >= y;
	case OCI_SECCOMP_GT:
		return x > y;
	case OCI_SECCOMP_MASKED_EQ:
		return (x & y) == (arg->value_two.value & y);
	}
	return false;
}

static bool is_holding(const struct subject *s, const struct seccomp_call *call)
{
	uint64_t mask = s->arch->is_32bit ? UINT32_MAX : UINT64_MAX;

	for (size_t i = 0; i < call->arg_count; i++)
		if (!is_met(&call->args[i], s->data.args[call->args[i].index.value], mask))
			return false;
	return true;
}

static bool is_right(const struct subject *s)
{
	uint32_t answer = seccomp_program_run(s->program, &s->data);
	bool holds = false;

	for (size_t i = 0; i < s->call_count; i++) {
		if (!is_holding(s, s->calls[i]))
			continue;
		if (s->calls[i]->action == answer)
			return true;
		holds = true;
	}
	return !holds && answer == s->default_action;
}

/* ---- values ---- */

static void value_put(uint32_t *values, size_t *count, uint32_t value)
{
	for (size_t i = 0; i < *count; i++)
		if (values[i] == value)
			return;
	values[(*count)++] = value;
}

enum { VALUES_PER_CONDITION = 5, VALUES_ALWAYS = 2 };

static void half_put(const struct oci_seccomp_arg *arg, unsigned shift, uint32_t *values,
		     size_t *count)
{
	uint32_t word = (uint32_t)(arg->value.value >> shift);
	uint32_t mask = word;

	if (arg->op.value != OCI_SECCOMP_MASKED_EQ) {
		value_put(values, count, word);
		value_put(values, count, word - 1);
		value_put(values, count, word + 1);
		return;
	}
	word = (uint32_t)(arg->value_two.value >> shift) & mask;
	value_put(values, count, word);
	value_put(values, count, word | ~mask);
	if (mask != 0) {
		value_put(values, count, word ^ (mask & -mask));
		value_put(values, count, word ^ 1U << (31 - __builtin_clz(mask)));
		value_put(values, count, (word ^ mask) | ~mask);
	}
}

/* The table of values is shared by all names; it is as large as the largest needs. */
static void ranges_fill(struct subject *s)
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		s->ranges[i].high_count = s->ranges[i].low_count = 0;
		value_put(s->ranges[i].high, &s->ranges[i].high_count, 0);
		value_put(s->ranges[i].low, &s->ranges[i].low_count, 0);
	}
	for (size_t i = 0; i < s->call_count; i++)
		for (size_t j = 0; j < s->calls[i]->arg_count; j++) {
			const struct oci_seccomp_arg *arg = &s->calls[i]->args[j];
			struct range *range = &s->ranges[arg->index.value];

			half_put(arg, 0, range->low, &range->low_count);
			value_put(range->low, &range->low_count, UINT32_MAX);
			if (s->arch->is_32bit)
				continue;
			half_put(arg, 32, range->high, &range->high_count);
			value_put(range->high, &range->high_count, UINT32_MAX);
		}
}

static size_t range_size(const struct range *range)
{
	return range->high_count * range->low_count;
}

static uint64_t range_at(const struct range *range, size_t index)
{
	return (uint64_t)range->high[index / range->low_count] << 32 |
	       range->low[index % range->low_count];
}

/* ---- points ---- */

static size_t points_count(const struct subject *s, size_t limit)
{
	size_t count = 1;

	for (size_t i = 0; i < ARGUMENTS; i++) {
		if (range_size(&s->ranges[i]) > limit / count)
			return SIZE_MAX;
		count *= range_size(&s->ranges[i]);
	}
	return count;
}

static void point_set(struct subject *s, size_t index)
{
	for (size_t i = 0; i < ARGUMENTS; i++) {
		size_t size = range_size(&s->ranges[i]);

		s->data.args[i] = range_at(&s->ranges[i], index % size);
		index /= size;
	}
}

/* No secret: the same filter is checked in the same way every time. */
static size_t sample_next(struct subject *s, size_t below)
{
	s->seed = s->seed * 6364136223846793005ULL + 1442695040888963407ULL;
	return (size_t)(s->seed >> 33) % below;
}

static uint64_t value_meeting(const struct oci_seccomp_arg *arg)
{
	uint64_t value = arg->value.value;

	switch ((enum oci_seccomp_operator)arg->op.value) {
	case OCI_SECCOMP_NE:
	case OCI_SECCOMP_GT:
		return value + 1;
	case OCI_SECCOMP_LT:
		return value - 1;
	case OCI_SECCOMP_LE:
	case OCI_SECCOMP_EQ:
	case OCI_SECCOMP_GE:
		return value;
	case OCI_SECCOMP_MASKED_EQ:
		return arg->value_two.value & value;
	}
	return value;
}

/* Any values; for all but every eighth point those that some rule wants. */
static void sample_set(struct subject *s, size_t index)
{
	const struct seccomp_call *call = s->calls[index % s->call_count];

	for (size_t i = 0; i < ARGUMENTS; i++)
		s->data.args[i] =
			range_at(&s->ranges[i], sample_next(s, range_size(&s->ranges[i])));
	for (size_t i = 0; i < call->arg_count && sample_next(s, 8) > 0; i++)
		s->data.args[call->args[i].index.value] = value_meeting(&call->args[i]);
}

static int subject_check(struct subject *s, size_t steps, struct err *e)
{
	size_t limit = steps / (s->program->count + s->call_count);
	size_t count;
	bool is_sampled;

	if (limit < POINTS_MIN)
		limit = POINTS_MIN;
	ranges_fill(s);
	count = points_count(s, limit);
	is_sampled = count > limit;
	for (size_t i = 0; i < (is_sampled ? limit : count); i++) {
		if (is_sampled)
			sample_set(s, i);
		else
			point_set(s, i);
		if (!is_right(s))
			return refuse(e, ENOTSUP,
				      "linux.seccomp.syscalls: the libseccomp in use compiles the "
				      "rules for '%s' wrongly; the filter would not do what they "
				      "say",
				      s->calls[0]->name);
	}
	return 0;
}

/* ---- all calls ---- */

static int name_compare(const void *a, const void *b)
{
	const struct seccomp_call *x = *(const struct seccomp_call *const *)a;
	const struct seccomp_call *y = *(const struct seccomp_call *const *)b;

	return strcmp(x->name, y->name);
}

static int name_check(struct subject *s, const struct syscalls_arch *archs, size_t arch_count,
		      size_t steps, struct err *e)
{
	struct syscalls_arch native;

	/* Names that the library does not know here were not given to it. */
	syscalls_arch_native(&native);
	if (syscalls_number(&native, s->calls[0]->name) == SYSCALLS_UNKNOWN)
		return 0;
	for (size_t i = 0; i < arch_count; i++) {
		int number = syscalls_number(&archs[i], s->calls[0]->name);

		if (number < 0)
			continue;
		s->arch = &archs[i];
		s->data = (struct seccomp_data){.nr = number, .arch = archs[i].audit_arch};
		if (subject_check(s, steps, e) < 0)
			return -e->code;
	}
	return 0;
}

int seccomp_rules_check(struct arena *arena, const struct program *program,
			const struct syscalls_arch *archs, size_t arch_count,
			const struct list *calls, uint32_t default_action, struct err *e)
{
	struct subject s = {.program = program, .default_action = default_action};
	const struct seccomp_call **sorted =
		arena_new_array(arena, calls->count, const struct seccomp_call *);
	size_t values = VALUES_PER_CONDITION * SECCOMP_CONDITIONS_MAX + VALUES_ALWAYS;
	size_t conditional = 1;
	size_t end;

	for (size_t i = 0; i < ARGUMENTS; i++) {
		s.ranges[i].high = arena_new_array(arena, values, uint32_t);
		s.ranges[i].low = arena_new_array(arena, values, uint32_t);
	}
	for (size_t i = 0; i < calls->count; i++) {
		sorted[i] = list_at(const struct seccomp_call, calls, i);
		conditional += sorted[i]->arg_count > 0;
	}
	if (calls->count > 0)
		qsort(sorted, calls->count, sizeof(*sorted), name_compare);
	for (size_t i = 0; i < calls->count; i = end) {
		for (end = i; end < calls->count && str_is(sorted[end]->name, sorted[i]->name);)
			end++;
		s.calls = sorted + i;
		s.call_count = end - i;
		if (name_check(&s, archs, arch_count,
			       STEPS_MAX / arch_count * s.call_count / conditional, e) < 0)
			return -e->code;
	}
	return 0;
}
