/* Which wall: the strictest of all that was asked for. */
#ifndef RUNTIME_ISOLATION_H
#define RUNTIME_ISOLATION_H

#include "oci/spec.h"

#define ISOLATION_ANNOTATION "dev.bulkhead.isolation"

/* `asked` is from the command line or the program's name, NULL = nothing. An annotation or a `vm`
 * object can raise it, never lower it; an unknown word is refused. */
int isolation_choose(const char *asked, const struct oci_config *config, const char **ret,
		     struct err *e) must_check;

#endif
