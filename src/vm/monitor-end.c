/*
 * The end: of the container, whose machine is then asked to write back and leave, or of the
 * machine, whatever was first to go being the reason that is told.
 *
 * The monitor is the last of its processes: it leaves when all its children have been waited for.
 */
#include "monitor.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "kern/proc.h"
#include "kern/sock.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#define SECOND 1000000000ULL

/* The guest writes back its files in that time. */
#define END_NS	    (10 * SECOND)
#define PING_NS	    (2 * SECOND)
#define SILENCE_KVM (10 * SECOND)
#define SILENCE_TCG (40 * SECOND)
/* A file server that ends as it should was left by the hypervisor, whose end tells more. */
#define REASON_NS (3 * SECOND)

enum { FAILURE_CODE = 255, WORDS_SIZE = 700 };

void monitor_kill(struct monitor *monitor)
{
	struct err ignored;

	if (monitor->hypervisor.pid > 0)
		(void)!process_signal(&monitor->hypervisor, SIGKILL, &ignored);
	if (monitor->server.pid > 0)
		(void)!process_signal(&monitor->server, SIGKILL, &ignored);
}

/* Where people and engines look. */
void reason_log(int fd, bool is_json, const struct err *e)
{
	char text[2048], now[32];
	auto_buf line = {0};

	clock_rfc3339(now, sizeof(now));
	(void)err_format(e, text, sizeof(text));
	if (is_json) {
		struct json_writer w;

		json_writer_init(&w, &line, 0);
		json_begin_object(&w);
		json_member_string(&w, "level", "error");
		json_member_string(&w, "msg", text);
		json_member_string(&w, "time", now);
		json_end_object(&w);
	} else {
		buf_printf(&line, "time=\"%s\" level=error msg=\"", now);
		for (const char *c = text; *c; c++) {
			if (*c == '"' || *c == '\\')
				buf_append_char(&line, '\\');
			buf_append_char(&line, *c);
		}
		buf_append_char(&line, '"');
	}
	buf_append_char(&line, '\n');
	(void)!fd_write_all(fd, line.data, line.size);
}

/* `is_asked`: somebody wanted it, and there is nothing to tell. */
static void machine_fail(struct monitor *monitor, const struct err *e, bool is_asked)
{
	monitor->has_failed = true;
	monitor->reason = *e;
	monitor->phase = MONITOR_ENDING;
	monitor->boot_deadline = 0;
	if (!is_asked)
		clients_tell_creator(monitor, e);
	clients_fail_all(monitor, e);
	tenants_end(monitor, is_asked ? NULL : e);
	monitor_kill(monitor);
}

void monitor_fail(struct monitor *monitor, const struct err *e)
{
	if (monitor->has_failed)
		return;
	machine_fail(monitor, e, false);
	/* After the container's end the way its machine ends changes nothing. */
	if (!monitor->has_status)
		reason_log(MONITOR_LOG_FD, monitor->setup.log_json.value, e);
}

void monitor_stop(struct monitor *monitor)
{
	struct err gone;

	if (monitor->has_failed)
		return;
	(void)refuse(&gone, ESRCH, "container not running");
	machine_fail(monitor, &gone, true);
	if (monitor->has_status)
		return;
	/* As the processes of a container that is deleted end. */
	monitor->has_status = true;
	monitor->status = (struct wire_exit){.code = -1, .signal = SIGKILL};
}

void monitor_end(struct monitor *monitor)
{
	struct err gone;

	if (monitor->has_failed)
		return;
	monitor->phase = MONITOR_ENDING;
	(void)refuse(&gone, ESRCH, "container not running");
	clients_fail_all(monitor, &gone);
	tenants_end(monitor, NULL);
	guest_ask(monitor, WIRE_SHUTDOWN, NULL, 0);
	monitor->end_deadline = clock_now() + END_NS;
}

static const char *how_it_ended(int status, char *out, size_t size)
{
	if (WIFSIGNALED(status))
		(void)snprintf(out, size, "was killed by SIG%s",
			       sigabbrev_np(WTERMSIG(status)) ?: "?");
	else
		(void)snprintf(out, size, "ended with status %d", WEXITSTATUS(status));
	return out;
}

static void hint(struct monitor *monitor, struct err *e)
{
	size_t used = strlen(e->text);

	if (monitor->machine->accel.value != PLAN_ACCEL_KVM || monitor->phase != MONITOR_BOOTING)
		return;
	(void)snprintf(e->text + used, sizeof(e->text) - used,
		       "; where KVM cannot run a guest, --vm-accel=tcg emulates one");
}

static void hypervisor_gone(struct monitor *monitor, int status)
{
	char words[WORDS_SIZE], how[64];
	struct err e;

	if (monitor->phase == MONITOR_ENDING) {
		monitor_kill(monitor);
		return;
	}
	(void)monitor_last_words(monitor, words, sizeof(words));
	(void)refuse(&e, ECHILD, "%s %s%s%s",
		     monitor->phase == MONITOR_BOOTING ? "the machine does not boot: the hypervisor"
						       : "the machine ended: the hypervisor",
		     how_it_ended(status, how, sizeof(how)), *words ? ": " : "", words);
	hint(monitor, &e);
	monitor_fail(monitor, &e);
}

static void server_blame(struct monitor *monitor, int status)
{
	char words[WORDS_SIZE], how[64];
	struct err e;

	(void)monitor_last_words(monitor, words, sizeof(words));
	(void)refuse(&e, ECHILD, "the machine ended: the file server %s%s%s",
		     how_it_ended(status, how, sizeof(how)), *words ? ": " : "", words);
	monitor_fail(monitor, &e);
}

static void server_gone(struct monitor *monitor, int status)
{
	if (monitor->phase == MONITOR_ENDING)
		return;
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		monitor->server_deadline = clock_now() + REASON_NS;
	else
		server_blame(monitor, status);
}

void monitor_child_gone(struct monitor *monitor, pid_t pid, int status)
{
	/* What it still has said belongs to the reason. */
	if (pid == monitor->hypervisor.pid || pid == monitor->server.pid) {
		if (monitor->output.fd >= 0 && monitor->output.is_added)
			monitor->output.ready(monitor, &monitor->output, 0);
		if (monitor->console.fd >= 0 && monitor->console.is_added)
			monitor->console.ready(monitor, &monitor->console, 0);
	}
	if (pid == monitor->hypervisor.pid) {
		process_done(&monitor->hypervisor);
		monitor->hypervisor = PROCESS_NONE;
		hypervisor_gone(monitor, status);
	} else if (pid == monitor->server.pid) {
		process_done(&monitor->server);
		monitor->server = PROCESS_NONE;
		server_gone(monitor, status);
	}
}

/* ---- time ---- */

static void boot_late(struct monitor *monitor)
{
	char words[WORDS_SIZE];
	struct err e;

	(void)monitor_last_words(monitor, words, sizeof(words));
	(void)refuse(&e, ETIMEDOUT,
		     "the machine does not boot: the guest has not answered in time%s%s",
		     *words ? "; console: " : "", words);
	hint(monitor, &e);
	monitor_fail(monitor, &e);
}

/* A host that is known to be slow at booting a guest is slow at the rest too. */
static uint64_t silence_allowed(const struct plan_machine *machine)
{
	uint64_t silence = machine->accel.value == PLAN_ACCEL_KVM ? SILENCE_KVM : SILENCE_TCG;
	uint64_t boot = machine->boot_seconds.value * SECOND;

	return boot > silence ? boot : silence;
}

static uint64_t heartbeat(struct monitor *monitor, uint64_t now)
{
	uint64_t silence = silence_allowed(monitor->machine);
	uint64_t last = monitor->pinged > monitor->heard ? monitor->pinged : monitor->heard;
	struct err e;

	if (monitor->pinged == 0) {
		if (now < monitor->heard + PING_NS)
			return monitor->heard + PING_NS;
		monitor->pinged = now;
		frame_lanes_control(&monitor->lanes, FRAME_PING, 0, NULL, 0);
		return now + silence;
	}
	if (now < last + silence)
		return last + silence;
	(void)refuse(&e, ETIMEDOUT, "the machine ended: its guest did not answer for %llu s",
		     (unsigned long long)(silence / SECOND));
	monitor_fail(monitor, &e);
	return 0;
}

static uint64_t earlier(uint64_t a, uint64_t b)
{
	if (a == 0 || b == 0)
		return a ? a : b;
	return a < b ? a : b;
}

uint64_t monitor_deadlines(struct monitor *monitor, uint64_t now)
{
	uint64_t next = members_deadline(monitor, now);

	if (monitor->boot_deadline != 0) {
		if (now >= monitor->boot_deadline)
			boot_late(monitor);
		else
			next = earlier(next, monitor->boot_deadline);
	}
	if (monitor->phase == MONITOR_ENDING)
		monitor->server_deadline = 0;
	if (monitor->server_deadline != 0 && now >= monitor->server_deadline)
		server_blame(monitor, 0);
	else
		next = earlier(next, monitor->server_deadline);
	if (monitor->phase > MONITOR_BOOTING && monitor->phase < MONITOR_ENDING)
		next = earlier(next, heartbeat(monitor, now));
	if (monitor->end_deadline != 0 && now >= monitor->end_deadline) {
		log_debug("the guest does not end: killed");
		monitor->end_deadline = 0;
		monitor_kill(monitor);
	}
	return earlier(next, monitor->end_deadline);
}

/* ---- leaving ---- */

/* Whoever the file server has left to us. */
static void orphans_kill(const struct monitor *monitor)
{
	char path[64], text[512];
	struct err ignored;
	auto_fd int fd = FD_NONE;
	char *at = text;
	ssize_t size;

	(void)snprintf(path, sizeof(path), "self/task/%d/children", (int)getpid());
	(void)!proc_open_file(monitor->proc_fd, path, O_RDONLY, &fd, &ignored);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return;
	text[size] = '\0';
	while (*at) {
		char *end;
		long pid = strtol(at, &end, 10);

		if (end == at)
			break;
		/* Ours until we wait for it. */
		if (pid > 1)
			(void)kill((pid_t)pid, SIGKILL);
		at = end;
	}
}

bool monitor_is_over(const struct monitor *monitor)
{
	siginfo_t ignored;

	if (monitor->phase != MONITOR_ENDING || monitor->hypervisor.pid > 0 ||
	    monitor->server.pid > 0)
		return false;
	orphans_kill(monitor);
	return waitid(P_ALL, 0, &ignored, WEXITED | WNOHANG | WNOWAIT | __WALL) < 0;
}

_Noreturn void monitor_leave(struct monitor *monitor)
{
	net_leave(&monitor->net);
	(void)unlinkat(monitor->state_fd, CONTROL_SOCKET, 0);
	if (monitor->has_status)
		standin_leave(monitor->status.code, monitor->status.signal);
	standin_leave(FAILURE_CODE, 0);
}
