/* The processor's time stamp counter, where it has one that programs can read. */
#ifndef KERN_TICKS_H
#define KERN_TICKS_H

#include <stdbool.h>
#include <stdint.h>

static inline bool cpu_has_ticks(void)
{
#ifdef __x86_64__
	return true;
#else
	return false;
#endif
}

static inline uint64_t cpu_ticks(void)
{
#ifdef __x86_64__
	return __builtin_ia32_rdtsc();
#else
	return 0;
#endif
}

#endif
