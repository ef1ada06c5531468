/*
 * The file server: virtiofsd of the distribution, sandboxed by itself in namespaces of its own with
 * the shared directory as its root. It takes the hypervisor's connection from a listening socket,
 * which exists only for the moment in which we connect to it, in a directory that is root's alone.
 */
#include "share.h"

#include "jail.h"
#include "kern/compat.h"
#include "kern/proc.h"
#include "kern/rlimit.h"
#include "kern/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/socket.h>

#define SERVER_SOCKET "files"

enum { NOFILE_WANTED = 65536 };

static void descriptors_raise(void)
{
	struct rlimit now;
	struct err ignored;

	if (getrlimit(RLIMIT_NOFILE, &now) < 0)
		return;
	if (rlimit_set(RLIMIT_NOFILE, NOFILE_WANTED, NOFILE_WANTED, &ignored) < 0)
		(void)!rlimit_set(RLIMIT_NOFILE, now.rlim_max, now.rlim_max, &ignored);
}

static _Noreturn void server_child(const char *source, const char *program, int listener,
				   int output)
{
	static const char *const environment[] = {"PATH=/usr/sbin:/usr/bin:/sbin:/bin", NULL};
	const char *const argv[] = {
		program,
		"--fd=3",
		"-o",
		source,
		"-o",
		"sandbox=namespace,xattr,announce_submounts,cache=auto,no_posix_lock,no_flock",
		"--thread-pool-size=1",
		"-o",
		"log_level=err",
		NULL,
	};
	struct err e;

	(void)setsid();
	if (process_reset_signals(&e) < 0 || jail_place_descriptors(&listener, 1, output, &e) < 0)
		_exit(127);
	descriptors_raise();
	(void)prctl(PR_SET_PDEATHSIG, SIGKILL);
	(void)umask(0);
	(void)execve(program, (char *const *)(uintptr_t)argv,
		     (char *const *)(uintptr_t)environment);
	_exit(127);
}

/* By name, since a descriptor of our mount namespace is of no use in its own. */
static int source_word(int share_fd, char ret[PATH_MAX + 8], struct err *e)
{
	char link[PROC_FD_PATH_SIZE];
	int length = snprintf(ret, 8, "source=");
	ssize_t size;

	if (proc_fd_path(share_fd, link, e) < 0)
		return -e->code;
	size = readlink(link, ret + length, PATH_MAX);
	if (size <= 0 || size == PATH_MAX)
		return fail(e, size < 0 ? errno : ENAMETOOLONG, "the shared directory's path");
	ret[length + size] = '\0';
	if (strchr(ret, ','))
		return refuse(e, EINVAL, "the state directory's path must not contain a comma");
	return 0;
}

int share_serve(int share_fd, int state_fd, const struct plan_machine *machine, int output,
		struct process *ret, int *ret_sock, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	auto_fd int listener = FD_NONE, sock = FD_NONE;
	char path[64], source[PATH_MAX + 8];
	int r = source_word(share_fd, source, e);

	if (r < 0)
		return r;
	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/" SERVER_SOCKET, state_fd);
	r = sock_listen(state_fd, SERVER_SOCKET, SOCK_STREAM, &listener, e);
	if (r == 0)
		r = sock_connect(path, SOCK_STREAM, &sock, e);
	(void)unlinkat(state_fd, SERVER_SOCKET, 0);
	if (r < 0)
		return wrap(e, "the file server's socket");
	how.flags = CLONE_CLEAR_SIGHAND;
	r = process_fork(&how, ret, e);
	if (r == PROCESS_CHILD)
		server_child(source, machine->virtiofsd, listener, output);
	if (r < 0)
		return wrap(e, "the file server");
	*ret_sock = take_fd(&sock);
	return 0;
}
