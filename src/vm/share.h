/* What the guest sees of the host's files, and the server that shows it. */
#ifndef VM_SHARE_H
#define VM_SHARE_H

#include "kern/mount.h"
#include "kern/process.h"
#include "plan/machine.h"

#define SHARE_NAME "share"

/* A part of the shared directory before it is there. */
struct share_entry {
	struct mount mount;
	bool is_directory;
	char *link; /* a symbolic link's text: then there is no mount */
};

/* Copies what is at the source, as it is to be shared. */
int share_entry_open(const struct plan_share *share, struct share_entry *ret,
		     struct err *e) must_check;
/* `writable` and `top` are the same directory by a mount that can be written and by the shared one.
 */
int share_entry_place(const struct plan_share *share, struct share_entry *entry, int writable,
		      int top, struct err *e) must_check;
void share_entry_done(struct share_entry *entry);

/* share-pod.c: entries of a further container, in a shared directory that is being served.
 * `files` is the namespace below; the caller comes back to its own mount namespace. */
int share_join(const struct plan_machine *machine, int files, struct err *e) must_check;
/* Their mount namespace, which is not always the monitor's own. */
int share_namespace(int monitor, int *ret_files, struct err *e) must_check;
/* The shared directory in it, once joined. */
int share_top(const struct plan_machine *machine, int *ret, struct err *e) must_check;
/* Takes them away again, in the monitor; as often as called. */
void share_leave(const struct plan_machine *machine, int top);

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
