/* From requests to answers: a few at once, all that may take time by a worker. */
#include "base/clock.h"
#include "base/log.h"
#include "worker.h"

#include <errno.h>
#include <signal.h>

enum { SIGNAL_MAX = 64 };

/* Most requests name a container that must be there. */
static int need_container(struct agent *agent, uint32_t number, struct container **ret,
			  struct err *e)
{
	*ret = container_find(agent, number);
	return *ret ? 0 : refuse(e, ESRCH, "container not running");
}

static int check_process(struct agent *agent, uint32_t number, struct err *e)
{
	if (number == 0 || number > STREAM_PROCESS_MAX || proc_find(agent, number))
		return refuse(e, EEXIST, "the process number %u is not free", number);
	return 0;
}

static int configure(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_configure body;
	auto_arena arena = {0};

	if (wire_configure_decode(&arena, request->body, request->size, &body, e) < 0)
		return -e->code;
	agent->log_level = body.log_level;
	if ((enum log_level)body.log_level > log_get_level() && body.log_level <= LOG_LEVEL_DEBUG)
		log_set_level((enum log_level)body.log_level);
	job.body = &body;
	return worker_start(agent, &job, request->id, NULL, e);
}

static int network(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_network body;
	auto_arena arena = {0};

	if (wire_network_decode(&arena, request->body, request->size, &body, e) < 0)
		return -e->code;
	job.body = &body;
	return worker_start(agent, &job, request->id, NULL, e);
}

static int prepare_in(struct agent *agent, const struct wire_request *request,
		      const struct wire_prepare *body, struct container *container, struct err *e)
{
	bool is_terminal = body->plan->process && body->plan->process->terminal.value;
	struct job job = {
		.agent = agent, .verb = request->verb, .container = container, .body = body};

	if (proc_add(agent, body->process, body->container, &body->stdio, is_terminal, &job.proc,
		     e) < 0)
		return -e->code;
	container->init_number = body->process;
	if (worker_start(agent, &job, request->id, &container->preparing, e) == 0)
		return 0;
	proc_forget(agent, job.proc);
	return -e->code;
}

static int prepare(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct container *container;
	struct wire_prepare body;
	auto_arena arena = {0};

	if (wire_prepare_decode(&arena, request->body, request->size, &body, e) < 0 ||
	    check_process(agent, body.process, e) < 0)
		return -e->code;
	if (body.container == 0 || container_find(agent, body.container))
		return refuse(e, EEXIST, "the container number %u is not free", body.container);
	if (container_add(agent, body.container, body.plan, &container, e) < 0)
		return -e->code;
	/* Its plan lives as long as it does. */
	container->arena = arena;
	arena = (struct arena){0};
	if (prepare_in(agent, request, &body, container, e) == 0)
		return 0;
	container_forget(agent, container);
	return -e->code;
}

static int commit(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct container *container;
	struct wire_target body;

	if (wire_target_decode(request->body, request->size, &body, e) < 0 ||
	    need_container(agent, body.container, &container, e) < 0)
		return -e->code;
	if (!container->preparing || !container->preparing->is_prepared ||
	    container->preparing->request != 0)
		return refuse(e, EINVAL, "the container is not one that could be committed");
	return worker_commit(agent, container->preparing, request->id, e);
}

static int exec(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_exec body;
	auto_arena arena = {0};

	if (wire_exec_decode(&arena, request->body, request->size, &body, e) < 0 ||
	    check_process(agent, body.process, e) < 0 ||
	    need_container(agent, body.container, &job.container, e) < 0 ||
	    proc_add(agent, body.process, body.container, &body.stdio, body.plan->terminal.value,
		     &job.proc, e) < 0)
		return -e->code;
	job.body = &body;
	if (worker_start(agent, &job, request->id, NULL, e) == 0)
		return 0;
	proc_forget(agent, job.proc);
	return -e->code;
}

static int signal_one(struct agent *agent, const struct wire_request *request,
		      const struct container *container, const struct wire_signal *body,
		      struct err *e)
{
	uint32_t number = body->process ? body->process : container->init_number;
	struct proc *proc = proc_find(agent, number);

	if (!proc || proc->container != container->number)
		return refuse(e, ESRCH, "container not running");
	if (body->signal == SIGKILL)
		proc_killed(agent, proc);
	/* Not reaped yet, so the pid is nobody else's. */
	if (proc->pid == 0 || kill(proc->pid, (int)body->signal) < 0)
		return refuse(e, ESRCH, "container not running");
	wire_reply_send(&agent->lanes, request->id, NULL, 0);
	return 0;
}

static int signal_send(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_signal body;

	if (wire_signal_decode(request->body, request->size, &body, e) < 0 ||
	    need_container(agent, body.container, &job.container, e) < 0)
		return -e->code;
	if (body.signal > SIGNAL_MAX)
		return refuse(e, EINVAL, "there is no signal %u", body.signal);
	if (!body.all && (body.signal != SIGKILL ||
			  (body.process != 0 && body.process != job.container->init_number)))
		return signal_one(agent, request, job.container, &body, e);
	/* The end of the init ends the others. */
	if (body.signal == SIGKILL)
		procs_killed(agent, body.container);
	job.body = &body;
	return worker_start(agent, &job, request->id, NULL, e);
}

static int update(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_update body;
	auto_arena arena = {0};

	if (wire_update_decode(&arena, request->body, request->size, &body, e) < 0 ||
	    need_container(agent, body.container, &job.container, e) < 0)
		return -e->code;
	job.body = &body;
	return worker_start(agent, &job, request->id, NULL, e);
}

/* Asked often, and answered by a few reads of kernel files. */
static int status(struct agent *agent, const struct wire_request *request, struct err *e)
{
	enum backend_status found = BACKEND_ABSENT;
	struct wire_status answer = {0};
	struct container *container;
	struct backend *backend;
	struct wire_target body;
	auto_buf bytes = {0};
	int r = 0;

	if (wire_target_decode(request->body, request->size, &body, e) < 0)
		return -e->code;
	container = container_find(agent, body.container);
	if (container) {
		if (container_open(agent, container, &backend, e) < 0)
			return -e->code;
		r = backend->ops->status(backend, &found, e);
		backend->ops->close(backend);
		answer.pid = (uint32_t)container->init.pid;
		answer.oom_kills = container->oom_kills;
	}
	if (r < 0)
		return r;
	answer.status = (uint32_t)found;
	wire_status_encode(&answer, &bytes);
	wire_reply_send(&agent->lanes, request->id, bytes.data, bytes.size);
	return 0;
}

static int destroy(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_target body;

	if (wire_target_decode(request->body, request->size, &body, e) < 0)
		return -e->code;
	job.container = container_find(agent, body.container);
	if (!job.container) {
		wire_reply_send(&agent->lanes, request->id, NULL, 0);
		return 0;
	}
	/* What it is making ends with it. */
	if (job.container->preparing)
		worker_kill(job.container->preparing);
	procs_killed(agent, body.container);
	return worker_start(agent, &job, request->id, NULL, e);
}

static int by_target(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};
	struct wire_target body;

	if (wire_target_decode(request->body, request->size, &body, e) < 0 ||
	    need_container(agent, body.container, &job.container, e) < 0)
		return -e->code;
	return worker_start(agent, &job, request->id, NULL, e);
}

static int shut_down(struct agent *agent, const struct wire_request *request, struct err *e)
{
	struct job job = {.agent = agent, .verb = request->verb};

	agent->is_ending = true;
	/* A share whose server has gone would keep sync waiting for ever. */
	agent->end_deadline = clock_now() + SHUTDOWN_NS;
	return worker_start(agent, &job, request->id, NULL, e);
}

static int begin(struct agent *agent, const struct wire_request *request, struct err *e)
{
	switch (request->verb) {
	case WIRE_CONFIGURE:
		return configure(agent, request, e);
	case WIRE_NETWORK:
		return network(agent, request, e);
	case WIRE_PREPARE:
		return prepare(agent, request, e);
	case WIRE_COMMIT:
		return commit(agent, request, e);
	case WIRE_EXEC:
		return exec(agent, request, e);
	case WIRE_SIGNAL:
		return signal_send(agent, request, e);
	case WIRE_STATUS:
		return status(agent, request, e);
	case WIRE_UPDATE:
		return update(agent, request, e);
	case WIRE_START:
	case WIRE_PAUSE:
	case WIRE_RESUME:
	case WIRE_STATS:
	case WIRE_PROCESSES:
		return by_target(agent, request, e);
	case WIRE_DESTROY:
		return destroy(agent, request, e);
	case WIRE_SHUTDOWN:
		return shut_down(agent, request, e);
	case WIRE_VERBS:
		break;
	}
	return refuse(e, ENOSYS, "there is no request %d", (int)request->verb);
}

void request_take(struct agent *agent, const struct wire_request *request)
{
	struct err e;

	log_debug("request %u: %s", request->id, wire_verb_name(request->verb));
	if (begin(agent, request, &e) < 0)
		wire_reply_fail(&agent->lanes, request->id, &e);
}
