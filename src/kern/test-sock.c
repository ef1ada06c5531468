/* Messages, descriptors, deadlines, and sockets in the file system. */
#include "kern/sock.h"

#include "base/clock.h"
#include "base/fd.h"
#include "kern/path.h"
#include "test-support.h"

#include <sys/socket.h>
#include <sys/un.h>

static uint64_t soon(void)
{
	return clock_now() + UINT64_C(30000000);
}

static size_t count_fds(void)
{
	size_t count = 0;

	for (int fd = 0; fd < 1024; fd++)
		count += fcntl(fd, F_GETFD) >= 0;
	return count;
}

static void test_messages(void)
{
	auto_fd int a = FD_NONE;
	auto_fd int b = FD_NONE;
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int fds[3] = {null, null, null};
	int came[4] = {FD_NONE, FD_NONE, FD_NONE, FD_NONE};
	size_t size = 0, count = 0, before;
	char bytes[64];
	struct err e;

	check_zero(sock_pair(&a, &b, &e), &e, "a pair");
	check_number(sock_receive(b, bytes, sizeof(bytes), &size, NULL, 0, NULL, soon(), &e),
		     -ETIMEDOUT);
	check_zero(sock_send(a, "hello", 5, fds, 3, 0, &e), &e, "send");
	check_number(sock_receive(b, bytes, sizeof(bytes), &size, came, 4, &count, 0, &e),
		     SOCK_MESSAGE);
	check(size == 5 && count == 3 && fd_is_same(came[2], null));
	check(fcntl(came[0], F_GETFD) & FD_CLOEXEC);
	for (size_t i = 0; i < 3; i++)
		fd_close(&came[i]);
	before = count_fds();
	check_zero(sock_send(a, "hello", 5, fds, 3, 0, &e), &e, "send too many");
	check_number(sock_receive(b, bytes, sizeof(bytes), &size, came, 2, &count, 0, &e),
		     -EMSGSIZE);
	check_zero(sock_send(a, "hello", 5, fds, 3, 0, &e), &e, "send uninvited ones");
	check_number(sock_receive(b, bytes, sizeof(bytes), &size, NULL, 0, NULL, 0, &e), -EMSGSIZE);
	check_zero(sock_send(a, "hello", 5, fds, 1, 0, &e), &e, "send too much");
	check_number(sock_receive(b, bytes, 3, &size, came, 2, &count, 0, &e), -EMSGSIZE);
	check_number(count_fds(), before);
	check_number(sock_send(a, "x", 1, fds, SOCK_FDS_MAX + 1, 0, &e), -E2BIG);
	fd_close(&a);
	check_number(sock_receive(b, bytes, sizeof(bytes), &size, NULL, 0, NULL, 0, &e), SOCK_END);
	check_number(sock_send(b, "x", 1, NULL, 0, 0, &e), -EPIPE);
}

static void test_full(void)
{
	auto_fd int a = FD_NONE;
	auto_fd int b = FD_NONE;
	char bytes[4096] = "";
	struct err e;
	int r = 0;

	check_zero(sock_pair(&a, &b, &e), &e, "a pair");
	for (int i = 0; i < 10000 && r == 0; i++)
		r = sock_send(a, bytes, sizeof(bytes), NULL, 0, soon(), &e);
	check_number(r, -ETIMEDOUT);
}

static void test_places(void)
{
	char top[] = "/tmp/test-sock-XXXXXX";
	auto_buf path = {0};
	auto_fd int directory = FD_NONE;
	auto_fd int root = FD_NONE;
	auto_fd int listener = FD_NONE;
	auto_fd int client = FD_NONE;
	auto_fd int server = FD_NONE;
	auto_fd int datagrams = FD_NONE;
	char bytes[64] = "";
	size_t size = 0;
	struct stat status = {0};
	uid_t uid = 99;
	pid_t pid = 0;
	struct err e;

	if (!mkdtemp(top))
		abort();
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	buf_append_str(&path, top);
	for (int i = 0; i < 10; i++)
		buf_append_str(&path, "/a-rather-long-directory");
	check_zero(path_mkdir_all(root, path.data + strlen(top), 0755, &directory, &e), &e,
		   "a long path");
	buf_append_str(&path, "/socket");
	(void)umask(022);
	check_zero(sock_listen(directory, "socket", SOCK_STREAM, &listener, &e), &e, "listen");
	check(fstatat(directory, "socket", &status, 0) == 0 && (status.st_mode & 0777) == 0600);
	check_number(sock_accept(listener, soon(), &server, &e), -ETIMEDOUT);
	check_zero(sock_connect(buf_text(&path), SOCK_STREAM, &client, &e), &e, "connect");
	check_zero(sock_accept(listener, 0, &server, &e), &e, "accept");
	check_zero(sock_peer(server, &uid, &pid, &e), &e, "peer");
	check(uid == geteuid() && pid == getpid());
	check_zero(sock_send(client, "abc", 3, NULL, 0, 0, &e), &e, "send");
	check_number(sock_receive(server, bytes, sizeof(bytes), &size, NULL, 0, NULL, 0, &e), 0);
	check_number(size, 3);
	fd_close(&listener);
	fd_close(&client);
	check_number(sock_connect(buf_text(&path), SOCK_STREAM, &client, &e), -ECONNREFUSED);
	check_zero(sock_listen(root, "notify", SOCK_DGRAM, &datagrams, &e), &e, "datagrams");
	buf_clear(&path);
	buf_printf(&path, "%s/notify", top);
	check_zero(sock_notify(buf_text(&path), "READY=1", &e), &e, "notify");
	check_zero(sock_receive(datagrams, bytes, sizeof(bytes), &size, NULL, 0, NULL, 0, &e), &e,
		   "receive it");
	check(size == 7 && memcmp(bytes, "READY=1", 7) == 0);
	check_zero(tree_remove(AT_FDCWD, top, &e), &e, "clean up");
}

static void test_abstract(void)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	auto_fd int sock = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);
	socklen_t length = sizeof(sa_family_t);
	char name[sizeof(address.sun_path) + 1];
	char bytes[64];
	size_t size = 0;
	struct err e;

	/* Autobind: a free name of five hexadecimal digits. */
	check(bind(sock, (struct sockaddr *)&address, length) == 0);
	length = sizeof(address);
	check(getsockname(sock, (struct sockaddr *)&address, &length) == 0);
	(void)snprintf(name, sizeof(name), "@%.*s",
		       (int)(length - offsetof(struct sockaddr_un, sun_path) - 1),
		       address.sun_path + 1);
	check_zero(sock_notify(name, "X=1", &e), &e, "an abstract one");
	check_zero(sock_receive(sock, bytes, sizeof(bytes), &size, NULL, 0, NULL, soon(), &e), &e,
		   "receive it");
	check_number(size, 3);
}

int main(void)
{
	test_messages();
	test_full();
	test_places();
	test_abstract();
	return tap_done();
}
