/*
 * The second half of create: from "the hooks of the host have run" to "the init waits", and the
 * moment from which it no longer needs us.
 */
#include "internal.h"

#include "base/log.h"
#include "kern/compat.h"

/* The listener is a descriptor of the container's process, which can do little by then: fetch it,
 * and only if that is not permitted have it sent. */
static int take_listener(struct handshake *handshake, const struct process *process, int number,
			 int *ret, struct err *e)
{
	struct handshake_message message;
	auto_fd int fd = FD_NONE;
	int r;

	if (process->pidfd >= 0)
		fd = sys_pidfd_getfd(process->pidfd, number, 0);
	if (fd >= 0) {
		r = handshake_send(handshake, MESSAGE_LISTENER_TAKEN, 0, FD_NONE, e);
		if (r == 0)
			*ret = take_fd(&fd);
		return r;
	}
	log_debug("cannot fetch the seccomp listener, asking for it");
	r = handshake_send(handshake, MESSAGE_LISTENER_SEND, 0, FD_NONE, e);
	if (r == 0)
		r = handshake_receive(handshake, process, 0, &message, e);
	if (r < 0)
		return r;
	if (message.kind != MESSAGE_LISTENER || message.fd < 0) {
		fd_close(&message.fd);
		return refuse(e, EPROTO, "the seccomp listener did not come");
	}
	*ret = message.fd;
	return 0;
}

int ns_accept_until_ready(struct handshake *handshake, const struct process *process,
			  struct accepted *into, struct err *e)
{
	for (;;) {
		struct handshake_message message;
		int r = handshake_receive(handshake, process, 0, &message, e);

		if (r < 0)
			return r;
		switch ((int)message.kind) {
		case MESSAGE_CONSOLE:
			fd_close(&into->console_fd);
			into->console_fd = take_fd(&message.fd);
			break;
		case MESSAGE_LISTENER:
			r = take_listener(handshake, process, message.number, &into->seccomp_fd, e);
			break;
		case MESSAGE_READY:
			return 0;
		default:
			r = refuse(e, EPROTO, "handshake: '%s' is out of turn",
				   handshake_kind_name(message.kind));
			break;
		}
		fd_close(&message.fd);
		if (r < 0)
			return r;
	}
}

int ns_commit(struct backend *backend, struct backend_process *process, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	struct accepted accepted = {.console_fd = take_fd(&ns->console_fd), .seccomp_fd = FD_NONE};
	int r = 0;

	if (ns->waits_at_hooks)
		r = handshake_send(&ns->handshake, MESSAGE_HOOKS_DONE, 0, FD_NONE, e);
	if (r < 0)
		handshake_explain(&ns->handshake, &ns->init, e);
	else
		r = ns_accept_until_ready(&ns->handshake, &ns->init, &accepted, e);
	if (r < 0) {
		fd_close(&accepted.console_fd);
		fd_close(&accepted.seccomp_fd);
		return -e->code;
	}
	process->console_fd = accepted.console_fd;
	process->seccomp_fd = accepted.seccomp_fd;
	return 0;
}

int ns_release(struct backend *backend, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = handshake_send(&ns->handshake, MESSAGE_COMMITTED, 0, FD_NONE, e);

	if (r == 0)
		handshake_done(&ns->handshake);
	return r;
}

int ns_start(struct backend *backend, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	int r = ns_find_init(ns, e);

	if (r == PROCESS_GONE)
		return refuse(e, ESRCH, "container not running");
	if (r == 0)
		r = fifo_start(ns->context.state_fd, &ns->init, e);
	if (r < 0)
		return r;
	return fifo_remove(ns->context.state_fd, e);
}
