/*
 * The floor of the benchmark: the least work with which a container of the same shape can be made.
 *
 * It makes the namespaces and the mounts of the configuration that `spec` writes (with --docker, of
 * the one that Docker sends), the device nodes and links every container gets, pivots into the
 * root, runs the program there and waits for it. It reads no configuration, keeps no state, makes
 * no cgroup, installs no filter and drops nothing: whatever a runtime needs above this is the price
 * of being a runtime. Not for running anything that matters.
 *
 * usage: floor [--docker FILES] ROOTFS PROGRAM [ARGUMENT...]
 */
#include <errno.h>
#include <fcntl.h>
#include <net/if.h>
#include <sched.h>
#include <signal.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/socket.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/wait.h>
#include <unistd.h>

static void must(bool done, const char *what)
{
	if (done)
		return;
	fprintf(stderr, "floor: %s: %s\n", what, strerror(errno));
	_exit(125);
}

struct entry {
	const char *target, *type, *source, *data;
	unsigned long flags;
};

static const unsigned long plain = MS_NOSUID | MS_NOEXEC | MS_NODEV;

static void mount_entries(const struct entry *entries, size_t count)
{
	for (size_t i = 0; i < count; i++) {
		const struct entry *e = &entries[i];

		if (mkdir(e->target, 0755) != 0)
			must(errno == EEXIST, e->target);
		must(mount(e->source, e->target, e->type, e->flags, e->data) == 0, e->target);
	}
}

static void mount_filesystems(bool docker)
{
	const struct entry entries[] = {
		{"proc", "proc", "proc", NULL, docker ? plain : 0},
		{"dev", "tmpfs", "tmpfs", "mode=755,size=65536k", MS_NOSUID | MS_STRICTATIME},
		{"dev/pts", "devpts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5",
		 MS_NOSUID | MS_NOEXEC},
		{"dev/shm", "tmpfs", "shm", "mode=1777,size=65536k", plain},
		{"dev/mqueue", "mqueue", "mqueue", NULL, plain},
		{"sys", "sysfs", "sysfs", NULL, plain | MS_RDONLY},
	};

	mount_entries(entries, sizeof(entries) / sizeof(entries[0]));
}

/* On cgroup v1 a mount of type cgroup is a tmpfs with a mount for each hierarchy. */
static void mount_cgroups(void)
{
	char line[512], target[600];
	FILE *groups;

	if (access("/sys/fs/cgroup/cgroup.controllers", F_OK) == 0) {
		must(mount("cgroup", "sys/fs/cgroup", "cgroup2", plain | MS_RDONLY, NULL) == 0,
		     "cgroup2");
		return;
	}
	must(mount("tmpfs", "sys/fs/cgroup", "tmpfs", plain, "mode=755") == 0, "sys/fs/cgroup");
	groups = fopen("/proc/self/cgroup", "re");
	must(groups != NULL, "/proc/self/cgroup");
	while (fgets(line, sizeof(line), groups)) {
		char *name = strchr(line, ':');
		char *end = name ? strchr(name + 1, ':') : NULL;

		if (!end || end == name + 1)
			continue;
		*end = '\0';
		name++;
		snprintf(target, sizeof(target), "sys/fs/cgroup/%s",
			 strncmp(name, "name=", 5) == 0 ? name + 5 : name);
		must(mkdir(target, 0755) == 0, target);
		must(mount("cgroup", target, "cgroup", plain | MS_RDONLY, name) == 0, target);
	}
	fclose(groups);
	must(mount(NULL, "sys/fs/cgroup", NULL, MS_REMOUNT | MS_BIND | plain | MS_RDONLY, NULL) ==
		     0,
	     "remount sys/fs/cgroup");
}

static void bind_files(const char *files)
{
	static const char *const names[] = {"resolv.conf", "hostname", "hosts"};
	char source[4096], target[64];

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		int fd;

		snprintf(source, sizeof(source), "%s/%s", files, names[i]);
		snprintf(target, sizeof(target), "etc/%s", names[i]);
		fd = open(target, O_CREAT | O_RDONLY | O_CLOEXEC, 0644);
		must(fd >= 0, target);
		close(fd);
		must(mount(source, target, NULL, MS_BIND | MS_REC, NULL) == 0, target);
		must(mount(NULL, target, NULL, MS_PRIVATE | MS_REC, NULL) == 0, target);
	}
}

static void make_devices(void)
{
	static const struct {
		const char *path;
		unsigned int major, minor;
	} nodes[] = {{"dev/null", 1, 3},   {"dev/zero", 1, 5},	  {"dev/full", 1, 7},
		     {"dev/random", 1, 8}, {"dev/urandom", 1, 9}, {"dev/tty", 5, 0}};
	static const char *const links[][2] = {{"/proc/self/fd", "dev/fd"},
					       {"/proc/self/fd/0", "dev/stdin"},
					       {"/proc/self/fd/1", "dev/stdout"},
					       {"/proc/self/fd/2", "dev/stderr"},
					       {"pts/ptmx", "dev/ptmx"}};
	mode_t old = umask(0);

	for (size_t i = 0; i < sizeof(nodes) / sizeof(nodes[0]); i++)
		must(mknod(nodes[i].path, S_IFCHR | 0666,
			   makedev(nodes[i].major, nodes[i].minor)) == 0,
		     nodes[i].path);
	umask(old);
	for (size_t i = 0; i < sizeof(links) / sizeof(links[0]); i++)
		must(symlink(links[i][0], links[i][1]) == 0, links[i][1]);
}

static void bring_loopback_up(void)
{
	struct ifreq request = {.ifr_name = "lo", .ifr_flags = IFF_UP | IFF_RUNNING};
	int fd = socket(AF_INET, SOCK_DGRAM | SOCK_CLOEXEC, 0);

	must(fd >= 0, "socket");
	must(ioctl(fd, SIOCSIFFLAGS, &request) == 0, "lo up");
	close(fd);
}

static void enter(const char *rootfs, const char *docker_files, char **argv)
{
	must(mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) == 0, "/ slave");
	must(mount(rootfs, rootfs, NULL, MS_BIND | MS_REC, NULL) == 0, rootfs);
	must(chdir(rootfs) == 0, rootfs);
	bring_loopback_up();
	mount_filesystems(docker_files != NULL);
	mount_cgroups();
	if (docker_files)
		bind_files(docker_files);
	make_devices();
	must(sethostname("floor", 5) == 0, "sethostname");
	must(syscall(SYS_pivot_root, ".", ".") == 0, "pivot_root");
	must(umount2(".", MNT_DETACH) == 0, "umount the old root");
	must(chdir("/") == 0, "chdir");
	if (!docker_files)
		must(mount(NULL, "/", NULL, MS_REMOUNT | MS_BIND | MS_RDONLY, NULL) == 0,
		     "/ read-only");
	execv(argv[0], argv);
	must(false, argv[0]);
}

int main(int argc, char **argv)
{
	unsigned long flags =
		CLONE_NEWPID | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNS;
	const char *docker_files = NULL;
	int first = 1, status;
	long pid;

	if (argc > 2 && strcmp(argv[1], "--docker") == 0) {
		docker_files = argv[2];
		first = 3;
	} else {
		flags |= CLONE_NEWCGROUP;
	}
	if (argc < first + 2) {
		fprintf(stderr, "usage: floor [--docker FILES] ROOTFS PROGRAM [ARGUMENT...]\n");
		return 2;
	}
	pid = syscall(SYS_clone, flags | SIGCHLD, NULL, NULL, NULL, NULL);
	must(pid >= 0, "clone");
	if (pid == 0)
		enter(argv[first], docker_files, argv + first + 1);
	must(waitpid((pid_t)pid, &status, 0) == pid, "waitpid");
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}
