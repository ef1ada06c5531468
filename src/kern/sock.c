/*
 * Messages over Unix sockets: see kern/sock.h.
 *
 * A message may bring descriptors, and whoever receives them owns them, wanted or not: the control
 * buffer has room for the kernel's maximum, everything that came is collected first, and all of it
 * is closed unless the message is right as a whole. MSG_TRUNC and MSG_CTRUNC are errors, not
 * shortened messages.
 */
#include "kern/sock.h"

#include "base/clock.h"
#include "base/str.h"
#include "kern/compat.h"

#include <poll.h>
#include <sys/socket.h>

#define KERNEL_FDS_MAX 253 /* SCM_MAX_FD */

union control {
	struct cmsghdr align;
	char bytes[CMSG_SPACE(KERNEL_FDS_MAX * sizeof(int))];
};

int sock_pair(int *ret_a, int *ret_b, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, errno, "make a socket pair");
	*ret_a = ends[0];
	*ret_b = ends[1];
	return 0;
}

/* 0 or -errno. */
static int wait_for(int fd, short events, uint64_t deadline)
{
	struct pollfd waited = {.fd = fd, .events = events};
	int r;

	do {
		r = poll(&waited, 1, deadline ? clock_left_ms(deadline) : -1);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return -errno;
	return r == 0 ? -ETIMEDOUT : 0;
}

int sock_wait_readable(int fd, uint64_t deadline, struct err *e)
{
	int r = wait_for(fd, POLLIN, deadline);

	return r < 0 ? fail(e, -r, "wait for data") : 0;
}

static void add_fds(struct msghdr *message, union control *control, const int *fds, size_t count)
{
	struct cmsghdr *header;

	memset(control, 0, sizeof(*control));
	message->msg_control = control;
	message->msg_controllen = CMSG_SPACE(count * sizeof(int));
	header = CMSG_FIRSTHDR(message);
	header->cmsg_level = SOL_SOCKET;
	header->cmsg_type = SCM_RIGHTS;
	header->cmsg_len = CMSG_LEN(count * sizeof(int));
	memcpy(CMSG_DATA(header), fds, count * sizeof(int));
}

int sock_send(int sock, const void *bytes, size_t size, const int *fds, size_t fd_count,
	      uint64_t deadline, struct err *e)
{
	struct iovec part = {.iov_base = (void *)(uintptr_t)bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &part, .msg_iovlen = 1};
	union control control;
	ssize_t sent;

	if (fd_count > SOCK_FDS_MAX)
		return refuse(e, E2BIG, "%zu descriptors are too many for a message", fd_count);
	if (fd_count > 0)
		add_fds(&message, &control, fds, fd_count);
	for (;;) {
		sent = sendmsg(sock, &message, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (sent >= 0 || (errno != EINTR && errno != EAGAIN))
			break;
		if (errno == EAGAIN) {
			int r = wait_for(sock, POLLOUT, deadline);

			if (r < 0)
				return fail(e, -r, "send a message");
		}
	}
	if (sent < 0)
		return fail(e, errno, "send a message");
	if ((size_t)sent != size)
		return refuse(e, EIO, "only %zd of %zu bytes of a message were sent", sent, size);
	return 0;
}

/* All descriptors of the message into `fds`; their count. */
static size_t collect_fds(struct msghdr *message, int fds[KERNEL_FDS_MAX])
{
	size_t count = 0;

	for (struct cmsghdr *header = CMSG_FIRSTHDR(message); header;
	     header = CMSG_NXTHDR(message, header)) {
		size_t n;

		if (header->cmsg_level != SOL_SOCKET || header->cmsg_type != SCM_RIGHTS)
			continue;
		n = (header->cmsg_len - CMSG_LEN(0)) / sizeof(int);
		if (n > KERNEL_FDS_MAX - count)
			n = KERNEL_FDS_MAX - count;
		memcpy(fds + count, CMSG_DATA(header), n * sizeof(int));
		count += n;
	}
	return count;
}

static void close_all(int *fds, size_t count)
{
	for (size_t i = 0; i < count; i++)
		fd_close(&fds[i]);
}

static ssize_t receive(int sock, struct msghdr *message, uint64_t deadline)
{
	for (;;) {
		ssize_t size = recvmsg(sock, message, MSG_CMSG_CLOEXEC | MSG_DONTWAIT);

		if (size >= 0)
			return size;
		if (errno == EAGAIN) {
			int r = wait_for(sock, POLLIN, deadline);

			if (r < 0)
				return r;
		} else if (errno != EINTR) {
			return -errno;
		}
	}
}

/* As many as recvmsg(2) has things to tell. NOLINTNEXTLINE(readability-function-size) */
int sock_receive(int sock, void *bytes, size_t size, size_t *ret_size, int *fds, size_t fd_limit,
		 size_t *ret_fd_count, uint64_t deadline, struct err *e)
{
	union control control;
	struct iovec part = {.iov_base = bytes, .iov_len = size};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = &control,
				 .msg_controllen = sizeof(control)};
	int came[KERNEL_FDS_MAX];
	ssize_t got = receive(sock, &message, deadline);
	size_t count;

	/* A peer that closed with our bytes unread resets the connection: an end as well. */
	if (got == -ECONNRESET)
		return SOCK_END;
	if (got < 0)
		return fail(e, (int)-got, "receive a message");
	count = collect_fds(&message, came);
	if ((message.msg_flags & (MSG_TRUNC | MSG_CTRUNC)) || count > fd_limit) {
		close_all(came, count);
		return refuse(e, EMSGSIZE, "a message is too long or has too many descriptors");
	}
	if (got == 0 && count == 0)
		return SOCK_END;
	if (count > 0)
		memcpy(fds, came, count * sizeof(int));
	*ret_size = (size_t)got;
	if (ret_fd_count)
		*ret_fd_count = count;
	return SOCK_MESSAGE;
}

int sock_peer(int sock, uid_t *ret_uid, pid_t *ret_pid, struct err *e)
{
	struct ucred peer;
	socklen_t size = sizeof(peer);

	if (getsockopt(sock, SOL_SOCKET, SO_PEERCRED, &peer, &size) < 0)
		return fail(e, errno, "ask for the peer of a socket");
	*ret_uid = peer.uid;
	*ret_pid = peer.pid;
	return 0;
}
