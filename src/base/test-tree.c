/* Making and removing trees: links are not followed, mounts are not crossed. */
#include "base/fd.h"

#include "tap.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char directory[] = "/tmp/bulkhead-tree-XXXXXX";
static int dirfd_test;

static bool is_there(const char *path)
{
	struct stat status;

	return fstatat(dirfd_test, path, &status, AT_SYMLINK_NOFOLLOW) == 0;
}

static void file_make(const char *path)
{
	int fd = openat(dirfd_test, path, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	check(fd >= 0);
	fd_close(&fd);
}

static void test_make(void)
{
	struct err e = {0};
	char path[128];

	(void)snprintf(path, sizeof(path), "%s/a/b//c/", directory);
	check_number(dir_make_all(path, 0755, &e), 0);
	check_number(dir_make_all(path, 0755, &e), 0);
	check(is_there("a/b/c"));
	file_make("a/file");
	(void)snprintf(path, sizeof(path), "%s/a/file", directory);
	check_number(dir_make_all(path, 0755, &e), -ENOTDIR);
	check_contains(e.text, "create directory '/tmp/");
	(void)snprintf(path, sizeof(path), "%s/a/file/x/y", directory);
	check_number(dir_make_all(path, 0755, &e), -ENOTDIR);
	check_number(symlinkat("absent", dirfd_test, "dangling"), 0);
	(void)snprintf(path, sizeof(path), "%s/dangling/x", directory);
	check_number(dir_make_all(path, 0755, &e), -ENOENT);
	check_number(dir_make_all("", 0755, &e), -ENOENT);
	check_number(dir_make_all("/", 0755, &e), 0);
	check_number(unlinkat(dirfd_test, "dangling", 0), 0);
}

static void test_remove(void)
{
	struct err e = {0};
	char name[32];

	check_number(tree_remove(dirfd_test, "absent", &e), 0);
	check_number(tree_remove(dirfd_test, "absent/x", &e), 0);
	file_make("plain");
	check_number(tree_remove(dirfd_test, "plain", &e), 0);
	check(!is_there("plain"));
	for (int i = 0; i < 300; i++) {
		(void)snprintf(name, sizeof(name), "a/b/c/dir%d", i);
		check(mkdirat(dirfd_test, name, 0700) == 0);
		(void)snprintf(name, sizeof(name), "a/b/c/dir%d/file", i);
		file_make(name);
	}
	check_number(mkfifoat(dirfd_test, "a/fifo", 0600), 0);
	check_number(tree_remove(dirfd_test, "a", &e), 0);
	check(!is_there("a"));
	check_number(tree_remove(dirfd_test, ".", &e), -EINVAL);
	check_number(tree_remove(dirfd_test, "..", &e), -EINVAL);
	check_number(tree_remove(dirfd_test, "x/..", &e), -EINVAL);
	check_number(tree_remove(dirfd_test, "x/", &e), -EINVAL);
	check_number(tree_remove(dirfd_test, "", &e), -EINVAL);
}

static void test_links(void)
{
	struct err e = {0};

	check_number(mkdirat(dirfd_test, "kept", 0700), 0);
	file_make("kept/file");
	check_number(mkdirat(dirfd_test, "tree", 0700), 0);
	check_number(symlinkat("../kept", dirfd_test, "tree/link"), 0);
	check_number(symlinkat("/", dirfd_test, "tree/root"), 0);
	check_number(symlinkat("absent", dirfd_test, "tree/dangling"), 0);
	check_number(tree_remove(dirfd_test, "tree", &e), 0);
	check(!is_there("tree") && is_there("kept/file"));
	check_number(symlinkat("kept", dirfd_test, "link"), 0);
	check_number(tree_remove(dirfd_test, "link", &e), 0);
	check(!is_there("link") && is_there("kept/file"));
}

/* Deeper than descriptors or PATH_MAX would allow. */
static void test_depth(void)
{
	struct err e = {0};
	int fd = fcntl(dirfd_test, F_DUPFD_CLOEXEC, 3);
	bool made = true;

	for (int i = 0; i < 3000; i++) {
		int next;

		made &= mkdirat(fd, "deep", 0700) == 0;
		next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		fd_close(&fd);
		fd = next;
	}
	fd_close(&fd);
	check(made);
	check_number(tree_remove(dirfd_test, "deep", &e), 0);
	check(!is_there("deep"));
}

/* Below a bind mount of the same file system nothing is lost. */
static void test_mounts(bool is_private)
{
	struct err e = {0};

	if (!is_private) {
		tap_skip("no mount namespace of our own");
		return;
	}
	check_number(fchdir(dirfd_test), 0);
	check_number(mkdir("tree", 0700), 0);
	check_number(mkdir("tree/bound", 0700), 0);
	check_number(mount("kept", "tree/bound", NULL, MS_BIND, NULL), 0);
	check(tree_remove(dirfd_test, "tree", &e) < 0);
	check_contains(e.text, "remove 'tree': remove 'bound'");
	check(is_there("kept/file") && is_there("tree/bound/file"));
	check(tree_remove(dirfd_test, "tree/bound", &e) < 0);
	check(is_there("kept/file"));
	check_number(mount("none", "tree/bound", "tmpfs", 0, NULL), 0);
	check(tree_remove(dirfd_test, "tree", &e) < 0);
	check_number(umount2("tree/bound", MNT_DETACH), 0);
	check_number(umount2("tree/bound", MNT_DETACH), 0);
	check_number(tree_remove(AT_FDCWD, "tree", &e), 0);
	check(!is_there("tree"));
	check_number(chdir("/"), 0);
}

/* From here on the kernel does as if it did not know system call `number`. */
static bool deny(unsigned int number)
{
	struct sock_filter code[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, number, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct sock_fprog program = {.len = sizeof(code) / sizeof(code[0]), .filter = code};

	return prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) == 0 &&
	       prctl(PR_SET_SECCOMP, SECCOMP_MODE_FILTER, &program) == 0;
}

int main(void)
{
	struct err e = {0};
	/* First, since descriptors keep the mounts they were opened in. */
	bool is_private =
		unshare(CLONE_NEWNS) == 0 && mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) == 0;

	check(mkdtemp(directory) != NULL);
	dirfd_test = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_make();
	test_remove();
	test_links();
	test_depth();
	test_mounts(is_private);
	check_number(tree_remove(dirfd_test, "kept", &e), 0);
	if (deny(SYS_openat2)) {
		test_make();
		test_remove();
		test_links();
		test_depth();
		test_mounts(is_private);
	} else {
		tap_skip("no seccomp: %s", strerror(errno));
	}
	fd_close(&dirfd_test);
	check_number(tree_remove(AT_FDCWD, directory, &e), 0);
	check_number(access(directory, F_OK), -1);
	return tap_done();
}
