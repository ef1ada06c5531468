/*
 * Terminals: see kern/tty.h.
 *
 * The pair is made in the container's own devpts, so that the number the container sees is the one
 * it has. Its path is the image's business and not to be believed (CVE-2025-52565): the directory
 * must be on a devpts, ptmx in it must be the node that devpts itself has (inode 2, device 5:2) on
 * the same mount, and the other end is obtained from the master (TIOCGPTPEER, Linux 4.13). Without
 * that call its number is looked up in the verified directory.
 */
#include "kern/tty.h"

#include "kern/compat.h"
#include "kern/path.h"

#include <sys/ioctl.h>
#include <sys/sysmacros.h>

#define PTMX_INODE	2
#define PTY_MAJOR_FIRST 136
#define PTY_MAJOR_LAST	143
#define TTY_OPEN_FLAGS	(O_RDWR | O_NOCTTY | O_CLOEXEC)

static int open_master(int pts, int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;
	struct stat status;
	int r = path_open_beneath(pts, "ptmx", TTY_OPEN_FLAGS, 0, &fd, e);

	if (r < 0)
		return r;
	if (!fd_is_filesystem(fd, DEVPTS_SUPER_MAGIC) || !fd_is_device(fd, S_IFCHR, 5, 2) ||
	    fstat(fd, &status) < 0 || status.st_ino != PTMX_INODE)
		return refuse(e, EPERM, "'/dev/pts/ptmx' is not the ptmx of a devpts");
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_peer_by_number(int pts, int master, int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;
	struct stat status;
	unsigned int number;
	char name[16];
	int r;

	if (ioctl(master, TIOCGPTN, &number) < 0)
		return fail(e, errno, "get the number of the pseudo-terminal");
	(void)snprintf(name, sizeof(name), "%u", number);
	r = path_open_beneath(pts, name, TTY_OPEN_FLAGS, 0, &fd, e);
	if (r < 0)
		return r;
	if (!fd_is_filesystem(fd, DEVPTS_SUPER_MAGIC) || fstat(fd, &status) < 0 ||
	    !S_ISCHR(status.st_mode) || major(status.st_rdev) < PTY_MAJOR_FIRST ||
	    major(status.st_rdev) > PTY_MAJOR_LAST)
		return refuse(e, EPERM, "'/dev/pts/%s' is not a pseudo-terminal", name);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int open_peer(int pts, int master, int *ret_fd, struct err *e)
{
	int unlocked = 0;
	int fd;

	if (ioctl(master, TIOCSPTLCK, &unlocked) < 0)
		return fail(e, errno, "unlock the pseudo-terminal");
	fd = ioctl(master, TIOCGPTPEER, TTY_OPEN_FLAGS);
	if (fd < 0 && (errno == ENOTTY || errno == EINVAL))
		return open_peer_by_number(pts, master, ret_fd, e);
	if (fd < 0)
		return fail(e, errno, "open the other end of the pseudo-terminal");
	*ret_fd = fd;
	return 0;
}

int tty_open_pair(int root, int *ret_master, int *ret_peer, struct err *e)
{
	auto_fd int pts = FD_NONE;
	auto_fd int master = FD_NONE;
	int r = path_open(root, "/dev/pts", O_PATH | O_DIRECTORY, 0, &pts, e);

	if (r < 0)
		return r;
	if (!fd_is_filesystem(pts, DEVPTS_SUPER_MAGIC))
		return refuse(e, EPERM, "a terminal needs a devpts at '/dev/pts'");
	r = open_master(pts, &master, e);
	if (r == 0)
		r = open_peer(pts, master, ret_peer, e);
	if (r < 0)
		return r;
	*ret_master = take_fd(&master);
	return 0;
}

bool tty_is(int fd)
{
	struct termios settings;

	return tcgetattr(fd, &settings) == 0;
}

int tty_get_size(int fd, uint16_t *ret_rows, uint16_t *ret_columns, struct err *e)
{
	struct winsize size;

	if (ioctl(fd, TIOCGWINSZ, &size) < 0)
		return fail(e, errno, "get the size of the terminal");
	*ret_rows = size.ws_row;
	*ret_columns = size.ws_col;
	return 0;
}

int tty_set_size(int fd, uint16_t rows, uint16_t columns, struct err *e)
{
	const struct winsize size = {.ws_row = rows, .ws_col = columns};

	if (ioctl(fd, TIOCSWINSZ, &size) < 0)
		return fail(e, errno, "set the size of the terminal");
	return 0;
}

int tty_set_raw(int fd, struct termios *ret_saved, struct err *e)
{
	struct termios saved, raw;

	if (tcgetattr(fd, &saved) < 0)
		return fail(e, errno, "get the settings of the terminal");
	raw = saved;
	cfmakeraw(&raw);
	if (tcsetattr(fd, TCSANOW, &raw) < 0)
		return fail(e, errno, "put the terminal into raw mode");
	*ret_saved = saved;
	return 0;
}

int tty_restore(int fd, const struct termios *saved, struct err *e)
{
	if (tcsetattr(fd, TCSANOW, saved) < 0)
		return fail(e, errno, "restore the settings of the terminal");
	return 0;
}

int tty_clear_output_processing(int fd, struct err *e)
{
	struct termios settings;

	if (tcgetattr(fd, &settings) < 0)
		return fail(e, errno, "get the settings of the terminal");
	settings.c_oflag &= ~(tcflag_t)ONLCR;
	if (tcsetattr(fd, TCSANOW, &settings) < 0)
		return fail(e, errno, "set the settings of the terminal");
	return 0;
}

int tty_set_controlling(int fd, struct err *e)
{
	if (ioctl(fd, TIOCSCTTY, 0) < 0)
		return fail(e, errno, "make the terminal the controlling one");
	return 0;
}
