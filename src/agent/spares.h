/* Network devices that wait: see spares.c. */
#ifndef AGENT_SPARES_H
#define AGENT_SPARES_H

#include "kern/rtnl.h"

struct spares {
	int sock;	/* rtnetlink where they wait */
	int own, other; /* the two namespaces */
};

#define SPARES_NONE ((struct spares){FD_NONE, FD_NONE, FD_NONE})

int spares_open(struct spares *spares, struct err *e) must_check;
void spares_done(struct spares *spares);
/* A device of ours goes there; `sock` is ours. */
int spares_put(struct spares *spares, int sock, int index, struct err *e) must_check;
/* One of theirs comes here under that name. */
int spares_take(struct spares *spares, const struct rtnl_link *link, const char *name,
		struct err *e) must_check;

#endif
