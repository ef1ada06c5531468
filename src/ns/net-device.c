/*
 * Network devices of the host that move into the container, and counters of those that are there.
 *
 * All are looked at before the first one moves. One request moves and renames; the kernel picks the
 * number of a template ("eth%d"), so the device is found again by asking for its index. What
 * the device loses on the way, its permanent global addresses, is noted before and put back there.
 * A helper process enters the network namespace, because this one cannot come back from it without
 * rights it may not have.
 */
#include "internal.h"

#include "base/fd.h"
#include "kern/namespaces.h"
#include "kern/rtnl.h"

#include <fcntl.h>
#include <sched.h>
#include <string.h>
#include <sys/wait.h>

struct moved {
	struct rtnl_link link;
	struct rtnl_address *addresses;
	size_t address_count;
	const char *name;
};

/* By index when the kernel kept it, which it does unless the number is taken there. */
static int find_moved(int sock, const struct moved *moved, struct rtnl_link *ret, struct err *e)
{
	char name[IFNAMSIZ];
	int r;

	if (if_indextoname((unsigned int)moved->link.index, name)) {
		r = rtnl_link_find(sock, name, ret, e);
		if (r == RTNL_FOUND)
			return 0;
	}
	r = rtnl_link_find(sock, moved->name, ret, e);
	if (r == RTNL_ABSENT)
		return refuse(e, ENODEV, "'%s' is not there after the move", moved->name);
	return r;
}

/* What is done in the target namespace. */
typedef int inside_fn(const void *argument, struct err *e);

/* In a process of its own there; its error comes back by copy. */
static int inside(int namespace, inside_fn *function, const void *argument, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int read_end = FD_NONE, write_end = FD_NONE;
	int ends[2], status, r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	read_end = ends[0];
	write_end = ends[1];
	how.no_birth = true;
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD) {
		struct err why = {0};

		r = namespace_join(namespace, CLONE_NEWNET, &why);
		if (r == 0)
			r = function(argument, &why);
		if (r < 0)
			(void)!fd_write_all(write_end, &why, sizeof(why));
		_exit(r < 0 ? EXIT_FAILURE : EXIT_SUCCESS);
	}
	if (r < 0)
		return r;
	fd_close(&write_end);
	if (fd_read_full(read_end, e, sizeof(*e)) == sizeof(*e))
		r = -e->code;
	if (process_reap(process.pid, &status, e) < 0)
		r = -e->code;
	else if (r == 0 && status != 0)
		r = refuse(e, ECHILD, "the helper for network devices died");
	process_done(&process);
	return r;
}

/* ---- before the first one moves ---- */

/* That no name is taken: the kernel renames behind the move, so a device whose name it refuses
 * there has left the host. A template finds a free one. */
static int check_names(const void *argument, struct err *e)
{
	const struct plan *plan = argument;
	auto_fd int sock = FD_NONE;
	struct rtnl_link link;
	int r = rtnl_open(&sock, e);

	list_each(struct plan_net_device, device, &plan->net_devices)
	{
		if (r < 0)
			break;
		if (strchr(device->name, '%'))
			continue;
		r = rtnl_link_find(sock, device->name, &link, e);
		if (r == RTNL_FOUND)
			return refuse(e, EEXIST,
				      "%s: the container's network namespace has a device '%s'",
				      device->origin, device->name);
		r = r == RTNL_ABSENT ? 0 : r;
	}
	return r;
}

static int host_device_find(int sock, const struct plan_net_device *device, struct rtnl_link *ret,
			    struct err *e)
{
	int r = rtnl_link_find(sock, device->host_name, ret, e);

	if (r == RTNL_ABSENT)
		r = refuse(e, ENODEV, "the host has no network device '%s'", device->host_name);
	return r < 0 ? wrap(e, "%s", device->origin) : 0;
}

static int check_all(int sock, int namespace, const struct plan *plan, struct err *e)
{
	struct rtnl_link link;

	list_each(struct plan_net_device, device, &plan->net_devices)
	{
		if (host_device_find(sock, device, &link, e) < 0)
			return -e->code;
	}
	return inside(namespace, check_names, plan, e);
}

/* ---- the moves ---- */

static int revive(const void *argument, struct err *e)
{
	const struct moved *moved = argument;
	auto_fd int sock = FD_NONE;
	struct rtnl_link link;
	int r = rtnl_open(&sock, e);

	if (r == 0)
		r = find_moved(sock, moved, &link, e);
	for (size_t i = 0; r == 0 && i < moved->address_count; i++)
		r = rtnl_address_add(sock, link.index, &moved->addresses[i], e);
	if (r == 0)
		r = rtnl_link_set_up(sock, link.index, true, e);
	return r;
}

static int move_one(int sock, int namespace, const struct plan_net_device *device, struct err *e)
{
	struct moved moved = {.name = device->name};
	auto_arena arena = {0};
	int r = host_device_find(sock, device, &moved.link, e);

	if (r < 0)
		return r;
	r = rtnl_addresses(sock, moved.link.index, &arena, &moved.addresses, &moved.address_count,
			   e);
	/* The kernel takes it down itself, once it knows that it can move it. */
	if (r == 0)
		r = rtnl_link_move(sock, moved.link.index, namespace, device->name, e);
	if (r == 0)
		r = inside(namespace, revive, &moved, e);
	return r < 0 ? wrap(e, "%s", device->origin) : 0;
}

int net_devices_move(const struct plan *plan, pid_t pid, struct err *e)
{
	auto_fd int sock = FD_NONE, namespace = FD_NONE;
	bool is_own = false;
	int r = namespace_open_process(pid, CLONE_NEWNET, &namespace, e);

	if (r == 0)
		r = namespace_is_own(namespace, CLONE_NEWNET, &is_own, e);
	if (r == 0 && is_own)
		return refuse(e, EINVAL,
			      "linux.netDevices: the container is in the host's network "
			      "namespace");
	if (r == 0)
		r = rtnl_open(&sock, e);
	if (r == 0)
		r = check_all(sock, namespace, plan, e);
	list_each(struct plan_net_device, device, &plan->net_devices)
	{
		if (r == 0)
			r = move_one(sock, namespace, device, e);
	}
	return r;
}

int net_interfaces_count(pid_t pid, struct arena *arena, struct stats *stats, struct err *e)
{
	struct net_counters *counters;
	auto_buf text = {0};
	char path[40];
	int r;

	(void)snprintf(path, sizeof(path), "/proc/%d/net/dev", (int)pid);
	r = file_read(AT_FDCWD, path, 1 << 20, true, &text, e);
	if (r < 0)
		return r;
	net_counters_parse(buf_text(&text), arena, &counters, &stats->interface_count);
	stats->interfaces = arena_new_array(arena, stats->interface_count, struct stats_interface);
	for (size_t i = 0; i < stats->interface_count; i++) {
		stats->interfaces[i] = (struct stats_interface){
			.name = arena_strdup(arena, counters[i].name),
			.rx_bytes = counters[i].rx_bytes,
			.rx_packets = counters[i].rx_packets,
			.rx_errors = counters[i].rx_errors,
			.rx_dropped = counters[i].rx_dropped,
			.tx_bytes = counters[i].tx_bytes,
			.tx_packets = counters[i].tx_packets,
			.tx_errors = counters[i].tx_errors,
			.tx_dropped = counters[i].tx_dropped,
		};
	}
	return 0;
}
