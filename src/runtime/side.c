/*
 * Talking to whoever called us, apart from standard output.
 *
 * A receiver that never reads must not hang us, so sending has a deadline. Engines reject a
 * console message with more than one descriptor, or with empty data, and parse the pid file with
 * functions that do not like a newline.
 */
#include "side.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/num.h"
#include "kern/sock.h"
#include "oci/load.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdlib.h>
#include <sys/random.h>
#include <sys/socket.h>
#include <sys/stat.h>

enum { SEND_SECONDS = 10, FIRST_FD = 3 };

static int send_one(const char *socket_path, const void *bytes, size_t size, int fd, struct err *e)
{
	auto_fd int sock = FD_NONE;

	if (sock_connect(socket_path, SOCK_STREAM, &sock, e) < 0)
		return -e->code;
	return sock_send(sock, bytes, size, &fd, 1, clock_now() + SEND_SECONDS * 1000000000ULL, e);
}

int side_send_console(const char *socket_path, int master, struct err *e)
{
	char name[64];

	/* The number is the container's own; receivers only want a non-empty name. */
	if (ptsname_r(master, name, sizeof(name)) != 0)
		(void)snprintf(name, sizeof(name), "/dev/ptmx");
	if (send_one(socket_path, name, strlen(name), master, e) < 0)
		return wrap(e, "--console-socket: send the terminal to '%s'", socket_path);
	return 0;
}

int side_send_pidfd(const char *socket_path, const struct process *process, const char *tag,
		    struct err *e)
{
	if (process->pidfd < 0)
		return refuse(e, ENOSYS, "--pidfd-socket: this kernel has no pidfds (Linux 5.3)");
	if (send_one(socket_path, tag, strlen(tag), process->pidfd, e) < 0)
		return wrap(e, "--pidfd-socket '%s'", socket_path);
	return 0;
}

int side_send_seccomp(const struct plan_seccomp *seccomp, int listener, pid_t pid,
		      const struct oci_state *state, struct err *e)
{
	auto_buf document = {0};
	struct json_writer w;

	json_writer_init(&w, &document, 0);
	json_begin_object(&w);
	json_member_string(&w, "ociVersion", OCI_VERSION_MAX);
	json_name(&w, "fds");
	json_begin_array(&w);
	json_string(&w, "seccompFd");
	json_end_array(&w);
	json_member_i64(&w, "pid", pid);
	if (seccomp->listener_metadata)
		json_member_string(&w, "metadata", seccomp->listener_metadata);
	json_name(&w, "state");
	oci_state_write(state, &w);
	json_end_object(&w);
	if (send_one(seccomp->listener_path, document.data, document.size, listener, e) < 0)
		return wrap(e, "linux.seccomp.listenerPath '%s'", seccomp->listener_path);
	return 0;
}

int side_write_pid(const char *path, pid_t pid, struct err *e)
{
	const char *slash = strrchr(path, '/');
	int directory = slash ? (int)(slash - path) + 1 : 0;
	char temporary[PATH_MAX];
	char digits[16];
	uint64_t random;
	auto_fd int fd = FD_NONE;
	int length = snprintf(digits, sizeof(digits), "%d", pid);
	int r;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return fail(e, errno, "get random bytes");
	r = snprintf(temporary, sizeof(temporary), "%.*s.%s.%016" PRIx64, directory, path,
		     path + directory, random);
	if (r < 0 || (size_t)r >= sizeof(temporary))
		return fail(e, ENAMETOOLONG, "--pid-file '%s'", path);
	fd = open(temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0666);
	if (fd < 0)
		return fail(e, errno, "make the pid file '%s'", path);
	r = fd_write_all(fd, digits, (size_t)length);
	if (r == 0 && rename(temporary, path) < 0)
		r = -errno;
	if (r < 0) {
		(void)unlink(temporary);
		return fail(e, -r, "write the pid file '%s'", path);
	}
	return 0;
}

/* LISTEN_FDS counts only when it is meant for this process; sd_listen_fds(3). */
static int listen_count(uint32_t *ret, struct err *e)
{
	const char *pid = getenv("LISTEN_PID");
	const char *count = getenv("LISTEN_FDS");
	uint32_t number;

	*ret = 0;
	if (!pid || !count || num_u32(pid, &number) < 0 || number != (uint32_t)getpid())
		return 0;
	if (num_u32(count, &number) < 0 || number > INT_MAX / 2)
		return refuse(e, EINVAL, "LISTEN_FDS: '%s' is no count of descriptors", count);
	*ret = number;
	return 0;
}

int side_take_fds(uint32_t preserve, uint32_t *ret_listen, struct err *e)
{
	uint32_t listen;
	int count;

	if (listen_count(&listen, e) < 0)
		return -e->code;
	if (preserve > INT_MAX / 2)
		return refuse(e, EINVAL, "--preserve-fds: %u is too many", preserve);
	count = (int)(listen + preserve);
	for (int fd = FIRST_FD; fd < FIRST_FD + count; fd++) {
		const char *who = fd < FIRST_FD + (int)listen ? "LISTEN_FDS" : "--preserve-fds";
		int flags = fcntl(fd, F_GETFD);

		/* What is close-on-exec was opened by us in a gap that the caller left. */
		if (flags < 0 || (flags & FD_CLOEXEC))
			return fail(e, EBADF, "%s: descriptor %d", who, fd);
	}
	if (fd_cloexec_from(FIRST_FD + count, e) < 0)
		return -e->code;
	*ret_listen = listen;
	return 0;
}

int side_check_console(bool terminal, bool detach, const char *console_socket, struct err *e)
{
	if (terminal && detach && !console_socket)
		return refuse(e, EINVAL,
			      "process.terminal: a terminal needs --console-socket unless the "
			      "command stays in the foreground");
	if (console_socket && !(terminal && detach))
		return refuse(e, EINVAL,
			      "--console-socket: of use only with process.terminal, and not in "
			      "the foreground");
	return 0;
}
