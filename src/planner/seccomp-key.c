/*
 * What a compiled filter depends on, as bytes that are equal for equal filters only: every string
 * is followed by its NUL, every list preceded by its count, numbers have fixed widths. The
 * architectures and rules keep their order, which decides what the library makes of them.
 *
 * The numbers are those of this machine: the cache is read by the machine that wrote it.
 */
#include "planner/build.h"
#include "syscalls.h"

enum { KEY_VERSION = 2 };

static void number_put(struct buf *key, uint64_t value)
{
	buf_append(key, &value, sizeof(value));
}

static void strings_put(struct buf *key, const struct strv *list)
{
	number_put(key, list->count);
	for (size_t i = 0; i < list->count; i++)
		buf_append(key, list->items[i], strlen(list->items[i]) + 1);
}

static void errno_put(struct buf *key, const struct opt_u32 *value)
{
	number_put(key, value->is_set ? 1ULL << 32 | value->value : 0);
}

void seccomp_key_write(const struct oci_seccomp *seccomp, uint64_t kernel_flags, struct buf *ret)
{
	const char *version = planner_seccomp_version();
	struct syscalls_arch native;

	number_put(ret, KEY_VERSION);
	buf_append(ret, version, strlen(version) + 1);
	syscalls_arch_native(&native);
	number_put(ret, native.token);
	number_put(ret, kernel_flags);
	number_put(ret, (uint32_t)seccomp->default_action.value);
	errno_put(ret, &seccomp->default_errno_ret);
	strings_put(ret, &seccomp->architectures);
	number_put(ret, seccomp->syscalls.count);
	list_each(const struct oci_seccomp_rule, rule, &seccomp->syscalls)
	{
		number_put(ret, (uint32_t)rule->action.value);
		errno_put(ret, &rule->errno_ret);
		number_put(ret, rule->args.count);
		list_each(const struct oci_seccomp_arg, arg, &rule->args)
		{
			number_put(ret, arg->index.value);
			number_put(ret, (uint32_t)arg->op.value);
			number_put(ret, arg->value.value);
			number_put(ret, arg->value_two.value);
		}
		strings_put(ret, &rule->names);
	}
}
