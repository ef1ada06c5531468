/*
 * The container's network namespace on the host is where hooks and engines put interfaces. Each is
 * joined to a tap of the machine by redirecting what arrives at either to the other; the guest's
 * device gets the interface's own address, so nobody on the wire sees a difference.
 *
 * A machine of this kind takes no device once it runs, but interfaces come also later, between
 * create and start: so there are a few taps more than interfaces, which wait.
 */
#include "net.h"

#include "base/log.h"
#include "kern/compat.h"
#include "kern/namespaces.h"
#include "kern/rtnl-traffic.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/if_tun.h>
#include <net/if_arp.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/random.h>

#define TAP_NAME "bulkhead%zu"

void net_init(struct net *net)
{
	*net = (struct net){.sock = FD_NONE};
	for (size_t i = 0; i < NET_TAPS_MAX; i++)
		net->taps[i].fd = FD_NONE;
}

static int refuse_host(const struct plan_machine *machine, struct err *e)
{
	return refuse(e, EINVAL,
		      "%s: '%s' is the host's network, whose interfaces a guest would take away",
		      machine->network_origin, machine->network_path);
}

int net_enter(const struct plan_machine *machine, struct err *e)
{
	auto_fd int fd = FD_NONE;
	bool is_own = false;

	if (!machine->network_path)
		return namespace_unshare(CLONE_NEWNET, e);
	if (namespace_open(machine->network_path, CLONE_NEWNET, &fd, e) < 0 ||
	    namespace_is_own(fd, CLONE_NEWNET, &is_own, e) < 0)
		return wrap(e, "%s", machine->network_origin);
	if (is_own)
		return refuse_host(machine, e);
	if (namespace_join(fd, CLONE_NEWNET, e) < 0)
		return wrap(e, "%s", machine->network_origin);
	return 0;
}

/* Whoever is in another one than the host's may still have named the host's. */
static int host_check(const struct plan_machine *machine, struct err *e)
{
	auto_fd int host = open("/proc/1/ns/net", O_RDONLY | O_CLOEXEC);
	bool is_own = false;

	if (!machine->network_path || host < 0)
		return 0;
	if (namespace_is_own(host, CLONE_NEWNET, &is_own, e) < 0)
		return -e->code;
	return is_own ? refuse_host(machine, e) : 0;
}

static bool is_joinable(const struct net *net, const struct rtnl_link *link)
{
	static const uint8_t nothing[6];

	if ((link->flags & IFF_LOOPBACK) || link->type != ARPHRD_ETHER || !link->has_mac ||
	    memcmp(link->mac, nothing, sizeof(nothing)) == 0)
		return false;
	for (size_t i = 0; i < net->count; i++)
		if (net->taps[i].index == link->index)
			return false;
	return true;
}

static int tap_make(struct net *net, const uint8_t *mac, struct err *e)
{
	struct net_tap *tap = &net->taps[net->count];
	struct ifreq request = {.ifr_flags = IFF_TAP | IFF_NO_PI | IFF_VNET_HDR};
	auto_fd int fd = FD_NONE;
	struct rtnl_link link;
	size_t number = net->count;

	if (net->count == NET_TAPS_MAX)
		return refuse(e, E2BIG, "a machine has at most %d network interfaces",
			      NET_TAPS_MAX);
	fd = open("/dev/net/tun", O_RDWR | O_CLOEXEC | O_NONBLOCK);
	if (fd < 0)
		return fail(e, errno, "open '/dev/net/tun' for the machine's network");
	/* The names of another container's machine may be in a namespace that is shared. */
	do {
		(void)snprintf(request.ifr_name, IFNAMSIZ, TAP_NAME, number++);
	} while (ioctl(fd, TUNSETIFF, &request) < 0 && errno == EBUSY && number < 1000);
	if (rtnl_link_find(net->sock, request.ifr_name, &link, e) != RTNL_FOUND)
		return refuse(e, ENODEV, "the machine's network device '%s' cannot be made",
			      request.ifr_name);
	tap->index = link.index;
	memcpy(tap->mac, mac, sizeof(tap->mac));
	tap->fd = take_fd(&fd);
	net->count++;
	return rtnl_link_set_up(net->sock, tap->index, true, e);
}

static int spare_make(struct net *net, struct err *e)
{
	uint8_t mac[6];

	if (getrandom(mac, sizeof(mac), 0) != sizeof(mac))
		return fail(e, errno, "get random numbers");
	mac[0] = (uint8_t)((mac[0] & ~1U) | 2U); /* local, for one */
	return tap_make(net, mac, e);
}

int net_open(struct net *net, const struct plan_machine *machine, struct err *e)
{
	auto_arena arena = {0};
	struct rtnl_link *links;
	size_t count;

	if (host_check(machine, e) < 0 || rtnl_open(&net->sock, e) < 0 ||
	    rtnl_links(net->sock, &arena, &links, &count, e) < 0)
		return -e->code;
	for (size_t i = 0; i < count; i++)
		if (is_joinable(net, &links[i]) && tap_make(net, links[i].mac, e) < 0)
			return -e->code;
	for (uint32_t i = 0; i < machine->spare_interfaces.value; i++)
		if (spare_make(net, e) < 0)
			return -e->code;
	return 0;
}

void net_close_taps(struct net *net)
{
	for (size_t i = 0; i < net->count; i++)
		fd_close(&net->taps[i].fd);
}

/* ---- joining ---- */

static struct net_tap *tap_of(struct net *net, const struct rtnl_link *link)
{
	struct net_tap *spare = NULL;

	for (size_t i = 0; i < net->count; i++) {
		struct net_tap *tap = &net->taps[i];

		if (tap->joined == link->index)
			return tap;
		if (tap->joined != 0)
			continue;
		if (memcmp(tap->mac, link->mac, sizeof(tap->mac)) == 0)
			return tap;
		spare = tap;
	}
	return spare;
}

static int tap_join(struct net *net, struct net_tap *tap, const struct rtnl_link *link,
		    struct err *e)
{
	if (rtnl_link_set_mtu(net->sock, tap->index, link->mtu, e) < 0 ||
	    rtnl_redirect(net->sock, link->index, tap->index, e) < 0 ||
	    rtnl_redirect(net->sock, tap->index, link->index, e) < 0)
		return wrap(e, "interface '%s'", link->name);
	tap->joined = link->index;
	return 0;
}

static int interface_describe(struct net *net, const struct rtnl_link *link,
			      const struct net_tap *tap, struct arena *arena,
			      struct wire_interface *ret, struct err *e)
{
	*ret = (struct wire_interface){
		.mtu = link->mtu,
		.is_up = (link->flags & IFF_UP) != 0,
	};
	memcpy(ret->device, tap->mac, sizeof(ret->device));
	memcpy(ret->mac, link->mac, sizeof(ret->mac));
	memcpy(ret->name, link->name, sizeof(ret->name));
	if (rtnl_addresses(net->sock, link->index, arena, &ret->addresses, &ret->address_count, e) <
		    0 ||
	    rtnl_routes(net->sock, link->index, arena, &ret->routes, &ret->route_count, e) < 0 ||
	    rtnl_neighbours(net->sock, link->index, arena, &ret->neighbours, &ret->neighbour_count,
			    e) < 0)
		return wrap(e, "interface '%s'", link->name);
	return 0;
}

int net_scan(struct net *net, struct arena *arena, struct wire_network *ret, struct err *e)
{
	struct rtnl_link *links;
	size_t count;

	*ret = (struct wire_network){0};
	if (rtnl_links(net->sock, arena, &links, &count, e) < 0)
		return -e->code;
	ret->interfaces = arena_new_array(arena, count, struct wire_interface);
	for (size_t i = 0; i < count; i++) {
		struct net_tap *tap;

		if (!is_joinable(net, &links[i]))
			continue;
		tap = tap_of(net, &links[i]);
		if (!tap)
			return refuse(e, E2BIG,
				      "interface '%s': the machine was made with %zu interfaces; "
				      "more that come after create need more spareInterfaces in "
				      "the configuration file",
				      links[i].name, net->count);
		if (tap->joined == 0 && tap_join(net, tap, &links[i], e) < 0)
			return -e->code;
		if (interface_describe(net, &links[i], tap, arena, &ret->interfaces[ret->count],
				       e) < 0)
			return -e->code;
		ret->count++;
	}
	return ret->count > 0 ? NET_CHANGED : NET_SAME;
}

void net_leave(struct net *net)
{
	struct err why;

	for (size_t i = 0; i < net->count; i++)
		if (net->taps[i].joined != 0 &&
		    rtnl_redirect_end(net->sock, net->taps[i].joined, &why) < 0)
			log_debug("%s", why.text);
}

void net_done(struct net *net)
{
	net_close_taps(net);
	fd_close(&net->sock);
}
