/*
 * The processes in a cgroup: listing, signalling, killing.
 *
 * A pid read from cgroup.procs may belong to somebody else when the signal is sent. So each signal
 * goes through a pidfd, and only when the pid is still listed after the pidfd was opened: then the
 * pidfd is of that member. Processes that fork faster than they are killed are stopped by
 * cgroup.kill, which the kernel does atomically, or by killing them while they are frozen. A frozen
 * v1 process dies only once thawed. A pid of 0 in the file is a process that our pid namespace does
 * not see.
 */
#include "internal.h"

#include "base/clock.h"
#include "base/fd.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/syscall.h>
#include <time.h>

/* One pass opens at most so many pidfds at a time. */
enum { SIGNAL_BATCH = 128 };

void pid_list_done(struct pid_list *list)
{
	free(list->items);
	*list = (struct pid_list){0};
}

static void pid_list_add(struct pid_list *list, pid_t pid)
{
	if (list->count == list->capacity) {
		list->capacity = list->capacity ? list->capacity * 2 : 64;
		list->items = xrealloc(list->items, list->capacity * sizeof(list->items[0]));
	}
	list->items[list->count++] = pid;
}

static int pid_compare(const void *a, const void *b)
{
	pid_t x = *(const pid_t *)a, y = *(const pid_t *)b;

	return (x > y) - (x < y);
}

static bool pid_list_has(const struct pid_list *list, pid_t pid)
{
	return list->count > 0 && bsearch(&pid, list->items, list->count, sizeof(pid), pid_compare);
}

static void pid_list_sort(struct pid_list *list)
{
	size_t unique = 0;

	if (list->count == 0)
		return;
	qsort(list->items, list->count, sizeof(list->items[0]), pid_compare);
	for (size_t i = 0; i < list->count; i++) {
		if (unique == 0 || list->items[unique - 1] != list->items[i])
			list->items[unique++] = list->items[i];
	}
	list->count = unique;
}

static int procs_read(int fd, size_t depth, void *data, struct err *e)
{
	struct pid_list *list = data;
	auto_buf text = {0};
	int r = control_read_all(fd, "cgroup.procs", &text);

	(void)depth;
	/* Threaded v2 cgroups refuse (their processes are listed further up); removed ones too. */
	if (r == -ENODEV || r == -ENOENT || r == -EOPNOTSUPP)
		return 0;
	if (r < 0)
		return fail(e, -r, "read 'cgroup.procs'");
	for (const char *at = buf_text(&text); *at;) {
		char *end;
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		if (pid > 0)
			pid_list_add(list, (pid_t)pid);
		at = *end ? end + 1 : end;
	}
	return 0;
}

int procs_list(int fd, struct pid_list *list, struct err *e)
{
	int r;

	list->count = 0;
	r = walk_cgroups(fd, procs_read, list, e);
	pid_list_sort(list);
	return r;
}

int cgroup_pids(struct cgroup *cgroup, struct arena *arena, pid_t **ret, size_t *ret_count,
		struct err *e)
{
	struct pid_list list = {0};
	struct hierarchy *h;
	int r = cgroup->is_none ? CGROUP_ABSENT : cgroup_primary(cgroup, &h, e);

	if (r < 0)
		return r;
	r = r == CGROUP_ABSENT ? 0 : procs_list(h->fd, &list, e);
	if (r == 0) {
		*ret = arena_memdup(arena, list.items ? list.items : (pid_t[1]){0},
				    list.count * sizeof(pid_t));
		*ret_count = list.count;
	}
	pid_list_done(&list);
	return r < 0 ? wrap(e, "list the processes of cgroup '%s'", cgroup->path) : 0;
}

/* ---- signals ---- */

static int open_pidfd(pid_t pid)
{
	return (int)syscall(SYS_pidfd_open, pid, 0);
}

/* Signals pids[0..count) that are members still; the first real failure's errno or 0. */
static int signal_batch(int fd, const pid_t *pids, size_t count, int signal, struct err *e)
{
	struct pid_list now = {0};
	int pidfds[SIGNAL_BATCH];
	int failure = 0;
	int r;

	for (size_t i = 0; i < count; i++)
		pidfds[i] = open_pidfd(pids[i]);
	r = procs_list(fd, &now, e);
	for (size_t i = 0; i < count; i++) {
		int sent = 0;

		if (r == 0 && pid_list_has(&now, pids[i])) {
			if (pidfds[i] >= 0)
				sent = (int)syscall(SYS_pidfd_send_signal, pidfds[i], signal, NULL,
						    0);
			else /* a kernel before pidfd_open(2) */
				sent = kill(pids[i], signal);
		}
		if (sent < 0 && errno != ESRCH)
			failure = errno;
		fd_close(&pidfds[i]);
	}
	pid_list_done(&now);
	if (r < 0)
		return r;
	return failure ? fail(e, failure, "send signal %d to the processes of the cgroup", signal)
		       : 0;
}

static int signal_list(int fd, const struct pid_list *list, int signal, struct err *e)
{
	int result = 0;

	for (size_t i = 0; i < list->count; i += SIGNAL_BATCH) {
		size_t count = list->count - i < SIGNAL_BATCH ? list->count - i : SIGNAL_BATCH;
		int r = signal_batch(fd, list->items + i, count, signal, e);

		result = result ? result : r;
	}
	return result;
}

static void nap(uint64_t *nanoseconds)
{
	struct timespec time = {.tv_nsec = (long)*nanoseconds};

	(void)nanosleep(&time, NULL);
	if (*nanoseconds < 20ULL * 1000 * 1000)
		*nanoseconds *= 2;
}

int procs_kill(struct cgroup *cgroup, struct hierarchy *h, uint64_t deadline, struct err *e)
{
	struct pid_list list = {0};
	uint64_t pause = 100 * 1000ULL;
	bool freeze = false;
	int r;

	for (;;) {
		r = procs_list(h->fd, &list, e);
		if (r < 0 || list.count == 0)
			break;
		if (clock_now() > deadline) {
			r = refuse(
				e, EBUSY,
				"cgroup '%s' of '%s' still has %zu process(es), process %d first",
				cgroup->path, h->info->mount_point, list.count, (int)list.items[0]);
			break;
		}
		/* From the second time on: new ones were born meanwhile, or they are slow to die.
		 */
		if (freeze && freeze_request(cgroup, true) == 0) {
			r = procs_list(h->fd, &list, e);
			if (r < 0)
				break;
		}
		r = signal_list(h->fd, &list, SIGKILL, e);
		(void)freeze_request(cgroup, false);
		if (r < 0)
			break;
		freeze = pause > 1000 * 1000ULL;
		nap(&pause);
	}
	pid_list_done(&list);
	return r;
}

/* ---- the whole cgroup ---- */

/* cgroup.kill of the v2 tree, of a hybrid layout's too: its members are all of the container. */
static bool kill_at_once(struct cgroup *cgroup)
{
	struct err ignored;

	return cgroup->v2 && hierarchy_open(cgroup, cgroup->v2, &ignored) == 0 &&
	       control_write(cgroup->v2->fd, "cgroup.kill", "1") == 0;
}

int cgroup_signal(struct cgroup *cgroup, int signal, struct err *e)
{
	struct pid_list list = {0};
	struct hierarchy *h;
	int r = cgroup->is_none ? CGROUP_ABSENT : cgroup_primary(cgroup, &h, e);

	if (r != 0)
		return r < 0 ? r : 0;
	if (signal == SIGKILL) {
		bool at_once = kill_at_once(cgroup);

		(void)freeze_request(cgroup, false);
		if (at_once && cgroup->is_unified)
			return 0;
		return procs_kill(cgroup, h, clock_now() + CGROUP_PATIENCE_NS, e);
	}
	r = procs_list(h->fd, &list, e);
	if (r == 0)
		r = signal_list(h->fd, &list, signal, e);
	pid_list_done(&list);
	return r < 0 ? wrap(e, "cgroup '%s'", cgroup->path) : 0;
}
