/*
 * Turns an ordered list of device rules into what cgroup v1 can hold.
 *
 * The list means: each access bit is judged by the last rule that covers it, none means denied
 * (kern/bpf.h, so that both versions agree). v1 has a default and exceptions without order, and
 * silently ignores a rule that would make a hole in a wider exception. That hole could be a denial:
 * so lists are reduced here, and what cannot be expressed is refused, never approximated.
 *
 * With the default "deny" a request must fit into a single exception as a whole, so an exception
 * takes over the bits of the wider ones it lies in.
 */
#include "devices.h"

#include "base/num.h"

#include <stdio.h>

#define ACCESS_ALL (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

static int parse_access(const char *text, unsigned *ret)
{
	unsigned access = 0;

	for (; *text; text++) {
		if (*text == 'r')
			access |= BPF_DEVCG_ACC_READ;
		else if (*text == 'w')
			access |= BPF_DEVCG_ACC_WRITE;
		else if (*text == 'm')
			access |= BPF_DEVCG_ACC_MKNOD;
		else
			return -EINVAL;
	}
	*ret = access;
	return access ? 0 : -EINVAL;
}

static int parse_rule(const struct plan_device_rule *from, struct bpf_device_rule *to)
{
	const char *type = from->type ? from->type : "a";

	to->allow = from->allow.value;
	to->type = type[0];
	to->major = from->major.is_set && from->major.value >= 0 ? from->major.value : -1;
	to->minor = from->minor.is_set && from->minor.value >= 0 ? from->minor.value : -1;
	if ((type[0] != 'a' && type[0] != 'b' && type[0] != 'c') || type[1] != '\0' ||
	    to->major > INT32_MAX || to->minor > INT32_MAX)
		return -EINVAL;
	return parse_access(from->access ? from->access : "rwm", &to->access);
}

int devices_parse(const struct plan_limits *limits, struct arena *arena,
		  struct bpf_device_rule **ret, size_t *ret_count, struct err *e)
{
	struct bpf_device_rule *rules =
		arena_new_array(arena, limits->devices.count, struct bpf_device_rule);
	size_t count = 0;

	list_each(struct plan_device_rule, rule, &limits->devices)
	{
		if (parse_rule(rule, &rules[count]) < 0)
			return refuse(e, EINVAL, "linux.resources.devices: rule %zu makes no sense",
				      count);
		count++;
	}
	*ret = rules;
	*ret_count = count;
	return 0;
}

void devices_format(const struct bpf_device_rule *rule, char *out, size_t size)
{
	char major[24] = "*", minor[24] = "*";

	if (rule->major >= 0)
		(void)snprintf(major, sizeof(major), "%lld", (long long)rule->major);
	if (rule->minor >= 0)
		(void)snprintf(minor, sizeof(minor), "%lld", (long long)rule->minor);
	(void)snprintf(out, size, "%c %s:%s %s%s%s", rule->type, major, minor,
		       rule->access & BPF_DEVCG_ACC_READ ? "r" : "",
		       rule->access & BPF_DEVCG_ACC_WRITE ? "w" : "",
		       rule->access & BPF_DEVCG_ACC_MKNOD ? "m" : "");
}

/* ---- reduction ---- */

static bool number_holds(int64_t outer, int64_t inner)
{
	return outer < 0 || outer == inner;
}

static bool numbers_meet(int64_t a, int64_t b)
{
	return a < 0 || b < 0 || a == b;
}

/* Every device of `inner` is one of `outer`. */
static bool holds(const struct bpf_device_rule *outer, const struct bpf_device_rule *inner)
{
	return outer->type == inner->type && number_holds(outer->major, inner->major) &&
	       number_holds(outer->minor, inner->minor);
}

static bool meets(const struct bpf_device_rule *a, const struct bpf_device_rule *b)
{
	return a->type == b->type && numbers_meet(a->major, b->major) &&
	       numbers_meet(a->minor, b->minor);
}

/* The rule agrees with the default: it takes bits from exceptions. */
static int set_trim(struct device_set *set, const struct bpf_device_rule *rule)
{
	size_t kept = 0;

	for (size_t i = 0; i < set->count; i++) {
		struct bpf_device_rule *item = &set->items[i];

		if (holds(rule, item))
			item->access &= ~rule->access;
		else if (meets(rule, item) && (item->access & rule->access))
			return -EOPNOTSUPP;
		if (item->access != 0)
			set->items[kept++] = *item;
	}
	set->count = kept;
	return 0;
}

/* The rule is against the default: it becomes an exception, or widens one. */
static void set_extend(struct device_set *set, const struct bpf_device_rule *rule)
{
	for (size_t i = 0; i < set->count; i++) {
		struct bpf_device_rule *item = &set->items[i];

		if (holds(item, rule) && holds(rule, item)) {
			item->access |= rule->access;
			return;
		}
	}
	set->items[set->count++] = *rule;
}

static int set_add(struct device_set *set, const struct bpf_device_rule *rule)
{
	if (rule->allow != set->default_allow) {
		set_extend(set, rule);
		return 0;
	}
	return set_trim(set, rule);
}

/* A rule for both types is one for each. */
static int set_add_any(struct device_set *set, const struct bpf_device_rule *rule)
{
	struct bpf_device_rule one = *rule;
	int r;

	if (rule->type != 'a')
		return set_add(set, rule);
	one.type = 'c';
	r = set_add(set, &one);
	one.type = 'b';
	return r < 0 ? r : set_add(set, &one);
}

static bool covers_all(const struct bpf_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       rule->access == ACCESS_ALL;
}

static int reduce_with(const struct bpf_device_rule *rules, size_t count, bool default_allow,
		       struct device_set *set)
{
	set->default_allow = default_allow;
	set->count = 0;
	/* What is judged by no rule is denied. */
	if (default_allow) {
		struct bpf_device_rule none = {-1, -1, ACCESS_ALL, 'a', false};

		(void)set_add_any(set, &none);
	}
	for (size_t i = 0; i < count; i++) {
		int r;

		if (covers_all(&rules[i]))
			set->count = 0;
		r = covers_all(&rules[i]) && rules[i].allow == default_allow
			    ? 0
			    : set_add_any(set, &rules[i]);
		if (r < 0)
			return r;
	}
	return 0;
}

static void widen(struct device_set *set)
{
	for (size_t i = 0; i < set->count; i++) {
		for (size_t j = 0; j < set->count; j++) {
			if (j != i && holds(&set->items[j], &set->items[i]))
				set->items[i].access |= set->items[j].access;
		}
	}
}

int devices_reduce(const struct bpf_device_rule *rules, size_t count, struct arena *arena,
		   struct device_set *ret, struct err *e)
{
	bool first = false;
	int r;

	/* The default that the last rule for everything sets comes out smaller. */
	for (size_t i = 0; i < count; i++) {
		if (covers_all(&rules[i]))
			first = rules[i].allow;
	}
	ret->items = arena_new_array(arena, 2 * count + 2, struct bpf_device_rule);
	r = reduce_with(rules, count, first, ret);
	if (r < 0)
		r = reduce_with(rules, count, !first, ret);
	if (r < 0)
		return refuse(e, -r,
			      "linux.resources.devices: cgroup v1 cannot hold an exception to an "
			      "exception; order the rules from the wider to the narrower");
	if (!ret->default_allow)
		widen(ret);
	return 0;
}
