/* Seccomp filters that are compiled already: seccomp(2). */
#ifndef KERN_SECCOMP_H
#define KERN_SECCOMP_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>

/* `program` is `count` instructions (struct sock_filter), `flags` SECCOMP_FILTER_FLAG_*. With
 * NEW_LISTENER *ret_listener is the notification descriptor, else FD_NONE. Needs no_new_privs or
 * CAP_SYS_ADMIN. Unknown flags are refused, never dropped. */
int seccomp_install(const void *program, size_t count, uint64_t flags, int *ret_listener,
		    struct err *e) must_check;

/* SECCOMP_FILTER_FLAG_* this kernel accepts; 0 also when it has no seccomp(2). */
uint64_t seccomp_supported_flags(void);
/* Whether the kernel knows the action (SECCOMP_RET_*). */
bool seccomp_action_is_supported(uint32_t action);
/* Whether filters can be installed at all. */
bool seccomp_is_supported(void);

#endif
