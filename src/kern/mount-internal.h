/* What mount.c remembers for mount(2), and the calls of mount-classic.c. */
#ifndef KERN_MOUNT_INTERNAL_H
#define KERN_MOUNT_INTERNAL_H

#include "kern/mount.h"

struct mount_pending {
	int source;	/* what to bind; FD_NONE: a new file system */
	bool recursive; /* of the bind */
	char *type;	/* of the new file system */
	char *device;
	char *data;
	unsigned long flags; /* MS_* */
	char *reason;	     /* what the new API said, "" if nothing */
	bool has_change;
	struct mount_change change; /* to be made after attaching, of this mount alone */
	bool has_below;
	struct mount_change below; /* the same, of all mounts below it */
	unsigned long propagation; /* the same: MS_*, with MS_REC; 0: none */
};

struct mount_pending *mount_pending_new(void);
void mount_pending_free(struct mount_pending *pending);
/* Makes the pending mount on `target`, found again as root/path; *ret_fd is its root. */
int mount_classic_attach(const struct mount_pending *pending, int target, int root,
			 const char *path, int *ret_fd, struct err *e) must_check;
/* MS_REMOUNT | MS_BIND and propagation on an attached mount. 0 or -errno. */
int mount_classic_change(int fd, const struct mount_change *change, struct err *e) must_check;
/* The same for the attributes of all mounts below that one. */
int mount_change_below(int fd, const struct mount_change *change, struct err *e) must_check;
/* Undoes the octal escapes of mountinfo in place. */
void mount_point_unescape(char *text);
/* fsopen and its relatives. On -EOPNOTSUPP *ret_reason (owned) says what the kernel refused, and
 * mount(2) should have its try. */
int mount_modern_create(const char *type, const char *source, unsigned long flags, const char *data,
			int *ret_fd, char **ret_reason, struct err *e) must_check;

#endif
