/*
 * Inside a worker. It keeps only the descriptors of its job, since a copy of a pipe's end that
 * belongs to some other process would keep that process's reader waiting; then it calls the
 * backend, as the command line does on the host.
 */
#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/memfd.h"
#include "kern/sock.h"
#include "ns/ns.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <stdlib.h>

enum { KEPT_MAX = 8 };

void job_tell(const struct job *job, const struct worker_message *message, const int *fds,
	      size_t fd_count)
{
	struct err e;

	/* Nobody to tell: the agent has gone, and so have we. */
	if (sock_send(job->sock, message, sizeof(*message), fds, fd_count, 0, &e) < 0)
		_exit(EXIT_FAILURE);
}

static void log_to_agent(enum log_level level, const char *text, void *data)
{
	struct worker_message message = {.kind = WORKER_LOG, .level = (int32_t)level};

	(void)snprintf(message.error.text, sizeof(message.error.text), "%s", text);
	job_tell(data, &message, NULL, 0);
}

static int compare(const void *a, const void *b)
{
	return *(const int *)a - *(const int *)b;
}

static void keep_only(int *kept, size_t count)
{
	unsigned int next = 3;

	qsort(kept, count, sizeof(*kept), compare);
	for (size_t i = 0; i < count; i++) {
		unsigned int fd = (unsigned int)kept[i];

		if (kept[i] < 3)
			continue;
		if (fd > next)
			(void)sys_close_range(next, fd - 1, 0);
		next = fd + 1;
	}
	(void)sys_close_range(next, ~0U, 0);
}

static int begin(const struct job *job, struct err *e)
{
	int kept[KEPT_MAX] = {job->sock, job->agent->state_fd};
	size_t count = 2;
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);

	if (null < 0)
		return fail(e, errno, "open '/dev/null'");
	for (int i = 0; i < 3; i++) {
		if (dup2(null, i) < 0)
			return fail(e, errno, "take '/dev/null'");
	}
	if (job->container)
		kept[count++] = job->container->state_fd;
	for (int i = 0; job->proc && i < 3; i++)
		kept[count++] = job->proc->child_fds[i];
	keep_only(kept, count);
	log_set_sink(log_to_agent, (void *)(uintptr_t)job);
	/* What makes the agent immortal is not for containers. */
	if (job->agent->is_machine &&
	    file_write_existing(AT_FDCWD, "/proc/self/oom_score_adj", "0", e) < 0)
		return -e->code;
	return process_reset_signals(e);
}

static struct backend_stdio stdio_of(const struct job *job)
{
	return (struct backend_stdio){
		{job->proc->child_fds[0], job->proc->child_fds[1], job->proc->child_fds[2]}};
}

/* The listener would have to reach an agent of the host's. */
static int check_seccomp(const struct plan_process *process, struct err *e)
{
	if (process && process->seccomp &&
	    process->seccomp->flags & SECCOMP_FILTER_FLAG_NEW_LISTENER)
		return refuse(e, ENOTSUP,
			      "linux.seccomp: SCMP_ACT_NOTIFY is not supported at the vm level");
	return 0;
}

static void tell_process(const struct job *job, struct backend_process *process)
{
	struct worker_message message = {
		.kind = WORKER_RESULT,
		.pid = process->process.pid,
		.born = process->process.born,
		.has_console = process->console_fd >= 0,
	};

	job_tell(job, &message, &process->console_fd, message.has_console ? 1 : 0);
	fd_close(&process->console_fd);
}

static int await_commit(const struct job *job, struct err *e)
{
	struct worker_message message;
	size_t size = 0;
	int r = sock_receive(job->sock, &message, sizeof(message), &size, NULL, 0, NULL, 0, e);

	/* Nobody will ever say it: what was made ends with us. */
	if (r == SOCK_END)
		_exit(EXIT_FAILURE);
	if (r == 0 && (size != sizeof(message) || message.kind != WORKER_COMMIT))
		return refuse(e, EPROTO, "the agent says something else than commit");
	return r;
}

static int prepare(const struct job *job, struct backend *backend, struct err *e)
{
	const struct wire_prepare *body = job->body;
	struct backend_process process = {.console_fd = FD_NONE, .seccomp_fd = FD_NONE};
	struct backend_stdio stdio = stdio_of(job);
	const struct plan *plan;
	auto_arena arena = {0};

	if (check_seccomp(body->plan->process, e) < 0 || disks_apply(body, &arena, &plan, e) < 0 ||
	    pod_apply(job->agent, &arena, &plan, e) < 0 ||
	    backend->ops->prepare(backend, plan, &stdio, &process, e) < 0)
		return -e->code;
	tell_process(job, &process);
	if (await_commit(job, e) < 0 || backend->ops->commit(backend, &process, e) < 0 ||
	    backend->ops->release(backend, e) < 0)
		return -e->code;
	tell_process(job, &process);
	return 1;
}

static int exec(const struct job *job, struct backend *backend, struct err *e)
{
	const struct wire_exec *body = job->body;
	const struct backend_exec what = {
		.process = body->plan,
		.cgroup = body->has_cgroup ? &body->cgroup : NULL,
		.ignore_paused = body->ignore_paused,
	};
	struct backend_process process = {.console_fd = FD_NONE, .seccomp_fd = FD_NONE};
	struct backend_stdio stdio = stdio_of(job);

	if (check_seccomp(body->plan, e) < 0 ||
	    backend->ops->exec(backend, &what, &stdio, &process, e) < 0)
		return -e->code;
	tell_process(job, &process);
	return 1;
}

/* A longer answer goes in a file, which no socket buffer limits. */
static int tell_body(const struct job *job, const struct buf *body, struct err *e)
{
	const struct worker_message message = {.kind = WORKER_RESULT, .has_body = true};
	auto_fd int fd = FD_NONE;
	int r = memfd_open("answer", &fd, e);

	if (r < 0)
		return r;
	r = fd_write_all(fd, body->data, body->size);
	if (r == 0 && lseek(fd, 0, SEEK_SET) < 0)
		r = -errno;
	if (r < 0)
		return fail(e, -r, "keep the answer");
	job_tell(job, &message, &fd, 1);
	return 1;
}

static int stats(const struct job *job, struct backend *backend, struct err *e)
{
	struct stats stats = {0};
	auto_arena arena = {0};
	auto_buf body = {0};

	if (backend->ops->stats(backend, &arena, &stats, e) < 0)
		return -e->code;
	wire_stats_encode(&stats, &body);
	return tell_body(job, &body, e);
}

static int processes(const struct job *job, struct backend *backend, struct err *e)
{
	struct wire_processes list = {0};
	auto_arena arena = {0};
	auto_buf body = {0};

	if (ps_list(backend, &arena, &list, e) < 0)
		return -e->code;
	wire_processes_encode(&list, &body);
	return tell_body(job, &body, e);
}

static int signal_send(const struct job *job, struct backend *backend, struct err *e)
{
	const struct wire_signal *body = job->body;

	return backend->ops->signal(backend, (int)body->signal, body->all, e);
}

static int destroy(const struct job *job, struct backend *backend, struct err *e)
{
	int r = backend->ops->destroy(backend, e);

	if (r == 0)
		pod_leave(job->container->plan);
	return r;
}

/* 0: done, and to be told; 1: told already. */
static int container_job(const struct job *job, struct backend *backend, struct err *e)
{
	switch ((int)job->verb) {
	case WIRE_PREPARE:
		return prepare(job, backend, e);
	case WIRE_START:
		return backend->ops->start(backend, e);
	case WIRE_EXEC:
		return exec(job, backend, e);
	case WIRE_SIGNAL:
		return signal_send(job, backend, e);
	case WIRE_PAUSE:
		return backend->ops->pause(backend, e);
	case WIRE_RESUME:
		return backend->ops->resume(backend, e);
	case WIRE_UPDATE:
		return backend->ops->update(backend,
					    ((const struct wire_update *)job->body)->limits, e);
	case WIRE_STATS:
		return stats(job, backend, e);
	case WIRE_PROCESSES:
		return processes(job, backend, e);
	case WIRE_DESTROY:
		return destroy(job, backend, e);
	default:
		return refuse(e, ENOSYS, "no container can '%s'", wire_verb_name(job->verb));
	}
}

static int guest_job(const struct job *job, struct err *e)
{
	switch ((int)job->verb) {
	case WIRE_CONFIGURE:
		return guest_configure(job->agent, job->body, e);
	case WIRE_NETWORK:
		return guest_network(job->agent, job->body, e);
	case WIRE_SHUTDOWN:
		sync();
		return 0;
	default:
		return refuse(e, ENOSYS, "no guest can '%s'", wire_verb_name(job->verb));
	}
}

static int do_job(const struct job *job, struct err *e)
{
	struct backend *backend = NULL;
	int r = begin(job, e);

	if (r < 0)
		return r;
	if (!job->container)
		return guest_job(job, e);
	r = container_open(job->agent, job->container, &backend, e);
	if (r < 0)
		return r;
	r = container_job(job, backend, e);
	backend->ops->close(backend);
	return r;
}

_Noreturn void job_run(const struct job *job)
{
	struct worker_message message = {.kind = WORKER_RESULT};
	int r = do_job(job, &message.error);

	message.result = r;
	if (r <= 0)
		job_tell(job, &message, NULL, 0);
	_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
}
