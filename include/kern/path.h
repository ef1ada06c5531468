/*
 * Paths inside a tree that somebody else controls, by descriptors only.
 *
 * `root` is a descriptor (O_PATH is enough) of the tree's top directory. Every path is taken
 * relative to it: a leading "/" and absolute symbolic links start at `root`, ".." never climbs
 * above it, magic links (/proc/PID/root, fd, ...) are refused. openat2(RESOLVE_IN_ROOT) does the
 * work; where the kernel lacks it, a walk by O_PATH handles gives the same answers.
 * What is returned is a descriptor of what was found: look at it with the fd_* predicates below,
 * never at the path again. All descriptors are close-on-exec. umask(2) applies to what is made.
 */
#ifndef KERN_PATH_H
#define KERN_PATH_H

#include "base/err.h"
#include "base/own.h"

#include <limits.h>
#include <stdint.h>
#include <sys/types.h>

#define PATH_LEAF_SIZE (NAME_MAX + 1)

/* open(2) in the tree. `flags` are O_*; O_CLOEXEC is added; O_NOFOLLOW and O_PATH | O_NOFOLLOW
 * have their usual meaning for the last component. "" and "/" mean the root itself. -ENOENT,
 * -ELOOP, ... as open(2); -EAGAIN when others rename so busily that no answer is safe. */
int path_open(int root, const char *path, int flags, mode_t mode, int *ret_fd,
	      struct err *e) must_check;
/* Stricter, for trees of ours and kernel file systems: below `directory`, relative, no symbolic
 * links at all, no "..", no crossing into other mounts. */
int path_open_beneath(int directory, const char *path, int flags, mode_t mode, int *ret_fd,
		      struct err *e) must_check;

/* Makes all directories of `path` that are missing (also behind dangling links, inside the root);
 * returns an O_PATH descriptor of the last one. */
int path_mkdir_all(int root, const char *path, mode_t mode, int *ret_fd, struct err *e) must_check;

#define PATH_NO_FOLLOW 1U /* the last component is taken itself when it is a symbolic link */

/* An O_PATH descriptor of something to mount on. What exists is returned as it is, whatever its
 * type; else parents (0755) and the target (directory 0755, regular file 0644) are made. */
int path_make_target(int root, const char *path, bool is_directory, unsigned int flags, int *ret_fd,
		     struct err *e) must_check;

/* The directory of the last component, and that component's name (no link is followed for it).
 * Refuses paths whose last component is empty, "." or "..". With `make` the directories are made
 * (0755). `ret_leaf` has PATH_LEAF_SIZE bytes. */
int path_parent(int root, const char *path, bool make, int *ret_parent, char *ret_leaf,
		struct err *e) must_check;

/* Whether something is there; the last link is not followed. 0 and *ret, or a failure. */
int path_exists(int root, const char *path, bool *ret, struct err *e) must_check;
/* Text of a symbolic link; `ret_text` has PATH_MAX bytes, NUL-terminated. -EINVAL: not a link. */
int path_read_link(int root, const char *path, char *ret_text, struct err *e) must_check;

enum path_made { PATH_MADE = 0, PATH_WAS_THERE = 1 };
/* Parents are made (0755). PATH_WAS_THERE: something with that name exists, left alone. */
int path_symlink(int root, const char *path, const char *text, struct err *e) must_check;
/* mknod(2); `mode` with the type. chmod is done on the new node, so the umask does not apply. */
int path_mknod(int root, const char *path, mode_t mode, unsigned int major, unsigned int minor,
	       struct err *e) must_check;
/* The same for a name in a directory that path_parent() has found. */
int path_symlink_at(int parent, const char *leaf, const char *text, struct err *e) must_check;
int path_mknod_at(int parent, const char *leaf, mode_t mode, unsigned int major, unsigned int minor,
		  struct err *e) must_check;
/* Removes a file, link or (is_directory) an empty directory; absent is fine. */
int path_unlink(int root, const char *path, bool is_directory, struct err *e) must_check;

/* ---- what a descriptor is (fstat, fstatfs on it) ---- */

/* `type` is S_IFCHR or S_IFBLK. */
bool fd_is_device(int fd, mode_t type, unsigned int major, unsigned int minor);
bool fd_is_directory(int fd);
bool fd_is_symlink(int fd);
bool fd_is_regular(int fd);
/* Whether it is on a file system with this magic number (PROC_SUPER_MAGIC, ...). */
bool fd_is_filesystem(int fd, unsigned long magic);
/* Whether both are the same file (device and inode). */
bool fd_is_same(int a, int b);
/* Opens what an O_PATH descriptor denotes anew with `flags`. Through /proc/self/fd, whose answer is
 * checked to be the same file. */
int fd_reopen(int fd, int flags, int *ret_fd, struct err *e) must_check;

#endif
