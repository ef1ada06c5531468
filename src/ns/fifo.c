/*
 * The two FIFOs in the state directory.
 *
 * "start" has a reader exactly as long as the init waits: opening it for writing without blocking
 * answers ENXIO otherwise (fifo(7)). So whether a container is merely created is asked of the
 * kernel and survives any crash. The init also holds it for writing, so its read never ends by
 * itself.
 *
 * "result" is held by the init, close-on-exec. The starter opens it before it gives the word. The
 * init announces execve there, then a hang-up means that it has happened; a hang-up before means
 * that the init is dead, and other data says why the program could not be run.
 */
#include "internal.h"

#include "launch/message.h"

#include <fcntl.h>
#include <poll.h>
#include <string.h>
#include <sys/stat.h>

static int make_one(int state_fd, const char *name, int *ret, struct err *e)
{
	int fd;

	if (mkfifoat(state_fd, name, 0600) < 0 && errno != EEXIST)
		return fail(e, errno, "make FIFO '%s'", name);
	fd = openat(state_fd, name, O_RDWR | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open FIFO '%s'", name);
	*ret = fd;
	return 0;
}

int fifo_make(int state_fd, int *ret_start, int *ret_result, struct err *e)
{
	auto_fd int start = FD_NONE;
	int r = fifo_remove(state_fd, e);

	if (r == 0)
		r = make_one(state_fd, START_FIFO, &start, e);
	if (r == 0)
		r = make_one(state_fd, RESULT_FIFO, ret_result, e);
	if (r < 0)
		return r;
	*ret_start = take_fd(&start);
	return 0;
}

static int open_start(int state_fd)
{
	return openat(state_fd, START_FIFO, O_WRONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
}

int fifo_is_waiting(int state_fd, bool *ret, struct err *e)
{
	auto_fd int fd = open_start(state_fd);

	if (fd < 0 && errno != ENXIO && errno != ENOENT)
		return fail(e, errno, "open FIFO '%s'", START_FIFO);
	*ret = fd >= 0;
	return 0;
}

int fifo_remove(int state_fd, struct err *e)
{
	static const char *const names[] = {START_FIFO, RESULT_FIFO};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++) {
		if (unlinkat(state_fd, names[i], 0) < 0 && errno != ENOENT)
			return fail(e, errno, "remove FIFO '%s'", names[i]);
	}
	return 0;
}

enum result { RESULT_DONE = 0, RESULT_NOTHING = 1, RESULT_ANNOUNCED = 2 };

/* The next record, or the end (RESULT_DONE). */
static int read_result(int result, struct err *e)
{
	struct launch_error error = {0};
	ssize_t size;

	do {
		size = read(result, &error, sizeof(error));
	} while (size < 0 && errno == EINTR);
	if (size < 0 && errno == EAGAIN)
		return RESULT_NOTHING;
	if (size < 0)
		return fail(e, errno, "read FIFO '%s'", RESULT_FIFO);
	if (size == 0)
		return RESULT_DONE;
	error.text[sizeof(error.text) - 1] = '\0';
	if (size != sizeof(error) || error.code < 0)
		return refuse(e, EPROTO, "the init's report makes no sense");
	if (error.code == 0)
		return RESULT_ANNOUNCED;
	memcpy(e, &error, sizeof(*e));
	return -e->code;
}

static int wait_result(int result, const struct process *init, struct err *e)
{
	struct pollfd polls[2] = {
		{.fd = result, .events = POLLIN},
		{.fd = init->pidfd, .events = POLLIN},
	};
	nfds_t count = init->pidfd >= 0 ? 2 : 1;
	bool is_announced = false;

	for (;;) {
		int r = poll(polls, count, -1);

		if (r < 0 && errno != EINTR)
			return fail(e, errno, "wait for the init");
		if (r < 0)
			continue;
		r = read_result(result, e);
		if (r < 0)
			return r;
		if (r == RESULT_ANNOUNCED) {
			is_announced = true;
			continue;
		}
		if (r == RESULT_DONE && is_announced)
			return 0;
		if (r == RESULT_DONE || (count == 2 && polls[1].revents))
			return refuse(e, ECHILD, "container init died before it ran the program");
	}
}

int fifo_start(int state_fd, const struct process *init, struct err *e)
{
	auto_fd int result =
		openat(state_fd, RESULT_FIFO, O_RDONLY | O_NONBLOCK | O_NOFOLLOW | O_CLOEXEC);
	auto_fd int start = FD_NONE;

	if (result < 0)
		return fail(e, errno, "open FIFO '%s'", RESULT_FIFO);
	start = open_start(state_fd);
	if (start < 0 && errno == ENXIO)
		return refuse(e, ESRCH, "the container's init does not wait for a start");
	if (start < 0)
		return fail(e, errno, "open FIFO '%s'", START_FIFO);
	if (write(start, "s", 1) != 1)
		return fail(e, errno, "give the word to start");
	fd_close(&start);
	return wait_result(result, init, e);
}
