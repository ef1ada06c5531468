/*
 * The registry of backends: the only place that knows which there are. There is no order of
 * preference and no fallback: a wall that cannot be built is an error.
 */
#include "cli.h"
#include "ns/ns.h"
#include "vm/vm.h"

#include <errno.h>

static const struct backend_ops *const backends[] = {&process_backend, &vm_backend};

int backend_find(const char *name, const struct backend_ops **ret, struct err *e)
{
	for (size_t i = 0; i < sizeof(backends) / sizeof(backends[0]); i++) {
		if (str_is(backends[i]->name, name)) {
			*ret = backends[i];
			return 0;
		}
	}
	return refuse(e, EINVAL, "unknown isolation level '%s': process or vm", name);
}
