/*
 * From resolved rules to a program.
 *
 *	load the architecture; for each: bisect the number; then either an answer, or conditions on
 *	arguments one rule after another, and the default
 *
 * The program sees each argument as two words of 32 bits. A conditional jump reaches 255
 * instructions ahead, an unconditional one any number: where a distance does not fit, the
 * condition is turned to skip an unconditional jump. All jumps are relative, so a finished part
 * can be moved as it is to make room for that one.
 *
 * Number -1 is what a tracer writes to have a call skipped: it is never "newer" than the profile.
 *
 * Source: Documentation/userspace-api/seccomp_filter.rst; Documentation/networking/filter.rst.
 */
#include "filter.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stddef.h>

enum {
	JUMP_MAX = 255,
	/* Room behind the kernel's limit, so that one part may overrun before it is noticed. */
	INSTRUCTIONS_MAX = 2 * BPF_MAXINSNS,
};

/* Numbers from `first` up to the next segment. */
struct segment {
	uint32_t first;
	uint32_t action;		 /* when no conditions hold */
	const struct filter_call *calls; /* of one number */
	size_t call_count;
	bool is_32bit;
};

struct generator {
	struct arena *arena;
	const struct filter *filter;
	struct sock_filter *program;
	size_t count;
	struct segment *segments;
	size_t segment_count;
};

static bool is_full(const struct generator *g)
{
	return g->count > BPF_MAXINSNS;
}

static void emit(struct generator *g, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	if (g->count < INSTRUCTIONS_MAX)
		g->program[g->count++] =
			(struct sock_filter){.code = code, .k = k, .jt = jt, .jf = jf};
}

/* ---- conditions ---- */

static const bool is_big_endian = __BYTE_ORDER__ == __ORDER_BIG_ENDIAN__;

static void load_argument(struct generator *g, uint32_t index, bool high)
{
	uint32_t offset = (uint32_t)offsetof(struct seccomp_data, args) + 8 * index;

	emit(g, BPF_LD | BPF_W | BPF_ABS, offset + (high != is_big_endian ? 4 : 0), 0, 0);
}

/* Both ends of a condition are not known yet when its jumps are written. */
enum { GO_ON = 0, TO_FAIL = 254, TO_HOLD = 253 };

/* Replaces the marks in [start, end): what holds goes on behind, what fails to the end of the rule,
 * which is left as a mark until that is known. */
static void resolve_hold(struct generator *g, size_t start)
{
	for (size_t i = start; i < g->count; i++) {
		uint8_t distance = (uint8_t)(g->count - i - 1);

		if (BPF_CLASS(g->program[i].code) != BPF_JMP)
			continue;
		if (g->program[i].jt == TO_HOLD)
			g->program[i].jt = distance;
		if (g->program[i].jf == TO_HOLD)
			g->program[i].jf = distance;
	}
}

static void resolve_fail(struct generator *g, size_t start)
{
	for (size_t i = start; i < g->count; i++) {
		uint8_t distance = (uint8_t)(g->count - i - 1);

		if (BPF_CLASS(g->program[i].code) != BPF_JMP)
			continue;
		if (g->program[i].jt == TO_FAIL)
			g->program[i].jt = distance;
		if (g->program[i].jf == TO_FAIL)
			g->program[i].jf = distance;
	}
}

static void emit_equal(struct generator *g, uint32_t index, uint64_t mask, uint64_t value,
		       bool high)
{
	uint32_t word_mask = (uint32_t)(high ? mask >> 32 : mask);
	uint32_t word = (uint32_t)(high ? value >> 32 : value);

	if (word_mask == 0)
		return;
	load_argument(g, index, high);
	if (word_mask != UINT32_MAX)
		emit(g, BPF_ALU | BPF_AND | BPF_K, word_mask, 0, 0);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, word, GO_ON, TO_FAIL);
}

/* Argument OP value, where OP is > (BPF_JGT) or >= (BPF_JGE), or its opposite. */
static void emit_order(struct generator *g, const struct oci_seccomp_arg *arg, uint16_t jump,
		       bool opposite, bool is_32bit)
{
	uint32_t high = (uint32_t)(arg->value.value >> 32);
	uint8_t yes = opposite ? TO_FAIL : TO_HOLD;
	uint8_t no = opposite ? TO_HOLD : TO_FAIL;

	if (!is_32bit) {
		load_argument(g, arg->index.value, true);
		emit(g, BPF_JMP | BPF_JGT | BPF_K, high, yes, GO_ON);
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, high, GO_ON, no);
	}
	load_argument(g, arg->index.value, false);
	emit(g, (uint16_t)(BPF_JMP | jump | BPF_K), (uint32_t)arg->value.value, yes, no);
}

static void emit_not_equal(struct generator *g, const struct oci_seccomp_arg *arg, bool is_32bit)
{
	if (!is_32bit) {
		load_argument(g, arg->index.value, true);
		emit(g, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)(arg->value.value >> 32), GO_ON,
		     TO_HOLD);
	}
	load_argument(g, arg->index.value, false);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, (uint32_t)arg->value.value, TO_FAIL, GO_ON);
}

static void emit_condition(struct generator *g, const struct oci_seccomp_arg *arg, bool is_32bit)
{
	uint64_t full = is_32bit ? UINT32_MAX : UINT64_MAX;
	uint64_t mask = arg->value.value & full;
	size_t start = g->count;

	switch ((enum oci_seccomp_operator)arg->op.value) {
	case OCI_SECCOMP_EQ:
		emit_equal(g, arg->index.value, full, arg->value.value, true);
		emit_equal(g, arg->index.value, full, arg->value.value, false);
		break;
	case OCI_SECCOMP_MASKED_EQ:
		/* Bits of the value outside of the mask are dropped, as libseccomp does. */
		emit_equal(g, arg->index.value, mask, arg->value_two.value & mask, true);
		emit_equal(g, arg->index.value, mask, arg->value_two.value & mask, false);
		break;
	case OCI_SECCOMP_NE:
		emit_not_equal(g, arg, is_32bit);
		break;
	case OCI_SECCOMP_GT:
		emit_order(g, arg, BPF_JGT, false, is_32bit);
		break;
	case OCI_SECCOMP_GE:
		emit_order(g, arg, BPF_JGE, false, is_32bit);
		break;
	case OCI_SECCOMP_LE:
		emit_order(g, arg, BPF_JGT, true, is_32bit);
		break;
	case OCI_SECCOMP_LT:
		emit_order(g, arg, BPF_JGE, true, is_32bit);
		break;
	}
	resolve_hold(g, start);
}

static void emit_rule(struct generator *g, const struct filter_call *call, bool is_32bit)
{
	size_t start = g->count;

	if (call->selector >= 0)
		emit_equal(g, 0, UINT32_MAX, (uint32_t)call->selector, false);
	for (size_t i = 0; i < call->arg_count; i++)
		if (call->selector < 0 || call->args[i].index.value != 0)
			emit_condition(g, &call->args[i], is_32bit);
	emit(g, BPF_RET | BPF_K, call->action, 0, 0);
	resolve_fail(g, start);
}

static bool is_unconditional(const struct filter_call *call)
{
	return call->arg_count == 0 && call->selector < 0;
}

static bool is_same_rule(const struct filter_call *a, const struct filter_call *b)
{
	if (a->selector != b->selector || a->arg_count != b->arg_count)
		return false;
	for (size_t i = 0; i < a->arg_count; i++) {
		const struct oci_seccomp_arg *x = &a->args[i];
		const struct oci_seccomp_arg *y = &b->args[i];

		if (x->index.value != y->index.value || x->op.value != y->op.value ||
		    x->value.value != y->value.value || x->value_two.value != y->value_two.value)
			return false;
	}
	return true;
}

/* The rules of one number. A rule that an earlier one makes void is left out; few can be kept, or
 * the program is too long, so comparing with all of them stays cheap. */
static void emit_calls(struct generator *g, const struct segment *segment)
{
	const struct filter_call *kept[BPF_MAXINSNS];
	size_t kept_count = 0;

	for (size_t i = 0; i < segment->call_count && !is_full(g); i++) {
		bool is_new = !is_unconditional(&segment->calls[i]);

		for (size_t j = 0; j < kept_count && is_new; j++)
			is_new = !is_same_rule(kept[j], &segment->calls[i]);
		if (!is_new)
			continue;
		kept[kept_count++] = &segment->calls[i];
		emit_rule(g, &segment->calls[i], segment->is_32bit);
	}
	emit(g, BPF_RET | BPF_K, segment->action, 0, 0);
}

/* ---- finding the number ---- */

/* Lets the conditional jump at `at` pass over all that has been written behind it when its
 * condition is `wanted`, else go on behind itself. */
static void jump_over(struct generator *g, size_t at, bool wanted)
{
	size_t distance = g->count - at - 1;

	if (is_full(g))
		return;
	if (distance > JUMP_MAX) {
		memmove(&g->program[at + 2], &g->program[at + 1], distance * sizeof(g->program[0]));
		g->program[at + 1] =
			(struct sock_filter){.code = BPF_JMP | BPF_JA, .k = (uint32_t)distance};
		g->count++;
		/* Wanted: onto the long jump; else past it. */
		g->program[at].jt = wanted ? 0 : 1;
		g->program[at].jf = wanted ? 1 : 0;
		return;
	}
	g->program[at].jt = wanted ? (uint8_t)distance : 0;
	g->program[at].jf = wanted ? 0 : (uint8_t)distance;
}

static void emit_search(struct generator *g, size_t from, size_t to)
{
	const struct segment *middle;
	size_t at;

	if (is_full(g))
		return;
	if (to - from == 1) {
		if (g->segments[from].call_count > 0)
			emit_calls(g, &g->segments[from]);
		else
			emit(g, BPF_RET | BPF_K, g->segments[from].action, 0, 0);
		return;
	}
	middle = &g->segments[from + (to - from) / 2];
	at = g->count;
	emit(g, BPF_JMP | BPF_JGE | BPF_K, middle->first, 0, 0);
	emit_search(g, from, from + (to - from) / 2);
	jump_over(g, at, true);
	emit_search(g, from + (to - from) / 2, to);
}

/* ---- cutting the numbers ---- */

static void segment_add(struct generator *g, uint32_t first, uint32_t action)
{
	struct segment *last = g->segment_count > 0 ? &g->segments[g->segment_count - 1] : NULL;

	if (last && last->call_count == 0 && last->action == action)
		return;
	g->segments[g->segment_count++] = (struct segment){.first = first, .action = action};
}

struct zone {
	uint32_t first, end; /* the last one of it */
	int64_t last;	     /* the last number named; above it: */
	uint32_t action, newer;
};

static size_t zones_of(const struct filter *f, const struct filter_arch *arch, struct zone *zones)
{
	uint32_t newer = arch->last >= 0 ? f->newer_action : f->default_action;
	uint32_t newer_x32 = arch->last_x32 >= 0 ? f->newer_action : f->default_action;
	size_t count = 0;

	if (arch->splits_x32) {
		zones[count++] =
			(struct zone){0, FILTER_X32_BIT - 1, arch->last, f->default_action, newer};
		zones[count++] =
			arch->has_x32
				? (struct zone){FILTER_X32_BIT, UINT32_MAX - 1, arch->last_x32,
						f->default_action, newer_x32}
				: (struct zone){FILTER_X32_BIT, UINT32_MAX - 1, -1,
						SECCOMP_RET_KILL_THREAD, SECCOMP_RET_KILL_THREAD};
	} else {
		zones[count++] =
			(struct zone){0, UINT32_MAX - 1, arch->last, f->default_action, newer};
	}
	zones[count++] =
		(struct zone){UINT32_MAX, UINT32_MAX, -1, f->default_action, f->default_action};
	return count;
}

/* What happens to the numbers [from, to] that no rule names. */
static void fill(struct generator *g, const struct zone *zones, size_t zone_count, uint64_t from,
		 uint64_t to)
{
	for (size_t i = 0; i < zone_count; i++) {
		const struct zone *zone = &zones[i];
		uint64_t first = from > zone->first ? from : zone->first;
		uint64_t end = to < zone->end ? to : zone->end;

		if (first > end)
			continue;
		if (zone->last >= 0 && first <= (uint64_t)zone->last)
			segment_add(g, (uint32_t)first, zone->action);
		if (zone->last < 0 || end > (uint64_t)zone->last) {
			uint64_t above = (uint64_t)(zone->last + 1);

			segment_add(g, (uint32_t)(first > above ? first : above), zone->newer);
		}
	}
}

/* The rules of one number: what has no conditions is for when no conditions hold. */
static void rules_cut(struct generator *g, const struct filter_arch *arch,
		      const struct filter_call *calls, size_t count)
{
	uint32_t action = g->filter->default_action;
	bool is_x32 = arch->splits_x32 && calls->number & FILTER_X32_BIT;
	/* x32's integers are those of 32-bit architectures; the kernel ignores the rest too. */
	bool is_32bit = arch->is_32bit || is_x32;

	for (size_t i = count; i-- > 0;)
		if (is_unconditional(&calls[i]))
			action = calls[i].action;
	/* Conditions that lead where their absence leads too decide nothing at the end. */
	while (count > 0 && calls[count - 1].action == action)
		count--;
	if (count == 0)
		segment_add(g, calls->number, action);
	else
		g->segments[g->segment_count++] = (struct segment){.first = calls->number,
								   .action = action,
								   .calls = calls,
								   .call_count = count,
								   .is_32bit = is_32bit};
}

static void cut(struct generator *g, const struct filter_arch *arch)
{
	struct zone zones[3];
	size_t zone_count = zones_of(g->filter, arch, zones);
	const struct filter_call *calls = arch->calls.items;
	uint64_t next = 0;
	size_t end;

	g->segments = arena_new_array(g->arena, 2 * arch->calls.count + 8, struct segment);
	g->segment_count = 0;
	for (size_t i = 0; i < arch->calls.count; i = end) {
		for (end = i; end < arch->calls.count && calls[end].number == calls[i].number;)
			end++;
		if (calls[i].number > next)
			fill(g, zones, zone_count, next, calls[i].number - 1);
		rules_cut(g, arch, &calls[i], end - i);
		next = (uint64_t)calls[i].number + 1;
	}
	if (next <= UINT32_MAX)
		fill(g, zones, zone_count, next, UINT32_MAX);
}

/* By number; rules of one number stay in their order (merge sort). */
static void calls_sort(struct arena *arena, struct filter_call *calls, size_t count)
{
	struct filter_call *spare = arena_new_array(arena, count, struct filter_call);

	for (size_t width = 1; width < count; width *= 2) {
		for (size_t start = 0; start < count; start += 2 * width) {
			size_t middle = start + width < count ? start + width : count;
			size_t end = middle + width < count ? middle + width : count;
			size_t a = start, b = middle;

			for (size_t i = start; i < end; i++) {
				bool is_first = a < middle &&
						(b == end || calls[a].number <= calls[b].number);

				spare[i] = is_first ? calls[a++] : calls[b++];
			}
		}
		memcpy(calls, spare, count * sizeof(*calls));
	}
}

static void emit_arch(struct generator *g, struct filter_arch *arch)
{
	size_t at = g->count;

	calls_sort(g->arena, arch->calls.items, arch->calls.count);
	cut(g, arch);
	emit(g, BPF_JMP | BPF_JEQ | BPF_K, arch->audit_arch, 0, 0);
	emit(g, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
	emit_search(g, 0, g->segment_count);
	jump_over(g, at, false);
}

int filter_generate(struct arena *arena, struct filter *filter, struct program *ret, struct err *e)
{
	struct generator g = {
		.arena = arena,
		.filter = filter,
		.program = arena_new_array(arena, INSTRUCTIONS_MAX + 1, struct sock_filter),
	};

	emit(&g, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < filter->arch_count; i++)
		emit_arch(&g, &filter->archs[i]);
	emit(&g, BPF_RET | BPF_K, SECCOMP_RET_KILL_THREAD, 0, 0);
	if (is_full(&g))
		return refuse(e, E2BIG,
			      "linux.seccomp: the filter has more than %d instructions, which the "
			      "kernel does not take",
			      BPF_MAXINSNS);
	ret->instructions = g.program;
	ret->count = g.count;
	return 0;
}
