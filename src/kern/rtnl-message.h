/* Building and reading messages of rtnetlink; apart from the sockets, for the fuzz target. */
#ifndef KERN_RTNL_MESSAGE_H
#define KERN_RTNL_MESSAGE_H

#include "kern/rtnl.h"

#include <linux/netlink.h>
#include <linux/rtnetlink.h>

#define RTNL_REQUEST_SIZE 1024
#define RTNL_REPLY_SIZE	  32768

/* One request: header, fixed part, attributes. */
struct rtnl_request {
	union {
		struct nlmsghdr header;
		char bytes[RTNL_REQUEST_SIZE];
	};
	bool overflow; /* an attribute did not fit */
};

/* Starts a request with a fixed part of `size` bytes, which is returned, zeroed. */
void *rtnl_start(struct rtnl_request *request, uint16_t type, uint16_t flags, size_t size);
void rtnl_add(struct rtnl_request *request, uint16_t type, const void *bytes, size_t size);
void rtnl_add_u32(struct rtnl_request *request, uint16_t type, uint32_t value);
void rtnl_add_text(struct rtnl_request *request, uint16_t type, const char *text);

/* Called for each message of a reply; a negative value ends the reading. */
typedef int rtnl_message_fn(const struct nlmsghdr *header, void *data);

enum rtnl_end { RTNL_MORE = 0, RTNL_DONE = 1 };
/* Hands every message of sequence number `sequence` in the datagram to `take`. RTNL_DONE at the
 * end mark or a positive acknowledgement; -errno of a negative one; -EBADMSG: malformed. */
int rtnl_read(const void *bytes, size_t size, uint32_t sequence, rtnl_message_fn *take,
	      void *data) must_check;

/* ---- rtnl.c ---- */

/* Sends the request and reads until it is answered. -errno of the kernel, without err. */
int rtnl_call(int sock, struct rtnl_request *request, rtnl_message_fn *take, void *data) must_check;
/* For requests whose answer is an acknowledgement. */
int rtnl_ignore(const struct nlmsghdr *header, void *data);

/* ---- rtnl-message.c ---- */

/* Name, index and flags of a RTM_NEWLINK. -EBADMSG: it is none. */
int rtnl_read_link(const struct nlmsghdr *header, struct rtnl_link *ret) must_check;
/* Of a RTM_NEWADDR. */
int rtnl_read_address(const struct nlmsghdr *header, int *ret_index,
		      struct rtnl_address *ret) must_check;
/* Of a RTM_NEWROUTE; index 0: of another table than the main one, or by several devices. */
int rtnl_read_route(const struct nlmsghdr *header, int *ret_index,
		    struct rtnl_route *ret) must_check;
/* Of a RTM_NEWNEIGH; index 0: not a permanent one. */
int rtnl_read_neighbour(const struct nlmsghdr *header, int *ret_index,
			struct rtnl_neighbour *ret) must_check;

#endif
