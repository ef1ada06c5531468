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

static bool is_leap(int year)
{
	return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
}

/* By hand: gmtime_r(3) reads the local time zone from disk first, in every process. */
void clock_rfc3339(char *out, size_t size)
{
	static const int lengths[] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
	struct timespec now = {0};
	int year = 1970;
	int month = 0;
	long days;
	long seconds;

	(void)clock_gettime(CLOCK_REALTIME, &now);
	if (now.tv_sec < 0)
		now.tv_sec = 0;
	days = now.tv_sec / 86400;
	seconds = now.tv_sec % 86400;
	for (; days >= 365 + is_leap(year) && year < 9999; year++)
		days -= 365 + is_leap(year);
	for (; month < 11 && days >= lengths[month] + (month == 1 && is_leap(year)); month++)
		days -= lengths[month] + (month == 1 && is_leap(year));
	(void)snprintf(out, size, "%04d-%02d-%02ldT%02ld:%02ld:%02ld.%09ldZ", year, month + 1,
		       days + 1, seconds / 3600, seconds / 60 % 60, seconds % 60, now.tv_nsec);
}
