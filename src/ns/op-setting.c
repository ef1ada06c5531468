/*
 * The operations that are neither mounts nor nodes: names, kernel parameters, the network, and the
 * places where the container's side waits for the runtime.
 */
#include "child.h"

#include "kern/proc.h"
#include "kern/rtnl.h"

#include <string.h>

int op_net_devices(struct child *child, const struct plan_op *op, struct err *e)
{
	(void)op;
	return handshake_wait(child->handshake, MESSAGE_NET_DONE, e);
}

int op_loopback(struct child *child, const struct plan_op *op, struct err *e)
{
	(void)child;
	(void)op;
	return rtnl_loopback_up(e);
}

int op_hooks(struct child *child, const struct plan_op *op, struct err *e)
{
	int r = handshake_send(child->handshake, MESSAGE_AT_HOOKS, 0, FD_NONE, e);

	child->is_at_hooks = true;
	if (r == 0 && !(op && op->flags.value & PLAN_HOOKS_NONE))
		r = handshake_wait(child->handshake, MESSAGE_HOOKS_DONE, e);
	return r == 0 ? hooks_run_create(child, e) : r;
}

int op_hostname(struct child *child, const struct plan_op *op, struct err *e)
{
	(void)child;
	if (sethostname(op->text, strlen(op->text)) < 0)
		return fail(e, errno, "set the host name '%s'", op->text);
	return 0;
}

int op_domainname(struct child *child, const struct plan_op *op, struct err *e)
{
	(void)child;
	if (setdomainname(op->text, strlen(op->text)) < 0)
		return fail(e, errno, "set the domain name '%s'", op->text);
	return 0;
}

int op_sysctl(struct child *child, const struct plan_op *op, struct err *e)
{
	return proc_write_sysctl(child->proc, op->target, op->text, e);
}
