/*
 * What the probe tells about the process it is: one function for each thing, each printing lines
 * that a shell script can compare.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <limits.h>
#include <linux/capability.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/personality.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <time.h>
#include <unistd.h>

extern char **environ;

static int print_file(FILE *out, const char *path)
{
	char block[4096];
	ssize_t got;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0)
		return probe_failed(out, path);
	while ((got = read(fd, block, sizeof(block))) > 0)
		fwrite(block, 1, (size_t)got, out);
	close(fd);
	return got < 0 ? probe_failed(out, path) : 0;
}

static int see_ids(int argc, char **argv, FILE *out)
{
	uid_t uid, euid, suid;
	gid_t gid, egid, sgid, groups[1024];
	int count = getgroups(1024, groups);

	(void)argc, (void)argv;
	getresuid(&uid, &euid, &suid);
	getresgid(&gid, &egid, &sgid);
	fprintf(out, "uid=%u euid=%u suid=%u gid=%u egid=%u sgid=%u groups=", uid, euid, suid, gid,
		egid, sgid);
	for (int i = 0; i < count; i++)
		fprintf(out, "%s%u", i ? "," : "", groups[i]);
	fputc('\n', out);
	return 0;
}

static int see_caps(int argc, char **argv, FILE *out)
{
	struct __user_cap_header_struct header = {_LINUX_CAPABILITY_VERSION_3, 0};
	struct __user_cap_data_struct data[2] = {{0}, {0}};
	unsigned long long bounding = 0, ambient = 0;

	(void)argc, (void)argv;
	if (syscall(SYS_capget, &header, data) != 0)
		return probe_failed(out, "capget");
	for (unsigned long cap = 0; cap < 64; cap++) {
		if (prctl(PR_CAPBSET_READ, cap, 0, 0, 0) == 1)
			bounding |= 1ULL << cap;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, cap, 0, 0) == 1)
			ambient |= 1ULL << cap;
	}
	fprintf(out, "bounding=%016llx\neffective=%08x%08x\npermitted=%08x%08x\n", bounding,
		data[1].effective, data[0].effective, data[1].permitted, data[0].permitted);
	fprintf(out, "inheritable=%08x%08x\nambient=%016llx\n", data[1].inheritable,
		data[0].inheritable, ambient);
	return 0;
}

static const char *const limit_names[] = {
	[RLIMIT_CPU] = "CPU",		[RLIMIT_FSIZE] = "FSIZE",
	[RLIMIT_DATA] = "DATA",		[RLIMIT_STACK] = "STACK",
	[RLIMIT_CORE] = "CORE",		[RLIMIT_RSS] = "RSS",
	[RLIMIT_NPROC] = "NPROC",	[RLIMIT_NOFILE] = "NOFILE",
	[RLIMIT_MEMLOCK] = "MEMLOCK",	[RLIMIT_AS] = "AS",
	[RLIMIT_LOCKS] = "LOCKS",	[RLIMIT_SIGPENDING] = "SIGPENDING",
	[RLIMIT_MSGQUEUE] = "MSGQUEUE", [RLIMIT_NICE] = "NICE",
	[RLIMIT_RTPRIO] = "RTPRIO",	[RLIMIT_RTTIME] = "RTTIME",
};

static int see_rlimits(int argc, char **argv, FILE *out)
{
	const char *wanted = argc > 1 ? argv[1] : NULL;

	for (unsigned int i = 0; i < sizeof(limit_names) / sizeof(limit_names[0]); i++) {
		struct rlimit limit;

		if (wanted && strcmp(wanted, limit_names[i]) != 0)
			continue;
		if (getrlimit(i, &limit) != 0)
			return probe_failed(out, limit_names[i]);
		fprintf(out, "%s %llu %llu\n", limit_names[i], (unsigned long long)limit.rlim_cur,
			(unsigned long long)limit.rlim_max);
	}
	return 0;
}

static int see_namespaces(int argc, char **argv, FILE *out)
{
	static const char *const names[] = {"cgroup", "ipc",  "mnt",  "net",
					    "pid",    "time", "user", "uts"};

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		char path[64], target[64];
		ssize_t length;

		snprintf(path, sizeof(path), "/proc/self/ns/%s", names[i]);
		length = readlink(path, target, sizeof(target) - 1);
		if (length < 0)
			return probe_failed(out, path);
		target[length] = '\0';
		fprintf(out, "%s %s\n", names[i], target);
	}
	return 0;
}

static int see_env(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	for (char **entry = environ; *entry; entry++)
		fprintf(out, "%s\n", *entry);
	return 0;
}

static int see_args(int argc, char **argv, FILE *out)
{
	for (int i = 1; i < argc; i++)
		fprintf(out, "[%s]\n", argv[i]);
	return 0;
}

/* Every open descriptor, found by asking for each: no /proc is needed. */
static int see_fds(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	for (int fd = 0; fd < 4096; fd++) {
		char path[64], target[PATH_MAX];
		ssize_t length;

		if (fcntl(fd, F_GETFD) < 0)
			continue;
		snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
		length = readlink(path, target, sizeof(target) - 1);
		target[length < 0 ? 0 : length] = '\0';
		fprintf(out, "%d %s\n", fd, target);
	}
	return 0;
}

static int see_umask(int argc, char **argv, FILE *out)
{
	mode_t mask = umask(0);

	(void)argc, (void)argv;
	umask(mask);
	fprintf(out, "%04o\n", mask);
	return 0;
}

static int see_cwd(int argc, char **argv, FILE *out)
{
	char path[PATH_MAX];

	(void)argc, (void)argv;
	if (syscall(SYS_getcwd, path, sizeof(path)) < 0)
		return probe_failed(out, "getcwd");
	fprintf(out, "%s\n", path);
	return 0;
}

static int see_names(int argc, char **argv, FILE *out)
{
	struct utsname names;

	(void)argc, (void)argv;
	uname(&names);
	fprintf(out, "%s %s\n", names.nodename, names.domainname);
	return 0;
}

static int see_machine(int argc, char **argv, FILE *out)
{
	struct utsname names;

	(void)argc, (void)argv;
	uname(&names);
	fprintf(out, "%s %#x\n", names.machine, (unsigned int)personality(0xffffffff));
	return 0;
}

/* One line of /proc/self/status, or all. */
static int see_status(int argc, char **argv, FILE *out)
{
	char line[4096];
	FILE *status = fopen("/proc/self/status", "re");

	if (!status)
		return probe_failed(out, "/proc/self/status");
	while (fgets(line, sizeof(line), status)) {
		size_t length = argc > 1 ? strlen(argv[1]) : 0;

		if (length && (strncmp(line, argv[1], length) != 0 || line[length] != ':'))
			continue;
		fputs(length ? line + length + 1 + strspn(line + length + 1, " \t") : line, out);
	}
	fclose(status);
	return 0;
}

static int see_nnp(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	fprintf(out, "%d\n", prctl(PR_GET_NO_NEW_PRIVS, 0, 0, 0, 0));
	return 0;
}

static int see_oom(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	return print_file(out, "/proc/self/oom_score_adj");
}

static int see_cgroup(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	return print_file(out, "/proc/self/cgroup");
}

static int see_maps(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	return print_file(out, "/proc/self/uid_map") | print_file(out, "/proc/self/gid_map") |
	       print_file(out, "/proc/self/setgroups");
}

struct scheduling {
	unsigned int size, policy;
	unsigned long long flags;
	int nice;
	unsigned int priority;
	unsigned long long runtime, deadline, period;
};

static int see_scheduler(int argc, char **argv, FILE *out)
{
	struct scheduling s = {0};

	(void)argc, (void)argv;
	if (syscall(SYS_sched_getattr, 0, &s, sizeof(s), 0) != 0)
		return probe_failed(out, "sched_getattr");
	fprintf(out, "policy=%u flags=%llu nice=%d priority=%u", s.policy, s.flags, s.nice,
		s.priority);
	if (s.period)
		fprintf(out, " runtime=%llu deadline=%llu period=%llu", s.runtime, s.deadline,
			s.period);
	fputc('\n', out);
	return 0;
}

static int see_ioprio(int argc, char **argv, FILE *out)
{
	long own = syscall(SYS_ioprio_get, 1, 0);
	long group = syscall(SYS_ioprio_get, 2, 0);

	(void)argc, (void)argv;
	fprintf(out, "class=%ld priority=%ld group=%ld:%ld\n", own >> 13, own & 0x1fff, group >> 13,
		group & 0x1fff);
	return 0;
}

static int see_affinity(int argc, char **argv, FILE *out)
{
	cpu_set_t set;

	(void)argc, (void)argv;
	if (sched_getaffinity(0, sizeof(set), &set) != 0)
		return probe_failed(out, "sched_getaffinity");
	for (int cpu = 0, first = 1; cpu < CPU_SETSIZE; cpu++) {
		if (!CPU_ISSET(cpu, &set))
			continue;
		fprintf(out, "%s%d", first ? "" : ",", cpu);
		first = 0;
	}
	fputc('\n', out);
	return 0;
}

static int see_mempolicy(int argc, char **argv, FILE *out)
{
	unsigned long nodes[16] = {0};
	int mode = 0;

	(void)argc, (void)argv;
	if (syscall(SYS_get_mempolicy, &mode, nodes, sizeof(nodes) * 8, NULL, 0) != 0)
		return probe_failed(out, "get_mempolicy");
	fprintf(out, "mode=%d flags=%#x nodes=%#lx\n", mode & 0xff, mode & ~0xff, nodes[0]);
	return 0;
}

static int see_securebits(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	fprintf(out, "%d\n", prctl(PR_GET_SECUREBITS, 0, 0, 0, 0));
	return 0;
}

static int see_keyring(int argc, char **argv, FILE *out)
{
	char text[256] = "";
	long id = syscall(SYS_keyctl, 0, -3, 0, 0, 0);

	(void)argc, (void)argv;
	if (id < 0)
		return probe_failed(out, "keyctl");
	syscall(SYS_keyctl, 6, id, text, sizeof(text) - 1, 0);
	fprintf(out, "%ld %s\n", id, text);
	return 0;
}

static int see_session(int argc, char **argv, FILE *out)
{
	char name[PATH_MAX] = "none";

	(void)argc, (void)argv;
	if (isatty(0) && ttyname_r(0, name, sizeof(name)) != 0)
		snprintf(name, sizeof(name), "unnamed");
	fprintf(out, "pid=%d ppid=%d pgid=%d sid=%d foreground=%d tty=%s\n", getpid(), getppid(),
		getpgid(0), getsid(0), tcgetpgrp(0), name);
	return 0;
}

static int see_signals(int argc, char **argv, FILE *out)
{
	sigset_t blocked;

	(void)argc, (void)argv;
	sigprocmask(SIG_BLOCK, NULL, &blocked);
	fputs("blocked:", out);
	for (int sig = 1; sig <= SIGRTMAX; sig++)
		if (sigismember(&blocked, sig) == 1)
			fprintf(out, " %d", sig);
	fputs("\nignored:", out);
	for (int sig = 1; sig <= SIGRTMAX; sig++) {
		struct sigaction action;

		if (sigaction(sig, NULL, &action) == 0 && action.sa_handler == SIG_IGN)
			fprintf(out, " %d", sig);
	}
	fputc('\n', out);
	return 0;
}

static int see_prctl(int argc, char **argv, FILE *out)
{
	int death = 0, reaper = 0;

	(void)argc, (void)argv;
	prctl(PR_GET_PDEATHSIG, &death, 0, 0, 0);
	prctl(PR_GET_CHILD_SUBREAPER, &reaper, 0, 0, 0);
	fprintf(out, "dumpable=%d keepcaps=%d death_signal=%d subreaper=%d\n",
		prctl(PR_GET_DUMPABLE, 0, 0, 0, 0), prctl(PR_GET_KEEPCAPS, 0, 0, 0, 0), death,
		reaper);
	return 0;
}

static int see_winsize(int argc, char **argv, FILE *out)
{
	struct winsize size;

	(void)argc, (void)argv;
	if (ioctl(0, TIOCGWINSZ, &size) != 0)
		return probe_failed(out, "TIOCGWINSZ");
	fprintf(out, "rows=%d columns=%d\n", size.ws_row, size.ws_col);
	return 0;
}

static const char *type_name(mode_t mode)
{
	switch (mode & S_IFMT) {
	case S_IFREG:
		return "file";
	case S_IFDIR:
		return "directory";
	case S_IFLNK:
		return "link";
	case S_IFCHR:
		return "char";
	case S_IFBLK:
		return "block";
	case S_IFIFO:
		return "fifo";
	default:
		return "socket";
	}
}

static int see_stat(int argc, char **argv, FILE *out)
{
	for (int i = 1; i < argc; i++) {
		struct stat st;
		char target[PATH_MAX];
		ssize_t length;

		if (lstat(argv[i], &st) != 0)
			return probe_failed(out, argv[i]);
		fprintf(out, "%s %s %04o %u:%u %u:%u", argv[i], type_name(st.st_mode),
			st.st_mode & 07777, st.st_uid, st.st_gid, major(st.st_rdev),
			minor(st.st_rdev));
		length = S_ISLNK(st.st_mode) ? readlink(argv[i], target, sizeof(target)) : -1;
		if (length >= 0)
			fprintf(out, " -> %.*s", (int)length, target);
		fputc('\n', out);
	}
	return 0;
}

/* mount TARGET: the topmost mount there as "TYPE OPTIONS SUPER-OPTIONS PROPAGATION". */
static int see_mount(int argc, char **argv, FILE *out)
{
	char line[8192], found[8192] = "";
	FILE *mounts = fopen("/proc/self/mountinfo", "re");

	if (!mounts)
		return probe_failed(out, "/proc/self/mountinfo");
	while (fgets(line, sizeof(line), mounts)) {
		char target[4096], options[2048], type[64], super[2048], *dash, *tags;
		int end = 0;

		if (sscanf(line, "%*s %*s %*s %*s %4095s %2047s%n", target, options, &end) != 2)
			continue;
		tags = line + end;
		dash = strstr(tags, " - ");
		if (!dash || sscanf(dash + 3, "%63s %*s %2047s", type, super) != 2)
			continue;
		*dash = '\0';
		if (argc > 1 && strcmp(argv[1], target) == 0)
			snprintf(found, sizeof(found), "%s %s %s%s", type, options, super, tags);
		else if (argc < 2)
			fprintf(out, "%s %s %s %s%s\n", target, type, options, super, tags);
	}
	fclose(mounts);
	if (argc > 1)
		fprintf(out, "%s\n", *found ? found : "none");
	return argc > 1 && !*found;
}

static int see_fs(int argc, char **argv, FILE *out)
{
	struct statfs fs;

	if (statfs(argc > 1 ? argv[1] : "/", &fs) != 0)
		return probe_failed(out, "statfs");
	fprintf(out, "magic=%#lx flags=%#lx\n", (unsigned long)fs.f_type,
		(unsigned long)fs.f_flags);
	return 0;
}

static int see_sysctl(int argc, char **argv, FILE *out)
{
	char path[512];

	snprintf(path, sizeof(path), "/proc/sys/%s", argc > 1 ? argv[1] : "");
	for (char *c = path + strlen("/proc/sys/"); *c; c++)
		if (*c == '.')
			*c = '/';
	return print_file(out, path);
}

static int see_clock(int argc, char **argv, FILE *out)
{
	struct timespec monotonic, boot;

	(void)argc, (void)argv;
	clock_gettime(CLOCK_MONOTONIC, &monotonic);
	clock_gettime(CLOCK_BOOTTIME, &boot);
	fprintf(out, "monotonic=%lld boottime=%lld\n", (long long)monotonic.tv_sec,
		(long long)boot.tv_sec);
	return 0;
}

const struct probe_command probe_seen[] = {
	{"ids", see_ids, "", 1},
	{"caps", see_caps, "", 1},
	{"rlimits", see_rlimits, "[NAME]", 1},
	{"namespaces", see_namespaces, "", 1},
	{"env", see_env, "", 1},
	{"args", see_args, "ARG...", 0},
	{"fds", see_fds, "", 1},
	{"umask", see_umask, "", 1},
	{"cwd", see_cwd, "", 1},
	{"names", see_names, "", 1},
	{"machine", see_machine, "", 1},
	{"status", see_status, "[FIELD]", 0},
	{"nnp", see_nnp, "", 1},
	{"oom", see_oom, "", 1},
	{"cgroup", see_cgroup, "", 1},
	{"maps", see_maps, "", 1},
	{"scheduler", see_scheduler, "", 1},
	{"ioprio", see_ioprio, "", 1},
	{"affinity", see_affinity, "", 1},
	{"mempolicy", see_mempolicy, "", 1},
	{"securebits", see_securebits, "", 1},
	{"keyring", see_keyring, "", 1},
	{"session", see_session, "", 1},
	{"signals", see_signals, "", 1},
	{"prctl", see_prctl, "", 1},
	{"winsize", see_winsize, "", 0},
	{"stat", see_stat, "PATH...", 0},
	{"mount", see_mount, "[TARGET]", 1},
	{"fs", see_fs, "PATH", 0},
	{"sysctl", see_sysctl, "KEY", 0},
	{"clock", see_clock, "", 1},
	{NULL, NULL, NULL, 0},
};
