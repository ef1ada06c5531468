/*
 * The guest's side of the monitor: the channel, what is asked of the agent, and what it says.
 *
 * What comes from here is hostile. The decoder, the table of calls and the streams hold it to their
 * rules; a frame that this phase has no use for is one more way to break them. A guest that breaks
 * a rule is ended.
 */
#include "monitor.h"

#include "base/clock.h"
#include "base/log.h"
#include "jail.h"
#include "machine.h"

#include <errno.h>
#include <sys/epoll.h>
#include <sys/random.h>
#include <time.h>

enum { READ_SIZE = 64 * 1024, READS_MAX = 4 };

#define MIB (1024ULL * 1024)

static void guest_broken(struct monitor *monitor, struct err *e)
{
	(void)wrap(e, "the guest breaks the rules");
	monitor_fail(monitor, e);
}

void guest_ask(struct monitor *monitor, enum wire_verb verb, const void *body, size_t size)
{
	struct err e;
	uint32_t id;

	if (wire_call_begin(&monitor->calls, &monitor->lanes, verb, body, size, monitor, &id, &e) <
	    0)
		monitor_fail(monitor, &e);
}

void guest_signal(struct monitor *monitor, const struct tenant *tenant, uint32_t process,
		  int signal)
{
	const struct wire_signal body = {
		.container = tenant ? tenant->number : CONTAINER_NUMBER,
		.process = process,
		.signal = (uint32_t)signal,
	};
	auto_buf bytes = {0};
	struct err e;
	uint32_t id;

	wire_signal_encode(&body, &bytes);
	/* Nobody waits for the answer: the process may have ended meanwhile. */
	if (wire_call_begin(&monitor->calls, &monitor->lanes, WIRE_SIGNAL, bytes.data, bytes.size,
			    NULL, &id, &e) < 0)
		log_debug("forward signal %d: %s", signal, e.text);
}

/* ---- from HELLO to a guest that can take a container ---- */

static void guest_configure(struct monitor *monitor)
{
	struct wire_configure body = {
		.share_tag = MACHINE_SHARE_TAG,
		.log_level = LOG_LEVEL_WARNING,
		.memory_reserve = 24 * MIB,
	};
	struct timespec now;
	auto_buf bytes = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	body.realtime = (uint64_t)now.tv_sec * 1000000000ULL + (uint64_t)now.tv_nsec;
	if (getrandom(body.seed, sizeof(body.seed), 0) != sizeof(body.seed)) {
		struct err e;

		(void)fail(&e, errno, "get random numbers for the guest");
		monitor_fail(monitor, &e);
		return;
	}
	wire_configure_encode(&body, &bytes);
	guest_ask(monitor, WIRE_CONFIGURE, bytes.data, bytes.size);
}

static void hello_taken(struct monitor *monitor, const struct frame *frame)
{
	struct wire_hello hello;
	struct err e;

	if (monitor->phase != MONITOR_BOOTING || monitor->boot_deadline == 0) {
		(void)refuse(&e, EPROTO, "a second greeting");
		guest_broken(monitor, &e);
		return;
	}
	/* The hypervisor needs no file any more, and the guest is still our own program. */
	if (wire_hello_take(frame, &hello, &e) < 0 ||
	    jail_empty(&monitor->hypervisor, monitor->machine->hypervisor, &e) < 0) {
		monitor_fail(monitor, &e);
		return;
	}
	log_debug("guest kernel %s answers", hello.kernel);
	monitor->boot_deadline = 0;
	guest_configure(monitor);
}

static int network_tell(struct monitor *monitor, bool always, struct err *e)
{
	auto_arena arena = {0};
	struct wire_network network;
	auto_buf bytes = {0};
	int r = net_scan(&monitor->net, &arena, &network, e);

	if (r < 0 || (r == NET_SAME && !always))
		return r;
	wire_network_encode(&network, &bytes);
	guest_ask(monitor, WIRE_NETWORK, bytes.data, bytes.size);
	return 1;
}

int guest_network(struct monitor *monitor, struct err *e)
{
	return network_tell(monitor, false, e);
}

static void guest_configured(struct monitor *monitor)
{
	struct client *client = monitor->preparing;

	monitor->phase = MONITOR_READY;
	if (!client)
		return;
	monitor->preparing = NULL;
	client_continue(monitor, client);
}

/* Answers to what the monitor itself has asked. */
static void own_reply(struct monitor *monitor, const struct wire_reply *reply)
{
	struct client *client, *next;
	struct err e;

	if (reply->call.verb == WIRE_SHUTDOWN) {
		/* Everything is written back: what the guest would still do is of no use. */
		monitor_kill(monitor);
		return;
	}
	if (reply->result < 0) {
		e = reply->error;
		(void)wrap(&e, "the guest: %s", wire_verb_name(reply->call.verb));
		monitor_fail(monitor, &e);
		return;
	}
	if (reply->call.verb == WIRE_CONFIGURE) {
		/* Also when there is none: the guest then hides what it has. */
		if (network_tell(monitor, true, &e) < 0)
			monitor_fail(monitor, &e);
	} else if (reply->call.verb == WIRE_NETWORK && monitor->phase == MONITOR_BOOTING) {
		guest_configured(monitor);
	} else if (reply->call.verb == WIRE_NETWORK) {
		for (client = monitor->clients; client; client = next) {
			next = client->next;
			if (!client->is_delayed)
				continue;
			client->is_delayed = false;
			client_continue(monitor, client);
		}
	}
}

static int reply_taken(struct monitor *monitor, const struct frame *frame, struct err *e)
{
	struct wire_reply reply;
	int r = wire_calls_reply(&monitor->calls, frame, &reply, e);

	if (r != WIRE_REPLY_COMPLETE)
		return r < 0 ? r : 0;
	if (reply.call.owner == monitor)
		own_reply(monitor, &reply);
	else if (tenant_asking(monitor, reply.call.owner))
		tenant_ended(monitor, tenant_asking(monitor, reply.call.owner));
	else if (reply.call.owner)
		client_reply(monitor, reply.call.owner, &reply);
	else if (reply.call.verb == WIRE_EXEC)
		exec_reply_unclaimed(monitor, &reply);
	return 0;
}

/* ---- events ---- */

static void oom_taken(struct monitor *monitor, const struct wire_oom *oom)
{
	struct tenant *tenant = tenant_find(monitor, oom->container);
	uint64_t *kills = tenant ? &tenant->oom_kills : &monitor->oom_kills;

	if ((!tenant && oom->container != CONTAINER_NUMBER) || oom->kills <= *kills)
		return;
	*kills = oom->kills;
	clients_tell_oom(monitor, tenant);
}

static int event_taken(struct monitor *monitor, const struct frame *frame, struct err *e)
{
	struct wire_event_told told;
	int r = wire_event_take(frame, &told, e);

	if (r < 0)
		return r;
	switch (told.event) {
	case WIRE_EVENT_EXIT:
		member_exited(monitor, &told.exit);
		return 0;
	case WIRE_EVENT_OOM:
		oom_taken(monitor, &told.oom);
		return 0;
	case WIRE_EVENT_LOG:
		log_debug("guest: %s", told.text);
		return 0;
	case WIRE_EVENTS:
		break;
	}
	return refuse(e, EPROTO, "an unknown event");
}

static int frame_taken(struct monitor *monitor, const struct frame *frame, struct err *e)
{
	if (monitor->boot_deadline != 0 && frame->kind != FRAME_HELLO)
		return refuse(e, EPROTO, "a frame before the greeting");
	/* Or it could make us keep as many answers as it likes. */
	if (monitor->lanes.noted > FRAME_NOTED_MAX)
		return refuse(e, EPROTO, "it sends and takes nothing");
	switch (frame->kind) {
	case FRAME_HELLO:
		hello_taken(monitor, frame);
		return 0;
	case FRAME_REPLY:
		return reply_taken(monitor, frame, e);
	case FRAME_EVENT:
		return event_taken(monitor, frame, e);
	case FRAME_DATA:
	case FRAME_CREDIT:
	case FRAME_END:
		return members_frame(monitor, frame, e);
	case FRAME_PING:
		frame_lanes_control(&monitor->lanes, FRAME_PONG, frame->id, NULL, 0);
		return 0;
	case FRAME_PONG:
		monitor->pinged = 0;
		return 0;
	case FRAME_REQUEST:
	case FRAME_RESIZE:
	case FRAME_KINDS:
		break;
	}
	return refuse(e, EPROTO, "a frame of kind %d", (int)frame->kind);
}

/* ---- the channel ---- */

static void frames_take(struct monitor *monitor)
{
	struct frame frame;
	struct err e;
	int r;

	while ((r = frame_decoder_next(&monitor->decoder, &frame, &e)) == FRAME_COMPLETE) {
		r = frame_taken(monitor, &frame, &e);
		if (r < 0 || monitor->has_failed)
			break;
	}
	if (r < 0 && !monitor->has_failed)
		guest_broken(monitor, &e);
}

void channel_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	static char bytes[READ_SIZE];

	(void)events;
	for (int i = 0; i < READS_MAX && watch->fd >= 0; i++) {
		ssize_t got = read(watch->fd, bytes, sizeof(bytes));

		if (got < 0 && (errno == EAGAIN || errno == EINTR))
			break;
		if (got <= 0) {
			/* The hypervisor has gone, which its exit tells better. */
			watch_remove(monitor, watch);
			return;
		}
		monitor->heard = clock_now();
		if (monitor->has_failed)
			continue;
		frame_decoder_feed(&monitor->decoder, bytes, (size_t)got);
		frames_take(monitor);
	}
}

void channel_flush(struct monitor *monitor)
{
	const void *bytes;
	size_t size;
	bool is_blocked = false;

	if (!monitor->channel.is_added)
		return;
	while (!is_blocked && frame_lanes_peek(&monitor->lanes, &bytes, &size)) {
		ssize_t sent = write(monitor->channel.fd, bytes, size);

		if (sent > 0)
			frame_lanes_wrote(&monitor->lanes, (size_t)sent);
		else
			is_blocked = true;
	}
	watch_change(monitor, &monitor->channel,
		     is_blocked ? EPOLLIN | EPOLLOUT : (uint32_t)EPOLLIN);
}
