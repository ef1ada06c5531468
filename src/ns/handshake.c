/*
 * See handshake.h. An error that crosses is a plain copy of struct err, whose layout the launch
 * program knows as struct launch_error. The peer's texts end where their array ends, whatever was
 * sent.
 */
#include "handshake.h"

#include "base/clock.h"
#include "base/log.h"
#include "kern/sock.h"

#include <poll.h>
#include <stddef.h>
#include <string.h>
#include <sys/wait.h>

_Static_assert(sizeof(struct launch_error) == sizeof(struct err), "errors cross by copy");
_Static_assert(offsetof(struct launch_error, text) == offsetof(struct err, text), "the same");
_Static_assert(MESSAGE_KINDS < 64, "kinds are bits of struct handshake.seen");

#define DEATH_MS 1000

static const char *const kind_names[MESSAGE_KINDS] = {
	[MESSAGE_ERROR] = "error",
	[MESSAGE_LOG] = "log",
	[MESSAGE_NEED_MAPS] = "need maps",
	[MESSAGE_PID] = "pid",
	[MESSAGE_AT_HOOKS] = "at hooks",
	[MESSAGE_CONSOLE] = "console",
	[MESSAGE_LISTENER] = "listener",
	[MESSAGE_READY] = "ready",
	[MESSAGE_MAPS_DONE] = "maps done",
	[MESSAGE_IN_CGROUP] = "in cgroup",
	[MESSAGE_NET_DONE] = "net done",
	[MESSAGE_HOOKS_DONE] = "hooks done",
	[MESSAGE_LISTENER_TAKEN] = "listener taken",
	[MESSAGE_LISTENER_SEND] = "listener send",
	[MESSAGE_COMMITTED] = "committed",
};

const char *handshake_kind_name(uint32_t kind)
{
	return kind < MESSAGE_KINDS && kind_names[kind] ? kind_names[kind] : "unknown";
}

int handshake_pair(struct handshake *ret_parent, struct handshake *ret_child, struct err *e)
{
	int parent, child;
	int r = sock_pair(&parent, &child, e);

	if (r < 0)
		return r;
	*ret_parent = (struct handshake){.sock = parent};
	*ret_child = (struct handshake){.sock = child, .is_child = true};
	return 0;
}

void handshake_done(struct handshake *handshake)
{
	fd_close(&handshake->sock);
}

int handshake_send(struct handshake *handshake, enum launch_message_kind kind, int number, int fd,
		   struct err *e)
{
	struct launch_message message = {.kind = kind, .number = number};
	int r = sock_send(handshake->sock, &message, LAUNCH_MESSAGE_SHORT, &fd, fd >= 0 ? 1 : 0, 0,
			  e);

	if (r < 0)
		return wrap(e, "tell the %s '%s'",
			    handshake->is_child ? "runtime" : "container's init",
			    handshake_kind_name(kind));
	return 0;
}

/* One raw message; 1 when the peer has closed its end. */
static int receive_raw(struct handshake *handshake, uint64_t deadline, struct launch_message *ret,
		       int *ret_fd, struct err *e)
{
	size_t size = 0, fd_count = 0;
	int fd = FD_NONE, r = SOCK_END;

	memset(ret, 0, sizeof(*ret));
	/* A peer that ends with words of ours unread resets the connection, which is told before
	 * the last words of its own: ask twice. */
	for (int i = 0; i < 2; i++) {
		r = sock_receive(handshake->sock, ret, sizeof(*ret), &size, &fd, 1, &fd_count,
				 deadline, e);
		if (r != SOCK_END)
			break;
	}
	if (r != SOCK_MESSAGE)
		return r;
	if (size < LAUNCH_MESSAGE_SHORT || ret->kind >= MESSAGE_KINDS) {
		if (fd_count)
			fd_close(&fd);
		return refuse(e, EPROTO, "handshake: a message makes no sense");
	}
	ret->error.text[sizeof(ret->error.text) - 1] = '\0';
	*ret_fd = fd_count ? fd : FD_NONE;
	return SOCK_MESSAGE;
}

static int died(const struct process *process, struct err *e)
{
	siginfo_t info = {0};
	struct err ignored;

	/* Its descriptors go a moment before it can be waited for. */
	if (process->pid > 0)
		(void)!process_wait_gone(process, DEATH_MS, &ignored);
	/* Left for whoever reaps it. */
	if (process->pid > 0 &&
	    waitid(P_PID, (id_t)process->pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
	    info.si_pid == process->pid) {
		if (info.si_code == CLD_EXITED)
			return refuse(e, ECHILD, "container init died: exit status %d",
				      info.si_status);
		return refuse(e, ECHILD, "container init died: killed by signal %d (%s)",
			      info.si_status, strsignal(info.si_status));
	}
	return refuse(e, ECHILD, "container init died before it was ready");
}

/* Waits for a message or the end of the process. 0: something can be read; 1: it has died. */
static int wait_for_peer(struct handshake *handshake, const struct process *process,
			 uint64_t deadline, struct err *e)
{
	struct pollfd polls[] = {
		{.fd = handshake->sock, .events = POLLIN},
		{.fd = process->pidfd, .events = POLLIN},
		{.fd = handshake->interrupt_fd > 0 ? handshake->interrupt_fd : FD_NONE,
		 .events = POLLIN},
	};
	nfds_t count = sizeof(polls) / sizeof(polls[0]);

	for (;;) {
		int r = poll(polls, count, deadline ? clock_left_ms(deadline) : -1);

		if (r < 0 && errno != EINTR)
			return fail(e, errno, "wait for the container's init");
		if (r == 0)
			return refuse(e, ETIMEDOUT, "container init does not answer");
		if (r > 0 && (polls[0].revents || polls[1].revents))
			return polls[0].revents ? 0 : 1;
		if (r > 0)
			return refuse(e, ECANCELED, "interrupted while the process was made");
	}
}

int handshake_receive(struct handshake *handshake, const struct process *process, uint64_t deadline,
		      struct handshake_message *ret, struct err *e)
{
	for (;;) {
		struct launch_message message;
		int fd = FD_NONE;
		int r = wait_for_peer(handshake, process, deadline, e);

		if (r < 0)
			return r;
		r = r == 1 ? SOCK_END : receive_raw(handshake, deadline, &message, &fd, e);
		if (r < 0)
			return r;
		if (r == SOCK_END)
			return died(process, e);
		if (message.kind == MESSAGE_LOG) {
			fd_close(&fd);
			if (message.number >= LOG_LEVEL_ERROR && message.number <= LOG_LEVEL_DEBUG)
				log_record((enum log_level)message.number, message.error.text);
			continue;
		}
		if (message.kind == MESSAGE_ERROR) {
			fd_close(&fd);
			memcpy(e, &message.error, sizeof(*e));
			if (e->code <= 0)
				e->code = EPROTO;
			return -e->code;
		}
		*ret = (struct handshake_message){
			.kind = message.kind,
			.number = message.number,
			.fd = fd,
		};
		return 0;
	}
}

void handshake_explain(struct handshake *handshake, const struct process *process, struct err *e)
{
	/* A process that dies of its own failure has sent the reason before. */
	struct pollfd poll_sock = {.fd = handshake->sock, .events = POLLIN};
	struct handshake_message message;
	struct err cause;

	(void)process;
	while (poll(&poll_sock, 1, 0) == 1 && poll_sock.revents & POLLIN) {
		if (handshake_receive(handshake, &PROCESS_NONE, clock_now() + 1000000, &message,
				      &cause) == 0) {
			fd_close(&message.fd);
			continue;
		}
		if (cause.code != ECHILD && cause.code != ETIMEDOUT)
			*e = cause;
		return;
	}
}

int handshake_wait(struct handshake *handshake, enum launch_message_kind kind, struct err *e)
{
	while (!(handshake->seen & 1ULL << kind)) {
		struct launch_message message;
		int fd = FD_NONE;
		int r = receive_raw(handshake, 0, &message, &fd, e);

		if (r == SOCK_END)
			_exit(EXIT_FAILURE);
		if (r < 0)
			return r;
		fd_close(&fd);
		handshake->seen |= 1ULL << message.kind;
	}
	return 0;
}

bool handshake_is_alive(const struct handshake *handshake)
{
	struct pollfd poll_sock = {.fd = handshake->sock, .events = 0};

	return poll(&poll_sock, 1, 0) == 0;
}

_Noreturn void handshake_give_up(struct handshake *handshake, const struct err *e)
{
	struct launch_message message = {.kind = MESSAGE_ERROR};
	struct err ignored;

	memcpy(&message.error, e, sizeof(*e));
	(void)!sock_send(handshake->sock, &message, sizeof(message), NULL, 0, 0, &ignored);
	_exit(EXIT_FAILURE);
}

static void send_record(enum log_level level, const char *text, void *data)
{
	struct handshake *handshake = data;
	struct launch_message message = {.kind = MESSAGE_LOG, .number = level};
	struct err ignored;
	size_t length = strnlen(text, sizeof(message.error.text) - 1);

	memcpy(message.error.text, text, length);
	(void)!sock_send(handshake->sock, &message,
			 offsetof(struct launch_message, error.text) + length + 1, NULL, 0, 0,
			 &ignored);
}

void handshake_take_log(struct handshake *handshake)
{
	log_set_sink(send_record, handshake);
}
