/*
 * create at the vm level: the cgroup on the host, the monitor in it, and the plan for the guest,
 * which the monitor passes on when the guest answers. The connection over which that goes is the
 * creator's; while it is open and not released, its end is the machine's end.
 */
#include "prepare.h"

#include "base/clock.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/memfd.h"
#include "kern/sock.h"
#include "machine.h"
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/socket.h>

enum { COMMIT_SECONDS = 240, LOG_MODE = 0600 };

int prepare_cgroup(struct preparing *preparing, struct err *e)
{
	struct vm_backend_handle *vm = preparing->vm;
	int r = vm_open_cgroup(vm, e);

	if (r == 0 && vm->cgroup)
		r = cgroup_create(vm->cgroup, preparing->plan->machine->limits, e);
	return r;
}

int prepare_setup(struct preparing *preparing, struct err *e)
{
	const struct plan *plan = preparing->plan;
	const struct vm_setup setup = {
		.id = plan->id,
		.terminal = {true, plan->process && plan->process->terminal.value},
		.log_json = {true, preparing->vm->context.log_is_json},
		.machine = plan->machine,
	};
	auto_buf text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	fields_encode(vm_setup_fields, &setup, &w);
	return memfd_sealed("setup", text.data, text.size, false, &preparing->setup, e);
}

int prepare_log(struct preparing *preparing, struct err *e)
{
	const struct backend_context *context = &preparing->vm->context;

	if (context->log_fd > 0)
		preparing->log = fcntl(context->log_fd, F_DUPFD_CLOEXEC, 3);
	else
		preparing->log =
			openat(context->state_fd, MONITOR_LOG,
			       O_WRONLY | O_CREAT | O_APPEND | O_NOFOLLOW | O_CLOEXEC, LOG_MODE);
	return preparing->log < 0 ? fail(e, errno, "open the monitor's log") : 0;
}

int prepare_sockets(struct preparing *preparing, struct err *e)
{
	int state = preparing->vm->context.state_fd;
	int r = sock_pair(&preparing->link, &preparing->monitor_link, e);

	if (r == 0)
		r = sock_listen(state, CONTROL_SOCKET, SOCK_SEQPACKET, &preparing->control, e);
	if (r == 0 && fcntl(preparing->control, F_SETFL, O_NONBLOCK) < 0)
		r = fail(e, errno, "make the control socket non-blocking");
	if (r == 0) {
		preparing->state = fcntl(state, F_DUPFD_CLOEXEC, 3);
		if (preparing->state < 0)
			r = fail(e, errno, "duplicate a descriptor");
	}
	return r;
}

int prepare_terminal(struct preparing *preparing, struct err *e)
{
	const struct plan_process *process = preparing->plan->process;
	int peer;

	if (!process || !process->terminal.value)
		return 0;
	if (vm_terminal(process, &preparing->master, &peer, e) < 0)
		return -e->code;
	for (int i = 0; i < 3; i++) {
		fd_close(&preparing->stdio[i]);
		preparing->stdio[i] = i == 0 ? peer : fcntl(peer, F_DUPFD_CLOEXEC, 3);
	}
	return 0;
}

int prepare_process(struct preparing *preparing, const char *name, const int *fds, size_t count,
		    struct err *e)
{
	const struct plan *plan = preparing->plan;
	const struct spawn spawn = {
		.name = name,
		.id = plan->id,
		.args = plan->process ? &plan->process->args : NULL,
		.stdio = {preparing->stdio[0], preparing->stdio[1], preparing->stdio[2]},
		.fds = fds,
		.fd_count = count,
		.cgroup = preparing->vm->cgroup,
		.limits = plan->machine->limits,
	};
	int r = vm_spawn(&spawn, &preparing->monitor, e);

	if (r == 0 && preparing->vm->cgroup)
		r = cgroup_apply(preparing->vm->cgroup, plan->machine->limits, e);
	return r;
}

static int monitor_start(struct preparing *preparing, struct err *e)
{
	const int fds[] = {preparing->monitor_link, preparing->control, preparing->state,
			   preparing->log, preparing->setup};

	return prepare_process(preparing, VM_MONITOR_NAME, fds, sizeof(fds) / sizeof(fds[0]), e);
}

static struct wire_disk *disks_of(struct arena *arena, const struct plan_machine *machine)
{
	struct wire_disk *disks = arena_new_array(arena, machine->disks.count, struct wire_disk);
	size_t index = 0;

	list_each(const struct plan_disk, disk, &machine->disks)
	{
		disks[index].major = disk->major.value;
		disks[index].minor = disk->minor.value;
		disks[index].serial = machine_disk_serial(arena, index);
		index++;
	}
	return disks;
}

/* The guest's own reading of the plan: its cgroup is another one, and hooks of the runtime's
 * namespaces are not its business. */
void prepare_body(const struct preparing *preparing, struct buf *ret)
{
	const struct plan *plan = preparing->plan;
	struct plan inside = *plan;
	auto_arena arena = {0};
	struct wire_prepare body = {
		.container = preparing->number,
		.process = preparing->number,
		.stdio = vm_stdio(preparing->stdio, preparing->master >= 0),
		.plan = &inside,
		.disks = disks_of(&arena, plan->machine),
		.disk_count = plan->machine->disks.count,
	};

	inside.cgroup = plan->machine->guest_cgroup;
	inside.machine = NULL;
	inside.create_hooks = (struct list){0};
	inside.hook_stdout = inside.hook_stderr = NULL;
	wire_prepare_encode(&body, ret);
}

static int plan_send(struct preparing *preparing, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_PREPARE};
	auto_buf bytes = {0};

	prepare_body(preparing, &bytes);
	return control_send(preparing->link, &request, bytes.data, bytes.size, NULL, 0, e);
}

static int machine_make(struct preparing *preparing, struct err *e)
{
	struct control_answer answer;

	if (prepare_cgroup(preparing, e) < 0 || prepare_setup(preparing, e) < 0 ||
	    prepare_log(preparing, e) < 0 || prepare_sockets(preparing, e) < 0 ||
	    prepare_terminal(preparing, e) < 0 || monitor_start(preparing, e) < 0)
		return -e->code;
	/* Its ends are the monitor's alone now. */
	fd_close(&preparing->monitor_link);
	/* A monitor that has ended already has said why. */
	if (plan_send(preparing, e) < 0 && e->code != EPIPE)
		return -e->code;
	/* The monitor knows how long a boot may take. */
	return control_await(preparing->link, 0, &answer, NULL, e);
}

static void preparing_done(struct preparing *preparing)
{
	for (int i = 0; i < 3; i++)
		fd_close(&preparing->stdio[i]);
	fd_close(&preparing->link);
	fd_close(&preparing->monitor_link);
	fd_close(&preparing->control);
	fd_close(&preparing->setup);
	fd_close(&preparing->log);
	fd_close(&preparing->state);
	fd_close(&preparing->master);
	fd_close(&preparing->sandbox);
	fd_close(&preparing->sandbox_pidfd);
	fd_close(&preparing->body);
}

/* Its end follows from ours; it has to be waited for, or it would stay as a zombie. */
static void monitor_abandon(struct preparing *preparing)
{
	struct err ignored;
	int status;

	if (preparing->monitor.pid <= 0)
		return;
	fd_close(&preparing->link);
	if (process_wait_gone(&preparing->monitor, 3000, &ignored) != 0)
		(void)!process_signal(&preparing->monitor, SIGKILL, &ignored);
	(void)!process_reap(preparing->monitor.pid, &status, &ignored);
	process_done(&preparing->monitor);
}

static int publish(struct preparing *preparing, struct backend_process *ret, struct err *e)
{
	struct vm_backend_handle *vm = preparing->vm;
	struct process mine = preparing->monitor;

	if (mine.pidfd >= 0) {
		mine.pidfd = fcntl(mine.pidfd, F_DUPFD_CLOEXEC, 3);
		if (mine.pidfd < 0)
			return fail(e, errno, "duplicate a descriptor");
	}
	process_done(&vm->init);
	vm->init = mine;
	vm->is_ours = true;
	vm->plan = preparing->plan;
	vm->link_fd = take_fd(&preparing->link);
	vm->console_fd = take_fd(&preparing->master);
	*ret = (struct backend_process){
		.process = preparing->monitor,
		.console_fd = FD_NONE,
		.seccomp_fd = FD_NONE,
	};
	return 0;
}

int vm_prepare(struct backend *backend, const struct plan *plan, struct backend_stdio *take_stdio,
	       struct backend_process *ret, struct err *e)
{
	struct preparing preparing = {
		.vm = vm_of(backend),
		.plan = plan,
		.stdio = {take_fd(&take_stdio->fds[0]), take_fd(&take_stdio->fds[1]),
			  take_fd(&take_stdio->fds[2])},
		.link = FD_NONE,
		.monitor_link = FD_NONE,
		.control = FD_NONE,
		.setup = FD_NONE,
		.log = FD_NONE,
		.state = FD_NONE,
		.master = FD_NONE,
		.sandbox = FD_NONE,
		.sandbox_pidfd = FD_NONE,
		.body = FD_NONE,
		.number = VM_INIT,
		.monitor = PROCESS_NONE,
	};
	int r;

	if (!plan->machine)
		return refuse(e, EINVAL, "the plan has no machine");
	r = plan->machine->sandbox ? join_make(&preparing, e) : machine_make(&preparing, e);
	if (r == 0)
		log_debug("'%s': prepared by a guest of %llu MiB, whose monitor is pid %d",
			  plan->id, (unsigned long long)plan->machine->memory.value >> 20,
			  (int)preparing.monitor.pid);
	if (r == 0)
		r = publish(&preparing, ret, e);
	if (r < 0) {
		monitor_abandon(&preparing);
		preparing.vm->is_told = true;
	}
	preparing_done(&preparing);
	return r;
}

static int link_call(struct vm_backend_handle *vm, enum control_verb verb, enum wire_verb wire,
		     struct err *e)
{
	const struct control_request request = {.verb = verb, .wire = wire};
	const struct wire_target target = {.container = VM_CONTAINER};
	struct control_answer answer;
	auto_fd int own = FD_NONE;
	int sock = vm->link_fd;
	auto_buf body = {0};

	if (wire != 0)
		wire_target_encode(&target, &body);
	/* What joins a machine has a link to its own process; the monitor listens for it. */
	if (vm->plan->machine->sandbox) {
		if (control_connect(vm->context.state_fd, &own, e) < 0)
			return -e->code;
		sock = own;
	}
	if (control_send(sock, &request, body.data, body.size, NULL, 0, e) < 0)
		return -e->code;
	return control_await(sock, clock_now() + COMMIT_SECONDS * 1000000000ULL, &answer, NULL, e);
}

int vm_commit(struct backend *backend, struct backend_process *process, struct err *e)
{
	struct vm_backend_handle *vm = vm_of(backend);

	if (vm_hooks_run(vm->plan, &vm->init, e) < 0 ||
	    link_call(vm, CONTROL_CALL, WIRE_COMMIT, e) < 0) {
		vm->is_told = true;
		return -e->code;
	}
	process->console_fd = take_fd(&vm->console_fd);
	return 0;
}

int vm_release(struct backend *backend, struct err *e)
{
	struct vm_backend_handle *vm = vm_of(backend);
	int r = vm->plan->machine->sandbox ? join_release(vm, e)
					   : link_call(vm, CONTROL_RELEASE, (enum wire_verb)0, e);

	fd_close(&vm->link_fd);
	return r;
}
