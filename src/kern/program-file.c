/*
 * A program of ours as a file that nobody can change, where the host has executable memfds
 * forbidden (the sysctl vm.memfd_noexec=2).
 *
 * The file is the only one of a tmpfs whose only mount is in no mount namespace, becomes read-only
 * once the file is written, and goes with the last user of the file. So there is no path to it, and
 * whoever follows /proc/PID/exe of the process arrives on the read-only mount. It is as good as
 * sealed, but takes the right to mount.
 */
#include "kern/memfd.h"

#include "base/fd.h"
#include "kern/compat.h"
#include "kern/mount.h"

#include <fcntl.h>
#include <sys/stat.h>

static int write_program(int directory, const char *name, const void *bytes, size_t size,
			 struct err *e)
{
	auto_fd int fd =
		openat(directory, name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0500);
	int r = fd < 0 ? -errno : fd_write_all(fd, bytes, size);

	if (r == 0 && fchmod(fd, 0111) < 0)
		r = -errno;

	return r < 0 ? fail(e, -r, "write '%s' to a tmpfs", name) : 0;
}

int program_file(const char *name, const void *bytes, size_t size, int *ret_fd, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = mount_create("tmpfs", "tmpfs", MS_NOSUID | MS_NODEV, "mode=700", &mount, e);

	if (r == 0 && mount.fd < 0)
		r = refuse(e, EOPNOTSUPP, "a tmpfs apart from the tree needs the new mount API");
	if (r == 0)
		r = write_program(mount.fd, name, bytes, size, e);
	change.set = MOUNT_ATTR_RDONLY;
	if (r == 0)
		r = mount_change(&mount, &change, e);
	if (r < 0)
		return r;
	*ret_fd = openat(mount.fd, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	return *ret_fd < 0 ? fail(e, errno, "open '%s' on a tmpfs", name) : 0;
}
