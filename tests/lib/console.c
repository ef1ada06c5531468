/*
 * The other end of the runtime's sockets, for tests.
 *
 *	console SOCKET [INPUT]	   waits for one pseudoterminal master on a console socket, prints
 *the name that came with it on stderr, writes INPUT to it, and copies what it says to stdout until
 *it hangs up pidfd SOCKET		   waits for a pidfd; prints its tag and the pid it stands
 *for seccomp SOCKET		   waits for a notify descriptor; prints the JSON that came with it
 *and answers every notification with errno 42
 *	notify SOCKET COUNT	   prints COUNT datagrams, one a line; closes a descriptor that
 *comes along pty COMMAND...		   runs a command on a pseudoterminal of 33x77, copies its
 *output, exits with its status; input comes from stdin
 *
 * The socket exists once its path does.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/seccomp.h>
#include <poll.h>
#include <pty.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "console: %s: %s\n", what, strerror(errno));
	exit(1);
}

static int listen_on(const char *path, int type)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, type | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	unlink(path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0)
		die(path);
	chmod(path, 0777);
	if (type == SOCK_STREAM && listen(fd, 8) != 0)
		die("listen");
	return fd;
}

/* One message: its data, and the descriptors that came along (must be one, in one cmsg). */
static int receive(int fd, char *data, size_t size, int *ret_fd)
{
	char control[256];
	struct iovec part = {data, size - 1};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	ssize_t got = recvmsg(fd, &message, MSG_CMSG_CLOEXEC);

	if (got < 0)
		die("recvmsg");
	data[got] = '\0';
	*ret_fd = -1;
	c = CMSG_FIRSTHDR(&message);
	if (c) {
		if (c->cmsg_len != CMSG_LEN(sizeof(int)) || CMSG_NXTHDR(&message, c)) {
			fprintf(stderr, "console: more than one descriptor\n");
			exit(1);
		}
		memcpy(ret_fd, CMSG_DATA(c), sizeof(int));
	}
	return (int)got;
}

static void copy_until_hangup(int from, int to)
{
	char block[4096];
	ssize_t got;

	while ((got = read(from, block, sizeof(block))) > 0)
		if (write(to, block, (size_t)got) != got)
			die("write");
}

static int do_console(int argc, char **argv)
{
	char name[4096];
	int listener = listen_on(argv[2], SOCK_STREAM), peer, master;

	peer = accept(listener, NULL, NULL);
	if (peer < 0 || receive(peer, name, sizeof(name), &master) < 1 || master < 0)
		die("no terminal came");
	fprintf(stderr, "name=%s\n", name);
	if (argc > 3 && write(master, argv[3], strlen(argv[3])) < 0)
		die("write");
	copy_until_hangup(master, 1);
	return 0;
}

static int do_pidfd(int argc, char **argv)
{
	char tag[4096], path[64], line[256];
	int listener = listen_on(argv[2], SOCK_STREAM), peer, pidfd;
	FILE *info;

	(void)argc;
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || receive(peer, tag, sizeof(tag), &pidfd) < 1 || pidfd < 0)
		die("no pidfd came");
	snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", pidfd);
	info = fopen(path, "re");
	while (info && fgets(line, sizeof(line), info))
		if (strncmp(line, "Pid:", 4) == 0)
			printf("%s %d\n", tag, atoi(line + 4));
	return 0;
}

static int do_seccomp(int argc, char **argv)
{
	char text[65536];
	int listener = listen_on(argv[2], SOCK_STREAM), peer, notify;

	(void)argc;
	peer = accept(listener, NULL, NULL);
	if (peer < 0 || receive(peer, text, sizeof(text), &notify) < 1 || notify < 0)
		die("no notify descriptor came");
	printf("%s\n", text);
	fflush(stdout);
	for (;;) {
		struct seccomp_notif request;
		struct seccomp_notif_resp answer;

		memset(&request, 0, sizeof(request));
		if (ioctl(notify, SECCOMP_IOCTL_NOTIF_RECV, &request) != 0) {
			if (errno == EINTR)
				continue;
			return 0;
		}
		memset(&answer, 0, sizeof(answer));
		answer.id = request.id;
		answer.error = -42;
		ioctl(notify, SECCOMP_IOCTL_NOTIF_SEND, &answer);
	}
}

static int do_notify(int argc, char **argv)
{
	int fd = listen_on(argv[2], SOCK_DGRAM);

	for (int i = argc > 3 ? atoi(argv[3]) : 1; i > 0; i--) {
		char text[4096];
		int passed;

		receive(fd, text, sizeof(text), &passed);
		printf("%s\n", text);
		fflush(stdout);
		if (passed >= 0)
			close(passed);
	}
	return 0;
}

static void pump(int master)
{
	bool open_input = true;

	for (;;) {
		struct pollfd fds[2] = {{master, POLLIN, 0}, {open_input ? 0 : -1, POLLIN, 0}};
		char block[4096];
		ssize_t got;

		if (poll(fds, 2, -1) < 0 && errno != EINTR)
			return;
		if (fds[1].revents) {
			got = read(0, block, sizeof(block));
			open_input = got > 0;
			if (got > 0 && write(master, block, (size_t)got) < 0)
				return;
		}
		if (fds[0].revents) {
			got = read(master, block, sizeof(block));
			if (got <= 0)
				return;
			if (write(1, block, (size_t)got) != got)
				return;
		}
	}
}

static int do_pty(int argc, char **argv)
{
	struct winsize size = {.ws_row = 33, .ws_col = 77};
	int master, status;
	pid_t pid;

	(void)argc;
	pid = forkpty(&master, NULL, NULL, &size);
	if (pid < 0)
		die("forkpty");
	if (pid == 0) {
		execvp(argv[2], argv + 2);
		_exit(127);
	}
	pump(master);
	waitpid(pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

int main(int argc, char **argv)
{
	static const struct {
		const char *name;
		int (*run)(int argc, char **argv);
	} commands[] = {{"console", do_console},
			{"pidfd", do_pidfd},
			{"seccomp", do_seccomp},
			{"notify", do_notify},
			{"pty", do_pty}};

	for (size_t i = 0; argc > 2 && i < sizeof(commands) / sizeof(commands[0]); i++)
		if (strcmp(commands[i].name, argv[1]) == 0)
			return commands[i].run(argc, argv);
	fprintf(stderr, "usage: console console|pidfd|seccomp|notify SOCKET | pty COMMAND...\n");
	return 2;
}
