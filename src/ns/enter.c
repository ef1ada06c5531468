/*
 * Into the container's cgroup by the cheap way, see cgroup_entry_open(): being born there on v2,
 * and a write of the process about itself on v1. The kernel needs no grace period for either, which
 * otherwise is most of the time it takes to start a container.
 */
#include "internal.h"

#include "base/log.h"
#include "kern/compat.h"

/* EPERM: of a seccomp filter, or the process without the cgroup is refused too. */
static bool is_refused(int r)
{
	return r == -EOPNOTSUPP || r == -ENOSYS || r == -EINVAL || r == -E2BIG || r == -EBUSY ||
	       r == -EACCES || r == -EPERM;
}

int enter_fork(struct process_fork *how, struct cgroup_entry *entry, bool *has_entry,
	       struct process *ret, struct err *e)
{
	int r;

	/* No handler of the runtime's runs in the new process. */
	how->flags |= CLONE_CLEAR_SIGHAND;
	if (!*has_entry || entry->clone_fd < 0)
		return process_fork(how, ret, e);
	how->cgroup = entry->clone_fd;
	r = process_fork(how, ret, e);
	if (r >= 0 || !is_refused(r))
		return r;
	log_debug("a process cannot be born in its cgroup here");
	how->cgroup = FD_NONE;
	cgroup_entry_done(entry);
	*has_entry = false;
	return process_fork(how, ret, e);
}
