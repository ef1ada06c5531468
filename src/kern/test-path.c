/* Paths below a root: against the kernel's own answer on random trees, and what is made where. */
#include "path-tree.h"

#include "base/fd.h"
#include "base/str.h"
#include "test-support.h"

#include <sys/sysmacros.h>

static char top[] = "/tmp/test-path-XXXXXX";
static int root = FD_NONE;

static void make_place(void)
{
	char path[64];
	struct err e;

	if (root >= 0) {
		fd_close(&root);
		check(tree_remove(AT_FDCWD, top, &e) == 0);
		memcpy(top + sizeof(top) - 7, "XXXXXX", 6);
	}
	if (!mkdtemp(top))
		abort();
	/* Names that exist outside, for whoever escapes. */
	for (const char *name = "abcd"; *name; name++) {
		(void)snprintf(path, sizeof(path), "%s/%c", top, *name);
		(void)!mkdir(path, 0755);
	}
	(void)snprintf(path, sizeof(path), "%s/root", top);
	(void)!mkdir(path, 0755);
	root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
}

static void empty_place(void)
{
	struct err e;
	int parent = openat(root, "..", O_PATH | O_DIRECTORY | O_CLOEXEC);

	fd_close(&root);
	(void)!tree_remove(parent, "root", &e);
	(void)!mkdirat(parent, "root", 0755);
	root = openat(parent, "root", O_PATH | O_DIRECTORY | O_CLOEXEC);
	fd_close(&parent);
}

static unsigned int failures_of_tree(uint64_t *seed)
{
	uint8_t data[512];
	struct tree_bytes bytes = {data, sizeof(data)};
	unsigned int wrong = 0;

	for (size_t i = 0; i < sizeof(data); i++) {
		*seed = *seed * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
		data[i] = (uint8_t)(*seed >> 56);
	}
	data[0] |= 8;
	tree_build(root, &bytes);
	for (int i = 0; i < 40; i++) {
		char path[TREE_TEXT];

		tree_path(&bytes, path);
		for (unsigned int n = 0; tree_flags(n) >= 0; n++) {
			if (!tree_agrees(root, path, tree_flags(n)))
				wrong++;
		}
	}
	empty_place();
	return wrong;
}

static void test_oracle(void)
{
	uint64_t seed = 42;
	unsigned int wrong = 0;

	if (tree_ask_kernel(root, "/", O_PATH) == -ENOSYS) {
		tap_skip("no openat2(2) to compare with");
		return;
	}
	for (int i = 0; i < 300 && wrong == 0; i++)
		wrong += failures_of_tree(&seed);
	check_number(wrong, 0);
}

/* What O_CREAT made by walking is what the kernel then finds. */
static void test_create_by_walk(void)
{
	auto_fd int made = FD_NONE;
	auto_fd int found = FD_NONE;

	check(symlinkat("/deep/./file", root, "link") == 0);
	check(mkdirat(root, "deep", 0755) == 0);
	check_number(path_walk_open(root, "x/../link", O_CREAT | O_WRONLY, 0600, &made), -ENOENT);
	check_number(path_walk_open(root, "../link", O_CREAT | O_WRONLY, 0600, &made), 0);
	found = tree_ask_kernel(root, "deep/file", O_PATH);
	check(fd_is_same(made, found));
	fd_close(&made);
	check_number(path_walk_open(root, "link", O_CREAT | O_EXCL | O_WRONLY, 0600, &made),
		     -EEXIST);
	check(path_walk_open(root, "deep/dir/", O_CREAT | O_WRONLY, 0600, &made) < 0);
	check_number(path_walk_open(root, "deep/", O_CREAT | O_WRONLY, 0600, &made), -EISDIR);
	empty_place();
}

static bool is_outside_clean(void)
{
	for (const char *name = "abcd"; *name; name++) {
		char path[96];

		(void)snprintf(path, sizeof(path), "%s/%c", top, *name);
		if (rmdir(path) < 0 || mkdir(path, 0755) < 0)
			return false;
	}
	return true;
}

static void test_make(void)
{
	auto_fd int fd = FD_NONE;
	auto_fd int again = FD_NONE;
	char outside[128];
	struct err e;

	(void)snprintf(outside, sizeof(outside), "%s/a", top);
	check(symlinkat(outside, root, "absolute") == 0);
	check(symlinkat("../../a", root, "relative") == 0);
	check(symlinkat("loop", root, "loop") == 0);
	check_zero(path_mkdir_all(root, "absolute/x/y", 0700, &fd, &e), &e,
		   "directories behind a dangling link are made inside");
	check(fd_is_directory(fd));
	fd_close(&fd);
	check_zero(path_make_target(root, "relative/f", false, 0, &fd, &e), &e, "a file target");
	check(fd_is_regular(fd));
	check_zero(path_open(root, "/a/f", O_PATH, 0, &again, &e), &e, "it is inside");
	check(fd_is_same(fd, again));
	fd_close(&fd);
	fd_close(&again);
	check_zero(path_make_target(root, "../../../b/c", true, 0, &fd, &e), &e, "a directory");
	check(fd_is_directory(fd));
	fd_close(&fd);
	check_number(path_mkdir_all(root, "loop/x", 0755, &fd, &e), -ELOOP);
	check_number(path_mkdir_all(root, "a/f/x", 0755, &fd, &e), -ENOTDIR);
	check_zero(path_make_target(root, "loop", false, PATH_NO_FOLLOW, &fd, &e), &e,
		   "a link as the target");
	check(fd_is_symlink(fd));
	check(is_outside_clean());
	empty_place();
}

static void test_nodes(void)
{
	auto_fd int fd = FD_NONE;
	char text[PATH_MAX];
	bool there = true;
	struct err e;

	(void)snprintf(text, sizeof(text), "%s/a", top);
	check(symlinkat(text, root, "dev") == 0);
	check_number(path_symlink(root, "/dev/ptmx", "pts/ptmx", &e), PATH_MADE);
	check_number(path_symlink(root, "/dev/ptmx", "else", &e), PATH_WAS_THERE);
	check_zero(path_read_link(root, "/dev/ptmx", text, &e), &e, "read a link");
	check_text(text, "pts/ptmx");
	check_number(path_read_link(root, "/dev/..", text, &e), -EINVAL);
	if (is_root()) {
		mode_t before = umask(077);
		struct stat status = {0};

		check_number(path_mknod(root, "/dev/null", S_IFCHR | 0666, 1, 3, &e), PATH_MADE);
		(void)umask(before);
		check_zero(path_open(root, "dev/null", O_PATH, 0, &fd, &e), &e, "open a node");
		check(fd_is_device(fd, S_IFCHR, 1, 3));
		check(!fd_is_device(fd, S_IFBLK, 1, 3));
		check(fstat(fd, &status) == 0 && (status.st_mode & 07777) == 0666);
	} else {
		tap_skip("device nodes need root");
	}
	check_zero(path_unlink(root, "/dev/ptmx", false, &e), &e, "remove");
	check_zero(path_unlink(root, "/dev/ptmx", false, &e), &e, "remove again");
	check_zero(path_exists(root, "/dev/ptmx", &there, &e), &e, "look");
	check(!there);
	check_number(path_unlink(root, "/dev/..", true, &e), -EINVAL);
	check(is_outside_clean());
	empty_place();
}

static void test_beneath(void)
{
	auto_fd int proc = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = FD_NONE;
	struct err e;

	check(mkdirat(root, "d", 0755) == 0);
	check(mknodat(root, "d/f", S_IFREG | 0600, 0) == 0);
	check(symlinkat("d", root, "l") == 0);
	check_zero(path_open_beneath(root, "d//f", O_RDONLY, 0, &fd, &e), &e, "a plain path");
	fd_close(&fd);
	check_zero(path_open_beneath(root, ".", O_PATH, 0, &fd, &e), &e, "the directory itself");
	fd_close(&fd);
	check_zero(path_open_beneath(root, "d/", O_PATH, 0, &fd, &e), &e, "a slash at the end");
	check(fd_is_directory(fd));
	fd_close(&fd);
	check_zero(path_open_beneath(root, "d//", O_RDONLY | O_DIRECTORY, 0, &fd, &e), &e,
		   "slashes at the end");
	check(fd_is_directory(fd));
	check_number(path_open_beneath(root, "d/f/", O_PATH, 0, &fd, &e), -ENOTDIR);
	fd_close(&fd);
	check_number(path_open_beneath(root, "l/f", O_RDONLY, 0, &fd, &e), -ELOOP);
	check(path_open_beneath(root, "d/../d/../../a", O_PATH, 0, &fd, &e) < 0);
	check_number(path_open_beneath(root, "/etc", O_PATH, 0, &fd, &e), -EXDEV);
	check_number(path_open_beneath(proc, "proc/self", O_PATH, 0, &fd, &e), -EXDEV);
	check_number(path_open_beneath(proc, "proc", O_PATH, 0, &fd, &e), -EXDEV);
	empty_place();
}

/* Links of /proc/PID lead anywhere: refused with and without openat2(2). */
static void test_magic_links(void)
{
	auto_fd int proc = open("/proc", O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = FD_NONE;
	struct err e;

	check_number(path_open(proc, "self/root", O_PATH, 0, &fd, &e), -ELOOP);
	check_number(path_open(proc, "self/ns/mnt", O_RDONLY, 0, &fd, &e), -ELOOP);
	check_zero(path_open(proc, "mounts", O_RDONLY, 0, &fd, &e), &e, "an ordinary link");
}

static void test_all(void)
{
	test_create_by_walk();
	test_make();
	test_nodes();
	test_beneath();
	test_magic_links();
}

int main(void)
{
	static const long calls[] = {SYS_openat2};
	struct err e;

	(void)umask(022);
	make_place();
	test_oracle();
	test_all();
	printf("# without openat2(2)\n");
	check(deny_calls(calls, 1, EPERM));
	test_make();
	test_nodes();
	test_beneath();
	test_magic_links();
	fd_close(&root);
	check_zero(tree_remove(AT_FDCWD, top, &e), &e, "clean up");
	return tap_done();
}
