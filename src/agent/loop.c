/* The loop: one epoll set, one signalfd, deadlines of draining and of the end. */
#include "agent.h"
#include "base/clock.h"
#include "base/log.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>

enum { EVENTS_AT_A_TIME = 32 };

struct garbage {
	struct garbage *next;
	void *memory;
};

void agent_discard(struct agent *agent, void *take_memory)
{
	struct garbage *garbage = xmalloc(sizeof(*garbage));

	*garbage = (struct garbage){.next = agent->garbage, .memory = take_memory};
	agent->garbage = garbage;
}

static void throw_away(struct agent *agent)
{
	while (agent->garbage) {
		struct garbage *garbage = agent->garbage;

		agent->garbage = garbage->next;
		free(garbage->memory);
		free(garbage);
	}
}

void source_want(struct agent *agent, struct source *source, uint32_t events)
{
	struct epoll_event event = {.events = events, .data.ptr = source};
	int operation = source->events == 0 ? EPOLL_CTL_ADD
			: events == 0	    ? EPOLL_CTL_DEL
					    : EPOLL_CTL_MOD;

	if (events == source->events || source->fd < 0)
		return;
	/* A file that epoll does not know (a regular one) is always ready, and none of ours. */
	if (epoll_ctl(agent->epoll_fd, operation, source->fd, &event) == 0)
		source->events = events;
}

void source_close(struct agent *agent, struct source *source)
{
	source_want(agent, source, 0);
	fd_close(&source->fd);
	source->events = 0;
}

_Noreturn void agent_end(const struct agent *agent, int status)
{
	if (agent->is_machine)
		(void)reboot(RB_AUTOBOOT);
	_exit(status);
}

/* An orphan's pid is only known when its worker's word has been heard, which was said before the
 * worker ended and so before we could see the orphan. */
void agent_reap(struct agent *agent)
{
	for (;;) {
		siginfo_t info = {0};
		struct proc *proc;
		int status;

		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0 ||
		    info.si_pid == 0)
			return;
		workers_drain(agent);
		if (waitpid(info.si_pid, &status, WNOHANG | __WALL) != info.si_pid)
			return;
		proc = proc_find_pid(agent, info.si_pid);
		if (proc)
			proc_reaped(agent, proc, status);
		else
			worker_reaped(agent, info.si_pid);
	}
}

static void signals_ready(struct agent *agent, struct source *source, uint32_t events)
{
	struct signalfd_siginfo infos[8];

	(void)events;
	while (read(source->fd, infos, sizeof(infos)) > 0)
		;
	agent_reap(agent);
}

static int open_signals(struct agent *agent, struct err *e)
{
	sigset_t set;

	(void)sigemptyset(&set);
	(void)sigaddset(&set, SIGCHLD);
	if (sigprocmask(SIG_SETMASK, &set, NULL) < 0)
		return fail(e, errno, "block signals");
	(void)signal(SIGPIPE, SIG_IGN);
	agent->signals = (struct source){.ready = signals_ready,
					 .fd = signalfd(-1, &set, SFD_NONBLOCK | SFD_CLOEXEC)};
	if (agent->signals.fd < 0)
		return fail(e, errno, "make a signalfd");
	source_want(agent, &agent->signals, EPOLLIN);
	return 0;
}

/* The last record on its way would be about itself. */
static void log_to_host(enum log_level level, const char *text, void *data)
{
	struct agent *agent = data;

	if (level <= agent->log_level && agent->has_hello_gone &&
	    frame_lanes_size(&agent->lanes) < FRAME_LANE_FULL)
		wire_event_log(&agent->lanes, level, text);
	if (log_get_level() == LOG_LEVEL_DEBUG)
		(void)fprintf(stderr, "agent: %s\n", text);
}

int agent_init(struct agent *agent, int take_channel, struct err *e)
{
	agent->channel = (struct source){.ready = channel_ready, .fd = take_channel};
	agent->log_level = LOG_LEVEL_WARNING;
	agent->epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	if (agent->epoll_fd < 0)
		return fail(e, errno, "make an epoll set");
	if (fcntl(take_channel, F_SETFL, O_RDWR | O_NONBLOCK) < 0 ||
	    fcntl(take_channel, F_SETFD, FD_CLOEXEC) < 0)
		return fail(e, errno, "prepare the channel");
	log_set_sink(log_to_host, agent);
	if (open_signals(agent, e) < 0 || facts_probe(&agent->arena, &agent->facts, e) < 0)
		return -e->code;
	channel_hello(agent);
	agent->has_hello_gone = true;
	channel_flush(agent);
	return 0;
}

static int timeout_ms(const struct agent *agent)
{
	uint64_t deadline = procs_deadline(agent);

	if (agent->is_ending && (deadline == 0 || agent->end_deadline < deadline))
		deadline = agent->end_deadline;
	return deadline == 0 ? -1 : clock_left_ms(deadline);
}

int agent_run(struct agent *agent, struct err *e)
{
	for (;;) {
		struct epoll_event events[EVENTS_AT_A_TIME];
		int count;

		procs_settle(agent);
		channel_flush(agent);
		throw_away(agent);
		count = epoll_wait(agent->epoll_fd, events, EVENTS_AT_A_TIME, timeout_ms(agent));
		if (count < 0 && errno != EINTR)
			return fail(e, errno, "wait for events");
		for (int i = 0; i < count; i++) {
			struct source *source = events[i].data.ptr;

			/* It may have been closed by an earlier one of this round. */
			if (source->fd >= 0 && source->events != 0)
				source->ready(agent, source, events[i].events);
		}
		if (agent->is_ending && clock_now() >= agent->end_deadline)
			agent_end(agent, EXIT_SUCCESS);
	}
}
