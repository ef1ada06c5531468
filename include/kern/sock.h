/*
 * Unix sockets: messages with descriptors, between our own processes and to engines. unix(7).
 * `deadline` is CLOCK_MONOTONIC nanoseconds (base/clock.h), 0: none; passing it is -ETIMEDOUT.
 * Nothing here raises SIGPIPE.
 */
#ifndef KERN_SOCK_H
#define KERN_SOCK_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>
#include <sys/types.h>

#define SOCK_FDS_MAX 32

/* SOCK_SEQPACKET: messages stay whole and the end of the peer is seen. */
int sock_pair(int *ret_a, int *ret_b, struct err *e) must_check;

/* One message with `fd_count` descriptors (borrowed). */
int sock_send(int sock, const void *bytes, size_t size, const int *fds, size_t fd_count,
	      uint64_t deadline, struct err *e) must_check;

enum sock_received { SOCK_MESSAGE = 0, SOCK_END = 1 };
/* One message of at most `size` bytes. At most `fd_limit` descriptors (close-on-exec) are stored;
 * a message with more, or a longer one, fails (-EMSGSIZE) with its descriptors closed. `fds` may
 * be NULL when fd_limit is 0. */
int sock_receive(int sock, void *bytes, size_t size, size_t *ret_size, int *fds, size_t fd_limit,
		 size_t *ret_fd_count, uint64_t deadline, struct err *e) must_check;

/* Waits until readable; 0, or -ETIMEDOUT. */
int sock_wait_readable(int fd, uint64_t deadline, struct err *e) must_check;

/* Connects to a socket in the file system; `type` SOCK_STREAM, SOCK_DGRAM, SOCK_SEQPACKET. Paths
 * longer than sun_path go through a descriptor of the socket. */
int sock_connect(const char *path, int type, int *ret_fd, struct err *e) must_check;
/* Binds and listens (not for datagrams) at directory/name, mode 0600. */
int sock_listen(int directory, const char *name, int type, int *ret_fd, struct err *e) must_check;
/* Accepts with the deadline. */
int sock_accept(int listener, uint64_t deadline, int *ret_fd, struct err *e) must_check;

/* One datagram of text to `path` ("@name": abstract), as sd_notify(3). */
int sock_notify(const char *path, const char *text, struct err *e) must_check;

/* Effective uid and pid of the peer (SO_PEERCRED). */
int sock_peer(int sock, uid_t *ret_uid, pid_t *ret_pid, struct err *e) must_check;

#endif
