/* Mounts as objects, with the new API and on a kernel that is made to lack it. */
#include "kern/mount.h"

#include "base/fd.h"
#include "kern/idmap.h"
#include "kern/path.h"
#include "kern/proc.h"
#include "test-support.h"

#include <fcntl.h>
#include <sys/statvfs.h>
#include <sys/wait.h>

static char top[] = "/tmp/test-mount-XXXXXX";
static char place_path[64]; /* of root */
static int root = FD_NONE;

static unsigned long flags_at(const char *path)
{
	auto_fd int fd = FD_NONE;
	struct statvfs status = {0};
	struct err e;

	if (path_open(root, path, O_PATH, 0, &fd, &e) < 0 || fstatvfs(fd, &status) < 0)
		return 0;
	return status.f_flag;
}

static int target(const char *path, bool is_directory)
{
	struct err e;
	int fd = FD_NONE;

	check_zero(path_make_target(root, path, is_directory, 0, &fd, &e), &e, path);
	return fd;
}

static void test_bind(void)
{
	auto_mount bind = MOUNT_NONE;
	auto_fd int place = target("/bind/file", false);
	auto_fd int after = FD_NONE;
	auto_fd int source = open("/etc/passwd", O_PATH | O_CLOEXEC);
	struct mount_change change = MOUNT_CHANGE_NONE;
	struct err e;

	change.set = MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV | MOUNT_ATTR_NOATIME;
	check_zero(mount_clone(source, NULL, 0, &bind, &e), &e, "clone a file");
	check_zero(mount_change(&bind, &change, &e), &e, "change it");
	change = MOUNT_CHANGE_NONE;
	change.propagation = MS_PRIVATE;
	check_zero(mount_change(&bind, &change, &e), &e, "make it private");
	check_zero(mount_attach(&bind, place, root, "/bind/file", &e), &e, "attach it");
	check_zero(path_open(root, "/bind/file", O_PATH, 0, &after, &e), &e, "open it");
	check(fd_is_same(after, source));
	check(fd_is_same(after, bind.fd));
	check((flags_at("/bind/file") & (ST_RDONLY | ST_NODEV | ST_NOATIME)) ==
	      (ST_RDONLY | ST_NODEV | ST_NOATIME));
	change = MOUNT_CHANGE_NONE;
	change.clear = MOUNT_ATTR_RDONLY | MOUNT_ATTR__ATIME;
	change.set = MOUNT_ATTR_NOEXEC;
	check_zero(mount_change_fd(bind.fd, &change, &e), &e, "change it when attached");
	check((flags_at("/bind/file") & (ST_RDONLY | ST_NOEXEC | ST_NODEV | ST_NOATIME)) ==
	      (ST_NOEXEC | ST_NODEV));
}

static void test_new(void)
{
	auto_mount fresh = MOUNT_NONE;
	auto_mount again = MOUNT_NONE;
	auto_fd int place = target("/fresh", true);
	auto_fd int second = target("/second", true);
	uint64_t before = 0, after = 0;
	struct stat status = {0};
	char text[1200];
	struct err e;

	check_zero(mount_create("tmpfs", "tmpfs", MS_NOSUID | MS_STRICTATIME,
				"mode=0751,size=64k,nr_inodes=100", &fresh, &e),
		   &e, "make a tmpfs");
	check_zero(mount_attach(&fresh, place, root, "/fresh", &e), &e, "attach it");
	check(fd_is_filesystem(fresh.fd, TMPFS_MAGIC));
	check(fstat(fresh.fd, &status) == 0 && (status.st_mode & 0777) == 0751);
	check((flags_at("/fresh") & (ST_NOSUID | ST_RELATIME | ST_RDONLY)) == ST_NOSUID);
	check_zero(mount_id(place, &before, &e), &e, "id below");
	check_zero(mount_id(fresh.fd, &after, &e), &e, "id above");
	check(before != after);
	check_zero(mount_reconfigure(fresh.fd, "tmpfs", MS_RDONLY | MS_NOSUID, "size=128k", &e), &e,
		   "remount it");
	check(flags_at("/fresh") & ST_RDONLY);
	/* A refused option is an error when attaching at the latest. */
	if (mount_create("tmpfs", "tmpfs", 0, "mode=0755,bogus=1", &again, &e) == 0)
		check_number(mount_attach(&again, second, root, "/second", &e), -EINVAL);
	(void)err_format(&e, text, sizeof(text));
	printf("# %s\n", text);
	mount_done(&again);
	check_number(mount_create("nosuchfs", NULL, 0, NULL, &again, &e)
			     ?: mount_attach(&again, second, root, "/second", &e),
		     -ENODEV);
	mount_done(&again);
	check_zero(mount_create("tmpfs", NULL, MS_RDONLY, NULL, &again, &e), &e, "a read-only one");
	check_zero(mount_attach(&again, second, root, "/second", &e), &e, "attach it");
	check(flags_at("/second") & ST_RDONLY);
}

/* overlay's lowerdir does not fit into one option of fsconfig(2). */
static void test_long_option(void)
{
	auto_mount overlay = MOUNT_NONE;
	auto_fd int place = target("/overlay", true);
	auto_buf data = {0};
	struct err e;

	buf_append_str(&data, "lowerdir=");
	for (int i = 0; i < 12; i++) {
		char name[64];
		auto_fd int fd = FD_NONE;

		(void)snprintf(name, sizeof(name), "/layers/some-rather-long-name-%02d", i);
		fd = target(name, true);
		check(fd >= 0);
		buf_printf(&data, "%s%s%s", i ? ":" : "", place_path, name);
	}
	if (mount_create("overlay", "overlay", 0, buf_text(&data), &overlay, &e) == -ENODEV) {
		tap_skip("no overlay here");
		return;
	}
	check_zero(mount_attach(&overlay, place, root, "/overlay", &e), &e, "a long option");
}

static void test_recursive(void)
{
	auto_mount tree = MOUNT_NONE;
	auto_mount inner = MOUNT_NONE;
	auto_mount covering = MOUNT_NONE;
	auto_mount innermost = MOUNT_NONE;
	auto_fd int source = target("/tree", true);
	auto_fd int below = target("/tree/be low", true);
	auto_fd int place = target("/copy", true);
	auto_fd int deeper = FD_NONE;
	struct mount_change change = MOUNT_CHANGE_NONE;
	struct err e;

	check_zero(mount_create("tmpfs", "x", MS_NOEXEC, NULL, &inner, &e), &e, "a mount below");
	check_zero(mount_attach(&inner, below, root, "/tree/be low", &e), &e, "attach it");
	check_zero(mount_create("tmpfs", "x", MS_NOEXEC, NULL, &covering, &e), &e, "one on it");
	check_zero(mount_attach(&covering, inner.fd, root, "/tree/be low", &e), &e, "attach it");
	deeper = target("/tree/be low/deeper", true);
	check_zero(mount_create("tmpfs", "x", 0, NULL, &innermost, &e), &e, "one below that");
	check_zero(mount_attach(&innermost, deeper, root, "/tree/be low/deeper", &e), &e,
		   "attach it");
	check_zero(mount_clone(source, "", MOUNT_RECURSIVE, &tree, &e), &e, "clone them all");
	change.set = MOUNT_ATTR_RDONLY;
	change.recursive = true;
	check_zero(mount_change(&tree, &change, &e), &e, "make them read-only");
	change.recursive = false;
	change.set = MOUNT_ATTR_NODEV;
	check_zero(mount_change(&tree, &change, &e), &e, "and the first nodev");
	check_zero(mount_attach(&tree, place, root, "/copy", &e), &e, "attach them");
	check((flags_at("/copy") & (ST_RDONLY | ST_NODEV)) == (ST_RDONLY | ST_NODEV));
	check((flags_at("/copy/be low") & (ST_RDONLY | ST_NODEV | ST_NOEXEC)) ==
	      (ST_RDONLY | ST_NOEXEC));
	check(flags_at("/copy/be low/deeper") & ST_RDONLY);
	check(!(flags_at("/tree/be low") & ST_RDONLY));
	change.recursive = true;
	change.set = MOUNT_ATTR_NOSUID;
	change.clear = MOUNT_ATTR_RDONLY;
	check_zero(mount_change_fd(tree.fd, &change, &e), &e, "change them when attached");
	check((flags_at("/copy/be low/deeper") & (ST_RDONLY | ST_NOSUID)) == ST_NOSUID);
	check((flags_at("/copy") & (ST_RDONLY | ST_NOSUID | ST_NODEV)) == (ST_NOSUID | ST_NODEV));
	change.clear = MOUNT_ATTR_NOSUID;
	change.set = MOUNT_ATTR_NOEXEC;
	check_zero(mount_change(&tree, &change, &e), &e, "the same by the object");
	check((flags_at("/copy/be low/deeper") & (ST_NOEXEC | ST_NOSUID)) == ST_NOEXEC);
	change = MOUNT_CHANGE_NONE;
	check_zero(mount_propagation(tree.fd, MS_SLAVE | MS_REC, &e), &e, "propagation");
}

static void test_idmap(void)
{
	static const struct id_range range = {0, 100000, 65536};
	const struct id_map map = {&range, 1};
	auto_mount tree = MOUNT_NONE;
	auto_mount store = MOUNT_NONE;
	auto_fd int namespace = FD_NONE;
	auto_fd int source = target("/store", true);
	auto_fd int place = target("/mapped", true);
	struct mount_change change = MOUNT_CHANGE_NONE;
	struct stat status = {0};
	struct err e;

	check_zero(idmap_user_namespace(&map, &map, &namespace, &e), &e, "a user namespace");
	check_zero(mount_create("tmpfs", "x", 0, NULL, &store, &e), &e, "a file system");
	check_zero(mount_attach(&store, source, root, "/store", &e), &e, "attach it");
	check(mknodat(store.fd, "f", S_IFREG | 0644, 0) == 0);
	check_zero(mount_clone(store.fd, "", 0, &tree, &e), &e, "clone it");
	change.user_namespace = namespace;
	if (mount_change(&tree, &change, &e) < 0) {
		tap_skip("no id-mapped tmpfs here: %s", e.text);
		return;
	}
	check_zero(mount_attach(&tree, place, root, "/mapped", &e), &e, "attach it id-mapped");
	check(fstatat(tree.fd, "f", &status, 0) == 0 && status.st_uid == 100000);
}

static void in_child(void (*function)(void), const char *what)
{
	int status = -1;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		function();
		_exit(0);
	}
	(void)waitpid(pid, &status, 0);
	tap_check(status == 0, __FILE__, __LINE__, "%s (status %x)", what, (unsigned int)status);
}

/* A tmpfs in a mount namespace of its own: to become the root. */
static void make_root(struct mount *ret)
{
	auto_fd int place = FD_NONE;
	struct err e;

	if (unshare(CLONE_NEWNS) < 0)
		_exit(1);
	/* Descriptors from before belong to the other namespace. */
	fd_close(&root);
	root = open(place_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path_make_target(root, "/newroot", true, 0, &place, &e) < 0 ||
	    mount_create("tmpfs", "root", 0, "mode=0755", ret, &e) < 0 ||
	    mount_attach(ret, place, root, "/newroot", &e) < 0 ||
	    mkdirat(ret->fd, "inside", 0755) < 0)
		_exit(2);
}

static void pivot(void)
{
	auto_mount new_root = MOUNT_NONE;
	struct err e;

	make_root(&new_root);
	if (mount_pivot(new_root.fd, &e) < 0)
		_exit(3);
	if (access("/inside", F_OK) < 0 || access("/../etc", F_OK) == 0)
		_exit(4);
}

static void move_root(void)
{
	auto_mount new_root = MOUNT_NONE;
	struct err e;

	make_root(&new_root);
	if (mount_move_root(new_root.fd, &e) < 0)
		_exit(3);
	if (access("/inside", F_OK) < 0 || access("/proc/self", F_OK) == 0)
		_exit(4);
}

/* What the owner of the mount namespace we came from has set cannot be cleared in ours. */
static void clear_locked(void)
{
	static const struct id_range range = {0, 0, 1};
	const struct id_map map = {&range, 1};
	auto_mount copy = MOUNT_NONE;
	auto_fd int source = FD_NONE;
	auto_fd int place = FD_NONE;
	struct mount_change change = MOUNT_CHANGE_NONE;
	struct err e;

	if (unshare(CLONE_NEWUSER | CLONE_NEWNS) < 0 ||
	    idmap_write(getpid(), ID_USERS, &map, false, &e) < 0)
		_exit(1);
	fd_close(&root);
	root = open(place_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (path_make_target(root, "/locked", true, 0, &source, &e) < 0 ||
	    path_make_target(root, "/unlocked", true, 0, &place, &e) < 0 ||
	    mount_clone(source, "", 0, &copy, &e) < 0 ||
	    mount_attach(&copy, place, root, "/unlocked", &e) < 0)
		_exit(2);
	change.set = MOUNT_ATTR_RDONLY;
	change.clear = MOUNT_ATTR_NOSUID | MOUNT_ATTR_NOEXEC;
	if (mount_change_fd(copy.fd, &change, &e) != -EPERM)
		_exit(3);
	change.best_effort_clear = true;
	if (mount_change_fd(copy.fd, &change, &e) < 0)
		_exit(4);
	if ((flags_at("/unlocked") & (ST_NOSUID | ST_RDONLY)) != (ST_NOSUID | ST_RDONLY))
		_exit(5);
}

static void test_locked(void)
{
	auto_mount locked = MOUNT_NONE;
	auto_fd int place = target("/locked", true);
	auto_fd int other = target("/unlocked", true);
	struct err e;

	check_zero(mount_create("tmpfs", "x", MS_NOSUID, NULL, &locked, &e), &e, "a nosuid one");
	check_zero(mount_attach(&locked, place, root, "/locked", &e), &e, "attach it");
	in_child(clear_locked, "locked attributes");
}

static void test_flags(void)
{
	unsigned long flags = MS_RDONLY | MS_NODEV | MS_NODIRATIME | MS_NOATIME | MS_SYNCHRONOUS;

	check_number(mount_attributes_from_flags(flags), MOUNT_ATTR_RDONLY | MOUNT_ATTR_NODEV |
								 MOUNT_ATTR_NODIRATIME |
								 MOUNT_ATTR_NOATIME);
	check_number(mount_flags_from_attributes(mount_attributes_from_flags(flags)),
		     flags & ~(unsigned long)MS_SYNCHRONOUS);
	check_number(mount_flags_from_attributes(0), MS_RELATIME);
	check_number(mount_flags_superblock(flags), MS_RDONLY | MS_SYNCHRONOUS);
}

static void test_proc(void)
{
	auto_fd int proc = FD_NONE;
	auto_fd int all = FD_NONE;
	auto_fd int file = FD_NONE;
	auto_buf text = {0};
	struct err e;

	check_zero(proc_open(PROC_PROCESSES, &proc, &e), &e, "a private procfs");
	check_zero(proc_read(proc, "self/comm", 4096, &text, &e), &e, "read from it");
	check_contains(buf_text(&text), "test-mount");
	check_zero(proc_open(PROC_ALL, &all, &e), &e, "a whole one");
	check_number(proc_write_sysctl(all, "kernel/../kernel/hostname", "x", &e), -EINVAL);
	check_number(proc_write_sysctl(all, "kernel//hostname", "x", &e), -EINVAL);
	check_number(proc_write_sysctl(all, "kernel/hostname/", "x", &e), -EINVAL);
	check_number(proc_write_sysctl(all, "kernel/nosuch", "x", &e), -ENOENT);
	check(proc_open_file(all, "self/root", O_PATH, &file, &e) < 0);
	check(proc_open_file(all, "self/fd/0", O_RDONLY, &file, &e) < 0);
	check_zero(proc_write_sysctl(all, "kernel/domainname", "example", &e), &e, "a sysctl");
	/* Something of procfs over something else of procfs, as in CVE-2025-52881. */
	check(mount("/proc/sys/kernel/hostname", "/proc/sys/kernel/domainname", NULL, MS_BIND,
		    NULL) == 0);
	fd_close(&all);
	if (proc_open(PROC_ALL, &all, &e) == 0)
		(void)!proc_write_sysctl(all, "kernel/domainname", "swapped", &e);
	buf_clear(&text);
	check_zero(file_read(AT_FDCWD, "/proc/sys/kernel/hostname", 100, true, &text, &e), &e,
		   "read");
	check(strcmp(buf_text(&text), "swapped\n") != 0);
	check(umount2("/proc/sys/kernel/domainname", 0) == 0);
}

static void test_everything(bool is_modern)
{
	test_bind();
	test_new();
	test_long_option();
	test_recursive();
	if (is_modern)
		test_idmap();
	test_locked();
	in_child(pivot, "pivot_root");
	in_child(move_root, "moving the root");
	test_proc();
}

static void fresh_place(void)
{
	static int count;

	fd_close(&root);
	(void)snprintf(place_path, sizeof(place_path), "%s/%d", top, count++);
	if (mkdir(place_path, 0755) < 0)
		abort();
	root = open(place_path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

int main(void)
{
	static const long later[] = {SYS_mount_setattr};
	static const long all[] = {SYS_open_tree, SYS_move_mount, SYS_fsopen, SYS_statx};
	struct err e;

	test_flags();
	if (!is_root() || unshare(CLONE_NEWNS | CLONE_NEWUTS) < 0) {
		tap_skip("mounting needs root");
		return tap_done();
	}
	check_zero(mount_propagation_path("/", MS_PRIVATE | MS_REC, &e), &e, "private");
	if (!mkdtemp(top) || mount("test", top, "tmpfs", 0, NULL) < 0)
		abort();
	fresh_place();
	test_everything(true);
	printf("# before Linux 5.12\n");
	check(deny_calls(later, 1, ENOSYS));
	fresh_place();
	test_everything(false);
	printf("# before Linux 5.2\n");
	check(deny_calls(all, 4, ENOSYS));
	fresh_place();
	test_everything(false);
	fd_close(&root);
	check(umount2(top, MNT_DETACH) == 0);
	check(rmdir(top) == 0);
	return tap_done();
}
