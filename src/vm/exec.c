/*
 * exec at the vm level: a proxy, child of the caller, whose connection to the monitor is the
 * process in the guest. The plan is encoded here; the proxy has it as a sealed file.
 */
#include "internal.h"

#include "base/clock.h"
#include "kern/memfd.h"
#include "kern/sock.h"
#include "proxy.h"
#include "setup.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>

struct entering {
	struct vm_backend_handle *vm;
	const struct backend_exec *exec;
	int stdio[3];
	int control; /* to the monitor */
	int link, proxy_link;
	int body;
	int master;
	struct process proxy;
};

enum { RESERVE_SECONDS = 30 };

static int number_reserve(struct entering *entering, uint32_t *ret, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_RESERVE};
	struct control_answer answer;

	if (control_connect(entering->vm->context.state_fd, &entering->control, e) < 0 ||
	    control_send(entering->control, &request, NULL, 0, NULL, 0, e) < 0 ||
	    control_await(entering->control, clock_now() + RESERVE_SECONDS * 1000000000ULL, &answer,
			  NULL, e) < 0)
		return -e->code;
	*ret = (uint32_t)answer.number;
	return 0;
}

static int body_make(struct entering *entering, uint32_t number, struct err *e)
{
	const struct backend_exec *exec = entering->exec;
	struct wire_exec body = {
		.container = VM_CONTAINER,
		.process = number,
		.stdio = vm_stdio(entering->stdio, entering->master >= 0),
		.plan = exec->process,
		.has_cgroup = exec->cgroup != NULL,
		.ignore_paused = exec->ignore_paused,
	};
	auto_buf bytes = {0};

	if (exec->cgroup)
		body.cgroup = *exec->cgroup;
	wire_exec_encode(&body, &bytes);
	return memfd_sealed("exec", bytes.data, bytes.size, false, &entering->body, e);
}

static int terminal_open(struct entering *entering, struct err *e)
{
	int peer;

	if (!entering->exec->process->terminal.value)
		return 0;
	if (vm_terminal(entering->exec->process, &entering->master, &peer, e) < 0)
		return -e->code;
	for (int i = 0; i < 3; i++) {
		fd_close(&entering->stdio[i]);
		entering->stdio[i] = i == 0 ? peer : fcntl(peer, F_DUPFD_CLOEXEC, 3);
	}
	return 0;
}

static int proxy_start(struct entering *entering, struct err *e)
{
	const int fds[] = {entering->control, entering->body, entering->proxy_link};
	struct spawn spawn = {
		.name = entering->master >= 0 ? VM_PROXY_TERMINAL_NAME : VM_PROXY_NAME,
		.id = entering->vm->context.id,
		.args = &entering->exec->process->args,
		.stdio = {entering->stdio[0], entering->stdio[1], entering->stdio[2]},
		.fds = fds,
		.fd_count = sizeof(fds) / sizeof(fds[0]),
		.cgroup = entering->vm->cgroup,
		.init = entering->vm->init.pid,
	};

	return vm_spawn(&spawn, &entering->proxy, e);
}

/* In a paused container the report comes when that is resumed. */
static int report_poll(const struct entering *entering, struct err *e)
{
	int interrupt_fd = entering->exec->interrupt_fd;
	struct pollfd polls[] = {
		{.fd = entering->link, .events = POLLIN},
		{.fd = interrupt_fd > 0 ? interrupt_fd : FD_NONE, .events = POLLIN},
	};

	while (poll(polls, sizeof(polls) / sizeof(polls[0]), -1) < 0) {
		if (errno != EINTR)
			return fail(e, errno, "wait for the process's proxy");
	}
	if (!polls[0].revents)
		return refuse(e, ECANCELED, "interrupted while the process was made");
	return 0;
}

int proxy_await(int link, struct err *e)
{
	struct err why;
	size_t size, count;
	int r = sock_receive(link, &why, sizeof(why), &size, NULL, 0, &count, 0, e);

	if (r < 0 && e->code != ECONNRESET)
		return r;
	if (r != SOCK_MESSAGE || size != sizeof(why))
		return refuse(e, ECHILD, "the process's proxy has ended");
	if (why.code == 0)
		return 0;
	*e = why;
	return -e->code;
}

static int process_make(struct entering *entering, struct err *e)
{
	uint32_t number;
	int r;

	if (number_reserve(entering, &number, e) < 0 || terminal_open(entering, e) < 0 ||
	    body_make(entering, number, e) < 0 ||
	    sock_pair(&entering->link, &entering->proxy_link, e) < 0 ||
	    proxy_start(entering, e) < 0)
		return -e->code;
	/* What is the proxy's must end with it. */
	fd_close(&entering->proxy_link);
	fd_close(&entering->control);
	r = report_poll(entering, e);
	return r < 0 ? r : proxy_await(entering->link, e);
}

static void entering_done(struct entering *entering)
{
	for (int i = 0; i < 3; i++)
		fd_close(&entering->stdio[i]);
	fd_close(&entering->control);
	fd_close(&entering->link);
	fd_close(&entering->proxy_link);
	fd_close(&entering->body);
	fd_close(&entering->master);
}

static void proxy_abandon(struct entering *entering)
{
	struct err ignored;
	int status;

	if (entering->proxy.pid <= 0)
		return;
	(void)!process_signal(&entering->proxy, SIGKILL, &ignored);
	(void)!process_reap(entering->proxy.pid, &status, &ignored);
	process_done(&entering->proxy);
}

int vm_exec(struct backend *backend, const struct backend_exec *exec,
	    struct backend_stdio *take_stdio, struct backend_process *ret, struct err *e)
{
	struct entering entering = {
		.vm = vm_of(backend),
		.exec = exec,
		.stdio = {take_fd(&take_stdio->fds[0]), take_fd(&take_stdio->fds[1]),
			  take_fd(&take_stdio->fds[2])},
		.control = FD_NONE,
		.link = FD_NONE,
		.proxy_link = FD_NONE,
		.body = FD_NONE,
		.master = FD_NONE,
		.proxy = PROCESS_NONE,
	};
	int r = vm_open_cgroup(entering.vm, e);

	if (r == 0)
		r = process_make(&entering, e);
	if (r == 0)
		*ret = (struct backend_process){
			.process = entering.proxy,
			.console_fd = take_fd(&entering.master),
			.seccomp_fd = FD_NONE,
		};
	else
		proxy_abandon(&entering);
	entering_done(&entering);
	return r;
}
