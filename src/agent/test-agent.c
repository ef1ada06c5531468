/* The agent, served over a socket pair as an ordinary process: containers made, run, entered,
 * flooded, killed and gone, and requests that make no sense. */
#include "test-host.h"

static void make(struct host *host, struct test_container *test, const char *script, bool terminal)
{
	host_begin(host);
	test_container_init(test);
	test_usual_mounts(test);
	if (terminal) {
		test_op(test, PLAN_OP_CONSOLE, "/dev/console");
		test->process.terminal = bool_of(true);
	}
	test_before_pivot(test);
	test_args(test, script);
	check_number(host_prepare(host, test, 1), 0);
}

static void begin(struct host *host, struct test_container *test, const char *script)
{
	make(host, test, script, false);
	check_number(host_target(host, WIRE_COMMIT, 1), 0);
	check_number(host_target(host, WIRE_START, 1), 0);
}

/* Whose reader has stopped before the first byte. */
static void begin_unread(struct host *host, struct test_container *test, const char *script)
{
	make(host, test, script, false);
	check_number(host_target(host, WIRE_COMMIT, 1), 0);
	host->processes[1].is_stopped = true;
	check_number(host_target(host, WIRE_START, 1), 0);
}

static void end(struct host *host, struct test_container *test)
{
	check_number(host_target(host, WIRE_DESTROY, 1), 0);
	check_number(host_target(host, WIRE_DESTROY, 1), 0);
	host_end(host);
	test_done(test);
}

static uint32_t status_of(struct host *host)
{
	struct wire_status status = {.status = 99};
	struct err e;

	check_number(host_target(host, WIRE_STATUS, 1), 0);
	check_number(wire_status_decode(host->body.data, host->body.size, &status, &e), 0);
	return status.status;
}

static void test_life(void)
{
	struct test_container test;
	struct host host;

	make(&host, &test, "cat; echo told >&2; exit 7", false);
	check_number(host_target(&host, WIRE_COMMIT, 1), 0);
	check_number(status_of(&host), BACKEND_CREATED);
	check_number(host_target(&host, WIRE_COMMIT, 1), -EINVAL);
	check_number(host_target(&host, WIRE_START, 1), 0);
	check_number(status_of(&host), BACKEND_RUNNING);
	host_input(&host, 1, "through the pipe\n");
	check(host_until(&host, host.processes[1].text[0].size == 17));
	stream_sender_end(&host.processes[1].input, &host.lanes);
	check(host_until(&host, host.processes[1].has_exited));
	check_text(buf_text(&host.processes[1].text[0]), "through the pipe\n");
	check_text(buf_text(&host.processes[1].text[1]), "told\n");
	check_number(host.processes[1].exit.code, 7);
	check(host.processes[1].outputs[0].has_ended && host.processes[1].outputs[1].has_ended);
	check_number(status_of(&host), BACKEND_ABSENT);
	check_number(host_signal(&host, 1, 0, SIGTERM, false), -ESRCH);
	end(&host, &test);
}

static void test_exec(void)
{
	struct test_container test;
	struct host host;

	begin(&host, &test, "while sleep 1; do :; done");
	check_number(host_exec(&host, &test, 2, "echo out; echo err >&2; exit 3", false), 0);
	check(host_until(&host, host.processes[2].has_exited));
	check_text(buf_text(&host.processes[2].text[0]), "out\n");
	check_text(buf_text(&host.processes[2].text[1]), "err\n");
	check_number(host.processes[2].exit.code, 3);
	/* By signal, to it alone. */
	check_number(host_exec(&host, &test, 3, "exec sleep 100", false), 0);
	check_number(host_signal(&host, 1, 3, SIGTERM, false), 0);
	check(host_until(&host, host.processes[3].has_exited));
	check_number(host.processes[3].exit.signal, SIGTERM);
	/* A grandchild holds the output: a second, and no longer. */
	check_number(host_exec(&host, &test, 4, "sleep 30 & echo early", false), 0);
	check(host_until(&host, host.processes[4].has_exited));
	check_text(buf_text(&host.processes[4].text[0]), "early\n");
	check_number(host_exec(&host, &test, 5, "exec /nosuch", false), 0);
	check(host_until(&host, host.processes[5].has_exited));
	check_number(host.processes[5].exit.code, 127);
	end(&host, &test);
}

static void test_terminal(void)
{
	struct test_container test;
	struct host host;

	make(&host, &test, "tty=$(cat); echo \"$tty\" >&2; exit 4", true);
	check_number(host_target(&host, WIRE_COMMIT, 1), 0);
	check_number(host_target(&host, WIRE_START, 1), 0);
	host_input(&host, 1, "line\n\004");
	check(host_until(&host, host.processes[1].has_exited));
	check_contains(buf_text(&host.processes[1].text[0]), "line\r\nline\r\n");
	check_number(host.processes[1].exit.code, 4);
	end(&host, &test);
	begin(&host, &test, "while sleep 1; do :; done");
	check_number(
		host_exec(&host, &test, 2,
			  "trap 'stty size; exit 5' WINCH; echo up; while sleep 0.1; do :; done",
			  true),
		0);
	check(host_until(&host, host.processes[2].text[0].size > 0));
	frame_lanes_control(&host.lanes, FRAME_RESIZE, stream_id(2, STREAM_OUTPUT), "\x21\0\x63\0",
			    4);
	check(host_until(&host, host.processes[2].has_exited));
	check_contains(buf_text(&host.processes[2].text[0]), "33 99");
	check_number(host.processes[2].exit.code, 5);
	end(&host, &test);
}

/* Floods into a reader that has stopped: everything else goes on, and a kill is seen at once. */
static void test_flood(void)
{
	struct test_container test;
	struct host host;
	uint64_t before;

	begin_unread(&host, &test,
		     "while :; do echo 0123456789012345678901234567890123456789; done");
	check(host_until(&host, host.processes[1].outputs[0].granted == 0));
	check_number(host_exec(&host, &test, 2, "echo past the flood", false), 0);
	check(host_until(&host, host.processes[2].has_exited));
	check_text(buf_text(&host.processes[2].text[0]), "past the flood\n");
	check(host.processes[1].outputs[0].pending.size <= STREAM_WINDOW);
	/* It reads on, and stops again. */
	host.processes[1].is_stopped = false;
	host_collect(&host);
	check(host_until(&host, host.processes[1].text[0].size > 1000000));
	host.processes[1].is_stopped = true;
	before = clock_now();
	check_number(host_signal(&host, 1, 0, SIGKILL, false), 0);
	check(host_until(&host, host.processes[1].has_exited));
	check(clock_now() - before < 3000000000ULL);
	check_number(host.processes[1].exit.signal, SIGKILL);
	end(&host, &test);
}

/* What was written before a natural end waits for its reader. */
static void test_slow_reader(void)
{
	struct test_container test;
	struct host host;

	begin_unread(&host, &test,
		     "i=0; while [ $i -lt 3000 ]; do echo 0123456789012345678901234567890; "
		     "i=$((i+1)); done");
	check(host_until(&host, host.processes[1].outputs[0].granted == 0));
	for (uint64_t until = clock_now() + 1500000000ULL; clock_now() < until;)
		(void)host_step(&host, 50);
	check(!host.processes[1].has_exited);
	host.processes[1].is_stopped = false;
	host_collect(&host);
	check(host_until(&host, host.processes[1].has_exited));
	check_number(host.processes[1].text[0].size, 3000 * 32);
	check_number(host.processes[1].exit.code, 0);
	/* A reader that goes: the writer is told by SIGPIPE. */
	check_number(host_target(&host, WIRE_DESTROY, 1), 0);
	host_end(&host);
	test_done(&test);
	begin(&host, &test, "exec yes");
	check(host_until(&host, host.processes[1].text[0].size > 0));
	stream_receiver_close(&host.processes[1].outputs[0], &host.lanes);
	check(host_until(&host, host.processes[1].has_exited));
	check(host.processes[1].exit.signal == SIGPIPE || host.processes[1].exit.code > 0);
	end(&host, &test);
}

static void test_inspection(void)
{
	struct wire_processes processes = {0};
	struct test_container test;
	struct stats stats = {0};
	auto_arena arena = {0};
	struct host host;
	struct err e;

	begin(&host, &test, "echo ready; sleep 77; true");
	check(host_until(&host, host.processes[1].text[0].size > 0));
	check_number(host_target(&host, WIRE_PROCESSES, 1), 0);
	check_number(wire_processes_decode(&arena, host.body.data, host.body.size, &processes, &e),
		     0);
	check(processes.count > 0);
	if (processes.count > 0) {
		check_text(processes.items[0].command.items[1], "-c");
		check_number(processes.items[0].inner_pid, 1);
		check(processes.items[0].started > UINT64_C(1000000000000000000));
	}
	check_number(host_target(&host, WIRE_STATS, 1), 0);
	check_number(wire_stats_decode(&arena, host.body.data, host.body.size, &stats, &e), 0);
	check(stats.interface_count > 0);
	check_number(host_target(&host, WIRE_PAUSE, 1), 0);
	check_number(status_of(&host), BACKEND_PAUSED);
	check_number(host_target(&host, WIRE_RESUME, 1), 0);
	check_number(status_of(&host), BACKEND_RUNNING);
	check_number(host_signal(&host, 1, 0, SIGKILL, true), 0);
	check(host_until(&host, host.processes[1].has_exited));
	end(&host, &test);
}

/* Destroyed between PREPARE and COMMIT; a container that cannot be made. */
static void test_half_made(void)
{
	struct test_container test;
	struct host host;

	make(&host, &test, "true", false);
	check_number(host_target(&host, WIRE_DESTROY, 1), 0);
	check(host_until(&host, host.processes[1].has_exited));
	check_number(host_target(&host, WIRE_COMMIT, 1), -ESRCH);
	test.plan.rootfs = "/nosuch";
	((struct plan_op *)test.plan.ops.items)[2].mount->source = "/nosuch";
	host.processes[1] = (struct host_process){0};
	check(host_prepare(&host, &test, 1) < 0);
	end(&host, &test);
}

static void test_nonsense(void)
{
	static const char bytes[64] = "nonsense";
	struct test_container test;
	auto_buf body = {0};
	struct host host;

	begin(&host, &test, "exec sleep 100");
	buf_append(&body, bytes, sizeof(bytes));
	for (uint32_t verb = WIRE_CONFIGURE; verb < WIRE_SHUTDOWN; verb++)
		check(host_ask(&host, (enum wire_verb)verb, &body) < 0);
	check_number(host_target(&host, WIRE_START, 9), -ESRCH);
	check_number(host_signal(&host, 1, 0, 65, false), -EINVAL);
	check_number(host_signal(&host, 1, 9, SIGTERM, false), -ESRCH);
	check(host_prepare(&host, &test, 1) < 0);
	/* Streams that nobody has, rules that nobody keeps. */
	frame_lanes_control(&host.lanes, FRAME_DATA, 4000, "x", 1);
	frame_lanes_control(&host.lanes, FRAME_DATA, stream_id(1, STREAM_OUTPUT), "x", 1);
	frame_lanes_control(&host.lanes, FRAME_CREDIT, stream_id(1, STREAM_OUTPUT),
			    "\xff\xff\xff\xff", 4);
	frame_lanes_control(&host.lanes, FRAME_HELLO, 0, (char[136]){0}, 136);
	frame_lanes_control(&host.lanes, FRAME_RESIZE, 4001, "\1\0\1\0", 4);
	frame_lanes_control(&host.lanes, FRAME_PING, 77, NULL, 0);
	check(host_until(&host, host.last_pong == 77));
	check_number(status_of(&host), BACKEND_RUNNING);
	end(&host, &test);
}

int main(void)
{
	if (geteuid() != 0 || !getenv("AGENT")) {
		tap_skip("needs root, and AGENT");
		return tap_done();
	}
	test_life();
	test_exec();
	test_terminal();
	test_flood();
	test_slow_reader();
	test_inspection();
	test_half_made();
	test_nonsense();
	return tap_done();
}
