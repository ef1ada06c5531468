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

int main(int argc, char **argv)
{
	if (argc == 2)
		return look_at_self(argv);
	test_sealed();
	check_number(run_again(argv[0]), 0);
	return tap_done();
}
