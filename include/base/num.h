/*
 * Strict number parsing: the whole text must be the number: no sign for unsigned ones, no spaces,
 * no "0x", no overflow. 0 or -EINVAL/-ERANGE without an err, since only the caller knows the field.
 */
#ifndef BASE_NUM_H
#define BASE_NUM_H

#include "base/err.h"

#include <stdint.h>

int num_u32(const char *text, uint32_t *ret) must_check;
int num_u64(const char *text, uint64_t *ret) must_check;
int num_i64(const char *text, int64_t *ret) must_check;
int num_int(const char *text, int *ret) must_check;
/* Bytes with an optional suffix k, m, g, t (1024-based; either case; optional b or ib behind it),
 * or -1. */
int num_size(const char *text, int64_t *ret) must_check;
/* A duration in Go's syntax ("300ms", "1.5s", "1m30s"), to nanoseconds; more than 0. */
int num_duration(const char *text, uint64_t *ret_nanoseconds) must_check;

#endif
