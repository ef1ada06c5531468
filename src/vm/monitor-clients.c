/*
 * Connections of the control socket: commands that ask one thing and leave, the creator, and
 * proxies, whose connection stands for a process.
 */
#include "monitor.h"

#include "backend/backend.h"
#include "base/log.h"
#include "kern/sock.h"
#include "share.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>
#include <sys/socket.h>

static void client_drop(struct monitor *monitor, struct client *client)
{
	struct client **place = &monitor->clients;

	while (*place && *place != client)
		place = &(*place)->next;
	if (*place) {
		*place = client->next;
		monitor->client_count--;
	}
	wire_call_disown(&monitor->calls, client);
	if (monitor->preparing == client)
		monitor->preparing = NULL;
	if (client->member)
		client->member->client = NULL;
	if (client->tenant && client->tenant->owner == client)
		client->tenant->owner = NULL;
	watch_remove(monitor, &client->watch);
	fd_close(&client->watch.fd);
	buf_done(&client->body);
	if (client->tenant)
		tenant_forget(monitor, client->tenant);
	free(client);
}

static void answer(struct monitor *monitor, struct client *client,
		   const struct control_answer *message, const void *body, size_t size)
{
	struct err why;

	(void)monitor;
	client->is_busy = false;
	if (control_answer(client->watch.fd, message, body, size, &why) < 0) {
		log_debug("a command does not take its answer: %s", why.text);
		/* Its end comes as an event of its own. */
		(void)shutdown(client->watch.fd, SHUT_RDWR);
	}
}

static void answer_number(struct monitor *monitor, struct client *client, uint64_t number)
{
	const struct control_answer message = {
		.kind = CONTROL_REPLY, .number = number, .code = (int32_t)getpid()};

	answer(monitor, client, &message, NULL, 0);
}

void client_fail(struct monitor *monitor, struct client *client, const struct err *e)
{
	const struct control_answer message = {
		.kind = CONTROL_REPLY,
		.result = -e->code,
		.error = *e,
	};

	answer(monitor, client, &message, NULL, 0);
}

/* The end of a process may be heard of before the answer to the signal that was its end. */
static void client_end(struct monitor *monitor, struct client *client, const struct err *e)
{
	bool is_kill = client->verb == CONTROL_CALL && client->wire == WIRE_SIGNAL;

	if (is_kill && e->code == ESRCH)
		answer_number(monitor, client, 0);
	else
		client_fail(monitor, client, e);
}

void clients_fail_all(struct monitor *monitor, const struct err *e)
{
	for (struct client *client = monitor->clients; client; client = client->next)
		if (client->is_busy)
			client_end(monitor, client, e);
}

void clients_tell_creator(struct monitor *monitor, const struct err *e)
{
	for (struct client *client = monitor->clients; client; client = client->next)
		if (client->is_link && !client->is_busy)
			client_fail(monitor, client, e);
}

void clients_fail(struct monitor *monitor, const struct tenant *tenant, const struct err *e)
{
	for (struct client *client = monitor->clients; client; client = client->next)
		if (client->is_busy && client->tenant == tenant)
			client_end(monitor, client, e);
}

enum monitor_phase client_phase(const struct monitor *monitor, const struct client *client)
{
	if (!client->tenant || monitor->phase == MONITOR_ENDING)
		return monitor->phase;
	return client->tenant->phase;
}

static void phase_set(struct monitor *monitor, struct client *client, enum monitor_phase phase)
{
	*(client->tenant ? &client->tenant->phase : &monitor->phase) = phase;
}

void clients_tell_exit(struct monitor *monitor, struct member *member)
{
	const struct control_answer message = {
		.kind = CONTROL_EXIT,
		.code = member->exit.code,
		.signal = member->exit.signal,
	};

	if (member->client)
		answer(monitor, member->client, &message, NULL, 0);
}

void clients_tell_oom(struct monitor *monitor, const struct tenant *tenant)
{
	const struct control_answer message = {
		.kind = CONTROL_OOM,
		.number = tenant ? tenant->oom_kills : monitor->oom_kills,
	};

	for (struct client *client = monitor->clients; client; client = client->next)
		if (client->is_watching && client->tenant == tenant)
			answer(monitor, client, &message, NULL, 0);
}

/* ---- answers of the agent ---- */

static void prepared(struct monitor *monitor, struct client *client, const struct wire_reply *reply)
{
	struct member *init = client->tenant ? client->tenant->init : monitor->init;

	if (reply->result < 0) {
		if (init)
			member_drop(monitor, init);
		return;
	}
	phase_set(monitor, client, MONITOR_PREPARED);
	if (init)
		member_made(monitor, init);
}

struct finishing {
	const struct process *server;
	const struct plan_machine *machine;
};

static int finish_files(const void *of, struct err *e)
{
	const struct finishing *finishing = of;

	return share_finish(finishing->server, finishing->machine, e);
}

/* Mount points exist now: what is to be read-only becomes so. */
static int committed(struct monitor *monitor, struct client *client, struct err *e)
{
	const struct plan_machine *machine =
		client->tenant ? client->tenant->setup.machine : monitor->machine;

	if (monitor_files(monitor, finish_files,
			  &(const struct finishing){&monitor->server, machine}, e) < 0)
		return -e->code;
	phase_set(monitor, client, MONITOR_CREATED);
	return 0;
}

static int succeeded(struct monitor *monitor, struct client *client, struct err *e)
{
	if (client->wire == WIRE_COMMIT)
		return committed(monitor, client, e);
	if (client->wire == WIRE_START)
		phase_set(monitor, client, MONITOR_RUNNING);
	if (client->wire == WIRE_PAUSE || client->wire == WIRE_RESUME)
		*(client->tenant ? &client->tenant->is_paused : &monitor->is_paused) =
			client->wire == WIRE_PAUSE;
	return 0;
}

static void exec_answered(struct monitor *monitor, struct client *client,
			  const struct wire_reply *reply)
{
	if (!client->member)
		return;
	if (reply->result < 0)
		member_drop(monitor, client->member);
	else
		member_made(monitor, client->member);
}

/* The process is there, or not, but nobody is that wants it: it ends as it would have if its client
 * had gone a moment later. */
void exec_reply_unclaimed(struct monitor *monitor, const struct wire_reply *reply)
{
	struct member *member = monitor->members;

	while (member && member->call != reply->call.id)
		member = member->next;
	if (!member || member->is_made)
		return;
	if (reply->result < 0) {
		member_drop(monitor, member);
		return;
	}
	member_made(monitor, member);
	guest_signal(monitor, member->tenant, member->process, SIGKILL);
}

void client_reply(struct monitor *monitor, struct client *client, const struct wire_reply *reply)
{
	const struct control_answer message = {.kind = CONTROL_REPLY};
	struct err e;

	if (client->wire == WIRE_EXEC)
		exec_answered(monitor, client, reply);
	/* A container may end while something is asked of it; an answer does not bring it back. */
	if (client_phase(monitor, client) == MONITOR_ENDING)
		return;
	if (client->wire == WIRE_PREPARE)
		prepared(monitor, client, reply);
	if (reply->result < 0) {
		client_fail(monitor, client, &reply->error);
		if (client->tenant && client->wire == WIRE_PREPARE)
			tenant_kill(monitor, client->tenant);
		return;
	}
	if (succeeded(monitor, client, &e) < 0) {
		client_fail(monitor, client, &e);
		return;
	}
	answer(monitor, client, &message, reply->size > 0 ? reply->body : NULL, reply->size);
}

/* ---- requests ---- */

int client_call(struct monitor *monitor, struct client *client, struct buf *body, struct err *e)
{
	uint32_t id, number = client->tenant ? client->tenant->number : CONTAINER_NUMBER;
	int r;

	/* Which container it is about is not for the command to say; all bodies begin with it. */
	if (body->size >= sizeof(number)) {
		for (size_t i = 0; i < sizeof(number); i++)
			body->data[i] = (char)(number >> (8 * i));
	}
	r = wire_call_begin(&monitor->calls, &monitor->lanes, client->wire, body->data, body->size,
			    client, &id, e);
	if (r == 0 && client->wire == WIRE_EXEC && client->member)
		client->member->call = id;
	return r;
}

static void init_add(struct monitor *monitor)
{
	bool is_terminal = monitor->setup.terminal.value;

	/* A terminal has no error stream of its own. */
	if (is_terminal)
		fd_close(&monitor->stdio[2]);
	monitor->init = member_add(monitor, INIT_PROCESS, monitor->stdio, is_terminal, NULL);
	for (int i = 0; i < 3; i++)
		monitor->stdio[i] = FD_NONE;
}

void client_continue(struct monitor *monitor, struct client *client)
{
	struct err e;

	if (client->wire == WIRE_PREPARE && !client->tenant)
		init_add(monitor);
	if (client_call(monitor, client, &client->body, &e) < 0)
		client_fail(monitor, client, &e);
	buf_done(&client->body);
	client->body = (struct buf){0};
}

/* What a command may ask of the agent, and between which phases. */
static const struct {
	enum wire_verb verb;
	enum monitor_phase first, last;
} allowed[] = {
	{WIRE_COMMIT, MONITOR_PREPARED, MONITOR_PREPARED},
	{WIRE_START, MONITOR_CREATED, MONITOR_CREATED},
	{WIRE_SIGNAL, MONITOR_PREPARED, MONITOR_RUNNING},
	{WIRE_PAUSE, MONITOR_CREATED, MONITOR_RUNNING},
	{WIRE_RESUME, MONITOR_CREATED, MONITOR_RUNNING},
	{WIRE_UPDATE, MONITOR_CREATED, MONITOR_RUNNING},
	{WIRE_STATS, MONITOR_CREATED, MONITOR_RUNNING},
	{WIRE_PROCESSES, MONITOR_CREATED, MONITOR_RUNNING},
	{WIRE_EXEC, MONITOR_CREATED, MONITOR_RUNNING},
};

static int call_check(const struct monitor *monitor, const struct client *client, struct err *e)
{
	if (monitor->has_failed) {
		*e = monitor->reason;
		return -e->code;
	}
	for (size_t i = 0; i < sizeof(allowed) / sizeof(allowed[0]); i++) {
		if (allowed[i].verb != client->wire)
			continue;
		if (client_phase(monitor, client) >= allowed[i].first &&
		    client_phase(monitor, client) <= allowed[i].last &&
		    (client->wire != WIRE_COMMIT || client->is_link || client->tenant))
			return 0;
		return refuse(e, ESRCH, "container not running");
	}
	return refuse(e, EPROTO, "control: the agent is not asked this by a command");
}

/* Interfaces that came meanwhile are shown to the guest before its container goes on. */
static int call_after_network(struct monitor *monitor, struct client *client, struct buf *body,
			      struct err *e)
{
	int r = guest_network(monitor, e);

	if (r < 0)
		return wrap(e, "network");
	if (r == NET_SAME)
		return client_call(monitor, client, body, e);
	client->body = *body;
	*body = (struct buf){0};
	client->is_delayed = true;
	return 0;
}

static int handle_call(struct monitor *monitor, struct client *client,
		       const struct control_message *message, struct err *e)
{
	auto_buf body = {0};

	client->wire = (enum wire_verb)message->request.wire;
	if (call_check(monitor, client, e) < 0 || control_body(message, &body, e) < 0)
		return -e->code;
	if (client->wire == WIRE_COMMIT || client->wire == WIRE_START)
		return call_after_network(monitor, client, &body, e);
	return client_call(monitor, client, &body, e);
}

static int handle_prepare(struct monitor *monitor, struct client *client,
			  const struct control_message *message, struct err *e)
{
	/* A machine may have ended before it was asked. */
	if (monitor->has_failed) {
		*e = monitor->reason;
		return -e->code;
	}
	if (!client->is_link || monitor->preparing || monitor->init ||
	    monitor->phase > MONITOR_READY)
		return refuse(e, EPROTO, "control: a second container");
	client->wire = WIRE_PREPARE;
	if (control_body(message, &client->body, e) < 0)
		return -e->code;
	if (monitor->phase == MONITOR_READY)
		client_continue(monitor, client);
	else
		monitor->preparing = client;
	return 0;
}

static int handle_exec(struct monitor *monitor, struct client *client,
		       struct control_message *message, struct err *e)
{
	int fds[CONTROL_DESCRIPTORS];
	auto_buf body = {0};

	client->wire = WIRE_EXEC;
	if (client->reserved == 0 || client->member)
		return refuse(e, EPROTO, "control: exec without a number");
	if (call_check(monitor, client, e) < 0 || control_body(message, &body, e) < 0)
		return -e->code;
	control_descriptors(message, fds);
	client->member =
		member_add(monitor, client->reserved, fds, message->request.number != 0, client);
	client->member->tenant = client->tenant;
	if (client_call(monitor, client, &body, e) < 0) {
		member_drop(monitor, client->member);
		return -e->code;
	}
	return 0;
}

static uint64_t status_of(const struct monitor *monitor, const struct client *client)
{
	enum monitor_phase phase = client_phase(monitor, client);

	if (phase != MONITOR_ENDING &&
	    (client->tenant ? client->tenant->is_paused : monitor->is_paused))
		return BACKEND_PAUSED;
	switch (phase) {
	case MONITOR_RUNNING:
		return BACKEND_RUNNING;
	case MONITOR_ENDING:
		return BACKEND_ABSENT;
	case MONITOR_BOOTING:
	case MONITOR_READY:
	case MONITOR_PREPARED:
	case MONITOR_CREATED:
		break;
	}
	return BACKEND_CREATED;
}

static int handle_reserve(struct monitor *monitor, struct client *client, struct err *e)
{
	if (client->reserved != 0 || client->is_link)
		return refuse(e, EPROTO, "control: one process for each connection");
	if (monitor->last_process >= STREAM_PROCESS_MAX)
		return refuse(e, EAGAIN, "the machine has no numbers for processes left");
	client->reserved = ++monitor->last_process;
	answer_number(monitor, client, client->reserved);
	return 0;
}

/* The hooks of its making have run, which need the host's files. */
static int handle_release(struct monitor *monitor, struct client *client, struct err *e)
{
	if (!client->is_link || monitor->phase < MONITOR_CREATED)
		return refuse(e, EPROTO, "control: nothing to release");
	if (monitor_view(monitor, e) < 0)
		return -e->code;
	client->is_link = false;
	answer_number(monitor, client, 0);
	return 0;
}

static void handle_silent(struct monitor *monitor, struct client *client,
			  const struct control_request *request)
{
	struct member *member = client->member;

	if (!member || !member->is_made)
		return;
	if (request->verb == CONTROL_SIGNAL && request->number > 0 &&
	    request->number <= (uint64_t)SIGRTMAX)
		guest_signal(monitor, member->tenant, member->process, (int)request->number);
	if (request->verb == CONTROL_RESIZE && member->is_terminal)
		member_resize(monitor, member, (uint16_t)(request->number >> 16),
			      (uint16_t)request->number);
}

static int handle(struct monitor *monitor, struct client *client, struct control_message *message,
		  struct err *e)
{
	enum control_verb verb = (enum control_verb)message->request.verb;

	if (verb == CONTROL_SIGNAL || verb == CONTROL_RESIZE) {
		handle_silent(monitor, client, &message->request);
		return 0;
	}
	if (client->is_busy)
		return refuse(e, EPROTO, "control: one request at a time");
	client->is_busy = true;
	client->verb = verb;
	switch (verb) {
	case CONTROL_CALL:
		return handle_call(monitor, client, message, e);
	case CONTROL_PREPARE:
		return handle_prepare(monitor, client, message, e);
	case CONTROL_RELEASE:
		return handle_release(monitor, client, e);
	case CONTROL_STATUS:
		answer_number(monitor, client, status_of(monitor, client));
		return 0;
	case CONTROL_RESERVE:
		return handle_reserve(monitor, client, e);
	case CONTROL_EXEC:
		return handle_exec(monitor, client, message, e);
	case CONTROL_JOIN:
		client->wire = WIRE_PREPARE;
		return tenant_join(monitor, client, message, e);
	case CONTROL_WATCH:
		client->is_watching = true;
		answer_number(monitor, client,
			      client->tenant ? client->tenant->oom_kills : monitor->oom_kills);
		return 0;
	case CONTROL_END:
		answer_number(monitor, client, 0);
		if (client->tenant)
			tenant_kill(monitor, client->tenant);
		else
			monitor_stop(monitor);
		return 0;
	case CONTROL_SIGNAL:
	case CONTROL_RESIZE:
	case CONTROL_VERBS:
		break;
	}
	return refuse(e, EPROTO, "control: unknown request");
}

/* A process dies with its proxy, a container in the making with its creator. */
static void client_ended(struct monitor *monitor, struct client *client)
{
	struct member *member = client->member;
	bool was_link = client->is_link;
	struct err why;

	if (client->tenant && client->tenant->owner == client) {
		client->tenant->owner = NULL;
		tenant_kill(monitor, client->tenant);
	} else if (member && member->is_made && !member->has_exited) {
		guest_signal(monitor, member->tenant, member->process, SIGKILL);
	}
	client_drop(monitor, client);
	if (was_link && !monitor->has_failed && monitor->phase != MONITOR_ENDING) {
		(void)refuse(&why, ECANCELED, "the command that made the container has ended");
		monitor_fail(monitor, &why);
	}
}

static void client_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	struct client *client = (struct client *)watch;
	struct control_message message = {.fd_count = 0};
	struct err e;
	int r = control_receive(client->watch.fd, &message, &e);

	(void)events;
	if (r == CONTROL_NOTHING)
		return;
	if (r == CONTROL_ENDED) {
		client_ended(monitor, client);
		return;
	}
	if (r == CONTROL_RECEIVED) {
		r = handle(monitor, client, &message, &e);
		control_message_done(&message);
	}
	if (r < 0)
		client_fail(monitor, client, &e);
}

struct client *client_add(struct monitor *monitor, int take_fd, bool is_link, struct err *e)
{
	struct client *client = xcalloc(1, sizeof(*client));

	client->watch = (struct watch){.fd = take_fd, .ready = client_ready};
	client->is_link = is_link;
	if (watch_add(monitor, &client->watch, EPOLLIN, e) < 0) {
		fd_close(&client->watch.fd);
		free(client);
		return NULL;
	}
	client->next = monitor->clients;
	monitor->clients = client;
	monitor->client_count++;
	return client;
}

void listener_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	auto_fd int fd = accept4(watch->fd, NULL, NULL, SOCK_CLOEXEC | SOCK_NONBLOCK);
	struct client *client;
	struct err e;
	uid_t uid;
	pid_t pid;

	(void)events;
	if (fd < 0)
		return;
	if (sock_peer(fd, &uid, &pid, &e) < 0 || uid != geteuid() ||
	    monitor->client_count >= CLIENTS_MAX) {
		log_debug("a connection is not taken");
		return;
	}
	client = client_add(monitor, take_fd(&fd), false, &e);
	if (!client)
		log_debug("%s", e.text);
	else if (watch != &monitor->listener)
		client->tenant = (struct tenant *)watch;
}
