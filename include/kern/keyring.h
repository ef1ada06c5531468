/* Session keyrings: keyrings(7). */
#ifndef KERN_KEYRING_H
#define KERN_KEYRING_H

#include "base/err.h"

/*
 * Joins a new session keyring called `name`, and lets its owner search it, not only the possessor,
 * so that later processes of the container can. Outcome KEYRING_MISSING: the kernel has none, or
 * none is left (quota): the specification lets a runtime go on.
 */
enum keyring_outcome { KEYRING_JOINED = 0, KEYRING_MISSING = 1 };
int keyring_join_new(const char *name, struct err *e) must_check;

#endif
