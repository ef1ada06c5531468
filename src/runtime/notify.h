/* NOTIFY_SOCKET: passes "READY=1" of the container's service on to the host's manager. */
#ifndef RUNTIME_NOTIFY_H
#define RUNTIME_NOTIFY_H

#include "container.h"

#define NOTIFY_DIRECTORY "notify"

/* The host's socket from $NOTIFY_SOCKET, or NULL. */
const char *notify_host_socket(void);
/* create: makes <state directory>/notify, which the plan shows at /run/notify. */
int notify_make(int state_fd, struct err *e) must_check;
/* start, before the program runs: binds the container's socket. FD_NONE: not wanted. */
int notify_open(const struct container *container, int *ret_fd, struct err *e) must_check;
/* start, after it: waits for READY= or the end of the init, and forwards. */
int notify_forward(const struct container *container, int fd, struct err *e) must_check;

#endif
