/*
 * What the probe finds by walking about rather than by asking the kernel about itself: the files of
 * /dev, the paths that containers have masked, parameters of the namespaces, and which system calls
 * are let through. Written for comparisons: one line a thing, its name first, nothing that changes
 * from run to run.
 */
#include "probe.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <linux/capability.h>
#include <net/if.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <unistd.h>

static void tell_node(const char *path, FILE *out)
{
	static const char types[] = "?pc?d?b?-?l?s???";
	struct stat st;
	char target[PATH_MAX];
	ssize_t length;

	if (lstat(path, &st) != 0) {
		fprintf(out, "%s %s\n", path, strerrorname_np(errno));
		return;
	}
	fprintf(out, "%s %c%04o %u:%u", path, types[(st.st_mode & S_IFMT) >> 12],
		st.st_mode & 07777, st.st_uid, st.st_gid);
	if (S_ISCHR(st.st_mode) || S_ISBLK(st.st_mode))
		fprintf(out, " %u:%u", major(st.st_rdev), minor(st.st_rdev));
	length = S_ISLNK(st.st_mode) ? readlink(path, target, sizeof(target)) : -1;
	if (length >= 0)
		fprintf(out, " -> %.*s", (int)length, target);
	fputc('\n', out);
}

static void tell_tree(const char *path, int depth, FILE *out)
{
	struct dirent **entries;
	int count;

	tell_node(path, out);
	count = depth > 0 ? scandir(path, &entries, NULL, alphasort) : -1;
	for (int i = 0; i < count; i++) {
		char below[PATH_MAX];
		const char *name = entries[i]->d_name;

		if (strcmp(name, ".") != 0 && strcmp(name, "..") != 0) {
			snprintf(below, sizeof(below), "%s/%s", strcmp(path, "/") ? path : "",
				 name);
			if (entries[i]->d_type == DT_DIR)
				tell_tree(below, depth - 1, out);
			else
				tell_node(below, out);
		}
		free(entries[i]);
	}
	if (count >= 0)
		free(entries);
}

static int look_dev(int argc, char **argv, FILE *out)
{
	(void)argc, (void)argv;
	tell_tree("/dev", 3, out);
	return 0;
}

static int look_tree(int argc, char **argv, FILE *out)
{
	tell_tree(argc > 1 ? argv[1] : "/", argc > 2 ? (int)probe_number(argv[2]) : 8, out);
	return 0;
}

/* How a path answers: what it is, whether it has content, whether it can be opened to write. */
static void tell_access(const char *path, FILE *out)
{
	struct stat st;
	char byte;
	int fd;

	if (stat(path, &st) != 0) {
		fprintf(out, "%s %s\n", path, strerrorname_np(errno));
		return;
	}
	fprintf(out, "%s ", path);
	if (S_ISDIR(st.st_mode)) {
		DIR *directory = opendir(path);
		int count = 0;

		while (directory && readdir(directory))
			count++;
		fprintf(out, "directory %s", count > 2 ? "full" : "empty");
		if (directory)
			closedir(directory);
		errno = 0;
		fprintf(out, " %s\n",
			access(path, W_OK) == 0 ? "writable" : strerrorname_np(errno));
		return;
	}
	fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	if (fd < 0)
		fprintf(out, "read=%s", strerrorname_np(errno));
	else
		fprintf(out, "read=%s", read(fd, &byte, 1) > 0 ? "content" : "nothing");
	if (fd >= 0)
		close(fd);
	fd = open(path, O_WRONLY | O_NONBLOCK | O_CLOEXEC);
	fprintf(out, " write=%s\n", fd >= 0 ? "ok" : strerrorname_np(errno));
	if (fd >= 0)
		close(fd);
}

static int look_paths(int argc, char **argv, FILE *out)
{
	static const char *const usual[] = {
		"/proc/acpi",
		"/proc/asound",
		"/proc/bus",
		"/proc/fs",
		"/proc/irq",
		"/proc/kcore",
		"/proc/keys",
		"/proc/latency_stats",
		"/proc/scsi",
		"/proc/sysrq-trigger",
		"/proc/timer_list",
		"/proc/sys/kernel/sem",
		"/proc/sys/net",
		"/sys/firmware",
		"/sys/fs/cgroup",
		"/sys/kernel",
		"/etc/passwd",
		"/mnt",
		"/tmp",
		"/proc/1/status",
	};

	for (int i = 1; i < argc; i++)
		tell_access(argv[i], out);
	for (size_t i = 0; argc < 2 && i < sizeof(usual) / sizeof(usual[0]); i++)
		tell_access(usual[i], out);
	return 0;
}

static int look_parameters(int argc, char **argv, FILE *out)
{
	static const char *const usual[] = {
		"kernel/domainname",
		"kernel/hostname",
		"kernel/msgmax",
		"kernel/msgmnb",
		"kernel/sem",
		"kernel/shmmax",
		"kernel/shmmni",
		"kernel/shm_rmid_forced",
		"fs/mqueue/msg_max",
		"net/ipv4/ip_forward",
		"net/ipv4/ip_default_ttl",
		"net/ipv4/ping_group_range",
		"net/core/somaxconn",
		"net/ipv4/conf/lo/forwarding",
	};

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		char path[128], text[256] = "";
		ssize_t got = -1;
		int fd;

		snprintf(path, sizeof(path), "/proc/sys/%s", usual[i]);
		fd = open(path, O_RDONLY | O_CLOEXEC);
		if (fd >= 0)
			got = read(fd, text, sizeof(text) - 1);
		text[strcspn(text, "\n")] = '\0';
		fprintf(out, "%s %s\n", usual[i], got < 0 ? strerrorname_np(errno) : text);
		if (fd >= 0)
			close(fd);
	}
	return 0;
}

/* Calls with arguments that do nothing when they are let through. */
static int look_calls(int argc, char **argv, FILE *out)
{
	static const struct {
		const char *name;
		long number, arguments[6];
	} tried[] = {
		{"acct", SYS_acct, {1}},
		{"add_key", SYS_add_key, {1, 1, 1, 1}},
		{"bpf", SYS_bpf, {-1, 1, 1}},
		{"chroot", SYS_chroot, {1}},
		{"clock_settime", SYS_clock_settime, {-1, 1}},
		{"clone3", SYS_clone3, {1, 1}},
		{"getrandom", SYS_getrandom, {0, 0, 0}},
		{"io_uring_setup", SYS_io_uring_setup, {0, 1}},
		{"kexec_load", SYS_kexec_load, {0, -1, 1, -1}},
		{"keyctl", SYS_keyctl, {-1}},
		{"memfd_create", SYS_memfd_create, {1, 0}},
		{"mkdir", SYS_mkdirat, {AT_FDCWD, 1, 0}},
		{"mount", SYS_mount, {1, 1, 1, 0, 1}},
		{"open_tree", 428, {-1, 1, 0}},
		{"perf_event_open", SYS_perf_event_open, {1, -1, -1, -1, -1}},
		{"personality", SYS_personality, {0xffffffff}},
		{"pivot_root", SYS_pivot_root, {1, 1}},
		{"quotactl", SYS_quotactl, {-1, 1, -1, 1}},
		{"setns", SYS_setns, {-1, 0}},
		{"sethostname", SYS_sethostname, {1, 1}},
		{"swapon", SYS_swapon, {1, 0}},
		{"syslog", SYS_syslog, {10}},
		{"umount2", SYS_umount2, {1, 0}},
		{"unshare", SYS_unshare, {0}},
		{"userfaultfd", SYS_userfaultfd, {-1}},
		{"newest", 999, {0}},
	};

	(void)argc, (void)argv;
	for (size_t i = 0; i < sizeof(tried) / sizeof(tried[0]); i++) {
		const long *a = tried[i].arguments;
		long result = syscall(tried[i].number, a[0], a[1], a[2], a[3], a[4], a[5]);

		fprintf(out, "%s %s\n", tried[i].name, result < 0 ? strerrorname_np(errno) : "ok");
	}
	return 0;
}

static int look_status(int argc, char **argv, FILE *out)
{
	static const char *const wanted[] = {"Umask:",
					     "Groups:",
					     "NSpid:",
					     "NSpgid:",
					     "NSsid:",
					     "Threads:",
					     "SigBlk:",
					     "SigIgn:",
					     "SigCgt:",
					     "NoNewPrivs:",
					     "Seccomp:",
					     "Seccomp_filters:",
					     "Speculation_Store_Bypass:",
					     "Cpus_allowed_list:",
					     "Mems_allowed_list:",
					     "CapInh:",
					     "CapPrm:",
					     "CapEff:",
					     "CapBnd:",
					     "CapAmb:"};
	char line[4096];
	FILE *status = fopen("/proc/self/status", "re");

	(void)argc, (void)argv;
	if (!status)
		return probe_failed(out, "/proc/self/status");
	while (fgets(line, sizeof(line), status))
		for (size_t i = 0; i < sizeof(wanted) / sizeof(wanted[0]); i++)
			if (strncmp(line, wanted[i], strlen(wanted[i])) == 0)
				fputs(line, out);
	fclose(status);
	return 0;
}

/* Each interface with its flags. */
static int look_interfaces(int argc, char **argv, FILE *out)
{
	struct if_nameindex *list = if_nameindex();
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	(void)argc, (void)argv;
	for (struct if_nameindex *i = list; list && i->if_index; i++) {
		struct ifreq request = {0};

		snprintf(request.ifr_name, sizeof(request.ifr_name), "%s", i->if_name);
		if (ioctl(fd, SIOCGIFFLAGS, &request) != 0)
			request.ifr_flags = 0;
		fprintf(out, "%s %s\n", i->if_name, request.ifr_flags & IFF_UP ? "up" : "down");
	}
	if_freenameindex(list);
	close(fd);
	return 0;
}

const struct probe_command probe_looks[] = {
	{"dev", look_dev, "", 1},
	{"tree", look_tree, "[PATH [DEPTH]]", 0},
	{"paths", look_paths, "[PATH...]", 1},
	{"parameters", look_parameters, "", 1},
	{"calls", look_calls, "", 1},
	{"known-status", look_status, "", 1},
	{"interfaces", look_interfaces, "", 1},
	{NULL, NULL, NULL, 0},
};
