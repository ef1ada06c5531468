/* Sealed files, and running from a sealed copy of oneself. */
#include "kern/memfd.h"

#include "base/fd.h"
#include "base/str.h"
#include "test-support.h"

#include <sys/wait.h>

static void test_sealed(void)
{
	auto_fd int fd = FD_NONE;
	auto_fd int plain = FD_NONE;
	char bytes[8] = "";
	struct stat status = {0};
	struct err e;

	check_zero(memfd_sealed("test", "abc", 3, false, &fd, &e), &e, "a sealed file");
	check(memfd_is_sealed(fd));
	check(fd_read_full(fd, bytes, sizeof(bytes)) == 3 && str_is(bytes, "abc"));
	check(write(fd, "x", 1) < 0 && errno == EPERM);
	check(ftruncate(fd, 0) < 0 && errno == EPERM);
	check(fcntl(fd, F_GETFD) & FD_CLOEXEC);
	check_zero(memfd_open("test", &plain, &e), &e, "an open one");
	check(!memfd_is_sealed(plain));
	check(write(plain, "x", 1) == 1);
	check_zero(memfd_seal(plain, &e), &e, "seal it");
	check(write(plain, "x", 1) < 0);
	check(fstat(plain, &status) == 0);
	fd_close(&plain);
	plain = open("/dev/null", O_RDONLY | O_CLOEXEC);
	check(!memfd_is_sealed(plain));
}

/* The program once more, from its copy: its exit status tells what it found. */
static int run_again(char *program)
{
	char *words[] = {program, (char *)"sealed", NULL};
	char *environment[] = {NULL};
	int status = -1;
	struct err e;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)!process_reexec_sealed(words, environment, &e);
		_exit(9);
	}
	(void)waitpid(pid, &status, 0);
	return status;
}

static int look_at_self(char **argv)
{
	char *environment[] = {NULL};
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	struct err e;

	if (!memfd_is_sealed(own))
		return 3;
	/* Does not go round in circles. */
	return process_reexec_sealed(argv, environment, &e) == 0 ? 0 : 4;
}

static void test_program_file(void)
{
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	char *words[] = {(char *)"program", (char *)"-", NULL};
	char *environment[] = {NULL};
	auto_buf bytes = {0};
	auto_fd int fd = FD_NONE;
	char path[40];
	int status = -1;
	struct err e;
	pid_t pid;

	if (geteuid() != 0) {
		printf("# no tmpfs for an ordinary user\n");
		return;
	}
	check_number(fd_read_all(own, 64 << 20, &bytes), 0);
	check_zero(program_file("program", bytes.data, bytes.size, &fd, &e), &e, "a program");
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d", fd);
	check(open(path, O_WRONLY | O_CLOEXEC) < 0 && errno == EROFS);
	check(open(path, O_RDWR | O_CLOEXEC) < 0 && errno == EROFS);
	check(chmod(path, 0777) < 0 && errno == EROFS);
	check(unlink(path) < 0);
	(void)fflush(stdout);
	pid = fork();
	if (pid == 0) {
		(void)syscall(SYS_execveat, fd, "", words, environment, AT_EMPTY_PATH);
		_exit(9);
	}
	(void)waitpid(pid, &status, 0);
	check_number(status, 7 << 8);
}

int main(int argc, char **argv)
{
	if (argc == 2 && str_is(argv[1], "-"))
		return 7;
	if (argc == 2)
		return look_at_self(argv);
	test_sealed();
	check_number(run_again(argv[0]), 0);
	test_program_file();
	return tap_done();
}
