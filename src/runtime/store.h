/* The state directories: <root>/<id>, made, found, locked and removed by descriptors. */
#ifndef RUNTIME_STORE_H
#define RUNTIME_STORE_H

#include "base/fd.h"
#include "base/str.h"
#include "runtime/runtime.h"

enum store_outcome { STORE_FOUND = 0, STORE_ABSENT = 1 };

/* Opens the root; refuses "/". With `make` it and its parents are made (0700), and one in which
 * others could exchange what we make is refused; else each container's own directory is checked. */
int store_root_open(const struct runtime *runtime, bool make, int *ret_fd,
		    struct err *e) must_check;

/* Makes <root>/<id>: of several callers exactly one succeeds, the others are refused. */
int store_make(int root_fd, const char *id, int *ret_fd, struct err *e) must_check;
int store_open(int root_fd, const char *id, int *ret_fd, struct err *e) must_check;

/* Takes the lock of a state directory, waiting until `deadline`. The lock belongs to this process
 * and not to its children; closing *ret_fd or ending gives it back. STORE_ABSENT: the directory was
 * removed meanwhile. */
int store_lock(int root_fd, const char *id, int state_fd, uint64_t deadline, int *ret_fd,
	       struct err *e) must_check;
/* Whether another process holds it. Never call this while holding it oneself. */
bool store_is_locked(int state_fd);

/* Removes the directory: first by renaming it, so that a half removed one is never taken for a
 * container. Absent is fine. */
int store_remove(int root_fd, const char *id, struct err *e) must_check;
/* Removes what killed deletes have left. */
int store_sweep(int root_fd, struct err *e) must_check;

/* Names of all state directories, sorted. */
int store_ids(int root_fd, struct arena *arena, struct strv *ret, struct err *e) must_check;

/* The directory of compiled filters, made when missing; FD_NONE when that is impossible. */
int store_seccomp_cache(int root_fd);

#endif
