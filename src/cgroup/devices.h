/* The device rules of a container as cgroup v1 can hold them. */
#ifndef CGROUP_DEVICES_H
#define CGROUP_DEVICES_H

#include "internal.h"

#include "kern/bpf.h"

/*
 * v1 knows a default and a set of exceptions to it, without order. An exception is one type, one
 * major and minor (or all), and access bits.
 */
struct device_set {
	bool default_allow;
	struct bpf_device_rule *items; /* `allow` is always !default_allow, `type` never 'a' */
	size_t count;
};

/* From text to numbers, in order. */
int devices_parse(const struct plan_limits *limits, struct arena *arena,
		  struct bpf_device_rule **ret, size_t *ret_count, struct err *e) must_check;
/* The set that means the same as the ordered list. -EOPNOTSUPP: there is none, since an exception
 * to an exception cannot be told. */
int devices_reduce(const struct bpf_device_rule *rules, size_t count, struct arena *arena,
		   struct device_set *ret, struct err *e) must_check;
/* "c 1:3 rwm" */
void devices_format(const struct bpf_device_rule *rule, char *out, size_t size);

#endif
