/* Network devices in namespaces of their own, and the text of counters. */
#include "kern/rtnl.h"

#include "kern/namespaces.h"
#include "test-support.h"

#include "rtnl-message.h"

#include <sys/socket.h>

static void test_counters(void)
{
	static const char text[] =
		"Inter-|   Receive                                                |  Transmit\n"
		" face |bytes    packets errs drop fifo frame compressed multicast|bytes    "
		"packets\n"
		"    lo: 10 2 3 4 0 0 0 0 50 6 7 8 0 0 0 0\n"
		"eth0:18446744073709551615 1 0 0 0 0 0 0 1 1 0 0 0 0 0 0\n"
		"a-name-that-is-much-too-long: 1 2 3 4 0 0 0 0 5 6 7 8 0 0 0 0\n"
		"few: 1 2 3\n";
	auto_arena arena = {0};
	struct net_counters *all = NULL;
	size_t count = 0;

	net_counters_parse(text, &arena, &all, &count);
	check_number(count, 2);
	check_text(all[0].name, "lo");
	check(all[0].rx_bytes == 10 && all[0].rx_packets == 2 && all[0].rx_errors == 3 &&
	      all[0].rx_dropped == 4);
	check(all[0].tx_bytes == 50 && all[0].tx_packets == 6 && all[0].tx_errors == 7 &&
	      all[0].tx_dropped == 8);
	check_text(all[1].name, "eth0");
	check(all[1].rx_bytes == UINT64_MAX);
	net_counters_parse("", &arena, &all, &count);
	check_number(count, 0);
}

static void test_requests(void)
{
	struct rtnl_request request;
	char bytes[RTNL_REQUEST_SIZE] = "";

	(void)rtnl_start(&request, RTM_NEWLINK, 0, sizeof(struct ifinfomsg));
	rtnl_add(&request, IFLA_IFNAME, bytes, 16);
	check(!request.overflow);
	rtnl_add(&request, IFLA_IFNAME, bytes, sizeof(bytes) - 40);
	check(request.overflow);
	check(request.header.nlmsg_len <= RTNL_REQUEST_SIZE);
	rtnl_add(&request, IFLA_IFNAME, bytes, SIZE_MAX - 3);
	check(request.header.nlmsg_len <= RTNL_REQUEST_SIZE);
}

/* A device without hardware: only tests make devices. */
static int make_device(const char *name, const char *kind)
{
	struct rtnl_request request;
	auto_fd int sock = FD_NONE;
	const size_t length = strlen(kind) + 1;
	const struct rtattr inner = {.rta_len = (unsigned short)RTA_LENGTH(length),
				     .rta_type = IFLA_INFO_KIND};
	char nested[32] = "";
	char reply[4096];
	struct err e;
	ssize_t size;

	(void)rtnl_start(&request, RTM_NEWLINK, NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL,
			 sizeof(struct ifinfomsg));
	rtnl_add_text(&request, IFLA_IFNAME, name);
	memcpy(nested, &inner, sizeof(inner));
	memcpy(nested + sizeof(inner), kind, length);
	rtnl_add(&request, IFLA_LINKINFO, nested, RTA_SPACE(length));
	request.header.nlmsg_seq = 77;
	if (rtnl_open(&sock, &e) < 0 || send(sock, request.bytes, request.header.nlmsg_len, 0) < 0)
		return -1;
	size = recv(sock, reply, sizeof(reply), 0);
	return size < 0 ? -1 : rtnl_read(reply, (size_t)size, 77, NULL, NULL);
}

static void check_there(int sock, struct err *e)
{
	auto_arena arena = {0};
	struct rtnl_address address = {
		.family = AF_INET,
		.prefix = 24,
		.size = 4,
		.has_local = true,
		.has_peer = true,
		.local = {192, 0, 2, 1},
		.peer = {192, 0, 2, 1},
	};
	struct rtnl_address six = {.family = AF_INET6, .prefix = 64, .size = 16, .has_peer = true};
	struct rtnl_address *found = NULL;
	struct rtnl_link link = {0};
	size_t count = 0;

	check_number(rtnl_link_find(sock, "moved0", &link, e), RTNL_FOUND);
	check_text(link.name, "moved0");
	check_number(rtnl_link_find(sock, "first0", &link, e), RTNL_ABSENT);
	check_number(rtnl_link_find(sock, "moved0", &link, e), RTNL_FOUND);
	check_zero(rtnl_address_add(sock, link.index, &address, e), e, "add an address");
	check_zero(rtnl_address_add(sock, link.index, &address, e), e, "again");
	memcpy(six.peer, "\x20\x01\x0d\xb8\0\0\0\0\0\0\0\0\0\0\0\1", 16);
	check_zero(rtnl_address_add(sock, link.index, &six, e), e, "add another");
	check_zero(rtnl_link_set_up(sock, link.index, true, e), e, "up");
	check_zero(rtnl_addresses(sock, link.index, &arena, &found, &count, e), e, "list");
	check_number(count, 2);
	check(count == 2 && memcmp(found[0].local, address.local, 4) == 0 &&
	      found[0].prefix == 24 && memcmp(found[1].peer, six.peer, 16) == 0);
}

/* What one interface has, another can be given. */
static void check_routes(int sock, struct err *e)
{
	const struct rtnl_route wanted[] = {
		{.family = AF_INET,
		 .size = 4,
		 .scope = RT_SCOPE_UNIVERSE,
		 .type = RTN_UNICAST,
		 .protocol = RTPROT_BOOT,
		 .has_gateway = true,
		 .gateway = {192, 0, 2, 254},
		 .metric = 7,
		 .mtu = 1280},
		{.family = AF_INET,
		 .size = 4,
		 .prefix = 16,
		 .scope = RT_SCOPE_LINK,
		 .type = RTN_UNICAST,
		 .protocol = RTPROT_STATIC,
		 .destination = {198, 51}},
	};
	const struct rtnl_neighbour near = {.family = AF_INET,
					    .size = 4,
					    .address = {192, 0, 2, 254},
					    .mac = {2, 0, 0, 0, 0, 9}};
	struct rtnl_neighbour *neighbours = NULL;
	struct rtnl_route *routes = NULL;
	struct rtnl_link *links = NULL, link = {0};
	auto_arena arena = {0};
	size_t count = 0, link_count = 0;
	bool is_listed = false;

	check_number(rtnl_link_find(sock, "moved0", &link, e), RTNL_FOUND);
	check_zero(rtnl_link_set_mtu(sock, link.index, 1400, e), e, "MTU");
	check_zero(rtnl_link_set_mac(sock, link.index, near.mac, e), e, "MAC");
	check_zero(rtnl_links(sock, &arena, &links, &link_count, e), e, "list the links");
	for (size_t i = 0; i < link_count; i++)
		is_listed = is_listed || (links[i].index == link.index && links[i].mtu == 1400 &&
					  links[i].has_mac && links[i].kind[0] != '\0' &&
					  memcmp(links[i].mac, near.mac, 6) == 0);
	check(is_listed);
	check_zero(rtnl_route_add(sock, link.index, &wanted[0], e), e, "a default route");
	check_zero(rtnl_route_add(sock, link.index, &wanted[1], e), e, "a route");
	check_zero(rtnl_route_add(sock, link.index, &wanted[1], e), e, "again");
	check_zero(rtnl_routes(sock, link.index, &arena, &routes, &count, e), e, "list routes");
	check_number(count, 2);
	check(count == 2 && routes[0].prefix == 16 && routes[0].destination[1] == 51 &&
	      routes[1].has_gateway && routes[1].gateway[3] == 254 && routes[1].metric == 7 &&
	      routes[1].mtu == 1280);
	check_zero(rtnl_neighbour_add(sock, link.index, &near, e), e, "a neighbour");
	check_zero(rtnl_neighbours(sock, link.index, &arena, &neighbours, &count, e), e, "list");
	check(count == 1 && memcmp(neighbours[0].mac, near.mac, 6) == 0);
	check_zero(rtnl_link_set_up(sock, link.index, false, e), e, "down");
	check_zero(rtnl_link_rename(sock, link.index, "other0", e), e, "rename");
	check_number(rtnl_link_find(sock, "other0", &link, e), RTNL_FOUND);
}

static void test_links(void)
{
	auto_fd int other = FD_NONE;
	auto_fd int first = FD_NONE;
	auto_fd int sock = FD_NONE;
	struct rtnl_link link = {0};
	struct err e;

	check_zero(namespace_unshare(CLONE_NEWNET, &e), &e, "a network namespace");
	check_zero(namespace_open("/proc/self/ns/net", CLONE_NEWNET, &other, &e), &e, "its fd");
	check_zero(namespace_unshare(CLONE_NEWNET, &e), &e, "another");
	check_zero(namespace_open("/proc/self/ns/net", CLONE_NEWNET, &first, &e), &e, "its fd");
	check_zero(rtnl_open(&sock, &e), &e, "a socket");
	check_number(rtnl_link_find(sock, "lo", &link, &e), RTNL_FOUND);
	check(!(link.flags & IFF_UP));
	check_zero(rtnl_loopback_up(&e), &e, "loopback");
	check_number(rtnl_link_find(sock, "lo", &link, &e), RTNL_FOUND);
	check(link.flags & IFF_UP);
	check_number(rtnl_link_find(sock, "nosuch", &link, &e), RTNL_ABSENT);
	check_number(rtnl_link_find(sock, "a-name-that-is-too-long", &link, &e), -EINVAL);
	check_number(rtnl_link_find(sock, "", &link, &e), -EINVAL);
	if (make_device("first0", "dummy") != RTNL_DONE &&
	    make_device("first0", "veth") != RTNL_DONE) {
		tap_skip("neither dummy nor veth devices here");
		return;
	}
	check_number(rtnl_link_find(sock, "first0", &link, &e), RTNL_FOUND);
	check_zero(rtnl_link_move(sock, link.index, other, "moved0", &e), &e, "move it");
	check_number(rtnl_link_find(sock, "first0", &link, &e), RTNL_ABSENT);
	check_zero(namespace_join(other, CLONE_NEWNET, &e), &e, "follow it");
	fd_close(&sock);
	check_zero(rtnl_open(&sock, &e), &e, "a socket there");
	check_there(sock, &e);
	check_routes(sock, &e);
}

int main(void)
{
	test_counters();
	test_requests();
	if (is_root())
		test_links();
	else
		tap_skip("network namespaces need root");
	return tap_done();
}
