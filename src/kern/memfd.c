/*
 * Sealed anonymous files: see kern/memfd.h.
 *
 * Linux 6.3 made executability of such files explicit (MFD_EXEC, MFD_NOEXEC_SEAL) and lets a
 * sysctl refuse those who do not say; older kernels refuse the flags with EINVAL.
 *
 * The copy of the program has its own page cache: unlike a read-only bind mount or overlay of the
 * file, even a kernel bug that writes into mapped pages reaches the copy alone. Whether we run from
 * such a copy is asked of the kernel by the seals of /proc/self/exe; a program on a file system
 * has none (EINVAL), and nobody can seal a file without a memfd.
 */
#include "kern/memfd.h"

#include "base/fd.h"
#include "kern/compat.h"

#include <sys/sendfile.h>

#define SEALS	     (F_SEAL_SEAL | F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE)
#define PROGRAM_NAME "bulkhead"

static int create(const char *name, bool executable)
{
	unsigned int flags = MFD_CLOEXEC | MFD_ALLOW_SEALING;
	int fd = sys_memfd_create(name, flags | (executable ? MFD_EXEC : MFD_NOEXEC_SEAL));

	return fd < 0 && errno == EINVAL ? sys_memfd_create(name, flags) : fd;
}

int memfd_open(const char *name, int *ret_fd, struct err *e)
{
	int fd = create(name, false);

	if (fd < 0)
		return fail(e, errno, "make a file in memory");
	*ret_fd = fd;
	return 0;
}

int memfd_seal(int fd, struct err *e)
{
	/* The seal of executability may be on already, or unknown. */
	if (fcntl(fd, F_ADD_SEALS, SEALS | F_SEAL_EXEC) < 0 &&
	    (errno != EINVAL || fcntl(fd, F_ADD_SEALS, SEALS) < 0))
		return fail(e, errno, "seal a file in memory");
	if (!memfd_is_sealed(fd))
		return refuse(e, EPERM, "a file in memory could not be sealed");
	return 0;
}

bool memfd_is_sealed(int fd)
{
	int seals = fcntl(fd, F_GET_SEALS);

	return seals >= 0 && (seals & SEALS) == SEALS;
}

int memfd_sealed(const char *name, const void *bytes, size_t size, bool executable, int *ret_fd,
		 struct err *e)
{
	auto_fd int fd = create(name, executable);
	int r;

	if (fd < 0)
		return fail(e, errno, "make a file in memory");
	r = fd_write_all(fd, bytes, size);
	if (r < 0)
		return fail(e, -r, "fill a file in memory");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail(e, errno, "rewind a file in memory");
	r = memfd_seal(fd, e);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

static int copy(int from, int to, struct err *e)
{
	struct stat status;
	off_t left;

	if (fstat(from, &status) < 0)
		return fail(e, errno, "look at '/proc/self/exe'");
	for (left = status.st_size; left > 0;) {
		ssize_t sent = sendfile(to, from, NULL, (size_t)left);

		if (sent < 0 && errno == EINTR)
			continue;
		if (sent <= 0)
			return fail(e, sent < 0 ? errno : EIO, "copy '/proc/self/exe'");
		left -= sent;
	}
	return 0;
}

int memfd_copy_self(int *ret_fd, struct err *e)
{
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	auto_fd int fd = create(PROGRAM_NAME, true);
	int r;

	if (own < 0)
		return fail(e, errno, "open '/proc/self/exe'");
	if (fd < 0)
		return fail(e, errno, "make a file in memory");
	if (fchmod(fd, 0500) < 0)
		return fail(e, errno, "make a file in memory executable");
	r = copy(own, fd, e);
	if (r == 0)
		r = memfd_seal(fd, e);
	if (r < 0)
		return r;
	*ret_fd = take_fd(&fd);
	return 0;
}

int process_reexec_sealed(char *const argv[], char *const envp[], struct err *e)
{
	auto_fd int own = open("/proc/self/exe", O_RDONLY | O_CLOEXEC);
	auto_fd int fd = FD_NONE;
	int r;

	if (own < 0)
		return fail(e, errno, "open '/proc/self/exe'");
	if (memfd_is_sealed(own))
		return 0;
	r = memfd_copy_self(&fd, e);
	if (r < 0)
		return r;
	(void)sys_execveat(fd, "", argv, envp, AT_EMPTY_PATH);
	return fail(e, errno, "execute the sealed copy of the program");
}
