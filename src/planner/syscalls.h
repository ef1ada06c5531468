/*
 * From the words of linux.seccomp to a program of the kernel's packet filter language.
 *
 * seccomp-rules.c puts the rules in order, syscalls.c lets libseccomp make the program,
 * seccomp-head.c writes what stands before it, seccomp-check.c and
 * seccomp-unnamed.c prove it, seccomp-cache.c keeps it.
 */
#ifndef PLANNER_SYSCALLS_H
#define PLANNER_SYSCALLS_H

#include "oci/spec.h"

#include "base/arena.h"

#include <linux/filter.h>
#include <linux/seccomp.h>

struct program {
	const struct sock_filter *instructions;
	size_t count; /* at most BPF_MAXINSNS */
};

enum {
	SYSCALLS_X32_BIT = 0x40000000,
	SYSCALLS_ARM_PRIVATE = 0x0f0000, /* ARM's own calls are numbered from here */
};

struct syscalls_arch {
	uint32_t token;	     /* libseccomp's */
	uint32_t audit_arch; /* what the kernel says; x32's is that of x86_64 */
	bool is_32bit;	     /* only the low halves of arguments are compared */
	bool is_x32;
	int base; /* where its numbers begin: above 0 for MIPS and x32 */
	/* The names behind numbers from `base` on, for calls that exist twice: as such and behind
	 * socketcall(2) or ipc(2). NULL where no name of the filter is such a call. */
	const char **direct;
	int64_t last; /* the highest number that the filter names, x32's bit included; -1 = none */
};

/* ---- syscalls.c ---- */

enum {
	SYSCALLS_ARCHS_MAX = 32,
	SYSCALLS_UNKNOWN = -1,
};

/* Compiles `seccomp`. Refused: architectures that libseccomp does not know, rules that it cannot
 * combine, programs longer than the kernel takes. */
int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, struct program *ret,
		    struct err *e) must_check;
bool syscalls_arch_find(const char *word, struct syscalls_arch *ret);
void syscalls_arch_native(struct syscalls_arch *ret);
/* The number there; SYSCALLS_UNKNOWN; or libseccomp's own (< -1) for a call without a number there.
 * Of calls that exist twice the number of the call of its own, if `direct` is set. */
int syscalls_number(const struct syscalls_arch *arch, const char *name);
/* The number of the multiplexer that the call is (also) behind; < 0: none. */
int syscalls_multiplexer(const struct syscalls_arch *arch, const char *name);

/* ---- seccomp-rules.c ---- */

/* One rule for one name. */
struct seccomp_call {
	const char *name;
	uint32_t action; /* SECCOMP_RET_* with its data */
	const struct oci_seccomp_arg *args;
	size_t arg_count;
	size_t rule; /* where it comes from: the index in linux.seccomp.syscalls */
};

enum { SECCOMP_CONDITIONS_MAX = 2048 };

/* SECCOMP_RET_* with its data; `path` is for the message. */
int seccomp_action_resolve(int action, const struct opt_u32 *value, const char *path, uint32_t *ret,
			   struct err *e) must_check;
/* What `seccomp` says for calls newer than itself: ENOSYS where it denies by another errno. */
uint32_t seccomp_newer_action(const struct oci_seccomp *seccomp, uint32_t default_action);
/* The rules that decide something, struct seccomp_call, in their order. Refused: rules that
 * libseccomp cannot combine (ENOTSUP), and more with conditions than SECCOMP_CONDITIONS_MAX over
 * all `arch_count` architectures (E2BIG). */
int seccomp_calls_list(struct arena *arena, const struct oci_seccomp *seccomp,
		       uint32_t default_action, size_t arch_count, struct list *ret,
		       struct err *e) must_check;

/* ---- seccomp-head.c ---- */

enum { SECCOMP_HEAD_PER_ARCH = 12 };

/* ENOSYS for numbers above the last of each architecture. Room for SECCOMP_HEAD_PER_ARCH
 * instructions for each and one more; how many were written. */
size_t seccomp_head_write(const struct syscalls_arch *archs, size_t count,
			  struct sock_filter *head);

/* ---- seccomp-check.c, seccomp-unnamed.c ---- */

struct seccomp_defaults {
	uint32_t old, newer; /* for numbers up to the last that is named, and above */
};

/* What the kernel would answer. */
uint32_t seccomp_program_run(const struct program *program, const struct seccomp_data *data);
/* Runs the program for calls that `calls` rule, and refuses it (ENOTSUP) where its answer is not
 * that of a rule that holds. */
int seccomp_rules_check(struct arena *arena, const struct program *program,
			const struct syscalls_arch *archs, size_t arch_count,
			const struct list *calls, uint32_t default_action,
			struct err *e) must_check;
/* Runs it for all other calls, and refuses it (ENOTSUP) where its answer is not the default. */
int seccomp_unnamed_check(const struct program *program, const struct syscalls_arch *archs,
			  size_t arch_count, const struct list *calls,
			  const struct seccomp_defaults *defaults, struct err *e) must_check;

/* ---- seccomp-key.c, seccomp-cache.c ---- */

/* All that the compiled program depends on, as bytes. */
void seccomp_key_write(const struct oci_seccomp *seccomp, uint64_t kernel_flags, struct buf *ret);

/* A directory of compiled programs. Nothing here fails loudly: what is missing, broken or not to be
 * trusted is compiled again. Found: true. */
bool seccomp_cache_find(struct arena *arena, int cache_fd, const struct buf *key,
			struct program *ret);
void seccomp_cache_store(int cache_fd, const struct buf *key, const struct program *program);

#endif
