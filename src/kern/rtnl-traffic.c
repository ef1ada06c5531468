/*
 * An ingress qdisc with one filter that matches everything (a u32 key under a mask of nothing, for
 * cls_matchall is rarer) and one action that redirects. Attributes nest five deep; they are built
 * from the inside out.
 */
#include "kern/rtnl-traffic.h"

#include "rtnl-message.h"

#include <arpa/inet.h>
#include <errno.h>
#include <linux/if_ether.h>
#include <linux/pkt_cls.h>
#include <linux/pkt_sched.h>
#include <linux/tc_act/tc_mirred.h>
#include <string.h>

enum { NEST_SIZE = 256, PRIORITY = 1 };

/* The content of a nested attribute under construction. */
struct nest {
	char bytes[NEST_SIZE];
	size_t size;
};

static void nest_add(struct nest *nest, uint16_t type, const void *bytes, size_t size)
{
	struct rtattr attribute = {.rta_type = type, .rta_len = (uint16_t)RTA_LENGTH(size)};

	/* All sizes are ours and far below. */
	if (nest->size + RTA_SPACE(size) > NEST_SIZE)
		return;
	memcpy(nest->bytes + nest->size, &attribute, sizeof(attribute));
	memcpy(nest->bytes + nest->size + RTA_LENGTH(0), bytes, size);
	nest->size += RTA_SPACE(size);
}

static void qdisc_start(struct rtnl_request *request, uint16_t type, uint16_t flags, int index)
{
	struct tcmsg *fixed = rtnl_start(request, type, NLM_F_ACK | flags, sizeof(*fixed));

	fixed->tcm_family = AF_UNSPEC;
	fixed->tcm_ifindex = index;
	fixed->tcm_parent = TC_H_INGRESS;
	fixed->tcm_handle = TC_H_MAKE(TC_H_INGRESS, 0);
	rtnl_add_text(request, TCA_KIND, "ingress");
}

static void filter_options(struct rtnl_request *request, int to)
{
	const struct tc_mirred redirect = {
		.action = TC_ACT_STOLEN,
		.eaction = TCA_EGRESS_REDIR,
		.ifindex = (uint32_t)to,
	};
	struct {
		struct tc_u32_sel selector;
		struct tc_u32_key key;
	} match = {.selector = {.flags = TC_U32_TERMINAL, .nkeys = 1}};
	struct nest parameters = {.size = 0}, action = {.size = 0}, actions = {.size = 0},
		    options = {.size = 0};

	nest_add(&parameters, TCA_MIRRED_PARMS, &redirect, sizeof(redirect));
	nest_add(&action, TCA_ACT_KIND, "mirred", sizeof("mirred"));
	nest_add(&action, TCA_ACT_OPTIONS | NLA_F_NESTED, parameters.bytes, parameters.size);
	nest_add(&actions, 1, action.bytes, action.size);
	nest_add(&options, TCA_U32_SEL, &match, sizeof(match));
	nest_add(&options, TCA_U32_ACT | NLA_F_NESTED, actions.bytes, actions.size);
	rtnl_add(request, TCA_OPTIONS | NLA_F_NESTED, options.bytes, options.size);
}

static int filter_add(int sock, int from, int to, struct err *e)
{
	struct rtnl_request request;
	struct tcmsg *fixed = rtnl_start(&request, RTM_NEWTFILTER,
					 NLM_F_ACK | NLM_F_CREATE | NLM_F_EXCL, sizeof(*fixed));
	int r;

	fixed->tcm_family = AF_UNSPEC;
	fixed->tcm_ifindex = from;
	fixed->tcm_parent = TC_H_MAKE(TC_H_INGRESS, 0);
	fixed->tcm_info = TC_H_MAKE(PRIORITY << 16, htons(ETH_P_ALL));
	rtnl_add_text(&request, TCA_KIND, "u32");
	filter_options(&request, to);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	return r < 0 ? fail(e, -r, "redirect what arrives at network device %d", from) : 0;
}

int rtnl_redirect_end(int sock, int from, struct err *e)
{
	struct rtnl_request request;
	int r;

	qdisc_start(&request, RTM_DELQDISC, 0, from);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0 && r != -ENOENT && r != -EINVAL && r != -ENODEV)
		return fail(e, -r, "end the redirection of network device %d", from);
	return 0;
}

int rtnl_redirect(int sock, int from, int to, struct err *e)
{
	struct rtnl_request request;
	int r;

	if (rtnl_redirect_end(sock, from, e) < 0)
		return -e->code;
	qdisc_start(&request, RTM_NEWQDISC, NLM_F_CREATE | NLM_F_EXCL, from);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "make an ingress queue for network device %d", from);
	return filter_add(sock, from, to, e);
}
