/*
 * Further containers in the guest: those of a pod, whose sandbox the machine was made for. Each has
 * a process of its own on the host, whose connection is the container, and a control socket of its
 * own, so that commands need not know that there are others.
 *
 * A container ends by stages: its processes, what is left of it in the guest, its entries in the
 * shared directory; only then its process on the host is told. So whoever sees it stopped finds its
 * files unused.
 */
#include "monitor.h"

#include "base/fd.h"
#include "base/log.h"
#include "share.h"

#include <errno.h>
#include <signal.h>
#include <sys/epoll.h>

enum { SETUP_MAX = 4 * 1024 * 1024 };

static const struct wire_exit killed = {.code = -1, .signal = SIGKILL};

struct tenant *tenant_find(const struct monitor *monitor, uint32_t number)
{
	for (struct tenant *tenant = monitor->tenants; tenant; tenant = tenant->next)
		if (tenant->number == number)
			return tenant;
	return NULL;
}

struct tenant *tenant_asking(const struct monitor *monitor, const void *owner)
{
	for (struct tenant *tenant = monitor->tenants; tenant; tenant = tenant->next)
		if (tenant == owner)
			return tenant;
	return NULL;
}

static int setup_read(struct tenant *tenant, int fd, struct err *e)
{
	auto_buf text = {0};
	const struct json *tree;
	int r;

	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail(e, errno, "read the setup of a container");
	r = fd_read_all(fd, SETUP_MAX, &text);
	if (r < 0)
		return fail(e, -r, "read the setup of a container");
	if (json_read(&tenant->arena, buf_text(&text), text.size, &tree, e) < 0 ||
	    fields_decode(vm_setup_fields, &tenant->arena, tree, "", &tenant->setup, e) < 0)
		return wrap(e, "the setup of a container");
	return 0;
}

static struct tenant *tenant_add(struct monitor *monitor, struct client *client, int *fds)
{
	struct tenant *tenant = xcalloc(1, sizeof(*tenant));

	tenant->listener =
		(struct watch){.fd = take_fd(&fds[CONTROL_JOIN_LISTENER]), .ready = listener_ready};
	tenant->log_fd = take_fd(&fds[CONTROL_JOIN_LOG]);
	tenant->number = client->reserved;
	tenant->phase = MONITOR_READY;
	tenant->owner = client;
	tenant->exit = killed;
	tenant->next = monitor->tenants;
	monitor->tenants = tenant;
	client->tenant = tenant;
	return tenant;
}

static void tenant_close(struct monitor *monitor, struct tenant *tenant)
{
	watch_remove(monitor, &tenant->listener);
	fd_close(&tenant->listener.fd);
	fd_close(&tenant->log_fd);
	tenant->is_gone = true;
}

static int tenant_begin(struct monitor *monitor, struct client *client, struct tenant *tenant,
			int *fds, struct buf *body, struct err *e)
{
	bool is_terminal;

	if (setup_read(tenant, fds[CONTROL_JOIN_SETUP], e) < 0 ||
	    watch_add(monitor, &tenant->listener, EPOLLIN, e) < 0)
		return -e->code;
	is_terminal = tenant->setup.terminal.value;
	if (is_terminal)
		fd_close(&fds[STREAM_ERROR]);
	tenant->init = member_add(monitor, tenant->number, fds, is_terminal, client);
	tenant->init->tenant = tenant;
	client->member = tenant->init;
	for (int i = 0; i < 3; i++)
		fds[i] = FD_NONE;
	return client_call(monitor, client, body, e);
}

int tenant_join(struct monitor *monitor, struct client *client, struct control_message *message,
		struct err *e)
{
	int fds[CONTROL_DESCRIPTORS];
	struct tenant *tenant;
	auto_buf body = {0};
	int r;

	if (client->reserved == 0 || client->member || client->tenant)
		return refuse(e, EPROTO, "control: join without a number");
	if (monitor->phase < MONITOR_CREATED || monitor->phase > MONITOR_RUNNING)
		return refuse(e, ESRCH, "container not running");
	if (control_body(message, &body, e) < 0)
		return -e->code;
	control_descriptors(message, fds);
	tenant = tenant_add(monitor, client, fds);
	r = tenant_begin(monitor, client, tenant, fds, &body, e);
	for (int i = 0; i < CONTROL_DESCRIPTORS; i++)
		fd_close(&fds[i]);
	if (r < 0) {
		/* It is told this, not that it has been ended. */
		client->is_busy = false;
		tenant_kill(monitor, tenant);
	}
	return r;
}

static void members_leave(struct monitor *monitor, struct tenant *tenant)
{
	struct member *next;

	for (struct member *member = monitor->members; member; member = next) {
		next = member->next;
		if (member->tenant != tenant)
			continue;
		if (!member->has_exited)
			member->exit = killed;
		if (member != tenant->init)
			clients_tell_exit(monitor, member);
		member_drop(monitor, member);
	}
}

void tenant_end(struct monitor *monitor, struct tenant *tenant, const struct wire_exit *exit)
{
	const struct wire_target body = {.container = tenant->number};
	auto_buf bytes = {0};
	struct err e;
	uint32_t id;

	if (tenant->phase == MONITOR_ENDING)
		return;
	tenant->phase = MONITOR_ENDING;
	tenant->exit = *exit;
	(void)refuse(&e, ESRCH, "container not running");
	clients_fail(monitor, tenant, &e);
	wire_target_encode(&body, &bytes);
	if (wire_call_begin(&monitor->calls, &monitor->lanes, WIRE_DESTROY, bytes.data, bytes.size,
			    tenant, &id, &e) < 0) {
		(void)wrap(&e, "destroy a container");
		monitor_fail(monitor, &e);
	}
}

void tenant_kill(struct monitor *monitor, struct tenant *tenant)
{
	tenant_end(monitor, tenant, &killed);
}

static void owner_tell(struct tenant *tenant)
{
	const struct control_answer message = {
		.kind = CONTROL_EXIT,
		.code = tenant->exit.code,
		.signal = tenant->exit.signal,
	};
	struct err ignored;

	if (tenant->owner)
		(void)!control_answer(tenant->owner->watch.fd, &message, NULL, 0, &ignored);
}

struct leaving {
	const struct plan_machine *machine;
	int top;
};

static int files_leave(const void *of, struct err *e)
{
	const struct leaving *leaving = of;

	(void)e;
	share_leave(leaving->machine, leaving->top);
	return 0;
}

void tenant_ended(struct monitor *monitor, struct tenant *tenant)
{
	struct err why;

	if (tenant->is_gone)
		return;
	members_leave(monitor, tenant);
	if (tenant->setup.machine &&
	    monitor_files(monitor, files_leave,
			  &(const struct leaving){tenant->setup.machine, monitor->share_fd},
			  &why) < 0)
		log_debug("%s", why.text);
	owner_tell(tenant);
	tenant_close(monitor, tenant);
	tenant_forget(monitor, tenant);
}

void tenants_end(struct monitor *monitor, const struct err *e)
{
	for (struct tenant *tenant = monitor->tenants; tenant; tenant = tenant->next) {
		if (tenant->is_gone)
			continue;
		/* Without a word its process ends as one that has failed. */
		if (!e)
			owner_tell(tenant);
		else if (tenant->phase != MONITOR_ENDING)
			reason_log(tenant->log_fd, tenant->setup.log_json.value, e);
		tenant->phase = MONITOR_ENDING;
	}
}

void tenant_forget(struct monitor *monitor, struct tenant *tenant)
{
	struct tenant **place = &monitor->tenants;

	if (!tenant->is_gone)
		return;
	for (const struct client *client = monitor->clients; client; client = client->next)
		if (client->tenant == tenant)
			return;
	while (*place && *place != tenant)
		place = &(*place)->next;
	if (*place)
		*place = tenant->next;
	arena_done(&tenant->arena);
	free(tenant);
}
