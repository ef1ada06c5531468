/* Opening the source of a bind mount, by whoever has the right to. */
#ifndef NS_SOURCE_H
#define NS_SOURCE_H

#include "kern/mount.h"
#include "plan/plan.h"

/* A detached copy with flags, id map and (in the runtime's hands) propagation set. `joins` as in
 * struct handover. */
int source_open(const struct plan *plan, const int *joins, const struct plan_mount *mount,
		struct mount *ret, struct err *e) must_check;
/* The propagation that the host's mounts have for this plan; MS_* without MS_REC. */
unsigned long source_propagation(const struct plan *plan);

#endif
