/*
 * The few requests of rtnetlink(7) that a runtime makes: see kern/rtnl.h.
 *
 * The kernel answers a request before sendto(2) returns, so replies are only waited for some
 * seconds, in case that ever changes. Replies come from port 0; anything else in the queue was sent
 * by some process and is dropped. A link is moved and renamed in one request: in two, udev or the
 * engine could see it under a name that is taken there.
 */
#include "kern/rtnl.h"

#include "base/clock.h"
#include "base/str.h"
#include "kern/sock.h"
#include "rtnl-message.h"

#include <linux/if_addr.h>
#include <sys/socket.h>

#define REPLY_TIMEOUT_NS UINT64_C(10000000000)

int rtnl_open(int *ret_fd, struct err *e)
{
	auto_fd int sock = socket(AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC, NETLINK_ROUTE);
	struct sockaddr_nl own = {.nl_family = AF_NETLINK};

	if (sock < 0)
		return fail(e, errno, "make a netlink socket");
	if (bind(sock, (const struct sockaddr *)&own, sizeof(own)) < 0)
		return fail(e, errno, "bind a netlink socket");
	*ret_fd = take_fd(&sock);
	return 0;
}

/* One datagram of the kernel; 0 or -errno. */
static int receive(int sock, char *bytes, size_t *ret_size, struct err *e)
{
	uint64_t deadline = clock_now() + REPLY_TIMEOUT_NS;

	for (;;) {
		struct sockaddr_nl from = {0};
		socklen_t from_size = sizeof(from);
		ssize_t size;
		int r = sock_wait_readable(sock, deadline, e);

		if (r < 0)
			return r;
		size = recvfrom(sock, bytes, RTNL_REPLY_SIZE, MSG_TRUNC | MSG_DONTWAIT,
				(struct sockaddr *)&from, &from_size);
		if (size < 0 && (errno == EINTR || errno == EAGAIN))
			continue;
		if (size < 0)
			return -errno;
		if (from.nl_pid != 0)
			continue;
		if (size > RTNL_REPLY_SIZE)
			return -EMSGSIZE;
		*ret_size = (size_t)size;
		return 0;
	}
}

int rtnl_ignore(const struct nlmsghdr *header, void *data)
{
	(void)header;
	(void)data;
	return 0;
}

int rtnl_call(int sock, struct rtnl_request *request, rtnl_message_fn *take, void *data)
{
	static uint32_t sequence;
	const struct sockaddr_nl kernel = {.nl_family = AF_NETLINK};
	auto_free char *reply = xmalloc(RTNL_REPLY_SIZE);
	struct err ignored;
	ssize_t sent;

	if (request->overflow)
		return -EMSGSIZE;
	request->header.nlmsg_seq = ++sequence;
	do {
		sent = sendto(sock, request->bytes, request->header.nlmsg_len, 0,
			      (const struct sockaddr *)&kernel, sizeof(kernel));
	} while (sent < 0 && errno == EINTR);
	if (sent < 0)
		return -errno;
	for (;;) {
		size_t size = 0;
		int r = receive(sock, reply, &size, &ignored);

		if (r == 0)
			r = rtnl_read(reply, size, request->header.nlmsg_seq, take, data);
		if (r != RTNL_MORE)
			return r < 0 ? r : 0;
	}
}

static int take_link(const struct nlmsghdr *header, void *data)
{
	return header->nlmsg_type == RTM_NEWLINK ? rtnl_read_link(header, data) : 0;
}

static bool is_name(const char *name)
{
	size_t length = strlen(name);

	return length > 0 && length < IFNAMSIZ;
}

int rtnl_link_find(int sock, const char *name, struct rtnl_link *ret, struct err *e)
{
	struct rtnl_request request;
	struct rtnl_link link = {0};
	struct ifinfomsg *fixed;
	int r;

	if (!is_name(name))
		return refuse(e, EINVAL, "'%s' is not the name of a network device", name);
	fixed = rtnl_start(&request, RTM_GETLINK, NLM_F_ACK, sizeof(*fixed));
	fixed->ifi_family = AF_UNSPEC;
	rtnl_add_text(&request, IFLA_IFNAME, name);
	r = rtnl_call(sock, &request, take_link, &link);
	if (r == -ENODEV)
		return RTNL_ABSENT;
	if (r < 0)
		return fail(e, -r, "look for network device '%s'", name);
	if (link.index <= 0)
		return refuse(e, EBADMSG, "the kernel did not tell about network device '%s'",
			      name);
	*ret = link;
	return RTNL_FOUND;
}

int rtnl_link_set_up(int sock, int index, bool up, struct err *e)
{
	struct rtnl_request request;
	struct ifinfomsg *fixed = rtnl_start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*fixed));
	int r;

	fixed->ifi_family = AF_UNSPEC;
	fixed->ifi_index = index;
	fixed->ifi_change = IFF_UP;
	fixed->ifi_flags = up ? IFF_UP : 0;
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "bring network device %d %s", index, up ? "up" : "down");
	return 0;
}

int rtnl_link_move(int sock, int index, int network_namespace, const char *new_name, struct err *e)
{
	struct rtnl_request request;
	struct ifinfomsg *fixed = rtnl_start(&request, RTM_NEWLINK, NLM_F_ACK, sizeof(*fixed));
	int r;

	if (!is_name(new_name))
		return refuse(e, EINVAL, "'%s' is not the name of a network device", new_name);
	fixed->ifi_family = AF_UNSPEC;
	fixed->ifi_index = index;
	rtnl_add_u32(&request, IFLA_NET_NS_FD, (uint32_t)network_namespace);
	rtnl_add_text(&request, IFLA_IFNAME, new_name);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "move network device %d to the container as '%s'", index,
			    new_name);
	return 0;
}

int rtnl_loopback_up(struct err *e)
{
	auto_fd int sock = FD_NONE;
	/* The first device of every network namespace. */
	const int loopback = 1;
	int r = rtnl_open(&sock, e);

	return r < 0 ? r : rtnl_link_set_up(sock, loopback, true, e);
}

struct address_list {
	struct arena *arena;
	int index;
	struct rtnl_address *items;
	size_t count, capacity;
};

static int take_address(const struct nlmsghdr *header, void *data)
{
	struct address_list *list = data;
	struct rtnl_address address;
	int index;
	int r;

	if (header->nlmsg_type != RTM_NEWADDR)
		return 0;
	r = rtnl_read_address(header, &index, &address);
	if (r < 0)
		return r;
	if (index != list->index || address.scope != RT_SCOPE_UNIVERSE ||
	    !(address.flags & IFA_F_PERMANENT))
		return 0;
	if (list->count == list->capacity) {
		struct rtnl_address *larger;

		list->capacity = list->capacity ? list->capacity * 2 : 8;
		larger = arena_new_array(list->arena, list->capacity, struct rtnl_address);
		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
	}
	list->items[list->count++] = address;
	return 0;
}

int rtnl_addresses(int sock, int index, struct arena *arena, struct rtnl_address **ret,
		   size_t *ret_count, struct err *e)
{
	struct address_list list = {.arena = arena, .index = index};
	struct rtnl_request request;
	struct ifaddrmsg *fixed = rtnl_start(&request, RTM_GETADDR, NLM_F_DUMP, sizeof(*fixed));
	int r;

	fixed->ifa_family = AF_UNSPEC;
	r = rtnl_call(sock, &request, take_address, &list);
	if (r < 0)
		return fail(e, -r, "list the addresses of network device %d", index);
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

int rtnl_address_add(int sock, int index, const struct rtnl_address *address, struct err *e)
{
	struct rtnl_request request;
	struct ifaddrmsg *fixed = rtnl_start(&request, RTM_NEWADDR,
					     NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(*fixed));
	int r;

	fixed->ifa_family = address->family;
	fixed->ifa_prefixlen = address->prefix;
	fixed->ifa_scope = address->scope;
	fixed->ifa_index = (unsigned int)index;
	rtnl_add_u32(&request, IFA_FLAGS, address->flags);
	if (address->has_local)
		rtnl_add(&request, IFA_LOCAL, address->local, address->size);
	if (address->has_peer)
		rtnl_add(&request, IFA_ADDRESS, address->peer, address->size);
	if (address->has_broadcast)
		rtnl_add(&request, IFA_BROADCAST, address->broadcast, address->size);
	if (address->label[0])
		rtnl_add_text(&request, IFA_LABEL, address->label);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0 && r != -EEXIST)
		return fail(e, -r, "add an address to network device %d", index);
	return 0;
}
