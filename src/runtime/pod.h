/* The pod of a container: whose machine it runs in. */
#ifndef RUNTIME_POD_H
#define RUNTIME_POD_H

#include "planner/machine.h"
#include "runtime/runtime.h"

enum pod_outcome { POD_JOINED = 0, POD_ALONE = 1 };

/* POD_JOINED: the annotations name a sandbox that has a machine; the container joins it, whatever
 * level it was asked for. Refused: the vm level in a pod whose sandbox is not there or has none. */
int pod_find(const struct runtime *runtime, const struct oci_config *config, bool has_machine,
	     struct arena *arena, struct planner_sandbox *ret, const char **ret_isolation,
	     struct err *e) must_check;

#endif
