/*
 * Rules of linux.seccomp.
 *
 * A filter that notifies about a call which the runtime itself makes between installing it and
 * handing over its descriptor would wait for a listener that does not exist yet: NOTIFY is
 * refused as default action and on those calls. An errno that an action cannot carry would be
 * dropped silently; the specification wants an error.
 *
 * Source: runtime-spec 1.3 config-linux.md "Seccomp"; seccomp(2).
 */
#include "check.h"
#include "oci/names.h"

#include <stdio.h>

enum {
	ARGUMENT_INDEX_MAX = 5,
	ERRNO_MAX = 4095, /* the kernel's MAX_ERRNO: larger ones are cut */
	TRACE_MAX = 65535,
	FLAG_WAIT_KILLABLE_RECV = 0x20,
};

static int check_errno(int action, const struct opt_u32 *value, const char *path, struct err *e)
{
	uint32_t limit = action == OCI_SECCOMP_TRACE ? TRACE_MAX : ERRNO_MAX;

	if (!value->is_set)
		return 0;
	if (action != OCI_SECCOMP_ERRNO && action != OCI_SECCOMP_TRACE)
		return refuse(e, EINVAL, "%s: the action %s takes no errno", path,
			      enum_name_of(oci_seccomp_action_names, action));
	if (value->value > limit)
		return refuse(e, EINVAL, "%s: must be at most %u, not %u", path, limit,
			      value->value);
	return 0;
}

static int check_rule(const struct oci_seccomp_rule *rule, size_t index, struct err *e)
{
	static const char *const own_calls[] = {"write", "sendmsg"};
	char path[64];
	size_t argument = 0;

	(void)snprintf(path, sizeof(path), "linux.seccomp.syscalls[%zu].errnoRet", index);
	if (check_errno(rule->action.value, &rule->errno_ret, path, e) < 0)
		return -e->code;
	for (size_t i = 0; i < rule->names.count; i++)
		if (*rule->names.items[i] == '\0')
			return refuse(e, EINVAL,
				      "linux.seccomp.syscalls[%zu].names[%zu]: must not be empty",
				      index, i);
	if (rule->action.value == OCI_SECCOMP_NOTIFY)
		for (size_t i = 0; i < sizeof(own_calls) / sizeof(own_calls[0]); i++)
			if (strv_has(&rule->names, own_calls[i]))
				return refuse(e, EINVAL,
					      "linux.seccomp.syscalls[%zu].action: SCMP_ACT_NOTIFY "
					      "is not possible on %s, which sets up the listener",
					      index, own_calls[i]);
	list_each(struct oci_seccomp_arg, arg, &rule->args)
	{
		if (arg->index.value > ARGUMENT_INDEX_MAX)
			return refuse(
				e, EINVAL,
				"linux.seccomp.syscalls[%zu].args[%zu].index: must be 0 to 5, "
				"not %u",
				index, argument, arg->index.value);
		argument++;
	}
	return 0;
}

static int check_listener(struct oci_seccomp *seccomp, bool notifies, struct err *e)
{
	if (seccomp->listener_metadata && !seccomp->listener_path)
		return refuse(
			e, EINVAL,
			"linux.seccomp.listenerMetadata: makes no sense without listenerPath");
	if (notifies && !seccomp->listener_path)
		return refuse(e, EINVAL,
			      "linux.seccomp.listenerPath: is required by SCMP_ACT_NOTIFY");
	for (size_t i = 0; i < seccomp->flags.count; i++)
		if (seccomp->flags.values[i] == FLAG_WAIT_KILLABLE_RECV && !notifies)
			return refuse(e, EINVAL,
				      "linux.seccomp.flags[%zu]: "
				      "SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV needs a rule with "
				      "SCMP_ACT_NOTIFY",
				      i);
	return 0;
}

int check_seccomp(struct oci_seccomp *seccomp, struct err *e)
{
	bool notifies = false;
	size_t index = 0;
	int64_t arch;
	int r;

	drop_empty(&seccomp->listener_path);
	drop_empty(&seccomp->listener_metadata);
	if (seccomp->default_action.value == OCI_SECCOMP_NOTIFY)
		return refuse(e, EINVAL,
			      "linux.seccomp.defaultAction: cannot be SCMP_ACT_NOTIFY, which would "
			      "stop the runtime itself");
	r = check_errno(seccomp->default_action.value, &seccomp->default_errno_ret,
			"linux.seccomp.defaultErrnoRet", e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < seccomp->architectures.count; i++)
		if (enum_value_of(oci_seccomp_arch_names, seccomp->architectures.items[i], &arch) <
		    0)
			return refuse(e, EINVAL,
				      "linux.seccomp.architectures[%zu]: unknown architecture '%s'",
				      i, seccomp->architectures.items[i]);
	list_each(struct oci_seccomp_rule, rule, &seccomp->syscalls)
	{
		r = check_rule(rule, index++, e);
		if (r < 0)
			return r;
		if (rule->action.value == OCI_SECCOMP_NOTIFY)
			notifies = true;
	}
	return check_listener(seccomp, notifies, e);
}
