/* What the guest sees of the host's files, and the server that shows it. */
#ifndef VM_SHARE_H
#define VM_SHARE_H

#include "kern/process.h"
#include "plan/machine.h"

/* Makes the shared directory, in the mount namespace of the caller, which is its own. *ret_fd is
 * its top (O_PATH). */
int share_make(int state_fd, const struct plan_machine *machine, int *ret_fd,
	       struct err *e) must_check;
/* Starts the file server on it; *ret_sock is the connection for the hypervisor. `output` takes what
 * it prints. */
int share_serve(int share_fd, int state_fd, const struct plan_machine *machine, int output,
		struct process *ret, int *ret_sock, struct err *e) must_check;
/* Makes read-only what waited for it, in the file server's own mount namespace. */
int share_finish(const struct process *server, const struct plan_machine *machine,
		 struct err *e) must_check;

#endif
