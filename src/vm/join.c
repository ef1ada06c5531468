/*
 * create of a container whose pod's sandbox has a machine: its own cgroup, control socket and
 * process on the host, as with a machine of its own, but no further guest. The process is a proxy,
 * as that of an exec is, and its connection to the sandbox's monitor is the container.
 */
#include "prepare.h"

#include "base/clock.h"
#include "kern/compat.h"
#include "kern/memfd.h"
#include "kern/sock.h"
#include "proxy.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>

enum { RESERVE_SECONDS = 30 };

/* The number, and who the monitor is: that it answers later, too, says that the pid is still its.
 */
static int monitor_find(struct preparing *preparing, struct err *e)
{
	const struct control_request request = {.verb = CONTROL_RESERVE};
	const char *path = preparing->plan->machine->sandbox;
	auto_fd int state = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	struct control_answer answer;

	if (state < 0)
		return fail(e, errno, "open '%s'", path);
	if (control_connect(state, &preparing->sandbox, e) < 0 ||
	    control_send(preparing->sandbox, &request, NULL, 0, NULL, 0, e) < 0 ||
	    control_await(preparing->sandbox, clock_now() + RESERVE_SECONDS * 1000000000ULL,
			  &answer, NULL, e) < 0)
		return -e->code;
	preparing->number = (uint32_t)answer.number;
	preparing->sandbox_pidfd = sys_pidfd_open(answer.code, 0);
	return preparing->sandbox_pidfd < 0
		       ? fail(e, errno, "open the monitor of the machine (pid %d)", answer.code)
		       : 0;
}

static int body_make(struct preparing *preparing, struct err *e)
{
	auto_buf bytes = {0};

	prepare_body(preparing, &bytes);
	return memfd_sealed("container", bytes.data, bytes.size, false, &preparing->body, e);
}

static int process_start(struct preparing *preparing, struct err *e)
{
	const int fds[] = {preparing->sandbox,	    preparing->body,  preparing->monitor_link,
			   preparing->control,	    preparing->setup, preparing->log,
			   preparing->sandbox_pidfd};
	int r = prepare_process(preparing,
				preparing->master >= 0 ? VM_JOINED_TERMINAL_NAME : VM_JOINED_NAME,
				fds, sizeof(fds) / sizeof(fds[0]), e);

	/* What is the process's must end with it. */
	fd_close(&preparing->sandbox);
	fd_close(&preparing->monitor_link);
	fd_close(&preparing->control);
	return r;
}

int join_make(struct preparing *preparing, struct err *e)
{
	if (monitor_find(preparing, e) < 0 || prepare_cgroup(preparing, e) < 0 ||
	    prepare_setup(preparing, e) < 0 || prepare_log(preparing, e) < 0 ||
	    prepare_sockets(preparing, e) < 0 || prepare_terminal(preparing, e) < 0 ||
	    body_make(preparing, e) < 0 || process_start(preparing, e) < 0)
		return -e->code;
	return proxy_await(preparing->link, e);
}

int join_release(struct vm_backend_handle *vm, struct err *e)
{
	return sock_send(vm->link_fd, "", 1, NULL, 0, 0, e);
}
