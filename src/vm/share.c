/*
 * The shared directory: a tmpfs of the monitor's own mount namespace with an entry for the rootfs
 * and one for each bind mount. It is a shared mount before the server starts, or what is bound into
 * it later would not reach the server.
 *
 * What the server may do to the host is bounded here: no devices and no set-user-id programs below
 * it, what is read-only for the container is a read-only mount, and nothing but the entries is in
 * it. Sources are opened once and looked at by descriptor.
 */
#include "share.h"

#include "base/log.h"
#include "kern/compat.h"
#include "kern/idmap.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "kern/path.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/magic.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/vfs.h>

static bool is_root(const struct plan_share *share)
{
	return share->origin && str_is(share->origin, "root.path");
}

static int source_check(const struct plan_share *share, const struct stat *status, struct err *e)
{
	if (S_ISSOCK(status->st_mode))
		return refuse(e, ENOTSUP,
			      "'%s' is a socket: nobody in a guest can connect to it through a "
			      "shared directory",
			      share->source);
	if (!S_ISDIR(status->st_mode) && !S_ISREG(status->st_mode) && !S_ISLNK(status->st_mode))
		return refuse(e, ENOTSUP,
			      "'%s' is neither a directory nor a regular file: it cannot be shared "
			      "with a guest",
			      share->source);
	return 0;
}

static int map_of(const struct list *from, struct id_range *ranges, struct id_map *ret,
		  struct err *e)
{
	size_t count = 0;

	if (from->count == 0 || from->count > IDMAP_LINES_MAX)
		return refuse(e, EINVAL, "id-mapped: 1 to %d mappings, not %zu", IDMAP_LINES_MAX,
			      from->count);
	list_each(const struct plan_id_map, map, from) ranges[count++] =
		(struct id_range){map->inside.value, map->outside.value, map->size.value};
	*ret = (struct id_map){ranges, count};
	return 0;
}

static int idmap_open(const struct plan_share *share, int *ret_fd, struct err *e)
{
	struct id_range users[IDMAP_LINES_MAX], groups[IDMAP_LINES_MAX];
	struct id_map user_map, group_map;

	if (map_of(&share->uid_map, users, &user_map, e) < 0 ||
	    map_of(&share->gid_map, groups, &group_map, e) < 0)
		return -e->code;
	return idmap_user_namespace(&user_map, &group_map, ret_fd, e);
}

/* Attributes of the entry's mounts: those for all of them, then those of the top alone. */
static int attributes_set(const struct plan_share *share, struct mount *mount, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_fd int user_namespace = FD_NONE;

	change.set = MOUNT_ATTR_NODEV | MOUNT_ATTR_NOSUID;
	if (share->read_only_recursive.value)
		change.set |= MOUNT_ATTR_RDONLY;
	change.recursive = true;
	if (mount_change(mount, &change, e) < 0)
		return -e->code;
	if (share->read_only.value && !share->read_only_recursive.value) {
		change = MOUNT_CHANGE_NONE;
		change.set = MOUNT_ATTR_RDONLY;
		if (mount_change(mount, &change, e) < 0)
			return -e->code;
	}
	if (!share->idmap.value)
		return 0;
	if (idmap_open(share, &user_namespace, e) < 0)
		return -e->code;
	change = MOUNT_CHANGE_NONE;
	change.user_namespace = user_namespace;
	change.recursive = share->idmap_recursive.value;
	return mount_change(mount, &change, e);
}

static int link_read(const struct plan_share *share, int source, struct share_entry *ret,
		     struct err *e)
{
	char text[4096];
	ssize_t size = readlinkat(source, "", text, sizeof(text) - 1);

	if (size < 0)
		return fail(e, errno, "read the link '%s'", share->source);
	text[size] = '\0';
	ret->link = xstrdup(text);
	return 0;
}

int share_entry_open(const struct plan_share *share, struct share_entry *ret, struct err *e)
{
	auto_fd int source = FD_NONE;
	struct stat status;
	int r;

	*ret = (struct share_entry){.mount = MOUNT_NONE};
	source = open(share->source, O_PATH | O_CLOEXEC | (share->link.value ? O_NOFOLLOW : 0));
	if (source < 0 && is_root(share))
		return fail(e, errno, "root directory '%s'", share->source);
	if (source < 0)
		return fail(e, errno, "open '%s'", share->source);
	if (fstat(source, &status) < 0)
		return fail(e, errno, "'%s'", share->source);
	if (is_root(share) && !S_ISDIR(status.st_mode))
		return refuse(e, ENOTDIR, "root directory '%s' is not a directory", share->source);
	if (source_check(share, &status, e) < 0)
		return -e->code;
	if (S_ISLNK(status.st_mode))
		return link_read(share, source, ret, e);
	ret->is_directory = S_ISDIR(status.st_mode);
	r = mount_clone(source, "", share->recursive.value ? MOUNT_RECURSIVE : 0, &ret->mount, e);
	return r == 0 ? attributes_set(share, &ret->mount, e) : r;
}

void share_entry_done(struct share_entry *entry)
{
	mount_done(&entry->mount);
	free(entry->link);
}

int share_entry_place(const struct plan_share *share, struct share_entry *entry, int writable,
		      int top, struct err *e)
{
	auto_fd int target = FD_NONE, made = FD_NONE;

	/* A symbolic link that is wanted as one is made anew: nothing can be mounted on a link. */
	if (entry->link) {
		if (symlinkat(entry->link, writable, share->name) < 0)
			return fail(e, errno, "share the link '%s'", share->source);
		return 0;
	}
	if (path_make_target(writable, share->name, entry->is_directory, 0, &made, e) < 0)
		return -e->code;
	target = openat(top, share->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	if (target < 0)
		return fail(e, errno, "open '%s' in the shared directory", share->name);
	return mount_attach(&entry->mount, target, top, share->name, e);
}

static int entry_make(const struct plan_share *share, int top, struct err *e)
{
	struct share_entry entry;
	int r = share_entry_open(share, &entry, e);

	if (r == 0)
		r = share_entry_place(share, &entry, top, top, e);
	share_entry_done(&entry);
	return r;
}

int share_make(int state_fd, const struct plan_machine *machine, int *ret_fd, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount top = MOUNT_NONE;
	auto_fd int place = FD_NONE;
	int r;

	if (mkdirat(state_fd, SHARE_NAME, 0700) < 0 && errno != EEXIST)
		return fail(e, errno, "make the directory '%s'", SHARE_NAME);
	place = openat(state_fd, SHARE_NAME, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (place < 0)
		return fail(e, errno, "open the directory '%s'", SHARE_NAME);
	r = mount_create("tmpfs", SHARE_NAME, MS_NOSUID | MS_NODEV, "mode=755,size=256k", &top, e);
	if (r == 0)
		r = mount_attach(&top, place, state_fd, SHARE_NAME, e);
	if (r == 0)
		r = mount_propagation(top.fd, MS_SHARED, e);
	if (r < 0)
		return wrap(e, "the shared directory");
	list_each(const struct plan_share, share, &machine->shares)
	{
		r = entry_make(share, top.fd, e);
		if (r < 0)
			return wrap(e, "%s", share->origin ? share->origin : "share");
	}
	change.set = MOUNT_ATTR_RDONLY;
	r = mount_change(&top, &change, e);
	if (r == 0)
		*ret_fd = take_fd(&top.fd);
	return r;
}

/* Runs in a child that then is in the server's mount namespace, whose root is the shared directory.
 */
static int finish_inside(const struct plan_machine *machine, struct err *e)
{
	list_each(const struct plan_share, share, &machine->shares)
	{
		struct mount_change change = MOUNT_CHANGE_NONE;
		auto_fd int top = FD_NONE, entry = FD_NONE;

		if (!share->late_read_only.value)
			continue;
		top = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
		if (top < 0)
			return fail(e, errno, "open '/'");
		entry = openat(top, share->name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
		if (entry < 0)
			return fail(e, errno, "open '/%s'", share->name);
		change.set = MOUNT_ATTR_RDONLY;
		if (mount_change_fd(entry, &change, e) < 0)
			return -e->code;
	}
	return 0;
}

static bool has_late(const struct plan_machine *machine)
{
	list_each(const struct plan_share, share,
		  &machine->shares) if (share->late_read_only.value) return true;
	return false;
}

/* The process of the server that is in its own mount namespace: a child of the one we started. */
static pid_t server_inner(pid_t pid)
{
	char path[64], text[64];
	ssize_t size;
	auto_fd int fd = FD_NONE;

	(void)snprintf(path, sizeof(path), "/proc/%d/task/%d/children", (int)pid, (int)pid);
	fd = open(path, O_RDONLY | O_CLOEXEC);
	size = fd < 0 ? -1 : read(fd, text, sizeof(text) - 1);
	if (size <= 0)
		return 0;
	text[size] = '\0';
	return (pid_t)strtol(text, NULL, 10);
}

int share_finish(const struct process *server, const struct plan_machine *machine, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process helper = PROCESS_NONE;
	auto_fd int namespace = FD_NONE;
	pid_t inner;
	int status, r;

	if (!has_late(machine))
		return 0;
	inner = server_inner(server->pid);
	if (inner <= 0)
		return refuse(e, ESRCH, "the file server has no process of its own");
	if (namespace_open_process(inner, CLONE_NEWNS, &namespace, e) < 0)
		return -e->code;
	how.no_birth = true;
	how.no_signal = true;
	r = process_fork(&how, &helper, e);
	if (r == PROCESS_CHILD)
		_exit(namespace_join(namespace, CLONE_NEWNS, e) < 0 ||
		      finish_inside(machine, e) < 0);
	if (r < 0)
		return r;
	r = process_reap(helper.pid, &status, e);
	process_done(&helper);
	if (r == 0 && status != 0)
		return refuse(e, EBUSY, "root.readonly: the shared root cannot be made read-only");
	return r;
}
