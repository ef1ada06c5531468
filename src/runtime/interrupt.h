/*
 * SIGTERM, SIGINT and SIGHUP while something is made that has to be undone: they are noted, end
 * the process that is waited for, and the command then fails and rolls back as after any error.
 */
#ifndef RUNTIME_INTERRUPT_H
#define RUNTIME_INTERRUPT_H

#include "base/err.h"

/* Until interrupt_end(). One at a time; a command that fails before interrupt_end() just ends. */
int interrupt_begin(struct err *e) must_check;
/* Puts the dispositions back. Returns a signal that came meanwhile and was not told, or 0. */
int interrupt_end(void);
/* From now on a signal also kills this process; FD_NONE: none. */
void interrupt_kill(int pidfd);
/* Fails (-EINTR) once a signal has come. */
int interrupt_check(struct err *e) must_check;
/* After a failure: if a signal has come, it is the reason, however the failure first showed. */
int interrupt_blame(struct err *e) must_check;
/* Readable once a signal has come; FD_NONE outside begin and end. */
int interrupt_fd(void);

#endif
