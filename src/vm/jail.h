/*
 * The jail of the hypervisor: what a guest that has broken out of its machine would find itself in.
 * A uid of its own, no capabilities, no way to new ones, an empty root, nobody else's processes,
 * no network, few descriptors, limits. Its seccomp filter is the hypervisor's own (-sandbox).
 */
#ifndef VM_JAIL_H
#define VM_JAIL_H

#include "base/arena.h"
#include "kern/process.h"

enum { JAIL_FDS_MAX = 48 };

/* Paths inside, for the command line. */
#define JAIL_KERNEL    "/kernel"
#define JAIL_INITRAMFS "/initramfs"

struct jail {
	const char *program;
	char **argv;
	const char *kernel, *initramfs; /* paths on the host */
	bool needs_kvm;
	uint32_t uid;	       /* and gid */
	uint64_t file_size;    /* RLIMIT_FSIZE: the machine's memory */
	uint32_t threads;      /* RLIMIT_NPROC */
	int output;	       /* its stdout and stderr */
	int fds[JAIL_FDS_MAX]; /* become 3, 4, ... in this order */
	size_t fd_count;
};

/* Returns when it has been executed. The child dies with its parent. */
int jail_start(const struct jail *jail, struct process *ret, struct err *e) must_check;
/* Takes away the files that executing it needed: from then on its root is empty. */
int jail_empty(const struct process *process, const char *program, struct err *e) must_check;

/* ---- for the file server as well ---- */

/* In a child: descriptors 3, 4, ... are `fds`, 1 and 2 `output`, 0 /dev/null, the rest closes. */
int jail_place_descriptors(const int *fds, size_t count, int output, struct err *e) must_check;

#endif
