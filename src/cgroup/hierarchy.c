/*
 * One hierarchy: its mount point, the cgroup's directory in it, and its control files.
 *
 * Directories are opened one component at a time without following links and must end on a cgroup
 * file system, so that a mount or a link that somebody put in the way is an error, never a place to
 * write to. Surprising: reads of control files of a removed cgroup fail with ENODEV; each write(2)
 * is one operation, a value must not be split; "tasks" and "cgroup.procs" can be of any size.
 */
#include "internal.h"

#include "base/fd.h"
#include "base/num.h"

#include <fcntl.h>
#include <linux/magic.h>
#include <sys/stat.h>
#include <sys/vfs.h>

enum { CONTROL_FILE_MAX = 64 * 1024 * 1024 };

bool hierarchy_accepts_any_file_system;

static int check_file_system(const struct hierarchy *h, int fd, struct err *e)
{
	struct statfs fs;
	long magic = h->info->is_v2 ? CGROUP2_SUPER_MAGIC : CGROUP_SUPER_MAGIC;

	if (hierarchy_accepts_any_file_system)
		return 0;
	if (fstatfs(fd, &fs) < 0)
		return fail(e, errno, "statfs '%s'", h->info->mount_point);
	if (fs.f_type != magic)
		return refuse(e, EXDEV, "'%s' is not on a cgroup%s file system",
			      h->info->mount_point, h->info->is_v2 ? "2" : "");
	return 0;
}

int hierarchy_open_mount(struct hierarchy *h, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r;

	if (h->mount_fd >= 0)
		return 0;
	fd = open(h->info->mount_point, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT)
		return CGROUP_ABSENT;
	if (fd < 0)
		return fail(e, errno, "open '%s'", h->info->mount_point);
	r = check_file_system(h, fd, e);
	if (r < 0)
		return r;
	h->mount_fd = take_fd(&fd);
	return 0;
}

int hierarchy_walk(int from, const struct strv *parts, size_t count, int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;

	if (count == 0) {
		fd = openat(from, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (fd < 0)
			return fail(e, errno, "open the top of a cgroup hierarchy");
	}
	for (size_t i = 0; i < count; i++) {
		int next = openat(fd >= 0 ? fd : from, parts->items[i],
				  O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

		if (next < 0 && (errno == ENOENT || errno == ENODEV))
			return CGROUP_ABSENT;
		if (next < 0)
			return fail(e, errno, "open cgroup '%s'", parts->items[i]);
		fd_close(&fd);
		fd = next;
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int hierarchy_open(const struct cgroup *cgroup, struct hierarchy *h, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r;

	if (h->fd >= 0)
		return 0;
	if (h->denied)
		return CGROUP_ABSENT;
	r = hierarchy_open_mount(h, e);
	if (r == 0)
		r = hierarchy_walk(h->mount_fd, &cgroup->parts, cgroup->parts.count, &fd, e);
	if (r == 0)
		r = check_file_system(h, fd, e);
	if (r < 0)
		return wrap(e, "cgroup '%s' of '%s'", cgroup->path, h->info->mount_point);
	if (r == 0)
		h->fd = take_fd(&fd);
	return r;
}

int hierarchy_open_parent(const struct cgroup *cgroup, struct hierarchy *h, int *ret_fd,
			  struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = hierarchy_open_mount(h, e);

	if (r == 0)
		r = hierarchy_walk(h->mount_fd, &cgroup->parts, cgroup->parts.count - 1, &fd, e);
	if (r == 0)
		r = check_file_system(h, fd, e);
	if (r == 0)
		*ret_fd = take_fd(&fd);
	return r;
}

void hierarchy_close(struct hierarchy *h)
{
	fd_close(&h->fd);
	fd_close(&h->parent_fd);
	fd_close(&h->mount_fd);
}

bool hierarchy_has(const struct hierarchy *h, const char *controller)
{
	return !h->info->is_v2 && facts_has_controller(h->info->controllers, controller);
}

struct hierarchy *cgroup_find(const struct cgroup *cgroup, const char *controller)
{
	if (!cgroup->is_unified) {
		hierarchy_each(h, cgroup)
		{
			if (hierarchy_has(h, controller))
				return h;
		}
		if (!cgroup->v2 || !facts_has_controller(cgroup->facts->v2_controllers, controller))
			return NULL;
	}
	return cgroup->v2;
}

int cgroup_primary(const struct cgroup *cgroup, struct hierarchy **ret, struct err *e)
{
	static const char *const preferred[] = {"freezer", "devices", "pids"};

	for (size_t i = 0; i < sizeof(preferred) / sizeof(preferred[0]); i++) {
		struct hierarchy *h = cgroup_find(cgroup, preferred[i]);
		int r = h ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

		if (r == 0)
			*ret = h;
		if (r <= 0)
			return r;
	}
	hierarchy_each(h, cgroup)
	{
		int r = hierarchy_open(cgroup, h, e);

		if (r == 0)
			*ret = h;
		if (r <= 0)
			return r;
	}
	return CGROUP_ABSENT;
}

/* ---- control files ---- */

static int control_open(int dirfd, const char *file, int flags)
{
	int fd;

	if (strchr(file, '/') || file[0] == '\0')
		return -EINVAL;
	fd = openat(dirfd, file, flags | O_NOFOLLOW | O_CLOEXEC);
	return fd < 0 ? -errno : fd;
}

ssize_t control_read(int dirfd, const char *file, char *out, size_t size)
{
	auto_fd int fd = control_open(dirfd, file, O_RDONLY);
	ssize_t got;

	if (fd < 0)
		return fd;
	got = fd_read_full(fd, out, size - 1);
	if (got < 0)
		return got;
	if (got > 0 && out[got - 1] == '\n')
		got--;
	out[got] = '\0';
	return got;
}

int control_read_all(int dirfd, const char *file, struct buf *buf)
{
	auto_fd int fd = control_open(dirfd, file, O_RDONLY);

	if (fd < 0)
		return fd;
	return fd_read_all(fd, CONTROL_FILE_MAX, buf);
}

int control_write(int dirfd, const char *file, const char *text)
{
	auto_fd int fd = control_open(dirfd, file, O_WRONLY);
	ssize_t written;

	if (fd < 0)
		return fd;
	do {
		written = write(fd, text, strlen(text));
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return -errno;
	return written == (ssize_t)strlen(text) ? 0 : -EIO;
}

int control_read_u64(int dirfd, const char *file, uint64_t *ret)
{
	char text[64];
	ssize_t length = control_read(dirfd, file, text, sizeof(text));

	if (length < 0)
		return (int)length;
	if (str_is(text, "max")) {
		*ret = UINT64_MAX;
		return 0;
	}
	return num_u64(text, ret);
}

int control_read_key(int dirfd, const char *file, const char *key, uint64_t *ret)
{
	char text[4096];
	ssize_t length = control_read(dirfd, file, text, sizeof(text));
	size_t key_length = strlen(key);

	if (length < 0)
		return (int)length;
	for (char *line = text, *next; line; line = next) {
		next = strchr(line, '\n');
		if (next)
			*next++ = '\0';
		if (strncmp(line, key, key_length) == 0 && line[key_length] == ' ')
			return num_u64(line + key_length + 1, ret);
	}
	return -ENOENT;
}
