/*
 * Notices of the out-of-memory killer.
 *
 * v1: an eventfd registered in cgroup.event_control, which fires when the cgroup runs out of memory
 * and also when it is removed. v2: inotify on memory.events, which changes for other reasons too.
 * Either way the count says what really happened.
 */
#include "internal.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/inotify.h>

/* NULL: the error says why. */
static struct hierarchy *open_memory(struct cgroup *cgroup, struct err *e)
{
	struct hierarchy *h = cgroup->is_none ? NULL : cgroup_find(cgroup, "memory");
	int r = h ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

	if (r == 0)
		return h;
	if (r == CGROUP_ABSENT)
		(void)refuse(e, ENOENT, "the container has no memory cgroup");
	return NULL;
}

static int watch_v1(const struct hierarchy *h, int *ret_fd, struct err *e)
{
	auto_fd int events = eventfd(0, EFD_CLOEXEC | EFD_NONBLOCK);
	auto_fd int control =
		openat(h->fd, "memory.oom_control", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);
	char text[64];
	int r;

	if (events < 0 || control < 0)
		return fail(e, errno, "open 'memory.oom_control'");
	(void)snprintf(text, sizeof(text), "%d %d", events, control);
	r = control_write(h->fd, "cgroup.event_control", text);
	if (r < 0)
		return fail(e, -r, "register for the out-of-memory events");
	*ret_fd = take_fd(&events);
	return 0;
}

static int watch_v2(const struct hierarchy *h, int *ret_fd, struct err *e)
{
	auto_fd int fd = inotify_init1(IN_CLOEXEC | IN_NONBLOCK);
	char path[64];

	if (fd < 0)
		return fail(e, errno, "make an inotify descriptor");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/memory.events", h->fd);
	if (inotify_add_watch(fd, path, IN_MODIFY) < 0)
		return fail(e, errno, "watch 'memory.events'");
	*ret_fd = take_fd(&fd);
	return 0;
}

int cgroup_oom_watch(struct cgroup *cgroup, int *ret_fd, struct err *e)
{
	struct hierarchy *h = open_memory(cgroup, e);
	int r;

	if (!h)
		return -e->code;
	r = h->info->is_v2 ? watch_v2(h, ret_fd, e) : watch_v1(h, ret_fd, e);
	return r < 0 ? wrap(e, "cgroup '%s'", cgroup->path) : 0;
}

int cgroup_oom_count(struct cgroup *cgroup, uint64_t *ret, struct err *e)
{
	struct hierarchy *h = open_memory(cgroup, e);
	int r;

	if (!h)
		return -e->code;
	r = control_read_key(h->fd, h->info->is_v2 ? "memory.events" : "memory.oom_control",
			     "oom_kill", ret);
	/* v1 counts since 4.13. */
	if (r == -ENOENT && !h->info->is_v2) {
		*ret = 0;
		return 0;
	}
	if (r < 0)
		return fail(e, -r, "read the out-of-memory count of cgroup '%s'", cgroup->path);
	return 0;
}
