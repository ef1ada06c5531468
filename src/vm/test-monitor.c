/* A guest that breaks the rules, frame by frame, and one that keeps them: the monitor's half of the
 * channel with a fake agent at the other end of a socket pair. */
#include "monitor.h"

#include "base/clock.h"
#include "kern/proc.h"
#include "kern/sock.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static struct plan_machine machine = {
	.accel = {true, PLAN_ACCEL_TCG},
	.hypervisor = "/none",
};

struct fake {
	struct monitor monitor;
	int agent; /* the other end */
	int sink;  /* what the init writes arrives here */
	struct member *init;
};

static void fake_open(struct fake *fake)
{
	int ends[2], out[2];
	int fds[3] = {FD_NONE, FD_NONE, FD_NONE};

	*fake = (struct fake){.agent = FD_NONE};
	check(socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	check(pipe2(out, O_CLOEXEC | O_NONBLOCK) == 0);
	fake->agent = ends[1];
	fake->sink = out[0];
	fake->monitor.epoll_fd = epoll_create1(EPOLL_CLOEXEC);
	fake->monitor.machine = &machine;
	fake->monitor.phase = MONITOR_RUNNING;
	fake->monitor.last_process = INIT_PROCESS;
	fake->monitor.hypervisor = PROCESS_NONE;
	fake->monitor.server = PROCESS_NONE;
	fake->monitor.channel = (struct watch){.fd = ends[0], .ready = channel_ready};
	fake->monitor.heard = clock_now();
	net_init(&fake->monitor.net);
	{
		struct err e;

		check(watch_add(&fake->monitor, &fake->monitor.channel, EPOLLIN, &e) == 0);
		check(proc_open(PROC_PROCESSES, &fake->monitor.proc_fd, &e) == 0);
	}
	fds[1] = out[1];
	fake->init = member_add(&fake->monitor, INIT_PROCESS, fds, false, NULL);
	fake->monitor.init = fake->init;
	member_made(&fake->monitor, fake->init);
}

static void fake_close(struct fake *fake)
{
	while (fake->monitor.members)
		member_drop(&fake->monitor, fake->monitor.members);
	fd_close(&fake->agent);
	fd_close(&fake->sink);
	fd_close(&fake->monitor.channel.fd);
	fd_close(&fake->monitor.epoll_fd);
	fd_close(&fake->monitor.proc_fd);
	frame_decoder_done(&fake->monitor.decoder);
	frame_lanes_done(&fake->monitor.lanes);
	wire_calls_done(&fake->monitor.calls);
}

static void deliver(struct fake *fake, const struct buf *bytes)
{
	check(write(fake->agent, bytes->data, bytes->size) == (ssize_t)bytes->size);
	channel_ready(&fake->monitor, &fake->monitor.channel, EPOLLIN);
}

static void deliver_frame(struct fake *fake, enum frame_kind kind, uint32_t id, const void *payload,
			  size_t size)
{
	auto_buf bytes = {0};

	frame_append(&bytes, kind, id, payload, size);
	deliver(fake, &bytes);
}

/* One frame ends the machine. */
static void breaks(const char *what, enum frame_kind kind, uint32_t id, const void *payload,
		   size_t size)
{
	struct fake fake;

	fake_open(&fake);
	deliver_frame(&fake, kind, id, payload, size);
	tap_check(fake.monitor.has_failed, __FILE__, __LINE__, "%s ends the machine", what);
	tap_check(strstr(fake.monitor.reason.text, "breaks the rules") != NULL, __FILE__, __LINE__,
		  "%s: %s", what, fake.monitor.reason.text);
	fake_close(&fake);
}

static void test_hostile(void)
{
	static const uint8_t zeros[64];
	static const uint8_t reply[9] = {0, 0, 0, 0, 1};
	static char flood[FRAME_PAYLOAD_MAX];
	struct fake fake;
	auto_buf junk = {0};

	breaks("a reply that nobody asked for", FRAME_REPLY, 77, reply, sizeof(reply));
	breaks("an unknown event", FRAME_EVENT, 0, zeros, 8);
	breaks("data for a stream that never was", FRAME_DATA, stream_id(9, STREAM_OUTPUT), "x", 1);
	breaks("data for an input", FRAME_DATA, stream_id(INIT_PROCESS, STREAM_INPUT), "x", 1);
	breaks("a request from the guest", FRAME_REQUEST, 1, zeros, 8);
	fake_open(&fake);
	for (size_t i = 0; i < 4096; i++)
		buf_append_char(&junk, (char)(i * 31));
	deliver(&fake, &junk);
	check(fake.monitor.has_failed);
	fake_close(&fake);

	/* More than the credit. */
	fake_open(&fake);
	deliver_frame(&fake, FRAME_DATA, stream_id(INIT_PROCESS, STREAM_OUTPUT), flood,
		      STREAM_WINDOW / 2);
	check(!fake.monitor.has_failed);
	deliver_frame(&fake, FRAME_DATA, stream_id(INIT_PROCESS, STREAM_OUTPUT), flood,
		      STREAM_WINDOW / 2);
	check(!fake.monitor.has_failed);
	deliver_frame(&fake, FRAME_DATA, stream_id(INIT_PROCESS, STREAM_OUTPUT), flood, 1);
	check(fake.monitor.has_failed);
	fake_close(&fake);
}

static void exit_deliver(struct fake *fake, uint32_t process, int32_t code, int32_t signal)
{
	const struct wire_exit body = {.process = process, .code = code, .signal = signal};
	struct frame_lanes lanes = {0};
	const void *bytes;
	auto_buf frame = {0};
	size_t size;

	wire_event_exit(&lanes, &body);
	while (frame_lanes_peek(&lanes, &bytes, &size)) {
		buf_append(&frame, bytes, size);
		frame_lanes_wrote(&lanes, size);
	}
	frame_lanes_done(&lanes);
	deliver(fake, &frame);
}

static void test_exit(void)
{
	struct fake fake;
	char text[16];

	fake_open(&fake);
	exit_deliver(&fake, 5, 3, 0);
	check(!fake.monitor.has_failed && !fake.monitor.has_status);
	deliver_frame(&fake, FRAME_DATA, stream_id(INIT_PROCESS, STREAM_OUTPUT), "last words", 10);
	exit_deliver(&fake, INIT_PROCESS, 7, 0);
	exit_deliver(&fake, INIT_PROCESS, 8, 0);
	/* The output first, then the end. */
	members_update(&fake.monitor);
	check(!fake.monitor.has_status);
	fake.init->ends[STREAM_OUTPUT].watch.ready(&fake.monitor,
						   &fake.init->ends[STREAM_OUTPUT].watch, EPOLLOUT);
	members_update(&fake.monitor);
	check(fake.monitor.has_status && fake.monitor.status.code == 7);
	check(fake.monitor.phase == MONITOR_ENDING);
	check(read(fake.sink, text, sizeof(text)) == 10 && memcmp(text, "last words", 10) == 0);
	fake_close(&fake);
}

static void test_ping(void)
{
	struct fake fake;
	char bytes[256];

	fake_open(&fake);
	channel_flush(&fake.monitor);
	check(read(fake.agent, bytes, sizeof(bytes)) > 0); /* credit */
	deliver_frame(&fake, FRAME_PING, 42, NULL, 0);
	channel_flush(&fake.monitor);
	check(read(fake.agent, bytes, sizeof(bytes)) == FRAME_HEADER_SIZE);
	check(!fake.monitor.has_failed);
	/* A guest that is silent for too long. */
	fake.monitor.heard = 1;
	(void)monitor_deadlines(&fake.monitor, clock_now());
	check(fake.monitor.pinged != 0 && !fake.monitor.has_failed);
	(void)monitor_deadlines(&fake.monitor, clock_now() + 60000000000ULL);
	check(fake.monitor.has_failed);
	fake_close(&fake);
}

/* The hypervisor may end while the creator still writes the plan. */
static void test_ended_before_asked(void)
{
	const struct control_request request = {.verb = CONTROL_PREPARE};
	struct control_answer answer;
	struct client *client;
	struct err why, e;
	int here, there;
	struct fake fake;

	fake_open(&fake);
	check(sock_pair(&here, &there, &e) == 0);
	client = client_add(&fake.monitor, there, true, &e);
	(void)refuse(&why, ECHILD, "the machine does not boot: for a reason");
	monitor_fail(&fake.monitor, &why);
	check(control_send(here, &request, "plan", 4, NULL, 0, &e) == 0);
	client->watch.ready(&fake.monitor, &client->watch, EPOLLIN);
	/* Whether it asks before that, after that, or not at all. */
	for (int i = 0; i < 2; i++) {
		e = (struct err){.code = 0};
		check(control_await(here, clock_now() + 60000000000ULL, &answer, NULL, &e) < 0);
		tap_check(str_is(e.text, why.text), __FILE__, __LINE__, "%s", e.text);
	}
	fd_close(&here);
	client->watch.ready(&fake.monitor, &client->watch, EPOLLIN);
	check(fake.monitor.clients == NULL);
	fake_close(&fake);
}

/* It sends what wants an answer and takes none: what is kept for it has a bound. */
static void test_takes_nothing(void)
{
	enum { PINGS = 1024, ROUNDS = 64 };
	auto_buf pings = {0};
	struct fake fake;

	for (uint32_t i = 0; i < PINGS; i++)
		frame_append(&pings, FRAME_PING, i, NULL, 0);
	fake_open(&fake);
	for (int i = 0; i < ROUNDS && !fake.monitor.has_failed; i++)
		deliver(&fake, &pings);
	check(fake.monitor.has_failed);
	check_contains(fake.monitor.reason.text, "takes nothing");
	check(frame_lanes_size(&fake.monitor.lanes) <= 2 * FRAME_NOTED_MAX);
	fake_close(&fake);

	/* One that takes them may go on for ever. */
	fake_open(&fake);
	for (int i = 0; i < ROUNDS; i++) {
		char bytes[4096];

		deliver(&fake, &pings);
		channel_flush(&fake.monitor);
		while (read(fake.agent, bytes, sizeof(bytes)) > 0)
			channel_flush(&fake.monitor);
	}
	check(!fake.monitor.has_failed);
	fake_close(&fake);
}

static void ask(struct fake *fake, struct client *client, int command, enum control_verb verb)
{
	const struct control_request request = {.verb = verb};
	static const char body[16];
	const int none[3] = {FD_NONE, FD_NONE, FD_NONE};
	struct err e;

	check(control_send(command, &request, verb == CONTROL_EXEC ? body : NULL,
			   verb == CONTROL_EXEC ? sizeof(body) : 0, none, 3, &e) == 0);
	client->watch.ready(&fake->monitor, &client->watch, EPOLLIN);
}

static struct client *exec_begin(struct fake *fake, int *ret_command)
{
	struct client *client;
	int ends[2];
	struct err e;

	check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	client = client_add(&fake->monitor, ends[0], false, &e);
	check(client != NULL);
	ask(fake, client, ends[1], CONTROL_RESERVE);
	ask(fake, client, ends[1], CONTROL_EXEC);
	check(client->member != NULL);
	*ret_command = ends[1];
	return client;
}

static void exec_answer(struct fake *fake, uint32_t id)
{
	static const uint8_t made[8] = {0, 0, 0, 0, 1};

	deliver_frame(fake, FRAME_REPLY, id, made, sizeof(made));
	deliver_frame(fake, FRAME_END, stream_id(2, STREAM_OUTPUT), NULL, 0);
	exit_deliver(fake, 2, -1, 9);
	members_update(&fake->monitor);
}

static void client_close(struct fake *fake, struct client *client, int command)
{
	(void)close(command);
	client->watch.ready(&fake->monitor, &client->watch, EPOLLIN);
	check(fake->monitor.clients == NULL);
}

/* Who asked for a process has gone, or its container is at its end, when the guest says that it is
 * there: it ends, and nothing else does. */
static void test_exec_unclaimed(void)
{
	const struct wire_call *call;
	struct client *client;
	struct fake fake;
	uint32_t id;
	int command;

	fake_open(&fake);
	client = exec_begin(&fake, &command);
	id = fake.monitor.calls.last_id;
	client_close(&fake, client, command);
	exec_answer(&fake, id);
	tap_check(!fake.monitor.has_failed, __FILE__, __LINE__, "the machine goes on: %s",
		  fake.monitor.reason.text);
	check(member_find(&fake.monitor, 2) == NULL);
	call = wire_call_find(&fake.monitor.calls, fake.monitor.calls.last_id);
	check(call && call->verb == WIRE_SIGNAL && call->id > id);
	fake_close(&fake);

	fake_open(&fake);
	client = exec_begin(&fake, &command);
	id = fake.monitor.calls.last_id;
	exit_deliver(&fake, INIT_PROCESS, 0, 0);
	members_update(&fake.monitor);
	check(fake.monitor.phase == MONITOR_ENDING);
	exec_answer(&fake, id);
	check(!fake.monitor.has_failed && fake.monitor.phase == MONITOR_ENDING);
	client_close(&fake, client, command);
	fake_close(&fake);
}

/* An answer that comes behind the end does not undo it. */
static void test_late_answer(void)
{
	static const uint8_t done[8] = {0, 0, 0, 0, 1};
	struct client *client;
	struct fake fake;
	auto_buf body = {0};
	struct err e;
	int ends[2];

	fake_open(&fake);
	fake.monitor.phase = MONITOR_CREATED;
	check(socketpair(AF_UNIX, SOCK_SEQPACKET | SOCK_CLOEXEC | SOCK_NONBLOCK, 0, ends) == 0);
	client = client_add(&fake.monitor, ends[0], false, &e);
	check(client != NULL);
	client->wire = WIRE_START;
	check(client_call(&fake.monitor, client, &body, &e) == 0);
	exit_deliver(&fake, INIT_PROCESS, 3, 0);
	members_update(&fake.monitor);
	check(fake.monitor.phase == MONITOR_ENDING);
	deliver_frame(&fake, FRAME_REPLY, 1, done, sizeof(done));
	check(fake.monitor.phase == MONITOR_ENDING && !fake.monitor.has_failed);
	client_close(&fake, client, ends[1]);
	fake_close(&fake);
}

static void test_last_words(void)
{
	static struct monitor monitor;
	char out[200];
	char line[64];

	for (int i = 0; i < 500; i++) {
		int size = snprintf(line, sizeof(line), "line %d\r\n", i);

		monitor_keep(monitor.console_text, &monitor.console_size, line, (size_t)size);
	}
	monitor_keep(monitor.console_text, &monitor.console_size, "\033[31mred\n", 9);
	(void)monitor_last_words(&monitor, out, sizeof(out));
	tap_check(strstr(out, "line 499 | ?[31mred") != NULL, __FILE__, __LINE__, "%s", out);
	check(strchr(out, '\033') == NULL);
	monitor_keep(monitor.console_text, &monitor.console_size,
		     "[ 1] Kernel panic - not syncing: why\r\n[ 1] trace\nthe end\n", 55);
	check(str_is(monitor_last_words(&monitor, out, sizeof(out)),
		     "Kernel panic - not syncing: why"));
}

int main(void)
{
	int null = open("/dev/null", O_WRONLY | O_CLOEXEC);

	/* Where reasons are told. */
	check(dup2(null, MONITOR_LOG_FD) == MONITOR_LOG_FD);
	test_hostile();
	test_exit();
	test_ping();
	test_ended_before_asked();
	test_takes_nothing();
	test_exec_unclaimed();
	test_late_answer();
	test_last_words();
	return tap_done();
}
