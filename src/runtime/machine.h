/* What the vm level is made of on this host: command line over configuration file over the guest's
 * own description over what is built in. */
#ifndef RUNTIME_MACHINE_H
#define RUNTIME_MACHINE_H

#include "planner/machine.h"
#include "runtime/runtime.h"

#define MACHINE_CONFIG_FILE "/etc/bulkhead/bulkhead.json"

/* Strings are the arena's. A kernel that is not found is left out: a configuration may name one. */
int machine_defaults(const struct runtime *runtime, struct arena *arena,
		     struct planner_machine *ret, struct err *e) must_check;

#endif
