/* The network of the machine: interfaces of the container's network namespace and their taps. */
#ifndef VM_NET_H
#define VM_NET_H

#include "plan/machine.h"
#include "wire/bodies.h"

enum { NET_TAPS_MAX = 32 };

struct net_tap {
	int fd;		/* for the hypervisor; closed once it has it */
	int index;	/* of the tap in the namespace */
	uint8_t mac[6]; /* of the guest's device, at first */
	int joined;	/* index of the interface it is joined to; 0: none yet */
};

struct net {
	int sock; /* rtnetlink in the container's network namespace */
	struct net_tap taps[NET_TAPS_MAX];
	size_t count;
};

void net_init(struct net *net);
void net_done(struct net *net);
/* Makes or joins the network namespace, for the caller itself. */
int net_enter(const struct plan_machine *machine, struct err *e) must_check;
/* Taps for every interface there is, and the spare ones. */
int net_open(struct net *net, const struct plan_machine *machine, struct err *e) must_check;
void net_close_taps(struct net *net);

enum net_outcome { NET_SAME = 0, NET_CHANGED = 1 };
/* Joins interfaces that have none yet to taps, and says what the guest should have. */
int net_scan(struct net *net, struct arena *arena, struct wire_network *ret,
	     struct err *e) must_check;
/* Takes the redirections off the interfaces again. */
void net_leave(struct net *net);

#endif
