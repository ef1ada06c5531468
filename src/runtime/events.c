/*
 * events: statistics at intervals, and a record for each kill by the OOM killer.
 *
 * The descriptor that tells of memory trouble also becomes readable for other reasons, so the
 * count of kills decides. The end of the init ends the loop.
 */
#include "base/clock.h"
#include "base/log.h"
#include "container.h"
#include "stats-write.h"

#include <errno.h>
#include <poll.h>

struct watch {
	struct container *container;
	runtime_event_fn *event;
	void *data;
	int oom_fd;
	uint64_t oom_count;
	uint64_t oom_until; /* look at the count often until then, monotonic ns */
};

enum { ENDING_MS = 10000 };

#define OOM_RECHECK  20000000ULL
#define OOM_PATIENCE 2000000000ULL

static int record_emit(struct watch *watch, const struct stats *stats, struct err *e)
{
	auto_buf line = {0};
	struct json_writer w;

	json_writer_init(&w, &line, 0);
	if (stats) {
		stats_write(watch->container->id, stats, &w);
	} else {
		json_begin_object(&w);
		json_member_string(&w, "type", "oom");
		json_member_string(&w, "id", watch->container->id);
		json_end_object(&w);
	}
	buf_append_char(&line, '\n');
	return watch->event(line.data, line.size, watch->data, e);
}

static int stats_emit(struct watch *watch, struct err *e)
{
	struct backend *backend = watch->container->backend;
	auto_arena arena = {0};
	struct stats stats = {0};

	if (backend->ops->stats(backend, &arena, &stats, e) < 0)
		return wrap(e, "statistics of container '%s'", watch->container->id);
	return record_emit(watch, &stats, e);
}

static int oom_emit(struct watch *watch, struct err *e)
{
	struct backend *backend = watch->container->backend;
	char discarded[4096];
	uint64_t count;

	(void)!read(watch->oom_fd, discarded, sizeof(discarded));
	if (backend->ops->oom_count(backend, &count, e) < 0)
		return -e->code;
	for (; watch->oom_count < count; watch->oom_count++) {
		if (record_emit(watch, NULL, e) < 0)
			return -e->code;
	}
	return 0;
}

/* Without a memory controller there is nothing to watch, but still statistics. */
static void oom_watch(struct watch *watch)
{
	struct backend *backend = watch->container->backend;
	struct err why;

	if (backend->ops->oom_watch(backend, &watch->oom_fd, &why) == 0 &&
	    backend->ops->oom_count(backend, &watch->oom_count, &why) == 0)
		return;
	log_debug("out-of-memory kills are not watched: %s", why.text);
	fd_close(&watch->oom_fd);
}

/* When to look next, the kill perhaps being still to come. */
static uint64_t watch_wake(const struct watch *watch, uint64_t next)
{
	uint64_t soon = clock_now() + OOM_RECHECK;

	return clock_now() < watch->oom_until && soon < next ? soon : next;
}

/* v1 gives notice before it has killed, so the count may have grown only a little later. */
static int oom_look(struct watch *watch, bool is_notified, struct err *e)
{
	uint64_t before = watch->oom_count;

	if (watch->oom_fd < 0)
		return 0;
	if (oom_emit(watch, e) < 0)
		return -e->code;
	if (watch->oom_count > before)
		watch->oom_until = 0;
	else if (is_notified)
		watch->oom_until = clock_now() + OOM_PATIENCE;
	return 0;
}

/* Somebody else may know of the end before the init's pid tells of it. */
static bool is_over(const struct process *init, const struct err *why)
{
	struct err ignored;

	return process_wait_gone(init, why->code == ESRCH ? ENDING_MS : 0, &ignored) == 0;
}

static int watch_loop(struct watch *watch, uint64_t interval, struct err *e)
{
	const struct process *init = &watch->container->init;
	uint64_t next = clock_now() + interval;

	for (;;) {
		struct pollfd fds[] = {
			{.fd = init->pidfd, .events = POLLIN},
			{.fd = watch->oom_fd, .events = POLLIN | POLLPRI},
		};
		bool has_ended;

		if (poll(fds, 2, clock_left_ms(watch_wake(watch, next))) < 0 && errno != EINTR)
			return fail(e, errno, "wait for events");
		has_ended = process_wait_gone(init, 0, e) == 0;
		if (oom_look(watch, fds[1].revents, e) < 0)
			return has_ended || is_over(init, e) ? 0 : -e->code;
		if (has_ended)
			return 0;
		if (fds[1].revents & (POLLERR | POLLHUP | POLLNVAL))
			fd_close(&watch->oom_fd);
		if (clock_now() < next)
			continue;
		if (stats_emit(watch, e) < 0)
			return is_over(init, e) ? 0 : -e->code;
		next += interval;
	}
}

int runtime_events(const struct runtime *runtime, const char *id, uint64_t interval, bool once,
		   runtime_event_fn *event, void *data, struct err *e)
{
	auto_container *container = NULL;
	struct watch watch = {.event = event, .data = data, .oom_fd = FD_NONE};
	int r;

	if (container_find(runtime, id, CONTAINER_LOOK, &container, e) < 0 ||
	    container_refresh(container, e) < 0 ||
	    phase_check(container->phase, VERB_EVENTS, id, e) < 0)
		return -e->code;
	watch.container = container;
	if (once)
		return stats_emit(&watch, e);
	oom_watch(&watch);
	r = watch_loop(&watch, interval, e);
	fd_close(&watch.oom_fd);
	return r;
}
