/*
 * Prints the rate of this machine's time stamp counter in kHz.
 *
 * Under emulation the guest's counter is the host's. A guest that has to find its rate from
 * emulated timers finds a wrong one, or none, when the host is busy; so it is told.
 */
#include <stdint.h>
#include <stdio.h>
#include <time.h>
#include <x86intrin.h>

enum { INTERVAL_NS = 50 * 1000 * 1000 };

static int64_t now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC_RAW, &now);
	return now.tv_sec * INT64_C(1000000000) + now.tv_nsec;
}

/* Both clocks at one moment: of some tries the one that was interrupted least. */
static void sample(int64_t *ret_ns, uint64_t *ret_ticks)
{
	int64_t shortest = INT64_MAX;

	for (int i = 0; i < 20; i++) {
		int64_t before = now_ns();
		uint64_t ticks = __rdtsc();
		int64_t after = now_ns();
		if (after - before < shortest) {
			shortest = after - before;
			*ret_ns = before + (after - before) / 2;
			*ret_ticks = ticks;
		}
	}
}

int main(void)
{
	struct timespec interval = {.tv_nsec = INTERVAL_NS};
	int64_t ns[2] = {0};
	uint64_t ticks[2] = {0};

	sample(&ns[0], &ticks[0]);
	nanosleep(&interval, NULL);
	sample(&ns[1], &ticks[1]);
	printf("%.0f\n", (double)(ticks[1] - ticks[0]) * 1e6 / (double)(ns[1] - ns[0]));
	return 0;
}
