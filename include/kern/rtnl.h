/* The few messages of rtnetlink(7) that a runtime needs. */
#ifndef KERN_RTNL_H
#define KERN_RTNL_H

#include "base/arena.h"
#include "base/own.h"

#include <net/if.h>
#include <stdint.h>

/* A socket in the network namespace of the caller. */
int rtnl_open(int *ret_fd, struct err *e) must_check;

enum rtnl_found { RTNL_FOUND = 0, RTNL_ABSENT = 1 };
struct rtnl_link {
	int index;
	unsigned int flags; /* IFF_* */
	char name[IFNAMSIZ];
	uint16_t type; /* ARPHRD_* */
	uint32_t mtu;
	bool has_mac;
	uint8_t mac[6];
	char kind[16]; /* "veth", "tun", ...; "" = none */
};
/* All links here, in the kernel's order. */
int rtnl_links(int sock, struct arena *arena, struct rtnl_link **ret, size_t *ret_count,
	       struct err *e) must_check;
/* RTNL_ABSENT: no link of that name here. */
int rtnl_link_find(int sock, const char *name, struct rtnl_link *ret, struct err *e) must_check;
int rtnl_link_set_up(int sock, int index, bool up, struct err *e) must_check;
/* Moves into another network namespace and renames in one request. */
int rtnl_link_move(int sock, int index, int network_namespace, const char *new_name,
		   struct err *e) must_check;
int rtnl_link_rename(int sock, int index, const char *new_name, struct err *e) must_check;
int rtnl_link_set_mtu(int sock, int index, uint32_t mtu, struct err *e) must_check;
int rtnl_link_set_mac(int sock, int index, const uint8_t mac[6], struct err *e) must_check;
/* Brings "lo" up in our network namespace. */
int rtnl_loopback_up(struct err *e) must_check;

struct rtnl_address {
	uint8_t family; /* AF_INET, AF_INET6 */
	uint8_t prefix;
	uint8_t scope;	/* RT_SCOPE_* */
	uint32_t flags; /* IFA_F_* */
	uint8_t size;	/* 4 or 16: bytes of the addresses */
	bool has_local, has_peer, has_broadcast;
	uint8_t local[16], peer[16], broadcast[16]; /* peer: IFA_ADDRESS */
	char label[IFNAMSIZ];			    /* "" = none */
};
/* All addresses of a link that are permanent and of global scope. */
int rtnl_addresses(int sock, int index, struct arena *arena, struct rtnl_address **ret,
		   size_t *ret_count, struct err *e) must_check;
int rtnl_address_add(int sock, int index, const struct rtnl_address *address,
		     struct err *e) must_check;

/* A route of the main table by one device. */
struct rtnl_route {
	uint8_t family;	  /* AF_INET, AF_INET6 */
	uint8_t size;	  /* 4 or 16: bytes of the addresses */
	uint8_t prefix;	  /* of destination; 0: default route */
	uint8_t scope;	  /* RT_SCOPE_* */
	uint8_t protocol; /* RTPROT_* */
	uint8_t type;	  /* RTN_UNICAST, ... */
	uint32_t flags;	  /* RTNH_F_ONLINK */
	uint32_t metric;  /* RTA_PRIORITY; 0: none */
	uint32_t mtu;	  /* RTAX_MTU; 0: none */
	bool has_gateway, has_source;
	uint8_t destination[16], gateway[16], source[16];
};
/* Unicast routes of the main table by that device which the kernel did not make by itself for an
 * address, those without gateway first. */
int rtnl_routes(int sock, int index, struct arena *arena, struct rtnl_route **ret,
		size_t *ret_count, struct err *e) must_check;
/* One that exists is fine. */
int rtnl_route_add(int sock, int index, const struct rtnl_route *route, struct err *e) must_check;

struct rtnl_neighbour {
	uint8_t family;
	uint8_t size;  /* 4 or 16 */
	uint8_t flags; /* NTF_* */
	uint8_t address[16];
	uint8_t mac[6];
};
/* Permanent entries. */
int rtnl_neighbours(int sock, int index, struct arena *arena, struct rtnl_neighbour **ret,
		    size_t *ret_count, struct err *e) must_check;
int rtnl_neighbour_add(int sock, int index, const struct rtnl_neighbour *neighbour,
		       struct err *e) must_check;

/* ---- counters (text of /proc/PID/net/dev) ---- */

struct net_counters {
	char name[IFNAMSIZ];
	uint64_t rx_bytes, rx_packets, rx_errors, rx_dropped;
	uint64_t tx_bytes, tx_packets, tx_errors, tx_dropped;
};
/* Lines that are no counters are skipped. */
void net_counters_parse(const char *text, struct arena *arena, struct net_counters **ret,
			size_t *ret_count);

#endif
