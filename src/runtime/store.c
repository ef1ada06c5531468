/*
 * State directories on disk.
 *
 * mkdirat decides who creates: EEXIST is the loser's answer. The lock is a POSIX record lock on a
 * file of its own and not flock(2): an flock belongs to the open file and is inherited by every
 * process that is forked while it is held, so the container's init would keep it for ever. A POSIX
 * lock belongs to the process, ends with it however it dies, and tells who holds it; its one trap,
 * that closing any descriptor of the file gives it back, is avoided by opening the file once.
 * Whoever waits for the lock may get it on a directory that was removed meanwhile, so identity is
 * compared afterwards.
 */
#include "store.h"

#include "base/clock.h"
#include "oci/names.h"

#include <errno.h>
#include <fcntl.h>
#include <inttypes.h>
#include <sys/random.h>
#include <sys/stat.h>
#include <time.h>

#define LOCK_FILE    "lock"
#define GONE_PREFIX  ".del-"
#define CACHE_PARENT ".cache"
#define CACHE_NAME   "seccomp"

static int directory_check(int fd, const char *what, struct err *e)
{
	struct stat status;
	uid_t own = geteuid();

	if (fstat(fd, &status) < 0)
		return fail(e, errno, "stat '%s'", what);
	if (status.st_uid != own)
		return refuse(
			e, EPERM,
			"state directory '%s': belongs to uid %u, not to uid %u: its contents "
			"cannot be trusted",
			what, status.st_uid, own);
	/* Whoever can write could put another directory in a container's place. */
	if ((status.st_mode & (S_IWGRP | S_IWOTH)) && !(status.st_mode & S_ISVTX))
		return refuse(e, EPERM,
			      "state directory '%s': others can write there (mode %04o): its "
			      "contents cannot be trusted",
			      what, status.st_mode & 07777U);
	return 0;
}

int store_root_open(const struct runtime *runtime, bool make, int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;
	struct stat top;
	struct stat status;
	bool made = false;

	fd = open(runtime->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0 && errno == ENOENT) {
		if (!make)
			return STORE_ABSENT;
		if (dir_make_all(runtime->root, 0700, e) < 0)
			return wrap(e, "make the state root");
		made = true;
		fd = open(runtime->root, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	}
	if (fd < 0)
		return fail(e, errno, "open the state root '%s'", runtime->root);
	if (fstat(fd, &status) < 0 || stat("/", &top) < 0)
		return fail(e, errno, "stat '%s'", runtime->root);
	if (status.st_dev == top.st_dev && status.st_ino == top.st_ino)
		return refuse(e, EINVAL, "--root: '%s' is '/', which cannot hold containers",
			      runtime->root);
	if (make && directory_check(fd, runtime->root, e) < 0)
		return -e->code;
	/* The sticky bit keeps systemd-tmpfiles from pruning what is in a user's run directory. */
	if (made && runtime->root_is_sticky && fchmod(fd, 0700 | S_ISVTX) < 0)
		return fail(e, errno, "set the mode of '%s'", runtime->root);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int directory_open(int root_fd, const char *id)
{
	return openat(root_fd, id, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
}

int store_make(int root_fd, const char *id, int *ret_fd, struct err *e)
{
	int fd;

	if (mkdirat(root_fd, id, 0700) < 0) {
		if (errno == EEXIST)
			return refuse(e, EEXIST, "container with given ID already exists: '%s'",
				      id);
		return fail(e, errno, "make the state directory '%s'", id);
	}
	fd = directory_open(root_fd, id);
	if (fd < 0) {
		int code = errno;

		(void)unlinkat(root_fd, id, AT_REMOVEDIR);
		return fail(e, code, "open the state directory '%s'", id);
	}
	*ret_fd = fd;
	return 0;
}

int store_open(int root_fd, const char *id, int *ret_fd, struct err *e)
{
	auto_fd int fd = directory_open(root_fd, id);

	if (fd < 0 && errno == ENOENT)
		return STORE_ABSENT;
	if (fd < 0)
		return fail(e, errno, "open the state directory '%s'", id);
	if (directory_check(fd, id, e) < 0)
		return -e->code;
	*ret_fd = take_fd(&fd);
	return STORE_FOUND;
}

static bool is_same_directory(int root_fd, const char *id, int state_fd)
{
	struct stat there;
	struct stat here;

	return fstatat(root_fd, id, &there, AT_SYMLINK_NOFOLLOW) == 0 &&
	       fstat(state_fd, &here) == 0 && there.st_dev == here.st_dev &&
	       there.st_ino == here.st_ino;
}

static int lock_refuse(int fd, const char *id, struct err *e)
{
	struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

	if (fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK && lock.l_pid > 0)
		return refuse(e, EBUSY, "container '%s': process %d is still working on it", id,
			      lock.l_pid);
	return refuse(e, EBUSY, "container '%s': another command is still working on it", id);
}

int store_lock(int root_fd, const char *id, int state_fd, uint64_t deadline, int *ret_fd,
	       struct err *e)
{
	static const struct timespec pause = {.tv_nsec = 3000000};
	auto_fd int fd =
		openat(state_fd, LOCK_FILE, O_RDWR | O_CREAT | O_NOFOLLOW | O_CLOEXEC, 0600);

	if (fd < 0 && errno == ENOENT)
		return STORE_ABSENT;
	if (fd < 0)
		return fail(e, errno, "open the lock of container '%s'", id);
	for (;;) {
		struct flock lock = {.l_type = F_WRLCK, .l_whence = SEEK_SET};

		if (fcntl(fd, F_SETLK, &lock) == 0)
			break;
		if (errno != EACCES && errno != EAGAIN && errno != EINTR)
			return fail(e, errno, "lock container '%s'", id);
		if (clock_now() >= deadline)
			return lock_refuse(fd, id, e);
		(void)nanosleep(&pause, NULL);
	}
	if (!is_same_directory(root_fd, id, state_fd))
		return STORE_ABSENT;
	*ret_fd = take_fd(&fd);
	return STORE_FOUND;
}

bool store_is_locked(int state_fd)
{
	struct flock lock = {.l_type = F_RDLCK, .l_whence = SEEK_SET};
	auto_fd int fd = openat(state_fd, LOCK_FILE, O_RDONLY | O_NOFOLLOW | O_CLOEXEC);

	return fd >= 0 && fcntl(fd, F_GETLK, &lock) == 0 && lock.l_type != F_UNLCK;
}

int store_remove(int root_fd, const char *id, struct err *e)
{
	char name[sizeof(GONE_PREFIX) + 2 * sizeof(uint64_t)];
	uint64_t random;

	if (getrandom(&random, sizeof(random), 0) != (ssize_t)sizeof(random))
		return fail(e, errno, "get random bytes");
	(void)snprintf(name, sizeof(name), GONE_PREFIX "%016" PRIx64, random);
	if (renameat(root_fd, id, root_fd, name) < 0) {
		if (errno == ENOENT)
			return 0;
		return fail(e, errno, "rename the state directory '%s'", id);
	}
	if (tree_remove(root_fd, name, e) < 0)
		return wrap(e, "remove the state directory of '%s'", id);
	return 0;
}

/* Calls `each` for every entry of the root. */
static int root_walk(int root_fd,
		     int (*each)(int root_fd, const char *name, void *data, struct err *e),
		     void *data, struct err *e)
{
	auto_dir DIR *directory = NULL;
	struct dirent *entry;
	/* A duplicate would share its position with root_fd. */
	int fd = openat(root_fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "open the state root");
	directory = fdopendir(fd);
	if (!directory) {
		fd_close(&fd);
		return fail(e, errno, "read the state root");
	}
	while ((errno = 0, entry = readdir(directory))) {
		if (each(root_fd, entry->d_name, data, e) < 0)
			return -e->code;
	}
	if (errno)
		return fail(e, errno, "read the state root");
	return 0;
}

static int sweep_one(int root_fd, const char *name, void *data, struct err *e)
{
	(void)data;
	return str_starts(name, GONE_PREFIX) ? tree_remove(root_fd, name, e) : 0;
}

int store_sweep(int root_fd, struct err *e)
{
	return root_walk(root_fd, sweep_one, NULL, e);
}

struct id_list {
	struct arena *arena;
	struct strv ids;
};

static int collect_id(int root_fd, const char *name, void *data, struct err *e)
{
	struct id_list *list = data;
	struct stat status;
	struct err ignored;

	(void)e;
	if (name[0] == '.' || oci_id_check(name, &ignored) < 0)
		return 0;
	if (fstatat(root_fd, name, &status, AT_SYMLINK_NOFOLLOW) < 0 || !S_ISDIR(status.st_mode))
		return 0;
	strv_push(&list->ids, list->arena, name);
	return 0;
}

static int compare_names(const void *a, const void *b)
{
	return strcmp(*(char *const *)a, *(char *const *)b);
}

int store_ids(int root_fd, struct arena *arena, struct strv *ret, struct err *e)
{
	struct id_list list = {.arena = arena};

	if (root_walk(root_fd, collect_id, &list, e) < 0)
		return -e->code;
	if (list.ids.count > 1)
		qsort(list.ids.items, list.ids.count, sizeof(*list.ids.items), compare_names);
	*ret = list.ids;
	return 0;
}

int store_seccomp_cache(int root_fd)
{
	auto_fd int parent = FD_NONE;
	const int flags = O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC;
	struct err ignored;
	int fd;

	fd = openat(root_fd, CACHE_PARENT "/" CACHE_NAME, flags);
	if (fd < 0) {
		if (mkdirat(root_fd, CACHE_PARENT, 0700) < 0 && errno != EEXIST)
			return FD_NONE;
		parent = openat(root_fd, CACHE_PARENT, flags);
		if (parent < 0)
			return FD_NONE;
		if (mkdirat(parent, CACHE_NAME, 0700) < 0 && errno != EEXIST)
			return FD_NONE;
		fd = openat(parent, CACHE_NAME, flags);
	}
	if (fd < 0 || directory_check(fd, CACHE_PARENT "/" CACHE_NAME, &ignored) < 0) {
		fd_close(&fd);
		return FD_NONE;
	}
	return fd;
}
