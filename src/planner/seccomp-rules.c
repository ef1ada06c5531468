/*
 * The rules of linux.seccomp as libseccomp should get them: one name each, nothing twice.
 *
 * - Rules that say what the default says anyway are left out before any other is looked at; the
 *   library refuses them.
 * - Conditions on one argument that occurs twice are alternatives: each becomes a rule of its own.
 * - The library lets a rule without conditions win over all others of its call, and the first such
 *   one over later ones. The others are not even given to it: they could only contradict.
 * - The library merges the rules of a call into a tree of comparisons. A condition that is met in
 *   several ways (all but equality) leads to the next one along several branches; merging such a
 *   rule with others makes libseccomp 2.5.4 loop for ever or answer wrongly. Alone for its call, or
 *   with that condition as its last, it is harmless. Else it is refused.
 * - The library's time grows with the square of the rules. So equal ones are given to it once, and
 *   more conditions than a program has room for are refused before it begins.
 *
 * Source: runtime-spec 1.3 config-linux.md "Seccomp"; seccomp_rule_add(3).
 */
#include "syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>
#include <stdio.h>
#include <stdlib.h>

enum {
	ARGUMENTS = 6,
	ERRNO_MAX = 4094, /* libseccomp's; the kernel's is one more */
};

int seccomp_action_resolve(int action, const struct opt_u32 *value, const char *path, uint32_t *ret,
			   struct err *e)
{
	uint32_t number = value->is_set ? value->value : EPERM;

	switch ((enum oci_seccomp_action)action) {
	case OCI_SECCOMP_KILL_THREAD:
		*ret = SECCOMP_RET_KILL_THREAD;
		return 0;
	case OCI_SECCOMP_KILL_PROCESS:
		*ret = SECCOMP_RET_KILL_PROCESS;
		return 0;
	case OCI_SECCOMP_TRAP:
		*ret = SECCOMP_RET_TRAP;
		return 0;
	case OCI_SECCOMP_ERRNO:
		*ret = SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA);
		return number <= ERRNO_MAX
			       ? 0
			       : refuse(e, EINVAL, "%s: %u is no errno that libseccomp takes", path,
					number);
	case OCI_SECCOMP_TRACE:
		*ret = SECCOMP_RET_TRACE | (number & SECCOMP_RET_DATA);
		return number <= SECCOMP_RET_DATA
			       ? 0
			       : refuse(e, EINVAL, "%s: %u is too large", path, number);
	case OCI_SECCOMP_ALLOW:
		*ret = SECCOMP_RET_ALLOW;
		return 0;
	case OCI_SECCOMP_LOG:
		*ret = SECCOMP_RET_LOG;
		return 0;
	case OCI_SECCOMP_NOTIFY:
		*ret = SECCOMP_RET_USER_NOTIF;
		return 0;
	}
	return refuse(e, EINVAL, "%s: unknown action %d", path, action);
}

uint32_t seccomp_newer_action(const struct oci_seccomp *seccomp, uint32_t default_action)
{
	return seccomp->default_action.value == OCI_SECCOMP_ERRNO ? SECCOMP_RET_ERRNO | ENOSYS
								  : default_action;
}

static bool has_repeated_argument(const struct list *args)
{
	unsigned seen = 0;

	list_each(const struct oci_seccomp_arg, arg, args)
	{
		unsigned bit = 1U << arg->index.value % 32;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static size_t alternatives_of(const struct oci_seccomp_rule *rule)
{
	return has_repeated_argument(&rule->args) ? rule->args.count : 1;
}

static int rule_check(const struct oci_seccomp_rule *rule, size_t index, struct err *e)
{
	list_each(const struct oci_seccomp_arg, arg, &rule->args)
	{
		if (arg->index.value >= ARGUMENTS)
			return refuse(e, EINVAL,
				      "linux.seccomp.syscalls[%zu].args: index %u is above 5",
				      index, arg->index.value);
	}
	return 0;
}

static void rule_flatten(const struct oci_seccomp_rule *rule, struct seccomp_call with,
			 struct list *calls)
{
	size_t alternatives = alternatives_of(rule);

	with.args = rule->args.items;
	with.arg_count = alternatives > 1 ? 1 : rule->args.count;
	for (size_t i = 0; i < rule->names.count; i++) {
		with.name = rule->names.items[i];
		for (size_t j = 0; j < alternatives; j++) {
			struct seccomp_call *call =
				list_at(struct seccomp_call, calls, calls->count++);

			*call = with;
			call->args += j;
		}
	}
}

static int rules_flatten(struct arena *arena, const struct oci_seccomp *seccomp,
			 uint32_t default_action, struct list *ret, struct err *e)
{
	size_t count = 0;
	size_t index = 0;

	list_each(const struct oci_seccomp_rule, each, &seccomp->syscalls) count +=
		each->names.count * alternatives_of(each);
	*ret = (struct list){.items = arena_new_array(arena, count, struct seccomp_call)};
	list_each(const struct oci_seccomp_rule, rule, &seccomp->syscalls)
	{
		struct seccomp_call call = {.rule = index};
		char path[64];

		(void)snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu].errnoRet", index);
		if (rule_check(rule, index++, e) < 0 ||
		    seccomp_action_resolve(rule->action.value, &rule->errno_ret, path, &call.action,
					   e) < 0)
			return -e->code;
		if (call.action != default_action)
			rule_flatten(rule, call, ret);
	}
	return 0;
}

static int number_compare(uint64_t a, uint64_t b)
{
	return a < b ? -1 : a > b;
}

static int arg_compare(const struct oci_seccomp_arg *a, const struct oci_seccomp_arg *b)
{
	int r = number_compare(a->index.value, b->index.value);

	r = r ? r : number_compare((uint32_t)a->op.value, (uint32_t)b->op.value);
	r = r ? r : number_compare(a->value.value, b->value.value);
	return r ? r : number_compare(a->value_two.value, b->value_two.value);
}

/* By name, then what has no conditions; equal: the later one decides nothing. */
static int meaning_compare(const struct seccomp_call *a, const struct seccomp_call *b)
{
	int r = strcmp(a->name, b->name);

	r = r ? r : number_compare(a->arg_count, b->arg_count);
	for (size_t i = 0; r == 0 && i < a->arg_count; i++)
		r = arg_compare(&a->args[i], &b->args[i]);
	if (r == 0 && a->arg_count > 0)
		r = number_compare(a->action, b->action);
	return r;
}

static int call_compare(const void *a, const void *b)
{
	const struct seccomp_call *x = *(const struct seccomp_call *const *)a;
	const struct seccomp_call *y = *(const struct seccomp_call *const *)b;
	int r = meaning_compare(x, y);

	/* The order of the rules: both are parts of one array. */
	return r ? r : number_compare((uintptr_t)x, (uintptr_t)y);
}

/* Whether a condition that can be met in several ways is followed by another one. */
static bool is_branching(const struct seccomp_call *call)
{
	uint32_t last = 0;

	for (size_t i = 0; i < call->arg_count; i++)
		if (call->args[i].index.value > last)
			last = call->args[i].index.value;
	for (size_t i = 0; i < call->arg_count; i++)
		if (call->args[i].index.value != last && call->args[i].op.value != OCI_SECCOMP_EQ &&
		    call->args[i].op.value != OCI_SECCOMP_MASKED_EQ)
			return true;
	return false;
}

static int pair_check(const struct seccomp_call *a, const struct seccomp_call *b, struct err *e)
{
	const struct seccomp_call *branching = is_branching(a) ? a : is_branching(b) ? b : NULL;

	if (!branching)
		return 0;
	return refuse(e, ENOTSUP,
		      "linux.seccomp.syscalls[%zu].args: libseccomp cannot combine this with other "
		      "rules for '%s': only the condition on the last argument may be other than "
		      "SCMP_CMP_EQ or SCMP_CMP_MASKED_EQ",
		      branching->rule, branching->name);
}

/* Marks by a NULL name what does not decide anything. */
static int calls_mark(struct arena *arena, const struct list *calls, struct err *e)
{
	struct seccomp_call **sorted = arena_new_array(arena, calls->count, struct seccomp_call *);
	const struct seccomp_call *kept = NULL;

	for (size_t i = 0; i < calls->count; i++)
		sorted[i] = list_at(struct seccomp_call, calls, i);
	if (calls->count > 0)
		qsort(sorted, calls->count, sizeof(*sorted), call_compare);
	for (size_t i = 0; i < calls->count; i++) {
		bool is_same_name = kept && str_is(kept->name, sorted[i]->name);

		if (is_same_name &&
		    (kept->arg_count == 0 || meaning_compare(kept, sorted[i]) == 0)) {
			sorted[i]->name = NULL;
			continue;
		}
		if (is_same_name && pair_check(kept, sorted[i], e) < 0)
			return -e->code;
		kept = sorted[i];
	}
	return 0;
}

int seccomp_calls_list(struct arena *arena, const struct oci_seccomp *seccomp,
		       uint32_t default_action, size_t arch_count, struct list *ret, struct err *e)
{
	struct seccomp_call *items;
	struct list calls;
	size_t conditional = 0;
	size_t count = 0;

	if (rules_flatten(arena, seccomp, default_action, &calls, e) < 0 ||
	    calls_mark(arena, &calls, e) < 0)
		return -e->code;
	items = calls.items;
	for (size_t i = 0; i < calls.count; i++)
		if (items[i].name) {
			conditional += items[i].arg_count > 0;
			items[count++] = items[i];
		}
	if (conditional * arch_count > SECCOMP_CONDITIONS_MAX)
		return refuse(e, E2BIG,
			      "linux.seccomp.syscalls: %zu different rules with conditions for %zu "
			      "architectures are too many: at most %d fit in a filter",
			      conditional, arch_count, SECCOMP_CONDITIONS_MAX);
	*ret = (struct list){.items = items, .count = count};
	return 0;
}
