/* Deadlines and time stamps. */
#include "base/clock.h"

#include "tap.h"

#include <limits.h>

int main(void)
{
	uint64_t start = clock_now();
	char stamp[32];
	int left;

	check(start > 0);
	check(clock_now() >= start);
	check_number(clock_left_ms(0), 0);
	check_number(clock_left_ms(start), 0);
	check_number(clock_left_ms(UINT64_MAX), INT_MAX);
	left = clock_left_ms(clock_now() + UINT64_C(5000000000));
	check(left > 4000 && left <= 5000);
	/* Rounded up, so that poll does not return just before the deadline. */
	left = clock_left_ms(clock_now() + UINT64_C(1000500000));
	check(left > 900 && left <= 1001);

	clock_rfc3339(stamp, sizeof(stamp));
	check_number(strlen(stamp), 30);
	check(stamp[4] == '-' && stamp[10] == 'T' && stamp[19] == '.' && stamp[29] == 'Z');
	check(strncmp(stamp, "20", 2) == 0);
	return tap_done();
}
