/* Monotonic deadlines in nanoseconds, and time stamps. */
#ifndef BASE_CLOCK_H
#define BASE_CLOCK_H

#include "base/err.h"

#include <stdint.h>

uint64_t clock_now(void); /* CLOCK_MONOTONIC, ns */
/* Milliseconds left until `deadline` for poll(2): 0 when passed, rounded up. */
int clock_left_ms(uint64_t deadline);
/* Now in UTC as RFC 3339 with nine fraction digits and "Z"; `out` has 32 bytes at least. */
void clock_rfc3339(char *out, size_t size);

#endif
