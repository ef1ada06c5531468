/* From the words of linux.seccomp to a program of the kernel's packet filter language. */
#ifndef PLANNER_SYSCALLS_H
#define PLANNER_SYSCALLS_H

#include "oci/spec.h"

#include "base/arena.h"

#include <linux/filter.h>

struct program {
	const struct sock_filter *instructions;
	size_t count; /* at most BPF_MAXINSNS */
};

/* syscalls.c: asks libseccomp. */
int syscalls_compile(struct arena *arena, const struct oci_seccomp *seccomp, struct program *ret,
		     struct err *e) must_check;

/* seccomp-key.c: all that the compiled program depends on, as bytes. */
void seccomp_key_write(const struct oci_seccomp *seccomp, uint64_t kernel_flags, struct buf *ret);

/* seccomp-cache.c: a directory of compiled programs. Nothing here fails loudly: what is missing,
 * broken or not to be trusted is compiled again. Found: true. */
bool seccomp_cache_find(struct arena *arena, int cache_fd, const struct buf *key,
			struct program *ret);
void seccomp_cache_store(int cache_fd, const struct buf *key, const struct program *program);

#endif
