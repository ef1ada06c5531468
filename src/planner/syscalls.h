/*
 * From the words of linux.seccomp to a program of the kernel's packet filter language.
 *
 * syscalls.c asks libseccomp (names, numbers, and whole programs for architectures with oddities),
 * filter-rules.c resolves the rules, filter.c writes the program, seccomp-cache.c keeps it.
 */
#ifndef PLANNER_SYSCALLS_H
#define PLANNER_SYSCALLS_H

#include "oci/spec.h"

#include "base/arena.h"

#include <linux/filter.h>

struct program {
	const struct sock_filter *instructions;
	size_t count; /* at most BPF_MAXINSNS */
};

struct syscalls_arch {
	uint32_t token; /* libseccomp's */
	uint32_t audit_arch;
	bool is_32bit;
	bool is_known; /* filter.c can do it; the others have multiplexers of their own */
	bool is_x86, is_x86_64, is_x32;
};

/* ---- filter-rules.c ---- */

/* The filter, by the fast way where all its architectures allow. */
int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, struct program *ret,
		    struct err *e) must_check;
/* SECCOMP_RET_* with its data; `path` is for the message. */
int seccomp_action_resolve(int action, const struct opt_u32 *value, const char *path, uint32_t *ret,
			   struct err *e) must_check;
/* What `seccomp` says for calls newer than itself: ENOSYS where it denies by another errno. */
uint32_t seccomp_newer_action(const struct oci_seccomp *seccomp, uint32_t default_action);
bool seccomp_has_repeated_argument(const struct list *args);

/* ---- syscalls.c ---- */

enum { SYSCALLS_UNKNOWN = -1 };

bool syscalls_arch_find(const char *word, struct syscalls_arch *ret);
void syscalls_arch_native(struct syscalls_arch *ret);
/* The number there; SYSCALLS_UNKNOWN; or libseccomp's own (< -1) for a call that is not there under
 * a number: on x86, -100 - N is call N of socketcall, -200 - N is call N of ipc. */
int syscalls_number(const struct syscalls_arch *arch, const char *name);
/* The whole filter by libseccomp. */
int syscalls_library_compile(struct arena *arena, const struct oci_seccomp *seccomp,
			     struct program *ret, struct err *e) must_check;

/* ---- seccomp-key.c, seccomp-cache.c ---- */

/* All that the compiled program depends on, as bytes. */
void seccomp_key_write(const struct oci_seccomp *seccomp, uint64_t kernel_flags, struct buf *ret);

/* A directory of compiled programs. Nothing here fails loudly: what is missing, broken or not to be
 * trusted is compiled again. Found: true. */
bool seccomp_cache_find(struct arena *arena, int cache_fd, const struct buf *key,
			struct program *ret);
void seccomp_cache_store(int cache_fd, const struct buf *key, const struct program *program);

#endif
