/*
 * Entries of the shared directory for a container that joins a machine which runs. What is mounted
 * below a shared mount reaches the file server's copy of it by itself.
 *
 * Sources are paths of the mount namespace in which the container is made; the shared directory is
 * in the monitor's. So the copies are made here, and attached there.
 */
#include "setup.h"
#include "share.h"

#include "base/log.h"
#include "kern/compat.h"
#include "kern/namespaces.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mount.h>

/* Our way to write to what is read-only for everybody else. */
static int writable_open(int top, struct mount *ret, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	int r = mount_clone(top, "", 0, ret, e);

	change.clear = MOUNT_ATTR_RDONLY;
	if (r == 0)
		r = mount_change(ret, &change, e);
	if (r == 0 && ret->fd < 0)
		r = refuse(e, ENOTSUP, "joining a machine that runs needs Linux 5.12");
	return r;
}

int share_top(const struct plan_machine *machine, int *ret, struct err *e)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "%s/" SHARE_NAME, machine->sandbox);
	*ret = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret < 0 ? fail(e, errno, "open '%s'", path) : 0;
}

static int entries_place(const struct plan_machine *machine, struct share_entry *entries,
			 struct err *e)
{
	auto_mount writable = MOUNT_NONE;
	auto_fd int top = FD_NONE;
	size_t index = 0;

	if (share_top(machine, &top, e) < 0 || writable_open(top, &writable, e) < 0)
		return -e->code;
	list_each(const struct plan_share, share, &machine->shares)
	{
		if (share_entry_place(share, &entries[index++], writable.fd, top, e) < 0) {
			(void)wrap(e, "%s", share->origin ? share->origin : "share");
			share_leave(machine, top);
			return -e->code;
		}
	}
	return 0;
}

static int entries_open(const struct plan_machine *machine, struct share_entry *entries,
			size_t *ret_count, struct err *e)
{
	list_each(const struct plan_share, share, &machine->shares)
	{
		struct share_entry *entry = &entries[(*ret_count)++];

		if (share_entry_open(share, entry, e) < 0)
			return wrap(e, "%s", share->origin ? share->origin : "share");
		if (!entry->link && entry->mount.fd < 0)
			return refuse(e, ENOTSUP, "joining a machine that runs needs Linux 5.12");
	}
	return 0;
}

int share_namespace(int monitor, int *ret_files, struct err *e)
{
	int fd = sys_pidfd_getfd(monitor, MONITOR_FILES_FD, 0);

	if (fd < 0)
		return fail(e, errno, "the mount namespace of the machine's files");
	*ret_files = fd;
	return 0;
}

int share_join(const struct plan_machine *machine, int files, struct err *e)
{
	struct share_entry *entries = xcalloc(machine->shares.count + 1, sizeof(*entries));
	auto_fd int own = FD_NONE;
	struct err ignored;
	size_t count = 0;
	int r = namespace_open("/proc/self/ns/mnt", CLONE_NEWNS, &own, e);

	if (r == 0)
		r = entries_open(machine, entries, &count, e);
	if (r == 0)
		r = namespace_join(files, CLONE_NEWNS, e);
	if (r == 0) {
		r = entries_place(machine, entries, e);
		if (namespace_join(own, CLONE_NEWNS, &ignored) < 0 && r == 0) {
			*e = ignored;
			r = -e->code;
		}
	}
	while (count > 0)
		share_entry_done(&entries[--count]);
	free(entries);
	return r < 0 ? wrap(e, "the shared directory") : 0;
}

/* Never what is mounted there: a directory that still is a mount point cannot be removed. */
static void entry_leave(const struct plan_share *share, int top, int writable)
{
	char path[PATH_MAX];

	(void)snprintf(path, sizeof(path), "/proc/self/fd/%d/%s", top, share->name);
	if (umount2(path, MNT_DETACH | UMOUNT_NOFOLLOW) < 0 && errno != EINVAL && errno != ENOENT)
		log_debug("unmount '%s': %s", share->name, strerror(errno));
	if (unlinkat(writable, share->name, 0) < 0)
		(void)unlinkat(writable, share->name, AT_REMOVEDIR);
}

void share_leave(const struct plan_machine *machine, int top)
{
	auto_mount writable = MOUNT_NONE;
	struct err e;

	if (writable_open(top, &writable, &e) < 0) {
		log_debug("%s", e.text);
		return;
	}
	list_each(const struct plan_share, share, &machine->shares)
	{
		const char *slash = strrchr(share->name, '/');
		char directory[NAME_MAX + 1];

		entry_leave(share, top, writable.fd);
		if (!slash || (size_t)(slash - share->name) >= sizeof(directory))
			continue;
		(void)snprintf(directory, sizeof(directory), "%.*s", (int)(slash - share->name),
			       share->name);
		/* With the last one the directory is empty. */
		(void)unlinkat(writable.fd, directory, AT_REMOVEDIR);
	}
}
