/* The control socket's messages, and the hypervisor's command line. */
#include "control.h"
#include "machine.h"

#include "base/clock.h"
#include "kern/memfd.h"
#include "kern/sock.h"
#include "tap.h"

#include <fcntl.h>

static struct control_request request_of(enum control_verb verb)
{
	return (struct control_request){.check = CONTROL_CHECK, .verb = verb};
}

static void test_check(void)
{
	struct control_request request = request_of(CONTROL_STATUS), out;
	struct err e;

	check(control_request_check(&request, sizeof(request), 0, &out, &e) == 0);
	check(control_request_check(&request, sizeof(request) - 1, 0, &out, &e) < 0);
	check(control_request_check(&request, sizeof(request), 1, &out, &e) < 0);
	request.check++;
	check(control_request_check(&request, sizeof(request), 0, &out, &e) < 0);
	request = request_of((enum control_verb)0);
	check(control_request_check(&request, sizeof(request), 0, &out, &e) < 0);
	request = request_of(CONTROL_VERBS);
	check(control_request_check(&request, sizeof(request), 0, &out, &e) < 0);
	request = request_of(CONTROL_CALL);
	request.wire = WIRE_VERBS;
	check(control_request_check(&request, sizeof(request), 0, &out, &e) < 0);
	request.wire = WIRE_START;
	request.body_size = 1;
	check(control_request_check(&request, sizeof(request), 0, &out, &e) < 0);
	check(control_request_check(&request, sizeof(request), 1, &out, &e) == 0);
	request.body_size = CONTROL_BODY_MAX + 1;
	check(control_request_check(&request, sizeof(request), 1, &out, &e) < 0);
	request = request_of(CONTROL_STATUS);
	request.streams = 1;
	check(control_request_check(&request, sizeof(request), 1, &out, &e) < 0);
	request = request_of(CONTROL_EXEC);
	request.streams = 5;
	check(control_request_check(&request, sizeof(request), 2, &out, &e) == 0);
	request.streams = 8;
	check(control_request_check(&request, sizeof(request), 1, &out, &e) < 0);
	request = request_of(CONTROL_JOIN);
	request.streams = 0x3a;
	check(control_request_check(&request, sizeof(request), 4, &out, &e) == 0);
	check(control_request_check(&request, sizeof(request), 3, &out, &e) < 0);
	request.streams = 0x2a;
	check(control_request_check(&request, sizeof(request), 3, &out, &e) < 0);
	request.streams = 0x7f;
	check(control_request_check(&request, sizeof(request), 7, &out, &e) < 0);
}

static void test_conversation(void)
{
	const struct control_request request = {.verb = CONTROL_EXEC, .number = 9};
	const struct control_answer good = {.kind = CONTROL_REPLY, .number = 5};
	struct control_answer bad = {.kind = CONTROL_REPLY, .result = -EBUSY}, answer;
	const int streams[3] = {0, FD_NONE, 2};
	struct control_message message;
	auto_buf body = {0};
	auto_buf reply = {0};
	int ends[2];
	struct err e;

	check(sock_pair(&ends[0], &ends[1], &e) == 0);
	check(control_receive(ends[1], &message, &e) == CONTROL_NOTHING);
	check(control_send(ends[0], &request, "a body", 6, streams, 3, &e) == 0);
	check(control_receive(ends[1], &message, &e) == CONTROL_RECEIVED);
	check(message.fd_count == 3 && message.request.streams == 5 && message.request.number == 9);
	check(control_body(&message, &body, &e) == 0 && body.size == 6);
	control_message_done(&message);
	check(control_answer(ends[1], &good, "reply", 5, &e) == 0);
	check(control_await(ends[0], clock_now() + 1000000000ULL, &answer, &reply, &e) == 0);
	check(answer.number == 5 && reply.size == 5);
	(void)refuse(&bad.error, EBUSY, "not now");
	check(control_answer(ends[1], &bad, NULL, 0, &e) == 0);
	check(control_await(ends[0], clock_now() + 1000000000ULL, &answer, NULL, &e) == -EBUSY);
	check(str_is(e.text, "not now"));
	(void)close(ends[0]);
	check(control_receive(ends[1], &message, &e) == CONTROL_ENDED);
	(void)close(ends[1]);
}

/* A body that could change or is not as long as announced. */
static void test_bad_body(void)
{
	struct control_message message = {.fd_count = 1};
	auto_buf body = {0};
	struct err e;

	message.request.body_size = 4;
	check(memfd_open("x", &message.fds[0], &e) == 0);
	check(write(message.fds[0], "1234", 4) == 4);
	check(control_body(&message, &body, &e) < 0);
	control_message_done(&message);
	message.fd_count = 1;
	check(memfd_sealed("x", "123", 3, false, &message.fds[0], &e) == 0);
	check(control_body(&message, &body, &e) < 0);
	control_message_done(&message);
	message.fd_count = 1;
	message.fds[0] = open("/dev/zero", O_RDONLY | O_CLOEXEC);
	check(control_body(&message, &body, &e) < 0);
	control_message_done(&message);
}

static bool has_pair(const struct strv *argv, const char *name, const char *part)
{
	for (size_t i = 0; i + 1 < argv->count; i++)
		if (str_is(argv->items[i], name) && strstr(argv->items[i + 1], part))
			return true;
	return false;
}

/* What is true of the emulator only must not be said to a guest on a real processor. */
static void check_real_processor(struct machine_line line)
{
	struct plan_machine machine = *line.machine;
	auto_arena arena = {0};
	struct strv argv;

	machine.accel.value = PLAN_ACCEL_KVM;
	line.machine = &machine;
	argv = machine_argv(&arena, &line);
	check(has_pair(&argv, "-accel", "kvm") && has_pair(&argv, "-append", "reboot=t"));
	check(!has_pair(&argv, "-append", "tsc") && !has_pair(&argv, "-append", "mitigations"));
}

static void test_machine(void)
{
	static const uint8_t macs[1][6] = {{2, 0, 0, 0, 0, 0xfe}};
	const struct plan_machine machine = {
		.accel = {true, PLAN_ACCEL_TCG},
		.hypervisor = "/usr/bin/qemu",
		.vcpus = {true, 3},
		.memory = {true, 256ULL << 20},
	};
	struct machine_line line = {
		.machine = &machine, .macs = macs, .interface_count = 1, .tsc_khz = 2600000};
	auto_arena arena = {0};
	struct strv argv = machine_argv(&arena, &line);

	check(str_is(argv.items[0], "/usr/bin/qemu") && !argv.items[argv.count]);
	check(has_pair(&argv, "-smp", "3") && has_pair(&argv, "-m", "256M"));
	check(has_pair(&argv, "-append", "tsc_early_khz=2600000"));
	check(has_pair(&argv, "-append", "tsc=reliable"));
	check(has_pair(&argv, "-append", "mitigations=off"));
	check_real_processor(line);
	check(has_pair(&argv, "-global", "virtio-mmio.force-legacy=false"));
	check(has_pair(&argv, "-sandbox",
		       "on,obsolete=deny,elevateprivileges=deny,spawn=deny,"
		       "resourcecontrol=deny"));
	check(has_pair(&argv, "-netdev", "fd=6") &&
	      has_pair(&argv, "-device", "mac=02:00:00:00:00:fe"));
	check(strv_has(&argv, "-no-reboot") && strv_has(&argv, "-nodefaults"));
}

int main(void)
{
	test_check();
	test_conversation();
	test_bad_body();
	test_machine();
	return tap_done();
}
