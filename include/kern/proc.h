/*
 * A private handle of procfs, so that nothing an image or a hook has mounted over /proc can
 * redirect a write (CVE-2019-16884, CVE-2025-52881).
 *
 * proc_open() makes a procfs of our pid namespace that is mounted nowhere; where that is impossible
 * it clones /proc without what is mounted on it, else opens /proc; in every case the handle is
 * checked to be the root of a procfs. Open it before entering the container's tree.
 */
#ifndef KERN_PROC_H
#define KERN_PROC_H

#include "base/buf.h"
#include "base/own.h"

#define PROC_PROCESSES 0U /* "self" and processes are enough */
#define PROC_ALL       1U /* with /proc/sys and the rest */

int proc_open(unsigned int what, int *ret_fd, struct err *e) must_check;

/* Opens `path` (relative: "self/attr/exec", "sys/net/...") below the handle. "self" and
 * "thread-self" are the only links allowed; no other mounts are crossed; the result is on procfs.
 */
int proc_open_file(int proc, const char *path, int flags, int *ret_fd, struct err *e) must_check;
/* One write(2) of the text into an existing file. */
int proc_write(int proc, const char *path, const char *text, struct err *e) must_check;
int proc_read(int proc, const char *path, size_t limit, struct buf *buf, struct err *e) must_check;

/* Writes a sysctl: `path` below /proc/sys with slashes, "net/ipv4/ip_forward". The handle must be
 * of PROC_ALL. Refuses "..", "." and empty components. */
int proc_write_sysctl(int proc, const char *path, const char *value, struct err *e) must_check;

/* "/proc/self/fd/N" for calls that only take paths, after making sure that it leads to the file
 * that `fd` denotes. `ret` has PROC_FD_PATH_SIZE bytes. */
#define PROC_FD_PATH_SIZE 32
int proc_fd_path(int fd, char *ret, struct err *e) must_check;

#endif
