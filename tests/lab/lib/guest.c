/*
 * The lab's end inside: runs the command that `tests/lab/run` sent and carries its output out.
 *
 * Three virtio-serial ports, found by their names: "lab.control" brings one request and takes back
 * a greeting ('H', the lab is up) and the end ('X' and one byte, the exit status); "lab.output" and
 * "lab.error" take what the command writes. The command gets pipes, not the ports: a port can be
 * opened only once, and a shell that opens /dev/stdout anew would fail. A request is a length (four
 * bytes, big endian) and that many bytes of strings, each ended by NUL: the working directory, the
 * number of variables, the variables, the arguments.
 *
 * It is process 1, and then waits for every orphan, or a service of systemd's. In both cases the
 * end of the command is the end of the machine: nothing in it is worth a shutdown in order.
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/reboot.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <unistd.h>

enum { MAX_REQUEST = 1 << 20, CANNOT_RUN = 127 };

struct request {
	const char *directory;
	char **environment;
	char **arguments;
};

/* The machine ends here; the other side sees that no status was told. */
__attribute__((noreturn)) static void die(const char *what)
{
	fprintf(stderr, "lab: %s: %s\n", what, strerror(errno));
	sync();
	reboot(RB_AUTOBOOT);
	_exit(1);
}

static int port_open(const char *wanted)
{
	char path[300], name[64];
	struct dirent *entry;
	DIR *directory = opendir("/sys/class/virtio-ports");

	if (!directory)
		die("open /sys/class/virtio-ports");
	while ((entry = readdir(directory))) {
		snprintf(path, sizeof(path), "/sys/class/virtio-ports/%s/name", entry->d_name);
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd < 0)
			continue;
		ssize_t length = read(fd, name, sizeof(name) - 1);
		close(fd);
		if (length <= 0)
			continue;
		name[length] = '\0';
		name[strcspn(name, "\n")] = '\0';
		if (strcmp(name, wanted) != 0)
			continue;
		snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		closedir(directory);
		fd = open(path, O_RDWR | O_CLOEXEC);
		if (fd < 0)
			die(path);
		return fd;
	}
	errno = ENOENT;
	die(wanted);
}

static void write_all(int fd, const char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = write(fd, bytes, length);
		if (done < 0 && errno == EINTR)
			continue;
		if (done <= 0)
			die("write to a port");
		bytes += done;
		length -= (size_t)done;
	}
}

/* The port reads as 0 while the other side has not connected. */
static void read_all(int fd, char *bytes, size_t length)
{
	while (length > 0) {
		ssize_t done = read(fd, bytes, length);
		if (done < 0 && errno != EINTR && errno != EAGAIN)
			die("read the request");
		if (done <= 0) {
			usleep(10000);
			continue;
		}
		bytes += done;
		length -= (size_t)done;
	}
}

static char *string_next(char **at, char *end)
{
	char *string = *at;

	if (string >= end) {
		errno = EPROTO;
		die("the request is short");
	}
	*at += strlen(string) + 1;
	return string;
}

static void request_read(int control, struct request *request)
{
	unsigned char prefix[4];
	size_t length, variables, count = 0;
	char *bytes, *at, *end;

	read_all(control, (char *)prefix, sizeof(prefix));
	length = (size_t)prefix[0] << 24 | (size_t)prefix[1] << 16 | (size_t)prefix[2] << 8 |
		 prefix[3];
	bytes = calloc(1, length + 1);
	if (length > MAX_REQUEST || !bytes) {
		errno = EPROTO;
		die("the request is long");
	}
	read_all(control, bytes, length);
	at = bytes;
	end = bytes + length;
	request->directory = string_next(&at, end);
	variables = strtoul(string_next(&at, end), NULL, 10);
	request->environment = calloc(length + 1, sizeof(char *));
	request->arguments = calloc(length + 1, sizeof(char *));
	if (!request->environment || !request->arguments)
		die("memory");
	while (count < variables)
		request->environment[count++] = string_next(&at, end);
	for (count = 0; at < end; count++)
		request->arguments[count] = string_next(&at, end);
}

static pid_t command_start(const struct request *request, const int output[2], const int error[2])
{
	sigset_t none;
	pid_t pid = fork();

	if (pid != 0)
		return pid;
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	setsid();
	int null = open("/dev/null", O_RDONLY);
	if (null < 0 || dup2(null, STDIN_FILENO) < 0 || dup2(output[1], STDOUT_FILENO) < 0 ||
	    dup2(error[1], STDERR_FILENO) < 0)
		_exit(CANNOT_RUN);
	environ = request->environment;
	if (chdir(request->directory) != 0)
		fprintf(stderr, "lab: cannot enter '%s': %s\n", request->directory,
			strerror(errno));
	else if (execvp(request->arguments[0], request->arguments) != 0)
		fprintf(stderr, "lab: cannot run '%s': %s\n", request->arguments[0],
			strerror(errno));
	_exit(CANNOT_RUN);
}

/* Carries what there is at the moment; false at the end of the stream. */
static bool stream_carry(int from, int to)
{
	static char bytes[65536];

	for (;;) {
		ssize_t length = read(from, bytes, sizeof(bytes));
		if (length > 0)
			write_all(to, bytes, (size_t)length);
		else if (length == 0)
			return false;
		else if (errno != EINTR)
			return errno == EAGAIN;
	}
}

/* Waits for all children that have ended; true when the command was one of them. */
static bool children_reap(pid_t command, int *ret_status)
{
	bool ended = false;
	int status;
	pid_t pid;

	while ((pid = waitpid(-1, &status, WNOHANG)) > 0) {
		if (pid != command)
			continue;
		ended = true;
		*ret_status = WIFSIGNALED(status) ? 128 + WTERMSIG(status) : WEXITSTATUS(status);
	}
	return ended;
}

static int command_attend(pid_t command, int signals, const int from[2], const int to[2])
{
	struct pollfd polled[3] = {
		{.fd = from[0], .events = POLLIN},
		{.fd = from[1], .events = POLLIN},
		{.fd = signals, .events = POLLIN},
	};
	struct signalfd_siginfo information;
	int status = 0;

	for (;;) {
		if (poll(polled, 3, -1) < 0 && errno != EINTR)
			die("poll");
		for (int i = 0; i < 2; i++)
			if (polled[i].revents && !stream_carry(from[i], to[i]))
				polled[i].fd = -1;
		if (!(polled[2].revents & POLLIN))
			continue;
		while (read(signals, &information, sizeof(information)) > 0)
			;
		if (!children_reap(command, &status))
			continue;
		/* What it left in the background may hold the pipes for ever: carry what is there.
		 */
		for (int i = 0; i < 2; i++)
			stream_carry(from[i], to[i]);
		return status;
	}
}

int main(void)
{
	struct request request;
	int output[2], error[2];
	sigset_t children;
	int control = port_open("lab.control");
	int ports[2] = {port_open("lab.output"), port_open("lab.error")};

	write_all(control, "H", 1);
	request_read(control, &request);
	sigemptyset(&children);
	sigaddset(&children, SIGCHLD);
	sigprocmask(SIG_BLOCK, &children, NULL);
	int signals = signalfd(-1, &children, SFD_CLOEXEC | SFD_NONBLOCK);
	if (signals < 0 || pipe2(output, O_CLOEXEC) != 0 || pipe2(error, O_CLOEXEC) != 0)
		die("pipes");
	fcntl(output[0], F_SETFL, O_NONBLOCK);
	fcntl(error[0], F_SETFL, O_NONBLOCK);
	pid_t command = command_start(&request, output, error);
	if (command < 0)
		die("fork");
	close(output[1]);
	close(error[1]);
	int status = command_attend(command, signals, (int[]){output[0], error[0]}, ports);
	write_all(control, (char[]){'X', (char)status}, 2);
	sync();
	reboot(RB_AUTOBOOT);
	return 1;
}
