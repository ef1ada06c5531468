/* Standing in for a process of the container: waiting, forwarding signals, joining terminals. */
#ifndef RUNTIME_FOREGROUND_H
#define RUNTIME_FOREGROUND_H

#include "kern/process.h"

/* Waits for `process`, a child of ours; its exit code, or 128 + signal, is *ret_status.
 * take_console (FD_NONE: none) is the master of its terminal, which is joined to our standard
 * input and output. Calls interrupt_end() when signals are in its own hands, and forwards what had
 * come until then. */
int foreground_wait(const struct process *process, int take_console, int *ret_status,
		    struct err *e) must_check;

#endif
