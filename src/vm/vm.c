/* The vm backend's table, and the operations that are a short conversation with the monitor. */
#include "vm/vm.h"

#include "internal.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "proxy.h"
#include "setup.h"
#include "wire/calls.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { ASK_MS = 3000, END_MS = 15000, REASON_MAX = 65536 };

_Noreturn void monitor_main(void);

bool vm_is_hidden_program(const char *argv0)
{
	return str_is(argv0, VM_MONITOR_NAME) || str_is(argv0, VM_PROXY_NAME) ||
	       str_is(argv0, VM_PROXY_TERMINAL_NAME) || str_is(argv0, VM_JOINED_NAME) ||
	       str_is(argv0, VM_JOINED_TERMINAL_NAME);
}

_Noreturn void vm_hidden_program(int argc, char **argv)
{
	(void)argc;
	if (str_is(argv[0], VM_MONITOR_NAME))
		monitor_main();
	proxy_main(argv[0]);
}

static int vm_probe(const struct facts *facts, struct err *e)
{
	if (facts->is_rootless)
		return refuse(e, EPERM, "the vm level needs the rights of the host's root");
	return 0;
}

static int vm_open(const struct backend_context *context, struct backend **ret, struct err *e)
{
	struct vm_backend_handle *vm = xcalloc(1, sizeof(*vm));

	(void)e;
	vm->base.ops = &vm_backend;
	vm->context = *context;
	vm->init = context->init;
	/* The caller's descriptor may go before we do. */
	vm->init.pidfd = FD_NONE;
	vm->link_fd = FD_NONE;
	vm->console_fd = FD_NONE;
	*ret = &vm->base;
	return 0;
}

static void vm_close(struct backend *backend)
{
	struct vm_backend_handle *vm = vm_of(backend);

	process_done(&vm->init);
	fd_close(&vm->link_fd);
	fd_close(&vm->console_fd);
	cgroup_close(vm->cgroup);
	free(vm);
}

int vm_open_cgroup(struct vm_backend_handle *vm, struct err *e)
{
	if (vm->cgroup || !vm->context.cgroup)
		return 0;
	return cgroup_open(vm->context.cgroup, vm->context.facts, &vm->cgroup, e);
}

static int find_monitor(struct vm_backend_handle *vm, struct err *e)
{
	int r;

	if (vm->init.pid <= 0)
		return PROCESS_GONE;
	if (vm->init.pidfd >= 0) {
		r = process_wait_gone(&vm->init, 0, e);
		return r < 0 ? r : r == 1 ? PROCESS_ALIVE : PROCESS_GONE;
	}
	return process_open(vm->init.pid, vm->init.born, &vm->init, e);
}

int vm_call(struct vm_backend_handle *vm, enum wire_verb verb, const struct buf *body,
	    struct buf *ret_body, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_CALL, .wire = verb};
	struct control_answer answer;

	return control_ask(vm->context.state_fd, &request, body->data, body->size, &answer,
			   ret_body, e);
}

static int call_target(struct backend *backend, enum wire_verb verb, struct buf *ret_body,
		       struct err *e)
{
	const struct wire_target target = {.container = VM_CONTAINER};
	auto_buf body = {0};

	wire_target_encode(&target, &body);
	return vm_call(vm_of(backend), verb, &body, ret_body, e);
}

static int vm_start(struct backend *backend, struct err *e)
{
	return call_target(backend, WIRE_START, NULL, e);
}

static int vm_status(struct backend *backend, enum backend_status *ret, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_STATUS};
	struct vm_backend_handle *vm = vm_of(backend);
	struct control_answer answer;
	int r = find_monitor(vm, e);

	*ret = BACKEND_ABSENT;
	if (r != PROCESS_ALIVE)
		return r < 0 ? r : 0;
	r = control_ask(vm->context.state_fd, &request, NULL, 0, &answer, NULL, e);
	if (r == -ESRCH || (r < 0 && e->code == ESRCH))
		return 0; /* it ended in between */
	if (r < 0)
		return r;
	if (answer.number > BACKEND_PAUSED)
		return refuse(e, EPROTO, "the monitor of the machine is of another version");
	*ret = (enum backend_status)answer.number;
	return 0;
}

static int vm_signal(struct backend *backend, int signal, bool all, struct err *e)
{
	const struct wire_signal body = {
		.container = VM_CONTAINER,
		.signal = (uint32_t)signal,
		.all = all,
	};
	auto_buf bytes = {0};

	wire_signal_encode(&body, &bytes);
	return vm_call(vm_of(backend), WIRE_SIGNAL, &bytes, NULL, e);
}

static int vm_pause(struct backend *backend, struct err *e)
{
	return call_target(backend, WIRE_PAUSE, NULL, e);
}

static int vm_resume(struct backend *backend, struct err *e)
{
	return call_target(backend, WIRE_RESUME, NULL, e);
}

static int vm_update(struct backend *backend, const struct plan_limits *limits, struct err *e)
{
	struct vm_backend_handle *vm = vm_of(backend);
	const struct wire_update body = {.container = VM_CONTAINER, .limits = limits};
	auto_buf bytes = {0};

	wire_update_encode(&body, &bytes);
	if (vm_call(vm, WIRE_UPDATE, &bytes, NULL, e) < 0 || vm_open_cgroup(vm, e) < 0)
		return -e->code;
	if (!vm->cgroup || !limits->outside)
		return 0;
	return cgroup_update(vm->cgroup, limits->outside, e);
}

static int vm_stats(struct backend *backend, struct arena *arena, struct stats *ret, struct err *e)
{
	auto_buf body = {0};

	if (call_target(backend, WIRE_STATS, &body, e) < 0)
		return -e->code;
	return wire_stats_decode(arena, body.data, body.size, ret, e);
}

/* The connection itself: a message comes with each kill. */
static int vm_oom_watch(struct backend *backend, int *ret_fd, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_WATCH};
	auto_fd int sock = FD_NONE;
	struct control_answer answer;

	if (control_connect(vm_of(backend)->context.state_fd, &sock, e) < 0 ||
	    control_send(sock, &request, NULL, 0, NULL, 0, e) < 0 ||
	    control_await(sock, clock_now() + 10000000000ULL, &answer, NULL, e) < 0)
		return -e->code;
	/* Whoever watches reads it when it likes. */
	if (fcntl(sock, F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "make the connection non-blocking");
	*ret_fd = take_fd(&sock);
	return 0;
}

static int vm_oom_count(struct backend *backend, uint64_t *ret, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_WATCH};
	struct control_answer answer;

	if (control_ask(vm_of(backend)->context.state_fd, &request, NULL, 0, &answer, NULL, e) < 0)
		return -e->code;
	*ret = answer.number;
	return 0;
}

static const char *command_text(struct arena *arena, const struct wire_process *process)
{
	auto_buf text = {0};
	size_t size;
	char *shown;

	for (size_t i = 0; i < process->command.count; i++)
		buf_printf(&text, "%s%s", i > 0 ? " " : "", process->command.items[i]);
	if (text.size == 0)
		buf_printf(&text, "[%s]", process->comm ? process->comm : "");
	/* Each byte may take no more room than before. */
	size = text.size + 1;
	shown = arena_alloc(arena, size);
	wire_text_copy(shown, size, buf_text(&text), text.size);
	return shown;
}

static const char *comm_text(struct arena *arena, const char *comm)
{
	size_t size = comm ? strlen(comm) : 0;
	char *shown = arena_alloc(arena, size + 1);

	wire_text_copy(shown, size + 1, comm ? comm : "", size);
	return shown;
}

static int vm_tasks(struct backend *backend, struct arena *arena, struct backend_task **ret,
		    size_t *ret_count, struct err *e)
{
	struct wire_processes processes;
	struct backend_task *tasks;
	auto_buf body = {0};

	if (call_target(backend, WIRE_PROCESSES, &body, e) < 0 ||
	    wire_processes_decode(arena, body.data, body.size, &processes, e) < 0)
		return -e->code;
	tasks = arena_new_array(arena, processes.count, struct backend_task);
	for (size_t i = 0; i < processes.count; i++) {
		const struct wire_process *from = &processes.items[i];

		tasks[i] = (struct backend_task){
			.pid = from->pid,
			.ppid = from->ppid,
			.inner_pid = from->inner_pid,
			.uid = from->uid,
			.gid = from->gid,
			.state = from->state,
			.threads = from->threads,
			.nice = from->nice,
			.started = from->started,
			.cpu_time = from->cpu_time,
			.elapsed = from->elapsed,
			.virtual_size = from->virtual_size,
			.resident = from->resident,
			.tty = from->tty,
			.comm = comm_text(arena, from->comm),
			.command = command_text(arena, from),
		};
	}
	*ret = tasks;
	*ret_count = processes.count;
	return BACKEND_TASKS;
}

static bool is_proxy(pid_t pid)
{
	char path[32], comm[sizeof(PROXY_COMM) + 1] = "";
	auto_fd int fd = FD_NONE;

	(void)snprintf(path, sizeof(path), "/proc/%d/comm", (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	return fd >= 0 && read(fd, comm, sizeof(comm) - 1) > 0 && str_is(comm, PROXY_COMM "\n");
}

/* Who stands for the container on this host: the monitor and the proxies of execs. What else is in
 * the cgroup runs the machine and is no process of the container. */
static int vm_pids(struct backend *backend, struct arena *arena, pid_t **ret, size_t *ret_count,
		   struct err *e)
{
	struct vm_backend_handle *vm = vm_of(backend);
	int r = find_monitor(vm, e);
	pid_t *members = NULL;
	size_t count = 0;

	*ret_count = 0;
	*ret = arena_new_array(arena, 1, pid_t);
	if (r != PROCESS_ALIVE)
		return r < 0 ? r : 0;
	if (vm_open_cgroup(vm, e) < 0 ||
	    (vm->cgroup && cgroup_pids(vm->cgroup, arena, &members, &count, e) < 0))
		return -e->code;
	*ret = arena_new_array(arena, count + 1, pid_t);
	(*ret)[(*ret_count)++] = vm->init.pid;
	for (size_t i = 0; i < count; i++) {
		if (is_proxy(members[i]))
			(*ret)[(*ret_count)++] = members[i];
	}
	return 0;
}

/* It takes its traces in a network namespace with it, when it is asked; a hanging one is killed. */
static bool monitor_ask_end(struct vm_backend_handle *vm)
{
	const struct control_request request = {.verb = CONTROL_END};
	auto_fd int sock = FD_NONE;
	struct control_answer answer;
	struct err ignored;

	if (control_connect(vm->context.state_fd, &sock, &ignored) < 0 ||
	    control_send(sock, &request, NULL, 0, NULL, 0, &ignored) < 0 ||
	    control_await(sock, clock_now() + ASK_MS * 1000000ULL, &answer, NULL, &ignored) < 0)
		return false;
	return process_wait_gone(&vm->init, ASK_MS, &ignored) == 0;
}

static int monitor_end(struct vm_backend_handle *vm, struct err *e)
{
	int r = find_monitor(vm, e);

	if (r == PROCESS_ALIVE && monitor_ask_end(vm))
		r = PROCESS_GONE;
	if (r == PROCESS_ALIVE) {
		r = process_signal(&vm->init, SIGKILL, e);
		if (r >= 0)
			r = process_wait_gone(&vm->init, END_MS, e);
		if (r == 1)
			return refuse(e, EBUSY, "the monitor (pid %d) does not end",
				      (int)vm->init.pid);
	}
	if (r >= 0 && vm->is_ours)
		(void)waitpid(vm->init.pid, NULL, WNOHANG | __WALL);
	return r < 0 ? r : 0;
}

/* A machine that failed left word of it; without a log of the caller's nobody has read it. */
static void reason_show(struct vm_backend_handle *vm)
{
	auto_buf text = {0};
	struct err ignored;
	char shown[1100];

	if (vm->context.log_fd > 0 || vm->is_told ||
	    file_read(vm->context.state_fd, MONITOR_LOG, REASON_MAX, false, &text, &ignored) < 0 ||
	    text.size == 0)
		return;
	while (text.size > 0 && text.data[text.size - 1] == '\n')
		text.size--;
	wire_text_copy(shown, sizeof(shown), buf_text(&text), text.size);
	log_warning("%s", shown);
}

static int vm_destroy(struct backend *backend, struct err *e)
{
	struct vm_backend_handle *vm = vm_of(backend);

	/* It is asked to end before our connection tells it that it has to. */
	if (vm_open_cgroup(vm, e) < 0 || monitor_end(vm, e) < 0)
		return -e->code;
	fd_close(&vm->link_fd);
	reason_show(vm);
	/* Hypervisor and file server end with the monitor; the cgroup knows whoever does not. */
	if (vm->cgroup && cgroup_remove(vm->cgroup, e) < 0)
		return -e->code;
	(void)unlinkat(vm->context.state_fd, CONTROL_SOCKET, 0);
	return 0;
}

static int checkpoint_refuse(struct err *e)
{
	return refuse(e, EOPNOTSUPP,
		      "containers at the vm level cannot be checkpointed or restored: CRIU saves "
		      "processes of this host");
}

static int vm_checkpoint(struct backend *backend, const struct plan *plan,
			 const struct backend_checkpoint *checkpoint, struct err *e)
{
	(void)backend;
	(void)plan;
	(void)checkpoint;
	return checkpoint_refuse(e);
}

static int vm_restore(struct backend *backend, const struct plan *plan,
		      const struct backend_restore *restore, struct backend_process *ret,
		      struct err *e)
{
	(void)backend;
	(void)plan;
	(void)restore;
	(void)ret;
	return checkpoint_refuse(e);
}

const struct backend_ops vm_backend = {
	.name = "vm",
	.has_machine = true,
	.probe = vm_probe,
	.open = vm_open,
	.close = vm_close,
	.prepare = vm_prepare,
	.commit = vm_commit,
	.release = vm_release,
	.start = vm_start,
	.exec = vm_exec,
	.checkpoint = vm_checkpoint,
	.restore = vm_restore,
	.status = vm_status,
	.signal = vm_signal,
	.pause = vm_pause,
	.resume = vm_resume,
	.update = vm_update,
	.stats = vm_stats,
	.oom_watch = vm_oom_watch,
	.oom_count = vm_oom_count,
	.tasks = vm_tasks,
	.pids = vm_pids,
	.destroy = vm_destroy,
};
