/* Monotonic deadlines, which changes of the wall clock do not move, and time stamps. */
#include "base/clock.h"

#include <limits.h>
#include <stdio.h>
#include <time.h>

uint64_t clock_now(void)
{
	struct timespec now = {0};

	(void)clock_gettime(CLOCK_MONOTONIC, &now); /* cannot fail for this clock */
	return (uint64_t)now.tv_sec * 1000000000 + (uint64_t)now.tv_nsec;
}

int clock_left_ms(uint64_t deadline)
{
	uint64_t now = clock_now();
	uint64_t left;

	if (deadline <= now)
		return 0;
	left = (deadline - now - 1) / 1000000 + 1;
	return left > INT_MAX ? INT_MAX : (int)left;
}

void clock_rfc3339(char *out, size_t size)
{
	struct timespec now = {0};
	struct tm utc = {0};

	(void)clock_gettime(CLOCK_REALTIME, &now);
	(void)gmtime_r(&now.tv_sec, &utc);
	(void)snprintf(out, size, "%04d-%02d-%02dT%02d:%02d:%02d.%09ldZ", utc.tm_year + 1900,
		       utc.tm_mon + 1, utc.tm_mday, utc.tm_hour, utc.tm_min, utc.tm_sec,
		       now.tv_nsec);
}
