/*
 * An engine's process above the runtime, as containerd's shim and conmon are: a subreaper that
 * calls the runtime, reads the pid file, and waits for that very process, whose parent it must
 * become.
 *
 * usage: shim PID-FILE [--console SOCKET | --late-console SOCKET] COMMAND... [--then COMMAND...]
 *
 * The first command is create, or exec --detach; the second start. Both get SIGKILL when the shim
 * dies, as containerd wants it. A terminal's output is copied to standard output. --late-console
 * accepts the connection only after the first command has returned (containerd), --console
 * meanwhile (conmon). Last line: "exited N", "killed N", or "failed N" with the exit status of a
 * command that failed; nobody is waited for longer than 20 seconds.
 */
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <unistd.h>

static void die(const char *what)
{
	fprintf(stderr, "shim: %s: %s\n", what, strerror(errno));
	exit(125);
}

static int listen_on(const char *path)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	int fd = socket(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0);

	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (fd < 0 || bind(fd, (struct sockaddr *)&address, sizeof(address)) != 0 ||
	    listen(fd, 1) != 0)
		die(path);
	return fd;
}

/* Exactly one descriptor with a name must come, as strict receivers want it. */
static int receive_terminal(int listener)
{
	char name[4096], control[CMSG_SPACE(8 * sizeof(int))];
	struct iovec part = {name, sizeof(name)};
	struct msghdr message = {.msg_iov = &part,
				 .msg_iovlen = 1,
				 .msg_control = control,
				 .msg_controllen = sizeof(control)};
	struct cmsghdr *c;
	int master, peer = accept4(listener, NULL, NULL, SOCK_CLOEXEC);
	ssize_t got;

	if (peer < 0)
		die("accept");
	got = recvmsg(peer, &message, MSG_CMSG_CLOEXEC);
	c = CMSG_FIRSTHDR(&message);
	if (got <= 0 || !c || c->cmsg_type != SCM_RIGHTS || c->cmsg_len != CMSG_LEN(sizeof(int)) ||
	    CMSG_NXTHDR(&message, c)) {
		errno = EBADMSG;
		die("the terminal's message");
	}
	memcpy(&master, CMSG_DATA(c), sizeof(int));
	if (recv(peer, name, sizeof(name), 0) != 0)
		die("more than one message");
	close(peer);
	return master;
}

static pid_t spawn(char **command)
{
	pid_t pid = fork();

	if (pid < 0)
		die("fork");
	if (pid == 0) {
		prctl(PR_SET_PDEATHSIG, SIGKILL, 0, 0, 0);
		execvp(command[0], command);
		_exit(127);
	}
	return pid;
}

static void wait_command(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		die("waitpid");
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return;
	printf("failed %d\n", WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status));
	exit(1);
}

/* The terminal, unless the command ends without sending it. */
static int terminal_meanwhile(int listener, pid_t pid)
{
	struct pollfd ready = {listener, POLLIN, 0};

	for (;;) {
		int r = poll(&ready, 1, 20);
		siginfo_t info = {0};

		if (r > 0)
			return receive_terminal(listener);
		if (waitid(P_PID, (id_t)pid, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
		    info.si_pid && poll(&ready, 1, 0) <= 0)
			return -1;
	}
}

static pid_t read_pid(const char *path)
{
	char text[32] = "", *end;
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	ssize_t got = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	long pid;

	if (got <= 0)
		die(path);
	close(fd);
	/* As strictly as Go's Atoi: not even a newline. */
	pid = strtol(text, &end, 10);
	if (*end || pid <= 1) {
		fprintf(stderr, "shim: pid file '%s'\n", text);
		exit(125);
	}
	return (pid_t)pid;
}

static void copy(int master)
{
	char block[4096];
	ssize_t got;

	while ((got = read(master, block, sizeof(block))) > 0)
		if (write(1, block, (size_t)got) != got)
			die("write");
}

int main(int argc, char **argv)
{
	const char *pid_file = argc > 1 ? argv[1] : NULL;
	int first = 2, listener = -1, master = -1, status;
	bool late = false;
	char **second = NULL;
	pid_t pid;

	if (argc < 3)
		return 125;
	if (strcmp(argv[2], "--console") == 0 || strcmp(argv[2], "--late-console") == 0) {
		late = argv[2][2] == 'l';
		listener = listen_on(argv[3]);
		first = 4;
	}
	for (int i = first; i < argc; i++) {
		if (strcmp(argv[i], "--then") == 0) {
			argv[i] = NULL;
			second = argv + i + 1;
			break;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	alarm(20);
	if (prctl(PR_SET_CHILD_SUBREAPER, 1, 0, 0, 0) != 0)
		die("subreaper");
	pid = spawn(argv + first);
	if (listener >= 0 && !late)
		master = terminal_meanwhile(listener, pid);
	wait_command(pid);
	if (late)
		master = receive_terminal(listener);
	pid = read_pid(pid_file);
	if (second)
		wait_command(spawn(second));
	if (master >= 0)
		copy(master);
	if (waitpid(pid, &status, 0) != pid)
		die("the container's process is no child");
	if (WIFEXITED(status))
		printf("exited %d\n", WEXITSTATUS(status));
	else
		printf("killed %d\n", WTERMSIG(status));
	return 0;
}
