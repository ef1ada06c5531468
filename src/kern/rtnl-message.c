/*
 * Messages of rtnetlink(7): lengths everywhere, all of them checked against what surrounds them.
 *
 * Attribute lengths have 16 bits: whatever is put into a request is checked against the fixed size
 * of the request first, so no length can wrap (CVE-2021-43784 was such a wrap).
 */
#include "rtnl-message.h"

#include "base/str.h"

#include <linux/if_addr.h>
#include <linux/if_link.h>
#include <linux/neighbour.h>
#include <sys/socket.h>

void *rtnl_start(struct rtnl_request *request, uint16_t type, uint16_t flags, size_t size)
{
	memset(request, 0, sizeof(*request));
	request->header.nlmsg_type = type;
	request->header.nlmsg_flags = NLM_F_REQUEST | flags;
	request->header.nlmsg_len = (uint32_t)NLMSG_SPACE(size);
	return NLMSG_DATA(&request->header);
}

void rtnl_add(struct rtnl_request *request, uint16_t type, const void *bytes, size_t size)
{
	size_t used = NLMSG_ALIGN(request->header.nlmsg_len);
	struct rtattr attribute = {.rta_type = type};
	char *at = (char *)request + used;

	if (size > RTNL_REQUEST_SIZE || used > RTNL_REQUEST_SIZE ||
	    RTA_SPACE(size) > RTNL_REQUEST_SIZE - used) {
		request->overflow = true;
		return;
	}
	attribute.rta_len = (uint16_t)RTA_LENGTH(size);
	memcpy(at, &attribute, sizeof(attribute));
	memcpy(at + RTA_LENGTH(0), bytes, size);
	request->header.nlmsg_len = (uint32_t)(used + RTA_SPACE(size));
}

void rtnl_add_u32(struct rtnl_request *request, uint16_t type, uint32_t value)
{
	rtnl_add(request, type, &value, sizeof(value));
}

void rtnl_add_text(struct rtnl_request *request, uint16_t type, const char *text)
{
	rtnl_add(request, type, text, strlen(text) + 1);
}

static int read_error(const struct nlmsghdr *header)
{
	int32_t code;

	if (header->nlmsg_len < NLMSG_LENGTH(sizeof(struct nlmsgerr)))
		return -EBADMSG;
	memcpy(&code, NLMSG_DATA(header), sizeof(code));
	if (code > 0 || code < -4095)
		return -EBADMSG;
	return code == 0 ? RTNL_DONE : code;
}

int rtnl_read(const void *bytes, size_t size, uint32_t sequence, rtnl_message_fn *take, void *data)
{
	const char *at = bytes;

	while (size >= sizeof(struct nlmsghdr)) {
		const struct nlmsghdr *header = (const struct nlmsghdr *)(const void *)at;
		size_t step;
		int r = 0;

		if (header->nlmsg_len < sizeof(*header) || header->nlmsg_len > size)
			return -EBADMSG;
		if (header->nlmsg_seq == sequence) {
			if (header->nlmsg_type == NLMSG_DONE)
				return RTNL_DONE;
			r = header->nlmsg_type == NLMSG_ERROR ? read_error(header)
							      : take(header, data);
		}
		if (r != 0)
			return r;
		step = NLMSG_ALIGN(header->nlmsg_len);
		if (step >= size)
			break;
		at += step;
		size -= step;
	}
	return RTNL_MORE;
}

/* Called for each attribute behind the fixed part. */
typedef void attribute_fn(uint16_t type, const void *bytes, size_t size, void *data);

static int walk_attributes(const char *bytes, size_t size, attribute_fn *take, void *data)
{
	size_t offset = 0;

	while (offset + sizeof(struct rtattr) <= size) {
		struct rtattr attribute;
		size_t left = size - offset;

		memcpy(&attribute, bytes + offset, sizeof(attribute));
		if (attribute.rta_len < sizeof(attribute) || attribute.rta_len > left)
			return -EBADMSG;
		take(attribute.rta_type & NLA_TYPE_MASK, bytes + offset + RTA_LENGTH(0),
		     attribute.rta_len - RTA_LENGTH(0), data);
		offset += RTA_ALIGN(attribute.rta_len);
	}
	return 0;
}

static int read_attributes(const struct nlmsghdr *header, size_t fixed, attribute_fn *take,
			   void *data)
{
	size_t offset = NLMSG_SPACE(fixed);

	if (offset >= header->nlmsg_len)
		return 0;
	return walk_attributes((const char *)header + offset, header->nlmsg_len - offset, take,
			       data);
}

static void copy_name(char out[IFNAMSIZ], const void *bytes, size_t size)
{
	size_t length = size > 0 ? strnlen(bytes, size) : 0;

	if (length < IFNAMSIZ) {
		memcpy(out, bytes, length);
		out[length] = '\0';
	}
}

static void take_link_info(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct rtnl_link *link = data;

	if (type == IFLA_INFO_KIND)
		copy_name(link->kind, bytes, size);
}

static void take_link_attribute(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct rtnl_link *link = data;

	if (type == IFLA_IFNAME && size > 0) {
		copy_name(link->name, bytes, size);
	} else if (type == IFLA_MTU && size == sizeof(link->mtu)) {
		memcpy(&link->mtu, bytes, size);
	} else if (type == IFLA_ADDRESS && size == sizeof(link->mac)) {
		memcpy(link->mac, bytes, size);
		link->has_mac = true;
	} else if (type == IFLA_LINKINFO) {
		(void)!walk_attributes(bytes, size, take_link_info, link);
	}
}

int rtnl_read_link(const struct nlmsghdr *header, struct rtnl_link *ret)
{
	struct rtnl_link link = {0};
	struct ifinfomsg fixed;
	int r;

	if (header->nlmsg_type != RTM_NEWLINK || header->nlmsg_len < NLMSG_LENGTH(sizeof(fixed)))
		return -EBADMSG;
	memcpy(&fixed, NLMSG_DATA(header), sizeof(fixed));
	link.index = fixed.ifi_index;
	link.type = fixed.ifi_type;
	link.flags = fixed.ifi_flags;
	r = read_attributes(header, sizeof(fixed), take_link_attribute, &link);
	if (r == 0)
		*ret = link;
	return r;
}

static void take_address_attribute(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct rtnl_address *address = data;
	bool fits = size == address->size;

	if (type == IFA_LOCAL && fits) {
		memcpy(address->local, bytes, size);
		address->has_local = true;
	} else if (type == IFA_ADDRESS && fits) {
		memcpy(address->peer, bytes, size);
		address->has_peer = true;
	} else if (type == IFA_BROADCAST && fits) {
		memcpy(address->broadcast, bytes, size);
		address->has_broadcast = true;
	} else if (type == IFA_FLAGS && size == sizeof(uint32_t)) {
		memcpy(&address->flags, bytes, size);
	} else if (type == IFA_LABEL && size > 0) {
		copy_name(address->label, bytes, size);
	}
}

int rtnl_read_address(const struct nlmsghdr *header, int *ret_index, struct rtnl_address *ret)
{
	struct rtnl_address address = {0};
	struct ifaddrmsg fixed;
	int r;

	if (header->nlmsg_type != RTM_NEWADDR || header->nlmsg_len < NLMSG_LENGTH(sizeof(fixed)))
		return -EBADMSG;
	memcpy(&fixed, NLMSG_DATA(header), sizeof(fixed));
	address.family = fixed.ifa_family;
	address.prefix = fixed.ifa_prefixlen;
	address.scope = fixed.ifa_scope;
	address.flags = fixed.ifa_flags;
	address.size = fixed.ifa_family == AF_INET6 ? 16 : 4;
	r = read_attributes(header, sizeof(fixed), take_address_attribute, &address);
	if (r < 0)
		return r;
	*ret_index = (int)fixed.ifa_index;
	*ret = address;
	return 0;
}

struct reading_route {
	struct rtnl_route *route;
	uint32_t table, output;
	bool is_multipath;
};

static void take_route_metric(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct rtnl_route *route = data;

	if (type == RTAX_MTU && size == sizeof(route->mtu))
		memcpy(&route->mtu, bytes, size);
}

static void take_route_attribute(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct reading_route *reading = data;
	struct rtnl_route *route = reading->route;
	bool fits = size == route->size;

	if (type == RTA_DST && fits) {
		memcpy(route->destination, bytes, size);
	} else if (type == RTA_GATEWAY && fits) {
		memcpy(route->gateway, bytes, size);
		route->has_gateway = true;
	} else if (type == RTA_PREFSRC && fits) {
		memcpy(route->source, bytes, size);
		route->has_source = true;
	} else if (type == RTA_PRIORITY && size == sizeof(uint32_t)) {
		memcpy(&route->metric, bytes, size);
	} else if (type == RTA_TABLE && size == sizeof(uint32_t)) {
		memcpy(&reading->table, bytes, size);
	} else if (type == RTA_OIF && size == sizeof(uint32_t)) {
		memcpy(&reading->output, bytes, size);
	} else if (type == RTA_METRICS) {
		(void)!walk_attributes(bytes, size, take_route_metric, route);
	} else if (type == RTA_MULTIPATH) {
		reading->is_multipath = true;
	}
}

int rtnl_read_route(const struct nlmsghdr *header, int *ret_index, struct rtnl_route *ret)
{
	struct rtnl_route route = {0};
	struct reading_route reading = {.route = &route};
	struct rtmsg fixed;
	int r;

	if (header->nlmsg_type != RTM_NEWROUTE || header->nlmsg_len < NLMSG_LENGTH(sizeof(fixed)))
		return -EBADMSG;
	memcpy(&fixed, NLMSG_DATA(header), sizeof(fixed));
	route.family = fixed.rtm_family;
	route.size = fixed.rtm_family == AF_INET6 ? 16 : 4;
	route.prefix = fixed.rtm_dst_len;
	route.scope = fixed.rtm_scope;
	route.protocol = fixed.rtm_protocol;
	route.type = fixed.rtm_type;
	route.flags = fixed.rtm_flags;
	reading.table = fixed.rtm_table;
	r = read_attributes(header, sizeof(fixed), take_route_attribute, &reading);
	if (r < 0)
		return r;
	*ret_index =
		reading.table == RT_TABLE_MAIN && !reading.is_multipath ? (int)reading.output : 0;
	*ret = route;
	return 0;
}

static void take_neighbour_attribute(uint16_t type, const void *bytes, size_t size, void *data)
{
	struct rtnl_neighbour *neighbour = data;

	if (type == NDA_DST && size == neighbour->size)
		memcpy(neighbour->address, bytes, size);
	else if (type == NDA_LLADDR && size == sizeof(neighbour->mac))
		memcpy(neighbour->mac, bytes, size);
}

int rtnl_read_neighbour(const struct nlmsghdr *header, int *ret_index, struct rtnl_neighbour *ret)
{
	struct rtnl_neighbour neighbour = {0};
	struct ndmsg fixed;
	int r;

	if (header->nlmsg_type != RTM_NEWNEIGH || header->nlmsg_len < NLMSG_LENGTH(sizeof(fixed)))
		return -EBADMSG;
	memcpy(&fixed, NLMSG_DATA(header), sizeof(fixed));
	neighbour.family = fixed.ndm_family;
	neighbour.size = fixed.ndm_family == AF_INET6 ? 16 : 4;
	neighbour.flags = fixed.ndm_flags;
	r = read_attributes(header, sizeof(fixed), take_neighbour_attribute, &neighbour);
	if (r < 0)
		return r;
	*ret_index = fixed.ndm_state & NUD_PERMANENT ? fixed.ndm_ifindex : 0;
	*ret = neighbour;
	return 0;
}
