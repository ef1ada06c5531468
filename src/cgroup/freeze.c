/*
 * Freezing and thawing.
 *
 * v1: freezer.state is FREEZING until the last task has stopped; a task in an uninterruptible sleep
 * delays that, and tasks born at the wrong moment need the request repeated. v2: cgroup.freeze is
 * the request, "frozen" in cgroup.events the fact, and poll(2) reports its changes.
 */
#include "internal.h"

#include "base/clock.h"

#include <fcntl.h>
#include <poll.h>
#include <time.h>

static struct hierarchy *freezer(const struct cgroup *cgroup)
{
	if (cgroup->is_unified)
		return cgroup->v2;
	hierarchy_each(h, cgroup)
	{
		if (hierarchy_has(h, "freezer"))
			return h;
	}
	/* The freezer of v2 is no controller: an otherwise empty tree has it. */
	return cgroup->v2;
}

static int write_request(const struct hierarchy *h, bool frozen)
{
	if (h->info->is_v2)
		return control_write(h->fd, "cgroup.freeze", frozen ? "1" : "0");
	return control_write(h->fd, "freezer.state", frozen ? "FROZEN" : "THAWED");
}

int freeze_request(struct cgroup *cgroup, bool frozen)
{
	struct hierarchy *h = freezer(cgroup);
	struct err ignored;
	int r = h ? hierarchy_open(cgroup, h, &ignored) : CGROUP_ABSENT;

	if (r != 0)
		return r < 0 ? r : -ENOENT;
	return write_request(h, frozen);
}

/* Whether it is frozen by now; by an ancestor too. 0, or -errno. */
static int read_state(const struct hierarchy *h, bool *ret_frozen)
{
	char text[64];
	uint64_t frozen = 0;
	ssize_t r;

	if (h->info->is_v2) {
		r = control_read_key(h->fd, "cgroup.events", "frozen", &frozen);
		*ret_frozen = frozen != 0;
	} else {
		r = control_read(h->fd, "freezer.state", text, sizeof(text));
		*ret_frozen = r >= 0 && str_is(text, "FROZEN");
	}
	return r < 0 ? (int)r : 0;
}

static int wait_v2(const struct hierarchy *h, uint64_t deadline)
{
	auto_fd int fd = openat(h->fd, "cgroup.events", O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return -errno;
	for (;;) {
		struct pollfd poll_fd = {.fd = fd, .events = POLLPRI};
		char text[256];
		ssize_t length = pread(fd, text, sizeof(text) - 1, 0);

		if (length < 0)
			return -errno;
		text[length] = '\0';
		if (strstr(text, "frozen 1"))
			return 0;
		if (clock_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		if (poll(&poll_fd, 1, clock_left_ms(deadline)) < 0 && errno != EINTR)
			return -errno;
	}
}

static int wait_v1(const struct hierarchy *h, uint64_t deadline)
{
	struct timespec pause = {.tv_nsec = 100 * 1000L};

	for (;;) {
		bool frozen = false;
		int r = read_state(h, &frozen);

		if (r < 0 || frozen)
			return r;
		if (clock_left_ms(deadline) == 0)
			return -ETIMEDOUT;
		(void)nanosleep(&pause, NULL);
		if (pause.tv_nsec < 10 * 1000L * 1000)
			pause.tv_nsec *= 2;
		r = write_request(h, true);
		if (r < 0)
			return r;
	}
}

static int open_freezer(struct cgroup *cgroup, struct hierarchy **ret, struct err *e)
{
	struct hierarchy *h = freezer(cgroup);
	int r = h && !cgroup->is_none ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

	if (r == 0)
		*ret = h;
	return r;
}

int cgroup_freeze(struct cgroup *cgroup, struct err *e)
{
	uint64_t deadline = clock_now() + CGROUP_PATIENCE_NS;
	struct hierarchy *h = NULL;
	int r = open_freezer(cgroup, &h, e);

	if (r < 0)
		return r;
	if (r == CGROUP_ABSENT || !h)
		return refuse(e, ENOENT, "the container has no cgroup to freeze");
	r = write_request(h, true);
	if (r == 0)
		r = h->info->is_v2 ? wait_v2(h, deadline) : wait_v1(h, deadline);
	if (r == 0)
		return 0;
	(void)write_request(h, false);
	return fail(e, -r, "freeze cgroup '%s'", cgroup->path);
}

int cgroup_thaw(struct cgroup *cgroup, struct err *e)
{
	struct hierarchy *h = NULL;
	int r = cgroup->is_foreign ? CGROUP_ABSENT : open_freezer(cgroup, &h, e);

	if (r < 0)
		return r;
	if (r == CGROUP_ABSENT || !h)
		return 0;
	r = write_request(h, false);
	if (r < 0 && r != -ENODEV && r != -ENOENT)
		return fail(e, -r, "thaw cgroup '%s'", cgroup->path);
	return 0;
}

int cgroup_is_frozen(struct cgroup *cgroup, bool *ret, struct err *e)
{
	struct hierarchy *h = NULL;
	bool frozen = false;
	int r = open_freezer(cgroup, &h, e);

	if (r < 0)
		return r;
	r = r == CGROUP_ABSENT || !h ? 0 : read_state(h, &frozen);
	/* Removed meanwhile, or the file is younger than the kernel. */
	if (r < 0 && r != -ENODEV && r != -ENOENT)
		return fail(e, -r, "read the freezer of cgroup '%s'", cgroup->path);
	*ret = frozen;
	return 0;
}
