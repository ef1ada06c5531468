/* The other end of the channel for tests: it asks and waits, keeps what processes write, and may be
 * told to stop reading one of them. */
#ifndef AGENT_TEST_HOST_H
#define AGENT_TEST_HOST_H

#include "base/clock.h"
#include "kern/sock.h"
#include "test-plan.h"
#include "wire/bodies.h"
#include "wire/calls.h"
#include "wire/stream.h"

#include <poll.h>
#include <signal.h>
#include <sys/socket.h>

enum { HOST_PROCESSES = 64, HOST_PATIENCE_S = 20 };

struct host_process {
	struct stream_receiver outputs[2];
	struct stream_sender input;
	struct buf text[2];
	bool is_used, is_stopped; /* stopped: its output is not read */
	bool has_exited;
	struct wire_exit exit;
};

struct host {
	int sock;
	pid_t agent;
	char directory[64];
	struct frame_decoder decoder;
	struct frame_lanes lanes;
	struct wire_calls calls;
	struct host_process processes[HOST_PROCESSES];
	bool has_hello, is_broken, has_reply;
	struct wire_reply reply;
	struct buf body; /* of the reply */
	uint32_t last_pong;
	uint64_t oom_kills;
};

static inline void host_broken(struct host *host, const struct err *e)
{
	printf("# the agent breaks the rules: %s\n", e->text);
	host->is_broken = true;
}

static inline void host_stream(struct host *host, const struct frame *frame)
{
	uint32_t number = frame->id / STREAMS_PER_PROCESS, stream = frame->id % STREAMS_PER_PROCESS;
	struct host_process *process = &host->processes[number % HOST_PROCESSES];
	struct err e;
	int r;

	if (number >= HOST_PROCESSES || !process->is_used || process->has_exited || stream > 2) {
		(void)refuse(&e, EBADMSG, "frame of kind %d for stream %u", (int)frame->kind,
			     frame->id);
		host_broken(host, &e);
		return;
	}
	r = stream == 0 ? stream_sender_frame(&process->input, frame, &e)
			: stream_receiver_frame(&process->outputs[stream - 1], frame, &e);
	if (r < 0)
		host_broken(host, &e);
}

static inline void host_event(struct host *host, const struct frame *frame)
{
	struct wire_event_told told;
	struct err e;

	if (wire_event_take(frame, &told, &e) < 0) {
		host_broken(host, &e);
	} else if (told.event == WIRE_EVENT_EXIT) {
		struct host_process *process = &host->processes[told.exit.process % HOST_PROCESSES];

		if (!process->is_used || process->has_exited)
			host->is_broken = true;
		process->has_exited = true;
		process->exit = told.exit;
	} else if (told.event == WIRE_EVENT_OOM) {
		host->oom_kills = told.oom.kills;
	} else {
		printf("# agent: %s\n", told.text);
	}
}

static inline void host_frame(struct host *host, const struct frame *frame)
{
	struct wire_hello hello;
	struct err e = {0};
	int r = 0;

	switch ((int)frame->kind) {
	case FRAME_HELLO:
		r = wire_hello_take(frame, &hello, &e);
		host->has_hello = r == 0;
		break;
	case FRAME_REPLY:
		r = wire_calls_reply(&host->calls, frame, &host->reply, &e);
		if (r != WIRE_REPLY_COMPLETE)
			break;
		host->has_reply = true;
		buf_clear(&host->body);
		buf_append(&host->body, host->reply.body, host->reply.size);
		break;
	case FRAME_EVENT:
		host_event(host, frame);
		break;
	case FRAME_PONG:
		host->last_pong = frame->id;
		break;
	default:
		host_stream(host, frame);
	}
	if (r < 0)
		host_broken(host, &e);
}

static inline void host_collect(struct host *host)
{
	for (int i = 0; i < HOST_PROCESSES * 2; i++) {
		struct host_process *process = &host->processes[i / 2];
		struct stream_receiver *stream = &process->outputs[i % 2];
		const void *bytes;
		size_t size;

		if (process->is_stopped || !process->is_used)
			continue;
		while (stream_receiver_peek(stream, &bytes, &size)) {
			buf_append(&process->text[i % 2], bytes, size);
			stream_receiver_wrote(stream, size, &host->lanes);
		}
	}
}

/* One round of writing and reading; false: the agent has gone. */
static inline bool host_step(struct host *host, int timeout_ms)
{
	struct pollfd poll_fd = {.fd = host->sock, .events = POLLIN};
	static char bytes[65536];
	const void *out;
	struct frame frame;
	ssize_t size;
	struct err e;
	size_t left;

	while (frame_lanes_peek(&host->lanes, &out, &left)) {
		size = send(host->sock, out, left, MSG_NOSIGNAL | MSG_DONTWAIT);
		if (size < 0)
			break;
		frame_lanes_wrote(&host->lanes, (size_t)size);
	}
	if (poll(&poll_fd, 1, timeout_ms) <= 0)
		return true;
	size = recv(host->sock, bytes, sizeof(bytes), 0);
	if (size <= 0)
		return false;
	frame_decoder_feed(&host->decoder, bytes, (size_t)size);
	while (frame_decoder_next(&host->decoder, &frame, &e) == FRAME_COMPLETE)
		host_frame(host, &frame);
	host_collect(host);
	return !host->is_broken;
}

#define host_until(host, condition)                                                 \
	({                                                                          \
		uint64_t end_ = clock_now() + HOST_PATIENCE_S * 1000000000ULL;      \
		while (!(condition) && clock_now() < end_ && host_step((host), 50)) \
			;                                                           \
		(condition);                                                        \
	})

/* The result of a request, which has been answered. */
static inline int host_ask(struct host *host, enum wire_verb verb, const struct buf *body)
{
	struct err e;
	uint32_t id;

	host->has_reply = false;
	if (wire_call_begin(&host->calls, &host->lanes, verb, body->data, body->size, NULL, &id,
			    &e) < 0 ||
	    !host_until(host, host->has_reply))
		return -ETIMEDOUT;
	if (host->reply.result < 0)
		printf("# %s: %s\n", wire_verb_name(verb), host->reply.error.text);
	return host->reply.result;
}

static inline int host_target(struct host *host, enum wire_verb verb, uint32_t container)
{
	const struct wire_target target = {.container = container};
	auto_buf body = {0};

	wire_target_encode(&target, &body);
	return host_ask(host, verb, &body);
}

/* Its streams, before the request that makes it. */
static inline struct host_process *host_process(struct host *host, uint32_t number)
{
	struct host_process *process = &host->processes[number];

	process->is_used = true;
	stream_sender_init(&process->input, stream_id(number, STREAM_INPUT));
	return process;
}

/* Credit goes behind the request that makes the process; here: when it has been made. */
static inline void host_grant(struct host *host, uint32_t number, bool has_error)
{
	struct host_process *process = &host->processes[number];

	stream_receiver_init(&process->outputs[0], stream_id(number, STREAM_OUTPUT), &host->lanes);
	if (has_error)
		stream_receiver_init(&process->outputs[1], stream_id(number, STREAM_ERROR),
				     &host->lanes);
}

static inline void host_input(struct host *host, uint32_t number, const char *text)
{
	struct host_process *process = &host->processes[number];

	(void)host_until(host, stream_sender_room(&process->input, &host->lanes) > 0);
	stream_sender_data(&process->input, &host->lanes, text, strlen(text));
}

static inline int host_signal(struct host *host, uint32_t container, uint32_t process,
			      uint32_t signal, bool all)
{
	const struct wire_signal body = {
		.container = container, .process = process, .signal = signal, .all = all};
	auto_buf bytes = {0};

	wire_signal_encode(&body, &bytes);
	return host_ask(host, WIRE_SIGNAL, &bytes);
}

static inline int host_prepare(struct host *host, struct test_container *test, uint32_t number)
{
	const struct wire_prepare body = {.container = number,
					  .process = number,
					  .stdio = {{true, true, true}},
					  .plan = &test->plan};
	auto_buf bytes = {0};
	int r;

	(void)host_process(host, number);
	wire_prepare_encode(&body, &bytes);
	r = host_ask(host, WIRE_PREPARE, &bytes);
	host_grant(host, number, !test->process.terminal.value);
	return r;
}

/* "/bin/sh -c SCRIPT", with streams for all three or a terminal. */
static inline int host_exec(struct host *host, struct test_container *test, uint32_t number,
			    const char *script, bool terminal)
{
	struct plan_process process = {.cwd = "/", .env = test->process.env};
	struct wire_exec body = {
		.container = 1, .process = number, .stdio = {{true, true, true}}, .plan = &process};
	auto_buf bytes = {0};
	int r;

	process.terminal = bool_of(terminal);
	strv_push(&process.args, &test->arena, "/bin/sh");
	strv_push(&process.args, &test->arena, "-c");
	strv_push(&process.args, &test->arena, script);
	(void)host_process(host, number);
	wire_exec_encode(&body, &bytes);
	r = host_ask(host, WIRE_EXEC, &bytes);
	host_grant(host, number, !terminal);
	return r;
}

static inline void host_begin(struct host *host)
{
	char directory[80], number[16];
	int ends[2];

	memset(host, 0, sizeof(*host));
	(void)snprintf(host->directory, sizeof(host->directory), "/tmp/agent-test-XXXXXX");
	check(mkdtemp(host->directory) != NULL);
	(void)snprintf(directory, sizeof(directory), "%s/state", host->directory);
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) == 0);
	host->agent = fork();
	if (host->agent == 0) {
		(void)fcntl(ends[1], F_SETFD, 0);
		(void)snprintf(number, sizeof(number), "%d", ends[1]);
		(void)execl(getenv("AGENT"), "bulkhead-agent", "--channel-fd", number, "--state",
			    directory, (char *)NULL);
		_exit(127);
	}
	(void)close(ends[1]);
	host->sock = ends[0];
	check(host_until(host, host->has_hello));
}

static inline void host_end(struct host *host)
{
	char command[128];
	int status = -1;

	check(!host->is_broken);
	(void)close(host->sock);
	(void)waitpid(host->agent, &status, 0);
	check_number(status, 0);
	for (int i = 0; i < HOST_PROCESSES; i++) {
		for (int j = 0; j < 2; j++) {
			stream_receiver_done(&host->processes[i].outputs[j]);
			buf_done(&host->processes[i].text[j]);
		}
	}
	frame_decoder_done(&host->decoder);
	frame_lanes_done(&host->lanes);
	wire_calls_done(&host->calls);
	buf_done(&host->body);
	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", host->directory);
	(void)!system(command);
}

#endif
