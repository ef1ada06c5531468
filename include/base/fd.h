/* Whole reads and writes, and files on directory descriptors. Every open is close-on-exec. */
#ifndef BASE_FD_H
#define BASE_FD_H

#include "base/buf.h"
#include "base/own.h"

#include <sys/types.h>

/* Writes everything, retrying EINTR. 0 or -errno. */
int fd_write_all(int fd, const void *bytes, size_t size) must_check;
/* Reads until `size` or end of file; returns bytes read or -errno. */
ssize_t fd_read_full(int fd, void *bytes, size_t size) must_check;
/* Appends up to end of file; -EFBIG when more than `limit` bytes come. 0 or -errno. */
int fd_read_all(int fd, size_t limit, struct buf *buf) must_check;

/* Opens dirfd/path read-only (O_NONBLOCK|O_NOCTTY while opening), demands a regular file unless
 * `any_type`, reads at most `limit` bytes. */
int file_read(int dirfd, const char *path, size_t limit, bool any_type, struct buf *buf,
	      struct err *e) must_check;
/* Opens an existing file write-only and writes `text` with ONE write(2) (proc, cgroup files). */
int file_write_existing(int dirfd, const char *path, const char *text, struct err *e) must_check;
/* Replaces dirfd/name atomically: unpredictable temporary name, O_EXCL, fsync, rename; no
 * temporary file stays on failure. */
int file_replace(int dirfd, const char *name, const void *bytes, size_t size, mode_t mode,
		 struct err *e) must_check;
/* mkdir -p for a host path; existing directories are fine. */
int dir_make_all(const char *path, mode_t mode, struct err *e) must_check;
/* Removes dirfd/name and everything below it, never following links or crossing mounts; absent
 * is fine. */
int tree_remove(int dirfd, const char *name, struct err *e) must_check;

/* Marks every descriptor from `first` on close-on-exec (close_range, else /proc/self/fd). */
int fd_cloexec_from(int first, struct err *e) must_check;

#endif
