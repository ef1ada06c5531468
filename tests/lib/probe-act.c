/*
 * What the probe can do rather than see: end in each way a program can end, hold memory, try system
 * calls and devices, wait for signals, and the attacks that the security tests look for. An attack
 * prints a word in capitals when it worked, so that a test can show by a control that it would have
 * been noticed.
 */
#include "probe.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <signal.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>
#include <sys/file.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/un.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

static int signal_number(const char *name)
{
	if (strncmp(name, "SIG", 3) == 0)
		name += 3;
	for (int sig = 1; sig < SIGRTMIN; sig++) {
		const char *known = sigabbrev_np(sig);

		if (known && strcmp(known, name) == 0)
			return sig;
	}
	return (int)probe_number(name);
}

static int act_sleep(int argc, char **argv, FILE *out)
{
	double seconds = argc > 1 ? strtod(argv[1], NULL) : 1000;
	struct timespec left = {(time_t)seconds, (long)((seconds - (double)(time_t)seconds) * 1e9)};

	(void)out;
	while (nanosleep(&left, &left) != 0 && errno == EINTR)
		;
	return 0;
}

static int act_exit(int argc, char **argv, FILE *out)
{
	(void)out;
	return argc > 1 ? (int)probe_number(argv[1]) : 0;
}

/* Dies by a signal; as process 1 of a pid namespace only a child can, whose status is told. */
static int act_die(int argc, char **argv, FILE *out)
{
	int sig = signal_number(argc > 1 ? argv[1] : "KILL");

	signal(sig, SIG_DFL);
	kill(getpid(), sig);
	fprintf(out, "still alive\n");
	return 1;
}

static int act_print(int argc, char **argv, FILE *out)
{
	FILE *stream = strcmp(argv[0], "err") == 0 ? stderr : out;

	for (int i = 1; i < argc; i++)
		fprintf(stream, "%s%s", i > 1 ? " " : "", argv[i]);
	fputc('\n', stream);
	return 0;
}

/* hold MIB [SECONDS]: touches that much memory. */
static int act_hold(int argc, char **argv, FILE *out)
{
	size_t size = (size_t)probe_number(argc > 1 ? argv[1] : "1") << 20;
	char *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return probe_failed(out, "mmap");
	memset(memory, 1, size);
	fprintf(out, "holding\n");
	fflush(out);
	if (argc > 2)
		sleep((unsigned int)probe_number(argv[2]));
	return 0;
}

/* syscall NUMBER [ARGUMENT...]: an argument that is no number is passed as a string. */
static int act_syscall(int argc, char **argv, FILE *out)
{
	long a[7] = {0}, result;

	for (int i = 1; i < argc && i < 8; i++) {
		char *end;

		a[i - 1] = strtol(argv[i], &end, 0);
		if (*end)
			a[i - 1] = (long)argv[i];
	}
	errno = 0;
	result = syscall(a[0], a[1], a[2], a[3], a[4], a[5], a[6]);
	fprintf(out, "%s\n", result < 0 ? strerrorname_np(errno) : "ok");
	return result < 0;
}

static volatile sig_atomic_t last_signal;

static void note_signal(int sig)
{
	last_signal = sig;
}

/* wait-signals NAME...: prints the name of each that comes; the last one named ends it. */
static int act_wait_signals(int argc, char **argv, FILE *out)
{
	sigset_t wanted;
	int last = signal_number(argv[argc - 1]);

	sigemptyset(&wanted);
	for (int i = 1; i < argc; i++) {
		struct sigaction action = {.sa_handler = note_signal};

		sigaction(signal_number(argv[i]), &action, NULL);
		sigaddset(&wanted, signal_number(argv[i]));
	}
	sigprocmask(SIG_BLOCK, &wanted, NULL);
	fprintf(out, "ready\n");
	fflush(out);
	for (;;) {
		int sig;

		if (sigwait(&wanted, &sig) != 0)
			return 1;
		fprintf(out, "%s\n", sigabbrev_np(sig));
		fflush(out);
		if (sig == last)
			return 0;
	}
}

/* fork N [SECONDS]: children that sleep, without waiting for them. */
static int act_fork(int argc, char **argv, FILE *out)
{
	long count = probe_number(argc > 1 ? argv[1] : "1");
	long seconds = probe_number(argc > 2 ? argv[2] : "1000");

	for (long i = 0; i < count; i++) {
		pid_t pid = fork();

		if (pid < 0)
			return probe_failed(out, "fork");
		if (pid == 0) {
			signal(SIGTERM, SIG_IGN);
			sleep((unsigned int)seconds);
			_exit(0);
		}
	}
	fprintf(out, "forked %ld\n", count);
	fflush(out);
	sleep((unsigned int)seconds);
	return 0;
}

static int act_open(int argc, char **argv, FILE *out)
{
	int flags = argc > 2 && strchr(argv[2], 'w') ? O_RDWR : O_RDONLY;
	int fd = open(argv[1], flags | O_NONBLOCK | O_NOCTTY);

	if (fd < 0) {
		fprintf(out, "%s\n", strerrorname_np(errno));
		return 1;
	}
	fprintf(out, "ok\n");
	return 0;
}

/* Holds the lock of a file as long as it is there. */
static int act_lock(int argc, char **argv, FILE *out)
{
	int fd = argc > 1 ? open(argv[1], O_RDWR | O_CREAT | O_CLOEXEC, 0644) : -1;

	if (fd < 0 || flock(fd, LOCK_EX) < 0) {
		fprintf(out, "%s\n", strerrorname_np(errno));
		return 1;
	}
	for (;;)
		pause();
}

/* device TYPE MAJOR MINOR [r|w]: makes a node and opens it. */
static int act_device(int argc, char **argv, FILE *out)
{
	mode_t type = argc > 1 && argv[1][0] == 'b' ? S_IFBLK : S_IFCHR;
	char path[] = "/dev/.probe-device";
	char *opened[] = {"open", path, argc > 4 ? argv[4] : (char *)"r", NULL};
	int status;

	if (argc < 4)
		return 2;
	unlink(path);
	if (mknod(path, type | 0600,
		  makedev((unsigned int)probe_number(argv[2]),
			  (unsigned int)probe_number(argv[3]))) != 0)
		return probe_failed(out, "mknod");
	status = act_open(3, opened, out);
	unlink(path);
	return status;
}

/* write PATH TEXT: without creating. */
static int act_write(int argc, char **argv, FILE *out)
{
	int fd = argc > 2 ? open(argv[1], O_WRONLY) : -1;

	if (fd < 0 || write(fd, argv[2], strlen(argv[2])) < 0) {
		fprintf(out, "%s\n", strerrorname_np(errno));
		return 1;
	}
	close(fd);
	fprintf(out, "ok\n");
	return 0;
}

static int act_umount(int argc, char **argv, FILE *out)
{
	if (argc < 2 || umount2(argv[1], MNT_DETACH) != 0) {
		fprintf(out, "%s\n", strerrorname_np(errno));
		return 1;
	}
	fprintf(out, "UNMOUNTED\n");
	return 0;
}

/* notify TEXT: a datagram to NOTIFY_SOCKET, as sd_notify sends. */
static int act_notify(int argc, char **argv, FILE *out)
{
	struct sockaddr_un address = {.sun_family = AF_UNIX};
	const char *path = getenv("NOTIFY_SOCKET");
	const char *text = argc > 1 ? argv[1] : "READY=1";
	int fd = socket(AF_UNIX, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	if (!path) {
		fprintf(out, "no NOTIFY_SOCKET\n");
		return 1;
	}
	snprintf(address.sun_path, sizeof(address.sun_path), "%s", path);
	if (sendto(fd, text, strlen(text), 0, (struct sockaddr *)&address, sizeof(address)) < 0)
		return probe_failed(out, "sendto");
	fprintf(out, "sent\n");
	return 0;
}

/* Reads one byte of a descriptor and says what it was. */
static int act_read_fd(int argc, char **argv, FILE *out)
{
	char text[256];
	ssize_t got = read((int)probe_number(argc > 1 ? argv[1] : "0"), text, sizeof(text) - 1);

	if (got < 0)
		return probe_failed(out, "read");
	text[got] = '\0';
	fprintf(out, "%s\n", text);
	return 0;
}

/* Pushes input to whatever terminal the first three descriptors are. */
static int act_push_input(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	for (int fd = 0; fd < 3; fd++) {
		char byte = 'x';

		if (ioctl(fd, TIOCSTI, &byte) == 0)
			fprintf(out, "PUSHED %d sid=%d pid=%d\n", fd, getsid(0), getpid());
		else
			fprintf(out, "%d %s\n", fd, strerrorname_np(errno));
	}
	return 0;
}

static long numeric_name(const char *name)
{
	char *end;
	long number = strtol(name, &end, 10);

	return *end || end == name ? -1 : number;
}

/* Tries to write through another process's executable. */
static void try_steal(long pid, FILE *out)
{
	char path[64], again[64];
	int fd, writer;

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	snprintf(again, sizeof(again), "/proc/self/fd/%d", fd);
	for (int i = 0; i < 2000; i++) {
		writer = open(again, O_RDWR | O_CLOEXEC);
		if (writer >= 0) {
			if (pwrite(writer, "#!OWNED", 7, 0) == 7)
				fprintf(out, "WROTE %ld\n", pid);
			close(writer);
			break;
		}
		if (errno != ETXTBSY)
			break;
	}
	close(fd);
}

/* Tries to reach the host through another process: trace it, or walk out of its descriptors. */
static void try_peek(long pid, const char *canary, FILE *out)
{
	static const char *const ways[] = {"root", "cwd",  "fd/3", "fd/4", "fd/5",
					   "fd/6", "fd/7", "fd/8", "fd/9", "fd/10"};

	if (ptrace(PTRACE_ATTACH, (pid_t)pid, 0, 0) == 0) {
		fprintf(out, "TRACED %ld\n", pid);
		waitpid((pid_t)pid, NULL, __WALL);
		ptrace(PTRACE_DETACH, (pid_t)pid, 0, 0);
	}
	for (size_t i = 0; i < sizeof(ways) / sizeof(ways[0]); i++) {
		char path[PATH_MAX];

		snprintf(path, sizeof(path), "/proc/%ld/%s/../../../../../../../..%s", pid, ways[i],
			 canary);
		if (access(path, F_OK) == 0)
			fprintf(out, "ESCAPE %s\n", path);
	}
}

/* watch SECONDS steal|peek CANARY: does that to every process that appears, then says done. */
static int act_watch(int argc, char **argv, FILE *out)
{
	time_t end = time(NULL) + probe_number(argc > 1 ? argv[1] : "1");
	bool steals = argc > 2 && strcmp(argv[2], "steal") == 0;
	const char *canary = argc > 3 ? argv[3] : "/nowhere";
	long seen = 0;

	fprintf(out, "watching\n");
	fflush(out);
	while (time(NULL) < end) {
		for (long pid = 2; pid < 400; pid++) {
			if (pid == getpid() || kill((pid_t)pid, 0) != 0)
				continue;
			seen++;
			if (steals)
				try_steal(pid, out);
			else
				try_peek(pid, canary, out);
		}
	}
	fprintf(out, "done seen=%s\n", seen ? "yes" : "no");
	return 0;
}

/* exe-of PID: device, inode and file system of the object behind /proc/PID/exe. */
static int act_exe_of(int argc, char **argv, FILE *out)
{
	char path[64], target[PATH_MAX];
	struct stat st;
	ssize_t length;
	long pid = argc > 1 ? numeric_name(argv[1]) : -1;

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	length = readlink(path, target, sizeof(target) - 1);
	if (length < 0 || stat(path, &st) != 0)
		return probe_failed(out, path);
	target[length] = '\0';
	fprintf(out, "%u:%u:%llu %s\n", major(st.st_dev), minor(st.st_dev),
		(unsigned long long)st.st_ino, target);
	return 0;
}

const struct probe_command probe_acts[] = {
	{"sleep", act_sleep, "[SECONDS]", 0},
	{"exit", act_exit, "[STATUS]", 0},
	{"die", act_die, "[SIGNAL]", 0},
	{"out", act_print, "TEXT...", 0},
	{"err", act_print, "TEXT...", 0},
	{"hold", act_hold, "MIB [SECONDS]", 0},
	{"syscall", act_syscall, "NUMBER [ARGUMENT...]", 0},
	{"wait-signals", act_wait_signals, "NAME...", 0},
	{"fork", act_fork, "N [SECONDS]", 0},
	{"open", act_open, "PATH [r|w]", 0},
	{"lock", act_lock, "PATH", 0},
	{"device", act_device, "c|b MAJOR MINOR [r|w]", 0},
	{"write", act_write, "PATH TEXT", 0},
	{"umount", act_umount, "PATH", 0},
	{"notify", act_notify, "[TEXT]", 0},
	{"read-fd", act_read_fd, "[FD]", 0},
	{"push-input", act_push_input, "", 0},
	{"watch", act_watch, "SECONDS steal|peek [CANARY]", 0},
	{"exe-of", act_exe_of, "PID", 0},
	{NULL, NULL, NULL, 0},
};
