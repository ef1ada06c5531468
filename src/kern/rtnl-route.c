/*
 * Routes and permanent neighbours of one device, as a machine's guest is to have them again. The
 * kernel makes the routes of addresses by itself, so those are not told; a route through a gateway
 * can only be added when the gateway is reachable, so the others come first.
 */
#include "base/str.h"
#include "rtnl-message.h"

#include <linux/neighbour.h>
#include <sys/socket.h>

struct route_list {
	struct arena *arena;
	int index;
	struct rtnl_route *items;
	size_t count, capacity;
};

static int take_route(const struct nlmsghdr *header, void *data)
{
	struct route_list *list = data;
	struct rtnl_route route;
	int index, r;

	if (header->nlmsg_type != RTM_NEWROUTE)
		return 0;
	r = rtnl_read_route(header, &index, &route);
	if (r < 0)
		return r;
	if (index != list->index || index == 0 || route.type != RTN_UNICAST ||
	    route.protocol == RTPROT_KERNEL || route.flags & RTM_F_CLONED)
		return 0;
	if (list->count == list->capacity) {
		struct rtnl_route *larger;

		list->capacity = list->capacity ? list->capacity * 2 : 8;
		larger = arena_new_array(list->arena, list->capacity, struct rtnl_route);
		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
	}
	route.flags &= RTNH_F_ONLINK;
	list->items[list->count++] = route;
	return 0;
}

int rtnl_routes(int sock, int index, struct arena *arena, struct rtnl_route **ret,
		size_t *ret_count, struct err *e)
{
	struct route_list list = {.arena = arena, .index = index};
	struct rtnl_request request;
	struct rtmsg *fixed = rtnl_start(&request, RTM_GETROUTE, NLM_F_DUMP, sizeof(*fixed));
	struct rtnl_route *sorted;
	size_t count = 0;
	int r;

	fixed->rtm_family = AF_UNSPEC;
	r = rtnl_call(sock, &request, take_route, &list);
	if (r < 0)
		return fail(e, -r, "list the routes of network device %d", index);
	sorted = arena_new_array(arena, list.count, struct rtnl_route);
	for (int has_gateway = 0; has_gateway < 2; has_gateway++) {
		for (size_t i = 0; i < list.count; i++) {
			if (list.items[i].has_gateway == has_gateway)
				sorted[count++] = list.items[i];
		}
	}
	*ret = sorted;
	*ret_count = count;
	return 0;
}

/* RTA_METRICS is a list of attributes itself. */
static void add_mtu(struct rtnl_request *request, uint32_t mtu)
{
	struct {
		struct rtattr head;
		uint32_t value;
	} metric = {{.rta_len = sizeof(metric), .rta_type = RTAX_MTU}, mtu};

	rtnl_add(request, RTA_METRICS, &metric, sizeof(metric));
}

int rtnl_route_add(int sock, int index, const struct rtnl_route *route, struct err *e)
{
	struct rtnl_request request;
	struct rtmsg *fixed = rtnl_start(&request, RTM_NEWROUTE,
					 NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(*fixed));
	int r;

	fixed->rtm_family = route->family;
	fixed->rtm_dst_len = route->prefix;
	fixed->rtm_scope = route->scope;
	fixed->rtm_protocol = route->protocol;
	fixed->rtm_type = route->type;
	fixed->rtm_flags = route->flags;
	fixed->rtm_table = RT_TABLE_MAIN;
	rtnl_add_u32(&request, RTA_OIF, (uint32_t)index);
	if (route->prefix > 0)
		rtnl_add(&request, RTA_DST, route->destination, route->size);
	if (route->has_gateway)
		rtnl_add(&request, RTA_GATEWAY, route->gateway, route->size);
	if (route->has_source)
		rtnl_add(&request, RTA_PREFSRC, route->source, route->size);
	if (route->metric > 0)
		rtnl_add_u32(&request, RTA_PRIORITY, route->metric);
	if (route->mtu > 0)
		add_mtu(&request, route->mtu);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0 && r != -EEXIST)
		return fail(e, -r, "add a route by network device %d", index);
	return 0;
}

struct neighbour_list {
	struct arena *arena;
	int index;
	struct rtnl_neighbour *items;
	size_t count, capacity;
};

static int take_neighbour(const struct nlmsghdr *header, void *data)
{
	struct neighbour_list *list = data;
	struct rtnl_neighbour neighbour;
	int index, r;

	if (header->nlmsg_type != RTM_NEWNEIGH)
		return 0;
	r = rtnl_read_neighbour(header, &index, &neighbour);
	if (r < 0)
		return r;
	if (index != list->index || index == 0)
		return 0;
	if (list->count == list->capacity) {
		struct rtnl_neighbour *larger;

		list->capacity = list->capacity ? list->capacity * 2 : 8;
		larger = arena_new_array(list->arena, list->capacity, struct rtnl_neighbour);
		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
	}
	list->items[list->count++] = neighbour;
	return 0;
}

int rtnl_neighbours(int sock, int index, struct arena *arena, struct rtnl_neighbour **ret,
		    size_t *ret_count, struct err *e)
{
	struct neighbour_list list = {.arena = arena, .index = index};
	struct rtnl_request request;
	struct ndmsg *fixed = rtnl_start(&request, RTM_GETNEIGH, NLM_F_DUMP, sizeof(*fixed));
	int r;

	fixed->ndm_family = AF_UNSPEC;
	r = rtnl_call(sock, &request, take_neighbour, &list);
	if (r < 0)
		return fail(e, -r, "list the neighbours of network device %d", index);
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

int rtnl_neighbour_add(int sock, int index, const struct rtnl_neighbour *neighbour, struct err *e)
{
	struct rtnl_request request;
	struct ndmsg *fixed = rtnl_start(&request, RTM_NEWNEIGH,
					 NLM_F_ACK | NLM_F_CREATE | NLM_F_REPLACE, sizeof(*fixed));
	int r;

	fixed->ndm_family = neighbour->family;
	fixed->ndm_ifindex = index;
	fixed->ndm_state = NUD_PERMANENT;
	fixed->ndm_flags = neighbour->flags;
	rtnl_add(&request, NDA_DST, neighbour->address, neighbour->size);
	rtnl_add(&request, NDA_LLADDR, neighbour->mac, sizeof(neighbour->mac));
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "add a neighbour to network device %d", index);
	return 0;
}
