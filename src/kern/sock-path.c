/*
 * Unix sockets in the file system.
 *
 * An address has room for 107 bytes, engines have longer paths. connect(2) follows the links of
 * procfs like any other, so a long path is opened (O_PATH) and /proc/self/fd/N given instead;
 * bind(2) gets the directory that way and a short name behind it.
 */
#include "kern/sock.h"

#include "base/clock.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/path.h"
#include "kern/proc.h"

#include <poll.h>
#include <sys/socket.h>
#include <sys/un.h>

#define LISTEN_BACKLOG 16

static struct sockaddr_un short_address(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};

	(void)snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	return address;
}

static int connect_to(int sock, const struct sockaddr_un *address, socklen_t size, const char *path,
		      struct err *e)
{
	int r;

	do {
		r = connect(sock, (const struct sockaddr *)address, size);
	} while (r < 0 && errno == EINTR);
	if (r < 0)
		return fail(e, errno, "connect to '%s'", path);
	return 0;
}

static int connect_far(int sock, const char *path, struct err *e)
{
	char name[PROC_FD_PATH_SIZE];
	struct sockaddr_un address;
	auto_fd int file = open(path, O_PATH | O_CLOEXEC);
	int r;

	if (file < 0)
		return fail(e, errno, "open '%s'", path);
	r = proc_fd_path(file, name, e);
	if (r < 0)
		return r;
	address = short_address(name);
	return connect_to(sock, &address, sizeof(address), path, e);
}

int sock_connect(const char *path, int type, int *ret_fd, struct err *e)
{
	struct sockaddr_un address;
	auto_fd int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r;

	if (sock < 0)
		return fail(e, errno, "make a socket");
	if (strlen(path) < sizeof(address.sun_path)) {
		address = short_address(path);
		r = connect_to(sock, &address, sizeof(address), path, e);
	} else {
		r = connect_far(sock, path, e);
	}
	if (r < 0)
		return r;
	*ret_fd = take_fd(&sock);
	return 0;
}

int sock_listen(int directory, const char *name, int type, int *ret_fd, struct err *e)
{
	char place[PROC_FD_PATH_SIZE];
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int sock = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);
	int r;

	if (sock < 0)
		return fail(e, errno, "make a socket");
	r = proc_fd_path(directory, place, e);
	if (r < 0)
		return r;
	if ((size_t)snprintf(address.sun_path, sizeof(address.sun_path), "%s/%s", place, name) >=
	    sizeof(address.sun_path))
		return fail(e, ENAMETOOLONG, "socket '%s'", name);
	/* The file takes its mode from the socket's inode, less the umask. */
	if (fchmod(sock, 0600) < 0)
		return fail(e, errno, "set the mode of a socket");
	if (bind(sock, (const struct sockaddr *)&address, sizeof(address)) < 0)
		return fail(e, errno, "make socket '%s'", name);
	if (type != SOCK_DGRAM && listen(sock, LISTEN_BACKLOG) < 0)
		return fail(e, errno, "listen on '%s'", name);
	*ret_fd = take_fd(&sock);
	return 0;
}

int sock_accept(int listener, uint64_t deadline, int *ret_fd, struct err *e)
{
	int fd;

	do {
		int r = sock_wait_readable(listener, deadline, e);

		if (r < 0)
			return wrap(e, "accept a connection");
		fd = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	} while (fd < 0 && (errno == EINTR || errno == ECONNABORTED));
	if (fd < 0)
		return fail(e, errno, "accept a connection");
	*ret_fd = fd;
	return 0;
}

static int connect_abstract(int sock, const char *path, struct err *e)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	size_t length = strlen(path);

	if (length > sizeof(address.sun_path))
		return fail(e, ENAMETOOLONG, "socket '%s'", path);
	memcpy(address.sun_path, path, length);
	address.sun_path[0] = '\0';
	return connect_to(sock, &address,
			  (socklen_t)(offsetof(struct sockaddr_un, sun_path) + length), path, e);
}

int sock_notify(const char *path, const char *text, struct err *e)
{
	auto_fd int sock = FD_NONE;
	int r;

	if (path[0] == '@') {
		sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
		if (sock < 0)
			return fail(e, errno, "make a socket");
		r = connect_abstract(sock, path, e);
	} else {
		r = sock_connect(path, SOCK_DGRAM, &sock, e);
	}
	if (r < 0)
		return r;
	/* A manager that does not read for seconds must not hold the container up. */
	return sock_send(sock, text, strlen(text), NULL, 0, clock_now() + UINT64_C(5000000000), e);
}
