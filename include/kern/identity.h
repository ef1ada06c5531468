/* Who a process is: ids, groups, and the flags around them: credentials(7), prctl(2). */
#ifndef KERN_IDENTITY_H
#define KERN_IDENTITY_H

#include "base/arena.h"

#include <stdint.h>
#include <sys/types.h>

/* Replaces the supplementary groups (count 0: none). */
int identity_set_groups(const uint32_t *groups, size_t count, struct err *e) must_check;
/* Whether setgroups(2) is denied in this user namespace. */
bool identity_groups_denied(void);
/* Real, effective, saved: gid first, then uid; verified afterwards. (uid_t) -1 is refused. */
int identity_set(uint32_t uid, uint32_t gid, struct err *e) must_check;

int identity_no_new_privileges(struct err *e) must_check;
/* PR_SET_DUMPABLE 0: nobody of the same uid may trace us or look at our /proc files. */
int identity_set_dumpable(bool dumpable, struct err *e) must_check;
/* personality(2) with PER_* flags; 0xffffffff is refused. */
int identity_set_personality(uint64_t personality, struct err *e) must_check;

/* Home directory of `uid` in the text of a passwd file: a copy, or NULL. Text is not trusted. */
char *identity_home(struct arena *arena, const char *passwd, uint32_t uid);

#endif
