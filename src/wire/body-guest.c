/* What the guest as a whole is told: its clock, its seed, its network. */
#include "pack.h"
#include "wire/bodies.h"

enum { MAP_ENTRY_LEAST = 8, ADDRESS_LEAST = 8, ROUTE_LEAST = 16, INTERFACE_LEAST = 20 };

static void walk_configure(struct pack *p, struct wire_configure *body)
{
	pack_u64(p, &body->realtime);
	pack_bytes(p, body->seed, sizeof(body->seed));
	pack_text(p, &body->share_tag);
	pack_text(p, &body->hostname);
	pack_u32(p, &body->log_level);
	pack_u64(p, &body->memory_reserve);
	body->sysctls.items = pack_items(p, body->sysctls.items, &body->sysctls.count,
					 sizeof(struct map_entry), MAP_ENTRY_LEAST);
	for (size_t i = 0; i < body->sysctls.count; i++) {
		struct map_entry *entry = &body->sysctls.items[i];

		pack_text(p, &entry->name);
		pack_text(p, &entry->value);
		if (!entry->name || !entry->value)
			p->is_wrong = true;
	}
}

void wire_configure_encode(const struct wire_configure *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_configure copy = *body;

	walk_configure(&p, &copy);
}

int wire_configure_decode(struct arena *arena, const void *bytes, size_t size,
			  struct wire_configure *ret, struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct wire_configure body = {0};

	walk_configure(&p, &body);
	if (pack_end(&p, "configure", e) < 0)
		return -e->code;
	*ret = body;
	return 0;
}

static void check_size(struct pack *p, uint8_t size)
{
	if (size != 4 && size != 16)
		p->is_wrong = true;
}

static void walk_address(struct pack *p, struct rtnl_address *address)
{
	pack_u8(p, &address->family);
	pack_u8(p, &address->prefix);
	pack_u8(p, &address->scope);
	pack_u32(p, &address->flags);
	pack_u8(p, &address->size);
	check_size(p, address->size);
	pack_bool(p, &address->has_local);
	pack_bool(p, &address->has_peer);
	pack_bool(p, &address->has_broadcast);
	pack_bytes(p, address->local, sizeof(address->local));
	pack_bytes(p, address->peer, sizeof(address->peer));
	pack_bytes(p, address->broadcast, sizeof(address->broadcast));
	pack_name(p, address->label, sizeof(address->label));
}

static void walk_route(struct pack *p, struct rtnl_route *route)
{
	pack_u8(p, &route->family);
	pack_u8(p, &route->size);
	check_size(p, route->size);
	pack_u8(p, &route->prefix);
	pack_u8(p, &route->scope);
	pack_u8(p, &route->protocol);
	pack_u8(p, &route->type);
	pack_u32(p, &route->flags);
	pack_u32(p, &route->metric);
	pack_u32(p, &route->mtu);
	pack_bool(p, &route->has_gateway);
	pack_bool(p, &route->has_source);
	pack_bytes(p, route->destination, sizeof(route->destination));
	pack_bytes(p, route->gateway, sizeof(route->gateway));
	pack_bytes(p, route->source, sizeof(route->source));
}

static void walk_neighbour(struct pack *p, struct rtnl_neighbour *neighbour)
{
	pack_u8(p, &neighbour->family);
	pack_u8(p, &neighbour->size);
	check_size(p, neighbour->size);
	pack_u8(p, &neighbour->flags);
	pack_bytes(p, neighbour->address, sizeof(neighbour->address));
	pack_bytes(p, neighbour->mac, sizeof(neighbour->mac));
}

static void walk_interface(struct pack *p, struct wire_interface *interface)
{
	pack_bytes(p, interface->device, sizeof(interface->device));
	pack_bytes(p, interface->mac, sizeof(interface->mac));
	pack_name(p, interface->name, sizeof(interface->name));
	pack_u32(p, &interface->mtu);
	pack_bool(p, &interface->is_up);
	interface->addresses = pack_items(p, interface->addresses, &interface->address_count,
					  sizeof(struct rtnl_address), ADDRESS_LEAST);
	for (size_t i = 0; i < interface->address_count; i++)
		walk_address(p, &interface->addresses[i]);
	interface->routes = pack_items(p, interface->routes, &interface->route_count,
				       sizeof(struct rtnl_route), ROUTE_LEAST);
	for (size_t i = 0; i < interface->route_count; i++)
		walk_route(p, &interface->routes[i]);
	interface->neighbours = pack_items(p, interface->neighbours, &interface->neighbour_count,
					   sizeof(struct rtnl_neighbour), ADDRESS_LEAST);
	for (size_t i = 0; i < interface->neighbour_count; i++)
		walk_neighbour(p, &interface->neighbours[i]);
}

static void walk_network(struct pack *p, struct wire_network *body)
{
	body->interfaces = pack_items(p, body->interfaces, &body->count,
				      sizeof(struct wire_interface), INTERFACE_LEAST);
	for (size_t i = 0; i < body->count; i++)
		walk_interface(p, &body->interfaces[i]);
}

void wire_network_encode(const struct wire_network *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_network copy = *body;

	walk_network(&p, &copy);
}

int wire_network_decode(struct arena *arena, const void *bytes, size_t size,
			struct wire_network *ret, struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct wire_network body = {0};

	walk_network(&p, &body);
	if (pack_end(&p, "network", e) < 0)
		return -e->code;
	*ret = body;
	return 0;
}
