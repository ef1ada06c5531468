/*
 * Side channels to the caller: sockets that take descriptors, the pid file, inherited
 * descriptors. oci-runtime callers' conventions; see spec/lifecycle.md.
 */
#ifndef RUNTIME_SIDE_H
#define RUNTIME_SIDE_H

#include "kern/process.h"
#include "oci/state.h"
#include "plan/plan.h"

/* Sends the pty master with the name of the pty (--console-socket). */
int side_send_console(const char *socket_path, int master, struct err *e) must_check;
/* Sends a pidfd with a tag (--pidfd-socket). */
int side_send_pidfd(const char *socket_path, const struct process *process, const char *tag,
		    struct err *e) must_check;
/* Sends the listener of a seccomp filter with the process state document to listenerPath;
 * config-linux.md "The Container Process State". `state` is of the container. */
int side_send_seccomp(const struct plan_seccomp *seccomp, int listener, pid_t pid,
		      const struct oci_state *state, struct err *e) must_check;

/* The pid in decimal and nothing else, appearing whole or not at all. */
int side_write_pid(const char *path, pid_t pid, struct err *e) must_check;

/* Descriptors for the program: 3.. for LISTEN_FDS (if LISTEN_PID is us), then --preserve-fds.
 * All must be open; everything behind is marked close-on-exec. */
int side_take_fds(uint32_t preserve, uint32_t *ret_listen, struct err *e) must_check;

/* Refuses combinations of terminal, detach and console socket that cannot work. */
int side_check_console(bool terminal, bool detach, const char *console_socket,
		       struct err *e) must_check;

#endif
