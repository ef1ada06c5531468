/*
 * Messages of the control socket. What the monitor calls never blocks: a message of SOCK_SEQPACKET
 * is taken or left whole, and a memfd that is sealed cannot shrink while it is read.
 */
#include "control.h"

#include "backend/backend.h"
#include "base/clock.h"
#include "base/fd.h"
#include "kern/memfd.h"
#include "kern/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { ASK_SECONDS = 60 };

void control_message_done(struct control_message *message)
{
	for (size_t i = 0; i < message->fd_count; i++)
		fd_close(&message->fds[i]);
	message->fd_count = 0;
}

/* Streams are for who has a process; a container has more, and all of that. */
static bool are_streams_right(const struct control_request *request)
{
	const uint32_t join =
		1U << CONTROL_JOIN_LISTENER | 1U << CONTROL_JOIN_SETUP | 1U << CONTROL_JOIN_LOG;

	if (request->verb == CONTROL_JOIN)
		return request->streams < 1U << CONTROL_DESCRIPTORS &&
		       (request->streams & join) == join;
	return request->streams < (request->verb == CONTROL_EXEC ? 8 : 1);
}

static bool is_stream_count_right(const struct control_request *request, size_t fd_count)
{
	size_t wanted = request->body_size > 0 ? 1 : 0;

	for (int i = 0; i < CONTROL_DESCRIPTORS; i++)
		wanted += request->streams >> i & 1;
	return wanted == fd_count;
}

int control_request_check(const void *bytes, size_t size, size_t fd_count,
			  struct control_request *ret, struct err *e)
{
	struct control_request request;

	if (size != sizeof(request))
		return refuse(e, EPROTO, "control: a request of %zu bytes", size);
	memcpy(&request, bytes, sizeof(request));
	if (request.check != CONTROL_CHECK || request.zero != 0)
		return refuse(e, EPROTO, "control: no request of this version");
	if (request.verb == 0 || request.verb >= CONTROL_VERBS || request.wire >= WIRE_VERBS)
		return refuse(e, EPROTO, "control: unknown request %u", request.verb);
	if (request.body_size > CONTROL_BODY_MAX)
		return refuse(e, EPROTO, "control: a body of %u bytes", request.body_size);
	if (!are_streams_right(&request) || !is_stream_count_right(&request, fd_count))
		return refuse(e, EPROTO, "control: %zu descriptors are not what is announced",
			      fd_count);
	*ret = request;
	return 0;
}

static void take_descriptors(struct msghdr *header, struct control_message *message)
{
	for (struct cmsghdr *c = CMSG_FIRSTHDR(header); c; c = CMSG_NXTHDR(header, c)) {
		size_t count = (c->cmsg_len - CMSG_LEN(0)) / sizeof(int);

		if (c->cmsg_level != SOL_SOCKET || c->cmsg_type != SCM_RIGHTS)
			continue;
		for (size_t i = 0; i < count; i++) {
			int fd;

			memcpy(&fd, CMSG_DATA(c) + i * sizeof(int), sizeof(fd));
			if (message->fd_count < CONTROL_FDS_MAX)
				message->fds[message->fd_count++] = fd;
			else
				fd_close(&fd);
		}
	}
}

int control_receive(int sock, struct control_message *ret, struct err *e)
{
	struct control_message message = {.fd_count = 0};
	char bytes[sizeof(struct control_request) + 1];
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE((CONTROL_FDS_MAX + 1) * sizeof(int))];
	} ancillary;
	struct iovec iov = {.iov_base = bytes, .iov_len = sizeof(bytes)};
	struct msghdr header = {
		.msg_iov = &iov,
		.msg_iovlen = 1,
		.msg_control = &ancillary,
		.msg_controllen = sizeof(ancillary),
	};
	ssize_t got = recvmsg(sock, &header, MSG_DONTWAIT | MSG_CMSG_CLOEXEC);
	int r;

	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return CONTROL_NOTHING;
	if (got < 0 && errno != ECONNRESET)
		return fail(e, errno, "control: receive");
	if (got <= 0)
		return CONTROL_ENDED;
	take_descriptors(&header, &message);
	if (header.msg_flags & (MSG_TRUNC | MSG_CTRUNC))
		r = refuse(e, EPROTO, "control: a request that is too long");
	else
		r = control_request_check(bytes, (size_t)got, message.fd_count, &message.request,
					  e);
	if (r < 0) {
		control_message_done(&message);
		return r;
	}
	*ret = message;
	return CONTROL_RECEIVED;
}

static int send_now(int sock, const void *bytes, size_t size, const int *fds, size_t fd_count,
		    struct err *e)
{
	union {
		struct cmsghdr header;
		char space[CMSG_SPACE(CONTROL_FDS_MAX * sizeof(int))];
	} ancillary = {.space = {0}};
	struct iovec iov = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr header = {.msg_iov = &iov, .msg_iovlen = 1};

	if (fd_count > 0) {
		struct cmsghdr *c = &ancillary.header;

		header.msg_control = &ancillary;
		header.msg_controllen = CMSG_SPACE(fd_count * sizeof(int));
		c->cmsg_level = SOL_SOCKET;
		c->cmsg_type = SCM_RIGHTS;
		c->cmsg_len = CMSG_LEN(fd_count * sizeof(int));
		memcpy(CMSG_DATA(c), fds, fd_count * sizeof(int));
	}
	while (sendmsg(sock, &header, MSG_DONTWAIT | MSG_NOSIGNAL) < 0) {
		if (errno != EINTR)
			return fail(e, errno, "control: send");
	}
	return 0;
}

int control_answer(int sock, const struct control_answer *answer, const void *body, size_t size,
		   struct err *e)
{
	struct control_answer copy = *answer;
	auto_fd int fd = FD_NONE;

	copy.check = CONTROL_CHECK;
	copy.body_size = body ? (uint32_t)size : 0;
	if (copy.body_size > 0 && memfd_sealed("answer", body, size, false, &fd, e) < 0)
		return -e->code;
	return send_now(sock, &copy, sizeof(copy), &fd, fd >= 0 ? 1 : 0, e);
}

static int body_read(int fd, size_t size, struct buf *ret, struct err *e)
{
	struct stat status;
	char *to;

	if (!memfd_is_sealed(fd) || fstat(fd, &status) < 0 || (size_t)status.st_size != size)
		return refuse(e, EPROTO, "control: the body is not a sealed file of %zu bytes",
			      size);
	to = buf_reserve(ret, size);
	if (pread(fd, to, size, 0) != (ssize_t)size)
		return fail(e, errno ? errno : EIO, "control: read the body");
	buf_added(ret, size);
	return 0;
}

void control_descriptors(struct control_message *message, int ret_fds[CONTROL_DESCRIPTORS])
{
	size_t next = message->request.body_size > 0 ? 1 : 0;

	for (int i = 0; i < CONTROL_DESCRIPTORS; i++) {
		ret_fds[i] = FD_NONE;
		if (message->request.streams & (1U << i))
			ret_fds[i] = take_fd(&message->fds[next++]);
	}
}

int control_body(const struct control_message *message, struct buf *ret, struct err *e)
{
	if (message->request.body_size == 0)
		return 0;
	return body_read(message->fds[0], message->request.body_size, ret, e);
}

/* ---- the commands' end ---- */

int control_connect(int state_fd, int *ret_sock, struct err *e)
{
	char path[64];
	struct stat status;

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/" CONTROL_SOCKET, state_fd);
	if (fstatat(state_fd, CONTROL_SOCKET, &status, AT_SYMLINK_NOFOLLOW) < 0 && errno == ENOENT)
		return refuse(e, ESRCH, "container not running");
	if (sock_connect(path, SOCK_SEQPACKET, ret_sock, e) < 0) {
		if (e->code == ECONNREFUSED || e->code == ENOENT)
			return refuse(e, ESRCH, "container not running");
		return wrap(e, "the monitor of the machine");
	}
	return 0;
}

int control_send(int sock, const struct control_request *request, const void *body, size_t size,
		 const int *more, size_t more_count, struct err *e)
{
	struct control_request copy = *request;
	auto_fd int body_fd = FD_NONE;
	int fds[CONTROL_FDS_MAX];
	size_t count = 0;

	copy.check = CONTROL_CHECK;
	copy.body_size = body ? (uint32_t)size : 0;
	if (size > CONTROL_BODY_MAX)
		return refuse(e, EFBIG, "the plan is too large for the machine's agent");
	if (copy.body_size > 0) {
		if (memfd_sealed("request", body, size, false, &body_fd, e) < 0)
			return -e->code;
		fds[count++] = body_fd;
	}
	for (size_t i = 0; i < more_count && i < CONTROL_DESCRIPTORS; i++) {
		if (more[i] < 0)
			continue;
		copy.streams |= 1U << i;
		fds[count++] = more[i];
	}
	return send_now(sock, &copy, sizeof(copy), fds, count, e);
}

int control_await(int sock, uint64_t deadline, struct control_answer *ret, struct buf *body,
		  struct err *e)
{
	struct control_answer answer;
	auto_fd int fd = FD_NONE;
	size_t size, count = 0;
	int r = sock_receive(sock, &answer, sizeof(answer), &size, &fd, 1, &count, deadline, e);

	/* A peer that ended with our words unread may have said something before. */
	if (r == SOCK_END)
		r = sock_receive(sock, &answer, sizeof(answer), &size, &fd, 1, &count, deadline, e);
	if (r < 0)
		return wrap(e, "the monitor of the machine");
	if (r != SOCK_MESSAGE)
		return refuse(e, ESRCH, "the machine has ended");
	if (size != sizeof(answer) || answer.check != CONTROL_CHECK)
		return refuse(e, EPROTO, "the monitor of the machine is of another version");
	answer.error.text[sizeof(answer.error.text) - 1] = '\0';
	if (answer.result < 0) {
		*e = answer.error;
		if (e->code <= 0)
			e->code = EIO;
		return -e->code;
	}
	if (body && answer.body_size > 0 && body_read(fd, answer.body_size, body, e) < 0)
		return -e->code;
	*ret = answer;
	return 0;
}

int control_ask(int state_fd, const struct control_request *request, const void *body, size_t size,
		struct control_answer *ret, struct buf *ret_body, struct err *e)
{
	auto_fd int sock = FD_NONE;

	if (control_connect(state_fd, &sock, e) < 0 ||
	    control_send(sock, request, body, size, NULL, 0, e) < 0)
		return -e->code;
	return control_await(sock, clock_now() + ASK_SECONDS * 1000000000ULL, ret, ret_body, e);
}
