/* Terminals: pty(7), devpts, tty_ioctl(4). */
#ifndef KERN_TTY_H
#define KERN_TTY_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>
#include <termios.h>

/* A new pair in the devpts at dev/pts below `root`, which is checked to be a devpts with its ptmx
 * (inode 2, device 5:2); the peer comes from TIOCGPTPEER, never from a path. */
int tty_open_pair(int root, int *ret_master, int *ret_peer, struct err *e) must_check;

bool tty_is(int fd);
int tty_get_size(int fd, uint16_t *ret_rows, uint16_t *ret_columns, struct err *e) must_check;
int tty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *e) must_check;
/* Raw mode; *ret_saved is for tty_restore(). */
int tty_set_raw(int fd, struct termios *ret_saved, struct err *e) must_check;
int tty_restore(int fd, const struct termios *saved, struct err *e) must_check;
/* Output untouched (no NL -> CR NL), for a master whose reader is a terminal in raw mode. */
int tty_clear_output_processing(int fd, struct err *e) must_check;
/* Of this session; the caller is a session leader without one. */
int tty_set_controlling(int fd, struct err *e) must_check;

#endif
