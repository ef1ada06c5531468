/* Workers seen from the agent: forking them, hearing them, and what follows from what they say. */
#include "worker.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "kern/sock.h"

#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <sys/epoll.h>

static struct worker *worker_of(struct source *source)
{
	return (struct worker *)(void *)((char *)source - offsetof(struct worker, source));
}

static void worker_forget(struct agent *agent, struct worker *worker)
{
	struct worker **place = &agent->workers;
	struct container *container = container_find(agent, worker->container);

	while (*place != worker)
		place = &(*place)->next;
	*place = worker->next;
	if (container && container->preparing == worker)
		container->preparing = NULL;
	source_close(agent, &worker->source);
	agent_discard(agent, worker);
}

/* PREPARE and EXEC: there is a process. */
static void process_made(struct agent *agent, struct worker *worker,
			 const struct worker_message *message, int *console)
{
	struct container *container = container_find(agent, worker->container);
	struct proc *proc = proc_find(agent, worker->proc);
	const struct wire_made made = {.pid = (uint32_t)message->pid};
	auto_buf body = {0};

	if (container && worker->verb == WIRE_PREPARE) {
		container->init = (struct process){
			.pid = message->pid, .pidfd = FD_NONE, .born = message->born};
		worker->is_prepared = true;
		container_watch_oom(agent, container);
		container_keep_mounts(agent, container);
	}
	wire_made_encode(&made, &body);
	wire_reply_send(&agent->lanes, worker->request, body.data, body.size);
	if (!proc)
		return;
	proc_begin(agent, proc, message->pid);
	if (*console >= 0)
		proc_take_console(agent, proc, take_fd(console));
}

static void committed(struct agent *agent, struct worker *worker, int *console)
{
	struct container *container = container_find(agent, worker->container);
	struct proc *proc = proc_find(agent, worker->proc);

	/* It has nothing more to do than to end. */
	if (container) {
		container->preparing = NULL;
		container_keep_mounts(agent, container);
	}
	wire_reply_send(&agent->lanes, worker->request, NULL, 0);
	if (proc && *console >= 0)
		proc_take_console(agent, proc, take_fd(console));
}

static void body_told(struct agent *agent, const struct worker *worker, int fd)
{
	auto_buf body = {0};
	struct err e;
	int r = fd_read_all(fd, FRAME_BODY_MAX, &body);

	if (r == 0) {
		wire_reply_send(&agent->lanes, worker->request, body.data, body.size);
		return;
	}
	(void)fail(&e, -r, "read the answer");
	wire_reply_fail(&agent->lanes, worker->request, &e);
}

static void succeeded(struct agent *agent, struct worker *worker,
		      const struct worker_message *message, int *console, int body)
{
	struct container *container = container_find(agent, worker->container);

	if (worker->is_prepared)
		committed(agent, worker, console);
	else if (worker->verb == WIRE_PREPARE || worker->verb == WIRE_EXEC)
		process_made(agent, worker, message, console);
	else if (body >= 0)
		body_told(agent, worker, body);
	else
		wire_reply_send(&agent->lanes, worker->request, NULL, 0);
	if (worker->verb == WIRE_DESTROY && container)
		container_forget(agent, container);
	/* After the answer has been written. */
	if (worker->verb == WIRE_SHUTDOWN)
		agent->end_deadline = clock_now();
}

static void failed(struct agent *agent, struct worker *worker, const struct err *e)
{
	struct proc *proc = proc_find(agent, worker->proc);

	wire_reply_fail(&agent->lanes, worker->request, e);
	if (proc && !proc->is_running)
		proc_forget(agent, proc);
}

static void message_take(struct agent *agent, struct worker *worker,
			 const struct worker_message *message, int *fds, size_t fd_count)
{
	int console = message->has_console && fd_count > 0 ? fds[0] : FD_NONE;
	int body = message->has_body && fd_count > 0 ? fds[0] : FD_NONE;

	if (message->kind == WORKER_LOG) {
		log_record((enum log_level)message->level, message->error.text);
	} else if (message->kind == WORKER_RESULT && worker->request != 0) {
		if (message->result < 0)
			failed(agent, worker, &message->error);
		else
			succeeded(agent, worker, message, &console, body);
		worker->request = 0;
	}
	fd_close(&console);
	fd_close(&body);
}

static void ended(struct agent *agent, struct worker *worker)
{
	struct err e;

	if (worker->request != 0) {
		(void)refuse(&e, ECHILD, "the worker for '%s' has died",
			     wire_verb_name(worker->verb));
		failed(agent, worker, &e);
	}
	worker_forget(agent, worker);
}

/* True: there may be more. */
static bool hear(struct agent *agent, struct worker *worker)
{
	struct pollfd poll_fd = {.fd = worker->source.fd, .events = POLLIN};
	struct worker_message message = {0};
	int fds[1] = {FD_NONE};
	size_t size = 0, fd_count = 0;
	struct err e;
	int r;

	if (poll(&poll_fd, 1, 0) <= 0)
		return false;
	r = sock_receive(worker->source.fd, &message, sizeof(message), &size, fds, 1, &fd_count, 0,
			 &e);
	if (r == SOCK_MESSAGE && size == sizeof(message)) {
		message.error.text[sizeof(message.error.text) - 1] = '\0';
		message_take(agent, worker, &message, fds, fd_count);
		return true;
	}
	if (fd_count > 0)
		fd_close(&fds[0]);
	ended(agent, worker);
	return false;
}

static void worker_ready(struct agent *agent, struct source *source, uint32_t events)
{
	(void)events;
	while (hear(agent, worker_of(source)))
		;
	/* What it has left us. */
	agent_reap(agent);
}

void workers_drain(struct agent *agent)
{
	struct worker *next;

	for (struct worker *worker = agent->workers; worker; worker = next) {
		next = worker->next;
		while (hear(agent, worker))
			;
	}
}

int worker_start(struct agent *agent, const struct job *job, uint32_t request, struct worker **ret,
		 struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int ours = FD_NONE, theirs = FD_NONE;
	struct job copy = *job;
	struct worker *worker;
	int r = sock_pair(&ours, &theirs, e);

	if (r < 0)
		return r;
	how.no_birth = true;
	copy.sock = theirs;
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD)
		job_run(&copy);
	if (r < 0)
		return r;
	worker = xcalloc(1, sizeof(*worker));
	*worker = (struct worker){
		.next = agent->workers,
		.source = {.ready = worker_ready, .fd = take_fd(&ours)},
		.pid = process.pid,
		.request = request,
		.verb = job->verb,
		.container = job->container ? job->container->number : 0,
		.proc = job->proc ? job->proc->number : 0,
	};
	process_done(&process);
	agent->workers = worker;
	source_want(agent, &worker->source, EPOLLIN);
	if (ret)
		*ret = worker;
	return 0;
}

int worker_commit(struct agent *agent, struct worker *worker, uint32_t request, struct err *e)
{
	const struct worker_message message = {.kind = WORKER_COMMIT};

	(void)agent;
	if (sock_send(worker->source.fd, &message, sizeof(message), NULL, 0, 0, e) < 0)
		return -e->code;
	worker->request = request;
	return 0;
}

void worker_kill(struct worker *worker)
{
	if (worker->pid > 0)
		(void)kill(worker->pid, SIGKILL);
}

void worker_reaped(struct agent *agent, pid_t pid)
{
	for (struct worker *worker = agent->workers; worker; worker = worker->next) {
		if (worker->pid == pid)
			worker->pid = 0;
	}
}
