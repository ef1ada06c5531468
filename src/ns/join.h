/* Joining namespaces in an order that the rights allow. */
#ifndef NS_JOIN_H
#define NS_JOIN_H

#include "child.h"

struct join {
	uint64_t flag;
	int fd;		    /* FD_NONE: nothing to join */
	const char *origin; /* for messages */
	bool is_done;
};

/*
 * Everything but the user namespace, as far as our rights go; then `enter_user` (NULL: nothing to
 * enter) changes the user namespace; then what was refused before.
 */
typedef int join_user_fn(void *data, struct err *e);
int join_all(struct join *joins, size_t count, join_user_fn *enter_user, void *data,
	     struct err *e) must_check;

/*
 * The general way to a container's init: an intermediate process that joins, makes the user and
 * time namespaces, has the runtime write the maps, and forks the init as its own sibling.
 */
bool join_is_needed(const struct plan *plan);
_Noreturn void join_run(const struct handover *handover, struct handshake *handshake);

#endif
