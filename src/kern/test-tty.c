/* Pairs of a devpts that is not the host's, and of things that only look like one. */
#include "kern/tty.h"

#include "base/fd.h"
#include "kern/mount.h"
#include "kern/path.h"
#include "test-support.h"

#include <sched.h>
#include <sys/sysmacros.h>
#include <termios.h>

static char top[] = "/tmp/test-tty-XXXXXX";
static int root = FD_NONE;

static void test_pair(void)
{
	auto_fd int master = FD_NONE;
	auto_fd int peer = FD_NONE;
	uint16_t rows = 0, columns = 0;
	struct termios saved;
	char bytes[16] = "";
	struct err e;

	check_zero(tty_open_pair(root, &master, &peer, &e), &e, "a pair");
	check(tty_is(master) && tty_is(peer));
	check(fcntl(master, F_GETFD) & FD_CLOEXEC);
	check(fcntl(peer, F_GETFD) & FD_CLOEXEC);
	check_zero(tty_set_size(master, 24, 132, &e), &e, "set the size");
	check_zero(tty_get_size(peer, &rows, &columns, &e), &e, "get the size");
	check(rows == 24 && columns == 132);
	check_zero(tty_clear_output_processing(peer, &e), &e, "no carriage returns");
	check(write(peer, "a\n", 2) == 2);
	check(read(master, bytes, sizeof(bytes)) == 2);
	check_zero(tty_set_raw(peer, &saved, &e), &e, "raw");
	check(write(master, "\003", 1) == 1 && read(peer, bytes, 1) == 1 && bytes[0] == 3);
	check_zero(tty_restore(peer, &saved, &e), &e, "restore");
}

static void cover(const char *type, const char *data, struct mount *ret)
{
	auto_fd int pts = FD_NONE;
	struct err e;

	check_zero(path_make_target(root, "/dev/pts", true, 0, &pts, &e), &e, "/dev/pts");
	check_zero(mount_create(type, type, 0, data, ret, &e), &e, type);
	check_zero(mount_attach(ret, pts, root, "/dev/pts", &e), &e, "attach it");
}

static void test_impostors(void)
{
	auto_mount fake = MOUNT_NONE;
	auto_fd int master = FD_NONE;
	auto_fd int peer = FD_NONE;
	char path[64];
	struct err e;

	/* A file bound over the real ptmx. */
	(void)snprintf(path, sizeof(path), "%s/dev/pts/ptmx", top);
	check(mount("/dev/null", path, NULL, MS_BIND, NULL) == 0);
	check(tty_open_pair(root, &master, &peer, &e) < 0);
	check(umount2(path, 0) == 0);
	/* A tmpfs with a node of the right number. */
	cover("tmpfs", NULL, &fake);
	check(mknodat(fake.fd, "ptmx", S_IFCHR | 0666, makedev(5, 2)) == 0);
	check_number(tty_open_pair(root, &master, &peer, &e), -EPERM);
}

int main(void)
{
	auto_mount devpts = MOUNT_NONE;
	auto_fd int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	struct err e;

	check(!tty_is(null));
	if (!is_root() || unshare(CLONE_NEWNS) < 0) {
		tap_skip("mounting needs root");
		return tap_done();
	}
	check_zero(mount_propagation_path("/", MS_PRIVATE | MS_REC, &e), &e, "private");
	if (!mkdtemp(top))
		abort();
	check(mount("test", top, "tmpfs", 0, NULL) == 0);
	root = open(top, O_PATH | O_DIRECTORY | O_CLOEXEC);
	cover("devpts", "newinstance,ptmxmode=0666,mode=0620", &devpts);
	test_pair();
	test_impostors();
	fd_close(&root);
	mount_done(&devpts);
	check(umount2(top, MNT_DETACH) == 0);
	check(rmdir(top) == 0);
	return tap_done();
}
