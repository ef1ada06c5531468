/* What the mount namespace of the process shows that stands for a container on the host. */
#ifndef VM_VIEW_H
#define VM_VIEW_H

#include "plan/machine.h"

enum view_entered { VIEW_ENTERED = 0, VIEW_IMPOSSIBLE = 1 };

/* From the mount namespace of the shared directory, whose top is given, into a new one that shows
 * the container's root and mounts. VIEW_IMPOSSIBLE: the kernel is too old, nothing has changed.
 * After a failure the caller must end. */
int view_enter(const struct plan_machine *machine, int top, struct err *e) must_check;

typedef int view_work_fn(const void *of, struct err *e);
/* Has something done in the mount namespace `files`, by a child. */
int view_outside(int files, view_work_fn *work, const void *of, struct err *e) must_check;

#endif
