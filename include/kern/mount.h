/*
 * Mounts as objects: made or cloned apart from the tree ("detached"), changed, then attached to a
 * descriptor. That is the new mount API of Linux 5.2 and 5.12. Where the kernel lacks it (or a
 * file system refuses it), the object remembers what to do and mount(2) does it when attaching;
 * callers see no difference but these: an id-mapped change is refused (-EOPNOTSUPP) on
 * kernels without mount_setattr(2), a recursive one is not made at once there, but mount by mount,
 * and errors may appear at mount_attach().
 *
 * open_tree(2), fsmount(2), mount_setattr(2), move_mount(2), pivot_root(2).
 */
#ifndef KERN_MOUNT_H
#define KERN_MOUNT_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>
#include <sys/types.h>

struct mount_pending; /* what mount(2) will be asked to do */

struct mount {
	/* The root of the mount, as with O_PATH: usable before and after attaching; FD_NONE while
	 * pending (old kernels before mount_attach). */
	int fd;
	struct mount_pending *pending;
	bool is_attached; /* by mount_attach() */
};

#define MOUNT_NONE ((struct mount){.fd = FD_NONE, .pending = NULL})

/* Closes; a mount never attached is dissolved by that. */
void mount_done(struct mount *mount);
#define auto_mount __attribute__((cleanup(mount_done))) struct mount

#define MOUNT_RECURSIVE 1U /* with everything mounted below */
#define MOUNT_NO_FOLLOW 2U /* `path` itself when it is a symbolic link */

/* A bind mount in the making: a detached copy of what is at directory/path. `path` NULL or "": the
 * file that `directory` denotes (O_PATH is fine). Host paths: AT_FDCWD and an absolute path. */
int mount_clone(int directory, const char *path, unsigned int flags, struct mount *ret,
		struct err *e) must_check;

/* A new file system. `source` may be NULL; `flags` are MS_* (superblock ones and attributes; no
 * MS_BIND, MS_REC, propagation); `data` is a comma separated list or NULL. The error of a refused
 * option names it when the kernel tells. */
int mount_create(const char *type, const char *source, unsigned long flags, const char *data,
		 struct mount *ret, struct err *e) must_check;

/* What to change on a mount (not on its file system). */
struct mount_change {
	uint64_t set, clear;  /* MOUNT_ATTR_*; `clear` may hold MOUNT_ATTR__ATIME */
	uint64_t propagation; /* MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE or 0 */
	int user_namespace;   /* id-map through this one; FD_NONE: no */
	bool recursive;
	bool best_effort_clear; /* flags that are locked (mounted by a more privileged user
				   namespace) stay instead of failing */
};

#define MOUNT_CHANGE_NONE ((struct mount_change){.user_namespace = FD_NONE})

/* On a mount made above, before or after attaching. */
int mount_change(struct mount *mount, const struct mount_change *change, struct err *e) must_check;
/* On whatever mount has its root at this descriptor. */
int mount_change_fd(int fd, const struct mount_change *change, struct err *e) must_check;

/* Puts the mount onto `target` (O_PATH: a directory for directories, a file for files), which must
 * be what `path` denotes below `root`: after mount(2) the path is opened again and compared.
 * `root` and `path` are used on old kernels only. Takes nothing: mount->fd stays valid. */
int mount_attach(struct mount *mount, int target, int root, const char *path,
		 struct err *e) must_check;

/* The same onto directory/name, a directory in one that is ours alone; `path` as above. */
int mount_attach_at(struct mount *mount, int directory, const char *name, int root,
		    const char *path, struct err *e) must_check;

/* MS_REMOUNT of the file system (superblock) behind `fd`, the root of a mount. */
int mount_reconfigure(int fd, const char *type, unsigned long flags, const char *data,
		      struct err *e) must_check;

/* Propagation of an attached mount: MS_SHARED, MS_SLAVE, MS_PRIVATE, MS_UNBINDABLE, | MS_REC. */
int mount_propagation(int fd, unsigned long flags, struct err *e) must_check;
int mount_propagation_path(const char *path, unsigned long flags, struct err *e) must_check;

/* umount2(2) of the mount whose root is at absolute host path; absent (-EINVAL) is a failure. */
int mount_detach_path(const char *path, struct err *e) must_check;

/* Makes `root` (the root of a mount in our namespace) the root directory of the namespace and of
 * this process, drops the old one, and changes to the new "/". The parent mount must not be
 * shared. */
int mount_pivot(int root, struct err *e) must_check;
/* For initramfs, where pivot_root(2) is impossible: hides other mounts of /proc and /sys, moves
 * `root` over "/", chroots there. */
int mount_move_root(int root, struct err *e) must_check;

/* Unique id of the mount `fd` is on (statx, else fdinfo). */
int mount_id(int fd, uint64_t *ret, struct err *e) must_check;

/* Whether both descriptors denote the same file by the same mount. */
int mount_is_same_place(int a, int b, bool *ret, struct err *e) must_check;

/* Attributes of the mount `fd` is on, as MOUNT_ATTR_* (statvfs). */
int mount_attributes(int fd, uint64_t *ret, struct err *e) must_check;

/* MS_* that are attributes of a mount <-> MOUNT_ATTR_*; others are dropped. */
uint64_t mount_attributes_from_flags(unsigned long flags);
unsigned long mount_flags_from_attributes(uint64_t attributes);
/* MS_* that belong to the file system (MS_SYNCHRONOUS, MS_DIRSYNC, MS_MANDLOCK, MS_LAZYTIME,
 * MS_I_VERSION, MS_SILENT, MS_RDONLY). */
unsigned long mount_flags_superblock(unsigned long flags);

#endif
