/*
 * From the kernel's hands to a guest that can hold containers.
 *
 * The initramfs is the absolute root of all mounts, which pivot_root(2) refuses to move away from;
 * so a tmpfs is moved over it, and everything lives on that. The agent has a cgroup of its own and
 * is never the OOM killer's choice; containers live beside it, with every controller there is.
 */
#include "boot.h"

#include "agent.h"
#include "base/fd.h"
#include "base/str.h"
#include "kern/proc.h"
#include "kern/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/mount.h>
#include <sys/resource.h>
#include <sys/stat.h>

#define NEW_ROOT "/root"

static const struct point {
	const char *target, *type, *data;
	unsigned long flags;
} points[] = {
	{"/proc", "proc", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"/sys", "sysfs", NULL, MS_NOSUID | MS_NODEV | MS_NOEXEC},
	{"/dev", "devtmpfs", "mode=0755", MS_NOSUID | MS_NOEXEC},
	{"/dev/pts", "devpts", "newinstance,ptmxmode=0666,mode=0620,gid=5", MS_NOSUID | MS_NOEXEC},
	{"/dev/shm", "tmpfs", "mode=1777", MS_NOSUID | MS_NODEV},
	{"/run", "tmpfs", "mode=0755", MS_NOSUID | MS_NODEV},
	{GUEST_CGROUP_ROOT, "cgroup2", "nsdelegate", MS_NOSUID | MS_NODEV | MS_NOEXEC},
};

static int make_root(struct err *e)
{
	static const char *const directories[] = {"proc", "sys", "dev", "run", "tmp"};

	if (mkdir(NEW_ROOT, 0755) < 0 && errno != EEXIST)
		return fail(e, errno, "make '%s'", NEW_ROOT);
	if (mount("root", NEW_ROOT, "tmpfs", MS_NOSUID | MS_NODEV, "mode=0755,size=4m") < 0)
		return fail(e, errno, "mount a root");
	for (size_t i = 0; i < sizeof(directories) / sizeof(*directories); i++) {
		char path[32];

		(void)snprintf(path, sizeof(path), NEW_ROOT "/%s", directories[i]);
		if (mkdir(path, 0755) < 0)
			return fail(e, errno, "make '%s'", path);
	}
	/* Modules are also asked for later. */
	if (access(MODULES_DIRECTORY, F_OK) == 0 &&
	    (mkdir(NEW_ROOT MODULES_DIRECTORY, 0700) < 0 ||
	     mount(MODULES_DIRECTORY, NEW_ROOT MODULES_DIRECTORY, NULL, MS_BIND, NULL) < 0))
		return fail(e, errno, "keep the modules");
	if (chdir(NEW_ROOT) < 0 || mount(".", "/", NULL, MS_MOVE, NULL) < 0 || chroot(".") < 0 ||
	    chdir("/") < 0)
		return fail(e, errno, "move to the new root");
	return 0;
}

static int make_points(struct err *e)
{
	for (size_t i = 0; i < sizeof(points) / sizeof(*points); i++) {
		const struct point *point = &points[i];

		if (mkdir(point->target, 0755) < 0 && errno != EEXIST)
			return fail(e, errno, "make '%s'", point->target);
		if (mount(point->type, point->target, point->type, point->flags, point->data) < 0)
			return fail(e, errno, "mount '%s'", point->target);
	}
	/* Nothing of the guest is written there any more. */
	if (mount(NULL, "/", NULL, MS_REMOUNT | MS_RDONLY | MS_NOSUID | MS_NODEV, NULL) < 0)
		return fail(e, errno, "make the root read-only");
	return 0;
}

/* Every controller for the children of `directory`: at once, since each write costs a grace period
 * of RCU; one at a time only if that is refused. */
static void enable_controllers(const char *directory)
{
	auto_fd int fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	auto_buf text = {0};
	struct strv words, signs = {0};
	struct err e;

	if (fd < 0 || file_read(fd, "cgroup.controllers", 4096, true, &text, &e) < 0)
		return;
	words = str_split(&arena, buf_text(&text), " \n", true);
	for (size_t i = 0; i < words.count; i++)
		strv_push(&signs, &arena, arena_printf(&arena, "+%s", words.items[i]));
	if (file_write_existing(fd, "cgroup.subtree_control", strv_join(&arena, &signs, " "), &e) ==
	    0)
		return;
	for (size_t i = 0; i < signs.count; i++)
		(void)!file_write_existing(fd, "cgroup.subtree_control", signs.items[i], &e);
}

static int make_cgroups(struct err *e)
{
	static const char agent[] = GUEST_CGROUP_ROOT "/agent";
	static const char containers[] = GUEST_CGROUP_ROOT "/" CONTAINERS_CGROUP;

	if (mkdir(agent, 0755) < 0 || mkdir(containers, 0755) < 0)
		return fail(e, errno, "make the cgroups");
	if (file_write_existing(AT_FDCWD, GUEST_CGROUP_ROOT "/agent/cgroup.procs", "0", e) < 0)
		return -e->code;
	enable_controllers(GUEST_CGROUP_ROOT);
	enable_controllers(containers);
	return 0;
}

static void set_limits(void)
{
	const struct rlimit files = {1024, 1024 * 1024};
	struct err e;

	(void)setrlimit(RLIMIT_NOFILE, &files);
	(void)!file_write_existing(AT_FDCWD, "/proc/self/oom_score_adj", "-1000", &e);
	/* A guest is small; what a container may have of it its cgroup says. */
	(void)!file_write_existing(AT_FDCWD, "/proc/sys/vm/overcommit_memory", "1", &e);
	/* The host decides how many descriptors a process may be allowed to have. */
	(void)!file_write_existing(AT_FDCWD, "/proc/sys/fs/nr_open", "2147483584", &e);
}

bool boot_has_word(const char *word)
{
	auto_arena arena = {0};
	auto_buf text = {0};
	struct strv words;
	struct err e;

	if (file_read(AT_FDCWD, "/proc/cmdline", 64 * 1024, true, &text, &e) < 0)
		return false;
	words = str_split(&arena, buf_text(&text), " \n", true);
	return strv_has(&words, word);
}

int boot(struct err *e)
{
	(void)umask(022);
	if (make_root(e) < 0 || make_points(e) < 0 || modules_load(e) < 0 || make_cgroups(e) < 0)
		return -e->code;
	set_limits();
	return rtnl_loopback_up(e);
}
