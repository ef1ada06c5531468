/*
 * The port to the monitor, or in tests a socket. Reading stops nothing and writing waits for
 * nobody: what cannot be written stays in the lanes, and while the data lane is full no output of
 * any process is read. When the host has gone there is nothing left to do.
 */
#include "agent.h"
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <sys/epoll.h>
#include <sys/utsname.h>
#include <time.h>

#define PORTS_DIRECTORY "/sys/class/virtio-ports"

enum { READ_SIZE = 64 * 1024, PORT_PATIENCE_MS = 20000, PORT_STEP_MS = 2 };

/* Opens the port whose name is ours; -ENODEV, without err: not there yet. */
static int find_port(int *ret_fd)
{
	auto_dir DIR *directory = opendir(PORTS_DIRECTORY);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char path[320];
		auto_buf name = {0};
		struct err e;
		int fd;

		(void)snprintf(path, sizeof(path), PORTS_DIRECTORY "/%s/name", entry->d_name);
		if (entry->d_name[0] == '.' ||
		    file_read(AT_FDCWD, path, 256, true, &name, &e) < 0 ||
		    !str_is(buf_text(&name), WIRE_PORT_NAME "\n"))
			continue;
		(void)snprintf(path, sizeof(path), "/dev/%s", entry->d_name);
		fd = open(path, O_RDWR | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
		if (fd < 0)
			continue;
		*ret_fd = fd;
		return 0;
	}
	return -ENODEV;
}

static void pause_ms(long ms)
{
	const struct timespec span = {.tv_nsec = ms * 1000000};

	(void)nanosleep(&span, NULL);
}

/* Names and the other side's readiness come some time after the driver. */
int channel_open_port(int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;

	for (int waited = 0; waited < PORT_PATIENCE_MS; waited += PORT_STEP_MS) {
		struct pollfd poll_fd = {.events = POLLOUT};

		if (fd < 0)
			(void)!find_port(&fd);
		poll_fd.fd = fd;
		if (fd >= 0 && poll(&poll_fd, 1, 0) >= 0 && !(poll_fd.revents & POLLHUP)) {
			*ret_fd = take_fd(&fd);
			return 0;
		}
		pause_ms(PORT_STEP_MS);
	}
	return refuse(e, ENODEV, fd < 0 ? "there is no port '%s'" : "nobody holds the port '%s'",
		      WIRE_PORT_NAME);
}

void channel_hello(struct agent *agent)
{
	struct wire_hello hello = {.version = WIRE_VERSION};
	struct utsname names;

	(void)snprintf(hello.build, sizeof(hello.build), "%s", wire_build_id());
	if (uname(&names) == 0)
		(void)snprintf(hello.kernel, sizeof(hello.kernel), "%.63s", names.release);
	wire_hello_send(&agent->lanes, &hello);
}

void channel_flush(struct agent *agent)
{
	const void *bytes;
	size_t size;

	while (frame_lanes_peek(&agent->lanes, &bytes, &size)) {
		ssize_t written = write(agent->channel.fd, bytes, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0 && errno == EAGAIN)
			break;
		if (written < 0)
			agent_end(agent, EXIT_FAILURE);
		frame_lanes_wrote(&agent->lanes, (size_t)written);
	}
	source_want(agent, &agent->channel,
		    EPOLLIN | (frame_lanes_is_empty(&agent->lanes) ? 0 : EPOLLOUT));
}

static int take_frame(struct agent *agent, const struct frame *frame, struct err *e)
{
	struct wire_request request;
	int r;

	switch (frame->kind) {
	case FRAME_REQUEST:
		r = wire_requests_take(&agent->requests, frame, &request, e);
		if (r == WIRE_REQUEST_COMPLETE)
			request_take(agent, &request);
		return r < 0 ? r : 0;
	case FRAME_DATA:
	case FRAME_CREDIT:
	case FRAME_END:
	case FRAME_RESIZE:
		return proc_frame(agent, frame, e);
	case FRAME_PING:
		frame_lanes_control(&agent->lanes, FRAME_PONG, frame->id, NULL, 0);
		return 0;
	case FRAME_PONG:
		return 0;
	case FRAME_HELLO:
	case FRAME_REPLY:
	case FRAME_EVENT:
	case FRAME_KINDS:
		break;
	}
	return refuse(e, EBADMSG, "the host sends a frame of kind %d", (int)frame->kind);
}

static void take_frames(struct agent *agent)
{
	struct frame frame;
	struct err e;
	int r;

	while ((r = frame_decoder_next(&agent->decoder, &frame, &e)) == FRAME_COMPLETE) {
		/* A rule broken by one stream or request is no reason to end the others. */
		if (take_frame(agent, &frame, &e) < 0)
			log_warning("%s", e.text);
	}
	if (r < 0) {
		log_error("%s", e.text);
		agent_end(agent, EXIT_FAILURE);
	}
}

void channel_ready(struct agent *agent, struct source *source, uint32_t events)
{
	static uint8_t bytes[READ_SIZE];
	ssize_t size;

	if (events & EPOLLOUT)
		channel_flush(agent);
	if (!(events & (EPOLLIN | EPOLLHUP | EPOLLERR)))
		return;
	size = read(source->fd, bytes, sizeof(bytes));
	if (size > 0) {
		frame_decoder_feed(&agent->decoder, bytes, (size_t)size);
		take_frames(agent);
	} else if (size == 0 || (errno != EAGAIN && errno != EINTR)) {
		agent_end(agent, EXIT_SUCCESS);
	} else if (events & EPOLLHUP) {
		agent_end(agent, EXIT_SUCCESS);
	}
}
