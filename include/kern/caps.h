/* Capabilities as masks (bit n = capability n): capabilities(7). */
#ifndef KERN_CAPS_H
#define KERN_CAPS_H

#include "base/err.h"

#include <stdint.h>

struct caps {
	uint64_t bounding, effective, inheritable, permitted, ambient;
};

/* The highest number that the kernel knows (/proc/sys/kernel/cap_last_cap, else by prctl). */
int caps_last(void);
/* All that the kernel knows. */
uint64_t caps_all(void);

/* Number of "CAP_CHOWN" (or "chown", any case), -1 when unknown. */
int caps_number(const char *name);
/* "CAP_CHOWN"; NULL when unknown. */
const char *caps_name(int number);

/* Those of this thread. */
int caps_get(struct caps *ret, struct err *e) must_check;
/* Drops from the bounding set everything that is not in `keep`. Needs CAP_SETPCAP. */
int caps_keep_bounding(uint64_t keep, struct err *e) must_check;
/* capset(2). The kernel refuses what is not permitted already. */
int caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable,
	     struct err *e) must_check;
/* The ambient set becomes exactly `mask` (each must be permitted and inheritable). */
int caps_set_ambient(uint64_t mask, struct err *e) must_check;
/* Permitted ones survive the change of uid (PR_SET_KEEPCAPS). */
int caps_keep_over_setuid(bool keep, struct err *e) must_check;

#endif
