/*
 * The device filter of cgroup v2: an eBPF program made from rules (BPF_PROG_TYPE_CGROUP_DEVICE).
 *
 * Meaning of a list of rules: each access bit of a request (read, write, mknod) is judged by the
 * last rule that covers the device and that bit; a bit that no rule covers is denied; the request
 * is allowed when all its bits are.
 */
#ifndef KERN_BPF_H
#define KERN_BPF_H

#include "base/arena.h"

#include <linux/bpf.h>
#include <stdbool.h>
#include <stdint.h>
#include <sys/types.h>

struct bpf_device_rule {
	int64_t major, minor; /* -1 = all */
	unsigned access;      /* BPF_DEVCG_ACC_MKNOD | _READ | _WRITE */
	char type;	      /* 'a' (both), 'b', 'c' */
	bool allow;
};

/* Builds the program. No system calls. -EINVAL for rules that make no sense, -E2BIG for more than
 * the verifier takes. */
int bpf_device_build(struct arena *arena, const struct bpf_device_rule *rules, size_t count,
		     struct bpf_insn **ret, size_t *ret_count, struct err *e) must_check;
/* Loads it; the descriptor is the caller's. */
int bpf_device_load(const struct bpf_insn *program, size_t count, int *ret_fd,
		    struct err *e) must_check;
/* Attaches it to the cgroup. A program of ours that is there already is replaced in one step, never
 * leaving the cgroup without a filter; programs of others stay: all must allow. */
int bpf_device_attach(int cgroup_fd, int program_fd, struct err *e) must_check;
/* How many device programs are attached to this very cgroup. */
int bpf_device_count(int cgroup_fd, size_t *ret, struct err *e) must_check;

#endif
