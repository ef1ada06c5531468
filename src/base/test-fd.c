/* Whole reads and writes, files, close-on-exec. */
#include "base/fd.h"

#include "tap.h"

#include <fcntl.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stdint.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

static char directory[] = "/tmp/bulkhead-fd-XXXXXX";
static int dirfd_test;

static int entries_count(void)
{
	auto_dir DIR *stream = opendir(directory);
	int count = 0;

	while (stream && readdir(stream))
		count++;
	return count - 2;
}

static void test_pipes(void)
{
	int ends[2];
	char bytes[16];
	auto_buf buf = {0};

	check(pipe2(ends, O_CLOEXEC) == 0);
	check_number(fd_write_all(ends[1], "hello world", 11), 0);
	check_number(fd_read_full(ends[0], bytes, 5), 5);
	check(memcmp(bytes, "hello", 5) == 0);
	fd_close(&ends[1]);
	check_number(fd_read_full(ends[0], bytes, sizeof(bytes)), 6);
	check_number(fd_read_full(ends[0], bytes, sizeof(bytes)), 0);
	fd_close(&ends[0]);
	check_number(fd_read_full(FD_NONE, bytes, 1), -EBADF);
	check_number(fd_write_all(FD_NONE, "x", 1), -EBADF);
	check_number(fd_write_all(FD_NONE, "", 0), 0);
	check_number(fd_read_all(FD_NONE, 10, &buf), -EBADF);
}

static void limit_check(size_t size, size_t limit, int expected)
{
	int ends[2];
	auto_buf buf = {0};
	auto_free char *bytes = calloc(1, size + 1);

	memset(bytes, 'b', size);
	buf_append_str(&buf, "kept ");
	check(pipe2(ends, O_CLOEXEC) == 0);
	check_number(fd_write_all(ends[1], bytes, size), 0);
	fd_close(&ends[1]);
	check_number(fd_read_all(ends[0], limit, &buf), expected);
	if (expected == 0)
		check(buf.size == size + 5 && strcmp(buf.data + 5, bytes) == 0);
	check(strncmp(buf.data, "kept ", 5) == 0 && buf.data[buf.size] == '\0');
	fd_close(&ends[0]);
}

static void test_read(void)
{
	struct err e = {0};
	auto_buf buf = {0};

	check_number(file_replace(dirfd_test, "file", "content", 7, 0640, &e), 0);
	check_number(file_read(dirfd_test, "file", 7, false, &buf, &e), 0);
	check_text(buf_text(&buf), "content");
	buf_clear(&buf);
	check_number(file_read(dirfd_test, "file", 6, false, &buf, &e), -EFBIG);
	check_text(e.text, "read 'file': larger than 6 bytes");
	check_number(file_read(dirfd_test, "absent", 6, false, &buf, &e), -ENOENT);
	check_text(e.text, "open 'absent'");
	check_number(file_read(dirfd_test, ".", 6, false, &buf, &e), -EINVAL);
	check_text(e.text, "read '.': not a regular file");
	check_number(file_read(dirfd_test, ".", 6, true, &buf, &e), -EISDIR);

	/* Neither may hang. */
	check(mkfifoat(dirfd_test, "fifo", 0600) == 0);
	check_number(file_read(dirfd_test, "fifo", 6, false, &buf, &e), -EINVAL);
	buf_clear(&buf);
	check_number(file_read(dirfd_test, "fifo", 6, true, &buf, &e), 0);
	check_number(buf.size, 0);

	check_number(file_read(AT_FDCWD, "/proc/self/status", 1 << 20, false, &buf, &e), 0);
	check_contains(buf_text(&buf), "Name:");
	check_number(file_read(AT_FDCWD, "/dev/zero", 100, true, &buf, &e), -EFBIG);
	check_number(unlinkat(dirfd_test, "fifo", 0), 0);
}

static void test_write(void)
{
	struct err e = {0};
	auto_buf buf = {0};

	check_number(file_write_existing(dirfd_test, "absent", "x", &e), -ENOENT);
	check_number(file_write_existing(dirfd_test, "file", "CON", &e), 0);
	check_number(file_read(dirfd_test, "file", 100, false, &buf, &e), 0);
	check_text(buf_text(&buf), "CONtent");
	check_number(file_write_existing(AT_FDCWD, "/dev/full", "x", &e), -ENOSPC);
	check_text(e.text, "write 'x' to '/dev/full'");
}

static void test_replace(void)
{
	struct err e = {0};
	struct stat status;
	auto_buf buf = {0};
	char path[64];
	mode_t mask = umask(077);

	check_number(file_replace(dirfd_test, "file", "new", 3, 0644, &e), 0);
	(void)umask(mask);
	check(fstatat(dirfd_test, "file", &status, 0) == 0);
	check_number(status.st_mode & 07777, 0644);
	check_number(file_read(dirfd_test, "file", 100, false, &buf, &e), 0);
	check_text(buf_text(&buf), "new");
	check_number(file_replace(dirfd_test, "empty", NULL, 0, 0600, &e), 0);

	/* A link is replaced, not followed; a directory is not replaced, and nothing stays. */
	check_number(symlinkat("file", dirfd_test, "link"), 0);
	check_number(file_replace(dirfd_test, "link", "other", 5, 0600, &e), 0);
	check(fstatat(dirfd_test, "link", &status, AT_SYMLINK_NOFOLLOW) == 0);
	check(S_ISREG(status.st_mode));
	check_number(mkdirat(dirfd_test, "dir", 0700), 0);
	check_number(file_replace(dirfd_test, "dir", "x", 1, 0600, &e), -EISDIR);
	check_number(entries_count(), 4);
	check_number(file_replace(dirfd_test, "absent/x", "x", 1, 0600, &e), -ENOENT);
	check_text(e.text, "create a temporary file for 'absent/x'");

	(void)snprintf(path, sizeof(path), "%s/dir/pid", directory);
	check_number(file_replace(AT_FDCWD, path, "12", 2, 0600, &e), 0);
	check_number(entries_count(), 4);
	buf_clear(&buf);
	check_number(file_read(dirfd_test, "dir/pid", 2, false, &buf, &e), 0);
	check_text(buf_text(&buf), "12");
}

static void test_cloexec(void)
{
	struct err e = {0};
	int low = fcntl(dirfd_test, F_DUPFD, 100);
	int high = fcntl(dirfd_test, F_DUPFD, 200);

	check_number(fd_cloexec_from(150, &e), 0);
	check_number(fcntl(low, F_GETFD), 0);
	check_number(fcntl(high, F_GETFD), FD_CLOEXEC);
	fd_close(&low);
	fd_close(&high);
	check_number(low, FD_NONE);
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

	check(mkdtemp(directory) != NULL);
	dirfd_test = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_pipes();
	limit_check(0, 0, 0);
	limit_check(1, 0, -EFBIG);
	limit_check(10, 10, 0);
	limit_check(11, 10, -EFBIG);
	limit_check(20000, 20000, 0);
	limit_check(20000, 19999, -EFBIG);
	limit_check(20000, SIZE_MAX, 0);
	test_read();
	test_write();
	test_replace();
	test_cloexec();
	if (deny(SYS_close_range))
		test_cloexec();
	else
		tap_skip("no seccomp: %s", strerror(errno));
	fd_close(&dirfd_test);
	check_number(tree_remove(AT_FDCWD, directory, &e), 0);
	return tap_done();
}
