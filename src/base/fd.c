/*
 * Whole reads and writes, and single files on directory descriptors.
 *
 * What may surprise: opening a FIFO for reading blocks until a writer comes, so files of unknown
 * type are opened with O_NONBLOCK and judged by fstat on the descriptor; files of proc and cgroup
 * are regular but have size 0, so sizes are hints only; a write to such a file is one command and
 * must be one write(2).
 */
#include "base/fd.h"

#include "base/arena.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <limits.h>
#include <stdint.h>
#include <string.h>
#include <sys/random.h>
#include <sys/stat.h>

int fd_write_all(int fd, const void *bytes, size_t size)
{
	const char *rest = bytes;

	while (size > 0) {
		ssize_t written = write(fd, rest, size);

		if (written < 0 && errno == EINTR)
			continue;
		if (written < 0)
			return -errno;
		if (written == 0)
			return -EIO;
		rest += written;
		size -= (size_t)written;
	}
	return 0;
}

ssize_t fd_read_full(int fd, void *bytes, size_t size)
{
	char *room = bytes;
	size_t done = 0;

	while (done < size) {
		ssize_t got = read(fd, room + done, size - done);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			break;
		done += (size_t)got;
	}
	return (ssize_t)done;
}

int fd_read_all(int fd, size_t limit, struct buf *buf)
{
	size_t total = 0;

	for (;;) {
		/* One byte more than allowed tells "too large" from "exactly full". */
		size_t allowed = limit - total < SIZE_MAX ? limit - total + 1 : SIZE_MAX;
		size_t room = 4096;
		ssize_t got;

		if (buf->capacity > buf->size + 1 && buf->capacity - buf->size - 1 > room)
			room = buf->capacity - buf->size - 1;
		if (room > allowed)
			room = allowed;
		got = read(fd, buf_reserve(buf, room), room);
		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return -errno;
		if (got == 0)
			return 0;
		if ((size_t)got > limit - total) {
			buf_added(buf, 0); /* takes back what was read over the NUL */
			return -EFBIG;
		}
		buf_added(buf, (size_t)got);
		total += (size_t)got;
	}
}

int file_read(int dirfd, const char *path, size_t limit, bool any_type, struct buf *buf,
	      struct err *e)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
	struct stat status;
	int flags;
	int r;

	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	if (fstat(fd, &status) < 0)
		return fail(e, errno, "stat '%s'", path);
	if (!S_ISREG(status.st_mode)) {
		if (!any_type)
			return refuse(e, EINVAL, "read '%s': not a regular file", path);
		/* A pipe whose writer is slow is to be waited for. */
		flags = fcntl(fd, F_GETFL);
		if (flags < 0 || fcntl(fd, F_SETFL, flags & ~O_NONBLOCK) < 0)
			return fail(e, errno, "make '%s' blocking", path);
	} else if (status.st_size > 0 && (uintmax_t)status.st_size <= limit) {
		(void)buf_reserve(buf, (size_t)status.st_size + 1);
	}
	r = fd_read_all(fd, limit, buf);
	if (r == -EFBIG)
		return refuse(e, EFBIG, "read '%s': larger than %zu bytes", path, limit);
	if (r < 0)
		return fail(e, -r, "read '%s'", path);
	return 0;
}

int file_write_existing(int dirfd, const char *path, const char *text, struct err *e)
{
	auto_fd int fd = openat(dirfd, path, O_WRONLY | O_CLOEXEC | O_NOCTTY);
	size_t size = strlen(text);
	ssize_t written;

	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	do
		written = write(fd, text, size);
	while (written < 0 && errno == EINTR);
	if (written < 0)
		return fail(e, errno, "write '%s' to '%s'", text, path);
	if ((size_t)written != size)
		return refuse(e, EIO, "write '%s' to '%s': only %zd of %zu bytes were taken", text,
			      path, written, size);
	return 0;
}

/* Creates a file of an unpredictable name in the directory of `name`; its path is in `temporary`.
 */
static int temporary_create(int dirfd, const char *name, char *temporary, size_t size,
			    struct err *e)
{
	const char *slash = strrchr(name, '/');
	int directory = slash ? (int)(slash - name) + 1 : 0;

	for (int attempt = 0; attempt < 16; attempt++) {
		uint64_t random[2];
		int length;
		int fd;

		if (getrandom(random, sizeof(random), 0) != (ssize_t)sizeof(random))
			return fail(e, errno, "get random bytes");
		length = snprintf(temporary, size, "%.*s.new-%016" PRIx64 "%016" PRIx64, directory,
				  name, random[0], random[1]);
		if (length < 0 || (size_t)length >= size)
			return fail(e, ENAMETOOLONG, "create a temporary file for '%s'", name);
		fd = openat(dirfd, temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC,
			    0600);
		if (fd >= 0)
			return fd;
		if (errno != EEXIST)
			return fail(e, errno, "create a temporary file for '%s'", name);
	}
	return fail(e, EEXIST, "create a temporary file for '%s'", name);
}

static int temporary_fill(int fd, const char *name, const void *bytes, size_t size, mode_t mode,
			  struct err *e)
{
	int r = fd_write_all(fd, bytes, size);

	if (r < 0)
		return fail(e, -r, "write '%s'", name);
	if (fchmod(fd, mode) < 0)
		return fail(e, errno, "set the mode of '%s'", name);
	if (fsync(fd) < 0)
		return fail(e, errno, "sync '%s'", name);
	return 0;
}

int file_replace(int dirfd, const char *name, const void *bytes, size_t size, mode_t mode,
		 struct err *e)
{
	char temporary[PATH_MAX];
	auto_fd int fd = temporary_create(dirfd, name, temporary, sizeof(temporary), e);
	int r;

	if (fd < 0) {
		fd = FD_NONE;
		return -e->code;
	}
	r = temporary_fill(fd, name, bytes, size, mode, e);
	if (r == 0 && renameat(dirfd, temporary, dirfd, name) < 0)
		r = fail(e, errno, "rename a temporary file to '%s'", name);
	if (r < 0)
		(void)unlinkat(dirfd, temporary, 0);
	return r;
}

static int cloexec_walk(int first, struct err *e)
{
	auto_dir DIR *directory = opendir("/proc/self/fd");
	struct dirent *entry;

	if (!directory)
		return fail(e, errno, "open '/proc/self/fd'");
	while ((errno = 0, entry = readdir(directory))) {
		char *end;
		long fd = strtol(entry->d_name, &end, 10);
		int flags;

		if (*end || end == entry->d_name || fd < first || fd > INT_MAX)
			continue;
		flags = fcntl((int)fd, F_GETFD);
		if (flags < 0 || fcntl((int)fd, F_SETFD, flags | FD_CLOEXEC) < 0)
			return fail(e, errno, "mark descriptor %ld close-on-exec", fd);
	}
	if (errno)
		return fail(e, errno, "read '/proc/self/fd'");
	return 0;
}

int fd_cloexec_from(int first, struct err *e)
{
	if (close_range((unsigned int)first, ~0U, (int)CLOSE_RANGE_CLOEXEC) == 0)
		return 0;
	/* ENOSYS before Linux 5.9, EINVAL before 5.11, EPERM by filters of old engines. */
	if (errno != ENOSYS && errno != EINVAL && errno != EPERM)
		return fail(e, errno, "mark descriptors close-on-exec");
	return cloexec_walk(first, e);
}
