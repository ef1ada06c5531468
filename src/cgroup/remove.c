/*
 * Removes the cgroup, whatever is left in it.
 *
 * The common case is one rmdir(2) a hierarchy. EBUSY means processes or sub-cgroups: both are
 * cleared until a deadline. Surprising: a process leaves its cgroup while exiting, some time after
 * its SIGKILL and before its parent can reap it; in every hierarchy at once, but the directory may
 * stay busy a little longer. Only the cgroup's own directory is removed, never its ancestors, which
 * other containers may be about to use.
 */
#include "internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "unit.h"

#include <fcntl.h>
#include <signal.h>
#include <time.h>

static const char *leaf_of(const struct cgroup *cgroup)
{
	return cgroup->parts.items[cgroup->parts.count - 1];
}

int remove_plain(struct cgroup *cgroup, struct hierarchy *h, struct err *e)
{
	auto_fd int own = FD_NONE;
	int parent = h->parent_fd;
	int r = 0;

	/* One component: its parent is the mount point, which is open as a rule. */
	if (parent < 0 && cgroup->parts.count == 1)
		r = hierarchy_open_mount(h, e);
	else if (parent < 0)
		r = hierarchy_open_parent(cgroup, h, &own, e);
	if (r != 0)
		return r < 0 ? r : 0;
	if (parent < 0)
		parent = own >= 0 ? own : h->mount_fd;
	if (unlinkat(parent, leaf_of(cgroup), AT_REMOVEDIR) == 0 || errno == ENOENT)
		return 0;
	if (errno == EBUSY || errno == ENOTEMPTY)
		return -EBUSY;
	return fail(e, errno, "remove cgroup '%s' of '%s'", cgroup->path, h->info->mount_point);
}

static int remove_tree(struct cgroup *cgroup, struct hierarchy *h, uint64_t deadline, struct err *e)
{
	auto_fd int parent = FD_NONE;
	struct timespec pause = {.tv_nsec = 50 * 1000L};
	int r = hierarchy_open_parent(cgroup, h, &parent, e);

	if (r != 0)
		return r < 0 ? r : 0;
	for (;;) {
		r = hierarchy_open(cgroup, h, e);
		if (r != 0)
			return r < 0 ? r : 0;
		r = procs_kill(cgroup, h, deadline, e);
		if (r < 0)
			return r;
		r = walk_remove(parent, leaf_of(cgroup));
		if (r == 0)
			return 0;
		if (r != -EBUSY || clock_now() > deadline)
			return fail(e, -r, "remove cgroup '%s' of '%s'", cgroup->path,
				    h->info->mount_point);
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 20 * 1000L * 1000)
			pause.tv_nsec *= 2;
		fd_close(&h->fd);
	}
}

static bool has_processes(struct cgroup *cgroup)
{
	struct pid_list list = {0};
	struct hierarchy *h;
	struct err ignored;
	bool found = false;

	if (cgroup_primary(cgroup, &h, &ignored) == 0)
		found = procs_list(h->fd, &list, &ignored) == 0 && list.count > 0;
	pid_list_done(&list);
	return found;
}

/* Whether the processes in it may be killed: see make.c about the mark. */
static int check_owner(struct cgroup *cgroup, struct err *e)
{
	if (cgroup->is_systemd || make_is_marked(cgroup) || !has_processes(cgroup))
		return 0;
	return refuse(e, EBUSY, "cgroup '%s' has processes that are not the container's",
		      cgroup->path);
}

/* One hierarchy. The first that is not empty has everything killed in all of them. */
static int remove_one(struct cgroup *cgroup, struct hierarchy *h, uint64_t deadline, bool *killed,
		      struct err *e)
{
	int r = h->denied ? 0 : remove_plain(cgroup, h, e);

	if (r != -EBUSY)
		return r;
	if (!*killed) {
		r = check_owner(cgroup, e);
		if (r == 0)
			r = cgroup_signal(cgroup, SIGKILL, e);
		if (r < 0)
			return r;
		*killed = true;
	}
	return remove_tree(cgroup, h, deadline, e);
}

/* The primary one goes last: it has the mark, and is what a later attempt looks at. */
static int remove_all(struct cgroup *cgroup, struct err *e)
{
	uint64_t deadline = clock_now() + CGROUP_PATIENCE_NS;
	struct hierarchy *primary = NULL;
	bool killed = false;
	int r = cgroup_primary(cgroup, &primary, e);

	if (r < 0)
		return r;
	hierarchy_each(h, cgroup)
	{
		r = h == primary ? 0 : remove_one(cgroup, h, deadline, &killed, e);
		if (r < 0)
			return r;
		if (h != primary)
			fd_close(&h->fd);
	}
	if (!primary)
		return 0;
	r = remove_one(cgroup, primary, deadline, &killed, e);
	fd_close(&primary->fd);
	return r;
}

int cgroup_remove(struct cgroup *cgroup, struct err *e)
{
	int r = 0;

	if (cgroup->is_none || cgroup->is_foreign)
		return 0;
	if (cgroup->is_systemd) {
		struct err stop;

		/* A scope is stopped by SIGTERM and patience; ours is over already. Its end also
		 * ends the unit, so a systemd that does not answer is no reason to keep it. */
		r = cgroup_signal(cgroup, SIGKILL, e);
		if (r < 0)
			return r;
		if (systemd_stop(cgroup->where, &stop) < 0)
			log_debug("%s", stop.text);
	}
	return remove_all(cgroup, e);
}
