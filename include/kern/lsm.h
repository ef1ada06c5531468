/* Labels of security modules, applied at the next execve(2): apparmor(7), selinux(8). */
#ifndef KERN_LSM_H
#define KERN_LSM_H

#include "base/err.h"

bool lsm_apparmor_is_enabled(void);
bool lsm_selinux_is_enabled(void);

/* `proc` is a handle of proc_open(). Fail when the module is not enabled. "unconfined" is a
 * profile like another. */
int lsm_apparmor_set_exec(int proc, const char *profile, struct err *e) must_check;
int lsm_selinux_set_exec(int proc, const char *label, struct err *e) must_check;
/* Label for keyrings made from now on; "" resets. */
int lsm_selinux_set_key_create(int proc, const char *label, struct err *e) must_check;

#endif
