/*
 * Streams of the container's processes: between descriptors of the host, whose other ends belong to
 * anybody, and the channel.
 *
 * A descriptor that was given to us is shared with others, so its flags are not ours to change. A
 * pipe, a terminal or a device is opened anew through procfs, which gives an open file of
 * our own that can be non-blocking; a socket is asked not to wait with each call; a regular file
 * never waits, and epoll does not take it.
 */
#include "monitor.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/stat.h>

/* How long the reader of a process that has ended may go without reading. */
#define DRAIN_NS (5ULL * 1000 * 1000 * 1000)

static void endpoint_ready(struct monitor *monitor, struct watch *watch, uint32_t events);

/* An open file of our own for the same thing; else the descriptor as it is. */
static int own_file(const struct monitor *monitor, int take_fd, bool *ret_is_socket)
{
	char path[32];
	struct stat status;
	int flags = fcntl(take_fd, F_GETFL);
	int fd = FD_NONE;

	*ret_is_socket = false;
	if (fstat(take_fd, &status) < 0 || flags < 0)
		return take_fd;
	*ret_is_socket = S_ISSOCK(status.st_mode);
	if (*ret_is_socket || S_ISREG(status.st_mode))
		return take_fd;
	(void)snprintf(path, sizeof(path), "self/fd/%d", take_fd);
	fd = openat(monitor->proc_fd, path,
		    (flags & O_ACCMODE) | O_NONBLOCK | O_NOCTTY | O_CLOEXEC);
	if (fd < 0) {
		log_debug("a stream stays as its owner opened it");
		return take_fd;
	}
	(void)close(take_fd);
	return fd;
}

static void endpoint_close(struct monitor *monitor, struct endpoint *end)
{
	watch_remove(monitor, &end->watch);
	fd_close(&end->watch.fd);
}

static void endpoint_open(struct monitor *monitor, struct member *member, int number, int take_fd)
{
	struct endpoint *end = &member->ends[number];
	struct err why;

	*end = (struct endpoint){
		.watch = {.fd = FD_NONE, .ready = endpoint_ready},
		.member = member,
		.number = (enum stream_number)number,
	};
	if (take_fd < 0)
		return;
	end->watch.fd = own_file(monitor, take_fd, &end->is_socket);
	if (watch_add(monitor, &end->watch, 0, &why) < 0) {
		log_debug("stream %d: %s", number, why.text);
		fd_close(&end->watch.fd);
	}
}

struct member *member_add(struct monitor *monitor, uint32_t process, const int take_fds[3],
			  bool is_terminal, struct client *client)
{
	struct member *member = xcalloc(1, sizeof(*member));

	member->process = process;
	member->client = client;
	member->is_terminal = is_terminal;
	stream_sender_init(&member->input, stream_id(process, STREAM_INPUT));
	for (int i = 0; i < 3; i++)
		endpoint_open(monitor, member, i, take_fds[i]);
	member->next = monitor->members;
	monitor->members = member;
	return member;
}

void member_drop(struct monitor *monitor, struct member *member)
{
	struct member **place = &monitor->members;

	while (*place && *place != member)
		place = &(*place)->next;
	if (*place)
		*place = member->next;
	for (int i = 0; i < 3; i++)
		endpoint_close(monitor, &member->ends[i]);
	stream_receiver_done(&member->outputs[0]);
	stream_receiver_done(&member->outputs[1]);
	if (member->client)
		member->client->member = NULL;
	if (monitor->init == member)
		monitor->init = NULL;
	if (member->tenant && member->tenant->init == member)
		member->tenant->init = NULL;
	free(member);
}

struct member *member_find(struct monitor *monitor, uint32_t process)
{
	for (struct member *member = monitor->members; member; member = member->next)
		if (member->process == process)
			return member;
	return NULL;
}

static bool has_error_stream(const struct member *member)
{
	return !member->is_terminal;
}

void member_made(struct monitor *monitor, struct member *member)
{
	for (int i = 0; i < 2; i++) {
		enum stream_number number = i == 0 ? STREAM_OUTPUT : STREAM_ERROR;

		if (i == 1 && !has_error_stream(member))
			continue;
		if (member->ends[number].watch.fd < 0)
			continue;
		stream_receiver_init(&member->outputs[i], stream_id(member->process, number),
				     &monitor->lanes);
	}
	member->is_made = true;
}

void member_resize(struct monitor *monitor, struct member *member, uint16_t rows, uint16_t columns)
{
	const uint8_t payload[4] = {
		(uint8_t)rows,
		(uint8_t)(rows >> 8),
		(uint8_t)columns,
		(uint8_t)(columns >> 8),
	};

	frame_lanes_control(&monitor->lanes, FRAME_RESIZE,
			    stream_id(member->process, STREAM_OUTPUT), payload, sizeof(payload));
}

/* ---- input ---- */

static void input_end(struct monitor *monitor, struct member *member)
{
	stream_sender_end(&member->input, &monitor->lanes);
	endpoint_close(monitor, &member->ends[STREAM_INPUT]);
}

static void input_read(struct monitor *monitor, struct member *member)
{
	static char bytes[STREAM_CHUNK];
	struct endpoint *end = &member->ends[STREAM_INPUT];
	size_t room = stream_sender_room(&member->input, &monitor->lanes);
	ssize_t got;

	if (room == 0)
		return;
	got = end->is_socket ? recv(end->watch.fd, bytes, room, MSG_DONTWAIT)
			     : read(end->watch.fd, bytes, room);
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0)
		input_end(monitor, member);
	else
		stream_sender_data(&member->input, &monitor->lanes, bytes, (size_t)got);
}

/* ---- output ---- */

static struct stream_receiver *receiver_of(struct member *member, enum stream_number number)
{
	return &member->outputs[number == STREAM_OUTPUT ? 0 : 1];
}

static void output_write(struct monitor *monitor, struct member *member, enum stream_number number)
{
	struct endpoint *end = &member->ends[number];
	struct stream_receiver *receiver = receiver_of(member, number);
	const void *bytes;
	size_t size;
	ssize_t put;

	if (!stream_receiver_peek(receiver, &bytes, &size))
		return;
	put = end->is_socket ? send(end->watch.fd, bytes, size, MSG_DONTWAIT | MSG_NOSIGNAL)
			     : write(end->watch.fd, bytes, size);
	if (put < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (put < 0) {
		stream_receiver_close(receiver, &monitor->lanes);
		endpoint_close(monitor, end);
		return;
	}
	stream_receiver_wrote(receiver, (size_t)put, &monitor->lanes);
	if (member->has_exited)
		member->drain_deadline = clock_now() + DRAIN_NS;
}

static void endpoint_serve(struct monitor *monitor, struct endpoint *end)
{
	if (end->number == STREAM_INPUT)
		input_read(monitor, end->member);
	else
		output_write(monitor, end->member, end->number);
}

static void endpoint_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct endpoint *end = (struct endpoint *)watch;

	if (end->number != STREAM_INPUT && (events & EPOLLERR) && !(events & EPOLLOUT)) {
		/* Nobody reads: the program is to know, even before it writes. */
		stream_receiver_close(receiver_of(end->member, end->number), &monitor->lanes);
		endpoint_close(monitor, end);
		return;
	}
	if (end->number == STREAM_INPUT && !(end->watch.events & EPOLLIN) &&
	    (events & (EPOLLHUP | EPOLLERR))) {
		/* What is left is read when there is room for it. */
		watch_remove(monitor, watch);
		watch->is_always_ready = true;
		return;
	}
	endpoint_serve(monitor, end);
}

/* ---- what is wanted of the loop ---- */

static bool input_is_wanted(const struct monitor *monitor, const struct member *member)
{
	enum monitor_phase phase = member->tenant ? member->tenant->phase : monitor->phase;

	return member->ends[STREAM_INPUT].watch.fd >= 0 && phase == MONITOR_RUNNING &&
	       member->is_made && stream_sender_room(&member->input, &monitor->lanes) > 0;
}

static bool output_is_wanted(const struct member *member, enum stream_number number)
{
	const void *bytes;
	size_t size;

	return member->ends[number].watch.fd >= 0 &&
	       stream_receiver_peek(&member->outputs[number == STREAM_OUTPUT ? 0 : 1], &bytes,
				    &size);
}

static bool is_wanted(const struct monitor *monitor, const struct member *member, int number)
{
	return number == STREAM_INPUT ? input_is_wanted(monitor, member)
				      : output_is_wanted(member, (enum stream_number)number);
}

static bool is_done(const struct member *member)
{
	for (int i = 0; i < 2; i++) {
		enum stream_number number = i == 0 ? STREAM_OUTPUT : STREAM_ERROR;
		const struct stream_receiver *receiver = &member->outputs[i];
		const void *bytes;
		size_t size;

		if (member->ends[number].watch.fd >= 0 &&
		    stream_receiver_peek(receiver, &bytes, &size))
			return false;
	}
	return member->has_exited;
}

static void member_finish(struct monitor *monitor, struct member *member)
{
	if (member == monitor->init) {
		monitor->has_status = true;
		monitor->status = member->exit;
		member_drop(monitor, member);
		monitor_end(monitor);
		return;
	}
	if (member->tenant && member == member->tenant->init) {
		struct tenant *tenant = member->tenant;
		struct wire_exit exit = member->exit;

		member_drop(monitor, member);
		tenant_end(monitor, tenant, &exit);
		return;
	}
	clients_tell_exit(monitor, member);
	member_drop(monitor, member);
}

void members_update(struct monitor *monitor)
{
	struct member *next;

	for (struct member *member = monitor->members; member; member = next) {
		next = member->next;
		if (member->input.is_refused && member->ends[STREAM_INPUT].watch.fd >= 0)
			endpoint_close(monitor, &member->ends[STREAM_INPUT]);
		for (int i = 0; i < 3; i++) {
			uint32_t wanted = i == STREAM_INPUT ? EPOLLIN : EPOLLOUT;

			if (member->ends[i].watch.is_added)
				watch_change(monitor, &member->ends[i].watch,
					     is_wanted(monitor, member, i) ? wanted : 0);
			if (i != STREAM_INPUT && member->is_made && member->ends[i].watch.fd >= 0 &&
			    stream_receiver_is_drained(receiver_of(member, (enum stream_number)i)))
				endpoint_close(monitor, &member->ends[i]);
		}
		if (is_done(member))
			member_finish(monitor, member);
	}
}

bool members_have_work(const struct monitor *monitor)
{
	for (const struct member *member = monitor->members; member; member = member->next)
		for (int i = 0; i < 3; i++)
			if (member->ends[i].watch.is_always_ready && is_wanted(monitor, member, i))
				return true;
	return false;
}

void members_work(struct monitor *monitor)
{
	for (struct member *member = monitor->members; member; member = member->next)
		for (int i = 0; i < 3; i++)
			if (member->ends[i].watch.is_always_ready && is_wanted(monitor, member, i))
				endpoint_serve(monitor, &member->ends[i]);
}

uint64_t members_deadline(struct monitor *monitor, uint64_t now)
{
	uint64_t next = 0;

	for (struct member *member = monitor->members; member; member = member->next) {
		if (!member->has_exited)
			continue;
		if (now >= member->drain_deadline) {
			log_debug("process %u: its output is not read, dropped", member->process);
			for (int i = 1; i < 3; i++)
				endpoint_close(monitor, &member->ends[i]);
			next = now; /* finished in the next turn */
		} else if (next == 0 || member->drain_deadline < next) {
			next = member->drain_deadline;
		}
	}
	return next;
}

/* ---- what the guest says ---- */

void member_exited(struct monitor *monitor, const struct wire_exit *exit)
{
	struct member *member = member_find(monitor, exit->process);

	/* Of a process that nobody waits for any more. */
	if (!member || member->has_exited)
		return;
	member->has_exited = true;
	member->exit = *exit;
	member->drain_deadline = clock_now() + DRAIN_NS;
}

int members_frame(struct monitor *monitor, const struct frame *frame, struct err *e)
{
	uint32_t process = frame->id / STREAMS_PER_PROCESS;
	uint32_t number = frame->id % STREAMS_PER_PROCESS;
	struct member *member = member_find(monitor, process);

	if (process == 0 || process > monitor->last_process || number > STREAM_ERROR)
		return refuse(e, EPROTO, "a frame for stream %u, which there never was", frame->id);
	if (!member)
		return 0; /* late: it has ended for us */
	if (number == STREAM_INPUT)
		return stream_sender_frame(&member->input, frame, e);
	if (!member->is_made)
		return refuse(e, EPROTO, "output of a process that has not been made");
	return stream_receiver_frame(receiver_of(member, (enum stream_number)number), frame, e);
}
