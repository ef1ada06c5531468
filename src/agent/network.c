/*
 * The guest's interfaces become what the container's are on the host: found by their MAC addresses,
 * named in two steps, since two of them may have to exchange names, and given addresses, neighbours
 * and routes. What is there already stays, so the same request can come again with more in it.
 */
#include "boot.h"
#include "kern/rtnl.h"
#include "spares.h"
#include "worker.h"

#include <errno.h>
#include <linux/if_addr.h>
#include <linux/if_arp.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

static bool is_device(const struct rtnl_link *link, const struct wire_interface *interface)
{
	return link->has_mac && link->type == ARPHRD_ETHER &&
	       (memcmp(link->mac, interface->mac, sizeof(link->mac)) == 0 ||
		memcmp(link->mac, interface->device, sizeof(link->mac)) == 0);
}

static const struct rtnl_link *link_among(const struct rtnl_link *links, size_t count,
					  const struct wire_interface *interface)
{
	for (size_t i = 0; i < count; i++)
		if (is_device(&links[i], interface))
			return &links[i];
	return NULL;
}

static bool is_asked_for(const struct rtnl_link *link, const struct wire_network *body)
{
	for (size_t i = 0; i < body->count; i++)
		if (is_device(link, &body->interfaces[i]))
			return true;
	return false;
}

static bool is_spare(const struct rtnl_link *link, const struct wire_network *body)
{
	return link->type == ARPHRD_ETHER && *link->kind == '\0' && !is_asked_for(link, body);
}

/* Mostly nothing is to be done, and a namespace for spares is not made for that. */
static bool is_complete(const struct rtnl_link *links, size_t count,
			const struct wire_network *body)
{
	for (size_t i = 0; i < count; i++)
		if (is_spare(&links[i], body))
			return false;
	for (size_t i = 0; i < body->count; i++)
		if (!link_among(links, count, &body->interfaces[i]))
			return false;
	return true;
}

/* Devices that are not asked for go, those that are and wait come. */
static int exchange(int sock, const struct wire_network *body, struct arena *arena, struct err *e)
{
	__attribute__((cleanup(spares_done))) struct spares spares = SPARES_NONE;
	struct rtnl_link *links, *waiting;
	size_t count, waiting_count;

	if (rtnl_links(sock, arena, &links, &count, e) < 0)
		return -e->code;
	if (is_complete(links, count, body))
		return 0;
	if (spares_open(&spares, e) < 0 ||
	    rtnl_links(spares.sock, arena, &waiting, &waiting_count, e) < 0)
		return wrap(e, "spare network devices");
	for (size_t i = 0; i < count; i++)
		if (is_spare(&links[i], body) && spares_put(&spares, sock, links[i].index, e) < 0)
			return wrap(e, "spare network devices");
	for (size_t i = 0; i < body->count; i++) {
		const struct wire_interface *interface = &body->interfaces[i];
		const struct rtnl_link *link = link_among(waiting, waiting_count, interface);

		if (link && !link_among(links, count, interface) &&
		    spares_take(&spares, link, interface->name, e) < 0)
			return wrap(e, "interface '%s'", interface->name);
	}
	return 0;
}

/* The device of each interface, in the order of the request. */
static int find_links(int sock, const struct wire_network *body, struct arena *arena,
		      struct rtnl_link *ret, struct err *e)
{
	struct rtnl_link *links;
	size_t count;

	if (rtnl_links(sock, arena, &links, &count, e) < 0)
		return -e->code;
	for (size_t i = 0; i < body->count; i++) {
		const struct rtnl_link *link = link_among(links, count, &body->interfaces[i]);

		if (!link)
			return refuse(e, ENODEV, "the guest has no device for interface '%s'",
				      body->interfaces[i].name);
		ret[i] = *link;
	}
	return 0;
}

/* A device is renamed only while it is down. */
static int rename_to(int sock, const struct rtnl_link *link, const char *name, struct err *e)
{
	int r = rtnl_link_set_up(sock, link->index, false, e);

	return r < 0 ? r : rtnl_link_rename(sock, link->index, name, e);
}

static int rename_all(int sock, const struct wire_network *body, const struct rtnl_link *links,
		      struct err *e)
{
	for (int step = 0; step < 2; step++) {
		for (size_t i = 0; i < body->count; i++) {
			const char *wanted = body->interfaces[i].name;
			char between[IFNAMSIZ];
			int r;

			if (strcmp(links[i].name, wanted) == 0)
				continue;
			(void)snprintf(between, sizeof(between), "moving%d",
				       links[i].index % 1000000);
			r = rename_to(sock, &links[i], step == 0 ? between : wanted, e);
			if (r < 0)
				return r;
		}
	}
	return 0;
}

static int add_address(int sock, int index, const struct rtnl_address *address, struct err *e)
{
	struct rtnl_address copy = *address;

	/* It has been found to be nobody else's on the host. */
	if (copy.family == AF_INET6)
		copy.flags |= IFA_F_NODAD;
	return rtnl_address_add(sock, index, &copy, e);
}

static int set_up(int sock, const struct wire_interface *interface, const struct rtnl_link *link,
		  struct err *e)
{
	int index = link->index;
	int r = 0;

	if (memcmp(interface->mac, link->mac, sizeof(link->mac)) != 0) {
		r = rtnl_link_set_up(sock, index, false, e);
		if (r == 0)
			r = rtnl_link_set_mac(sock, index, interface->mac, e);
		if (r < 0)
			return r;
	}
	if (interface->mtu != 0 && interface->mtu != link->mtu)
		r = rtnl_link_set_mtu(sock, index, interface->mtu, e);
	for (size_t i = 0; r == 0 && i < interface->address_count; i++)
		r = add_address(sock, index, &interface->addresses[i], e);
	if (r < 0 || !interface->is_up)
		return r;
	r = rtnl_link_set_up(sock, index, true, e);
	for (size_t i = 0; r == 0 && i < interface->neighbour_count; i++)
		r = rtnl_neighbour_add(sock, index, &interface->neighbours[i], e);
	for (size_t i = 0; r == 0 && i < interface->route_count; i++)
		r = rtnl_route_add(sock, index, &interface->routes[i], e);
	return r;
}

int guest_network(const struct agent *agent, const struct wire_network *body, struct err *e)
{
	auto_fd int sock = FD_NONE;
	auto_arena arena = {0};
	struct rtnl_link *links = arena_new_array(&arena, body->count, struct rtnl_link);
	int r = rtnl_open(&sock, e);

	/* The driver comes when there is something to drive: many containers have no interface, and
	 * then the spare devices need not be hidden either. */
	if (r == 0 && agent->is_machine && body->count > 0)
		r = modules_load_for(VIRTIO_ID_NET, e);
	/* A test's agent has no business with the devices of the host. */
	if (r == 0 && agent->is_machine)
		r = exchange(sock, body, &arena, e);
	if (r == 0)
		r = find_links(sock, body, &arena, links, e);
	if (r == 0)
		r = rename_all(sock, body, links, e);
	for (size_t i = 0; r == 0 && i < body->count; i++) {
		r = set_up(sock, &body->interfaces[i], &links[i], e);
		if (r < 0)
			return wrap(e, "interface '%s'", body->interfaces[i].name);
	}
	return r;
}
