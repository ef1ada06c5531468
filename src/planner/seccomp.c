/*
 * The filter of the container: compiled, or taken from the cache, and how it is installed.
 *
 * Source: runtime-spec 1.3 config-linux.md "Seccomp"; seccomp(2).
 */
#include "planning.h"
#include "syscalls.h"

#include "base/log.h"
#include "kern/compat.h"

static bool has_notify(const struct oci_seccomp *seccomp)
{
	list_each(const struct oci_seccomp_rule, rule,
		  &seccomp->syscalls) if (rule->action.value == OCI_SECCOMP_NOTIFY) return true;
	return false;
}

static int flags_plan(const struct planning *p, const struct oci_seccomp *seccomp, bool notifies,
		      uint64_t *ret, struct err *e)
{
	uint64_t flags = 0;

	/* Who says nothing gets the cheap kind of mitigations, as far as the kernel offers it. */
	if (!seccomp->flags.is_set)
		flags = KERN_SECCOMP_FLAG_SPEC_ALLOW & p->facts->seccomp_flags;
	for (size_t i = 0; i < seccomp->flags.count; i++) {
		uint64_t flag = (uint32_t)seccomp->flags.values[i];

		if (flag == KERN_SECCOMP_FLAG_WAIT_KILLABLE_RECV && !notifies)
			return refuse(e, EINVAL,
				      "linux.seccomp.flags[%zu]: needs a rule with SCMP_ACT_NOTIFY",
				      i);
		if (!(p->facts->seccomp_flags & flag))
			return refuse(
				e, ENOTSUP,
				"linux.seccomp.flags[%zu]: %s is not supported by this "
				"kernel",
				i, enum_name_of(oci_seccomp_flag_names, seccomp->flags.values[i]));
		/* The process that installs the filter has one thread: there is nothing to
		 * synchronise, and the kernel refuses it together with a listener. */
		if (flag != KERN_SECCOMP_FLAG_TSYNC)
			flags |= flag;
	}
	if (notifies)
		flags |= KERN_SECCOMP_FLAG_NEW_LISTENER;
	*ret = flags;
	return 0;
}

static int program_find(const struct planning *p, const struct oci_seccomp *seccomp,
			struct program *ret, struct err *e)
{
	int cache = p->options->seccomp_cache_fd;
	auto_buf key = {0};
	int r;

	if (cache >= 0) {
		seccomp_key_write(seccomp, p->facts->seccomp_flags, &key);
		if (seccomp_cache_find(p->arena, cache, &key, ret))
			return 0;
	}
	r = seccomp_compile(p->arena, seccomp, ret, e);
	if (r < 0)
		return r;
	log_debug("compiled the seccomp filter: %zu instructions", ret->count);
	if (cache >= 0)
		seccomp_cache_store(cache, &key, ret);
	return 0;
}

int seccomp_plan(const struct planning *p, const struct oci_seccomp *seccomp,
		 struct plan_seccomp **ret, struct err *e)
{
	struct plan_seccomp *to = arena_new(p->arena, struct plan_seccomp);
	bool notifies = has_notify(seccomp);
	struct program program = {0};
	int r;

	r = flags_plan(p, seccomp, notifies, &to->flags, e);
	if (r < 0)
		return r;
	if (notifies && !seccomp->listener_path)
		return refuse(e, EINVAL,
			      "linux.seccomp.listenerPath: is required by SCMP_ACT_NOTIFY");
	r = program_find(p, seccomp, &program, e);
	if (r < 0)
		return r;
	to->program = program.instructions;
	to->instruction_count = program.count;
	if (notifies) {
		to->listener_path = seccomp->listener_path;
		to->listener_metadata = seccomp->listener_metadata;
	}
	*ret = to;
	return 0;
}
