/*
 * The container's files, to whoever looks for them by its pid on the host: engines enter the mount
 * namespace of the pid in `state` to copy files in and out, or go through /proc/<pid>/root, and
 * take what they find there for the container's. So the process that stands for the container goes
 * into a mount namespace of its own that has nothing else.
 *
 * What is there belongs to the guest: a link may be changed while we look at it, and a file may
 * have any name that is familiar on the host. Targets are looked up below the new root, a wrong one
 * spoils only the view. The process itself may open nothing by a path from then on.
 *
 * Nothing goes from the view to the shared directory, whose mounts the guest sees: copies are
 * slaves before anything is mounted on them.
 */
#include "view.h"

#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "kern/path.h"
#include "kern/process.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

struct part {
	const struct plan_view *view;
	struct mount mount; /* fd FD_NONE: not there */
	bool is_directory;
};

struct viewing {
	struct mount root;
	struct part *parts;
	size_t count;
};

static int slave_make(struct mount *mount, bool read_only, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	int r;

	change.propagation = MS_SLAVE;
	change.recursive = true;
	r = mount_change(mount, &change, e);
	if (r < 0 || !read_only)
		return r;
	change = MOUNT_CHANGE_NONE;
	change.set = MOUNT_ATTR_RDONLY;
	return mount_change(mount, &change, e);
}

/* A link in the shared directory is text, and stays away. */
static int entry_clone(int top, const char *name, bool read_only, struct mount *ret,
		       bool *ret_is_directory, struct err *e)
{
	auto_fd int fd = openat(top, name, O_PATH | O_NOFOLLOW | O_CLOEXEC);
	struct stat status;

	*ret = MOUNT_NONE;
	if (fd < 0 || fstat(fd, &status) < 0)
		return fail(e, errno, "open '%s' in the shared directory", name);
	*ret_is_directory = S_ISDIR(status.st_mode);
	if (S_ISLNK(status.st_mode))
		return 0;
	if (mount_clone(fd, "", MOUNT_RECURSIVE, ret, e) < 0)
		return -e->code;
	return slave_make(ret, read_only, e);
}

static int empty_make(struct part *part, struct err *e)
{
	part->is_directory = true;
	return mount_create("tmpfs", "empty", MS_NOSUID | MS_NODEV | MS_NOEXEC, "mode=755,size=64k",
			    &part->mount, e);
}

static int parts_open(struct viewing *viewing, const struct plan_machine *machine, int top,
		      struct err *e)
{
	const struct plan_share *rootfs = list_at(struct plan_share, &machine->shares, 0);
	bool is_directory;

	if (entry_clone(top, rootfs->name, rootfs->late_read_only.value, &viewing->root,
			&is_directory, e) < 0)
		return -e->code;
	list_each(const struct plan_view, view, &machine->views)
	{
		struct part *part = &viewing->parts[viewing->count];

		part->view = view;
		if ((view->share ? entry_clone(top, view->share, false, &part->mount,
					       &part->is_directory, e)
				 : empty_make(part, e)) < 0)
			return -e->code;
		viewing->count++;
	}
	return 0;
}

/* The empty directory of ours that a later target is in: there it has to be made. */
static const struct part *cover_of(const struct viewing *viewing, const struct part *part,
				   const char **ret_rest)
{
	const struct part *cover = NULL;

	for (const struct part *other = viewing->parts; other < part; other++) {
		const char *rest = str_after(part->view->target, other->view->target);

		if (!rest || *rest != '/')
			continue;
		cover = other;
		*ret_rest = rest;
	}
	return cover && !cover->view->share && cover->mount.is_attached ? cover : NULL;
}

static int part_attach(struct viewing *viewing, struct part *part, struct err *e)
{
	const char *target = part->view->target, *rest = NULL;
	const struct part *cover = cover_of(viewing, part, &rest);
	auto_fd int fd = FD_NONE;
	int r;

	if (cover)
		r = path_make_target(cover->mount.fd, rest, part->is_directory, 0, &fd, e);
	else
		r = path_open(viewing->root.fd, target, O_PATH, 0, &fd, e);
	if (r >= 0 && fd_is_directory(fd) != part->is_directory)
		r = fail(e, part->is_directory ? ENOTDIR : EISDIR, "'%s'", target);
	if (r >= 0)
		r = mount_attach(&part->mount, fd, viewing->root.fd, target, e);
	return r < 0 ? r : 0;
}

static int parts_attach(struct viewing *viewing, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;

	change.set = MOUNT_ATTR_RDONLY;
	for (size_t i = 0; i < viewing->count; i++) {
		struct part *part = &viewing->parts[i];

		/* The guest may have put something else there. */
		if (part->mount.fd >= 0 && part_attach(viewing, part, e) < 0)
			log_debug("the view of '%s': %s", part->view->target, e->text);
	}
	for (size_t i = 0; i < viewing->count; i++) {
		struct part *part = &viewing->parts[i];

		if (!part->view->share && part->mount.is_attached &&
		    mount_change(&part->mount, &change, e) < 0)
			return -e->code;
	}
	return 0;
}

static int root_enter(struct viewing *viewing, struct err *e)
{
	auto_fd int place = FD_NONE;
	int r = namespace_unshare(CLONE_NEWNS, e);

	if (r == 0)
		r = mount_propagation_path("/", MS_PRIVATE | MS_REC, e);
	if (r < 0)
		return r;
	place = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (place < 0)
		return fail(e, errno, "open '/usr'");
	r = mount_attach(&viewing->root, place, AT_FDCWD, "/usr", e);
	if (r == 0)
		r = parts_attach(viewing, e);
	return r == 0 ? mount_pivot(viewing->root.fd, e) : r;
}

int view_enter(const struct plan_machine *machine, int top, struct err *e)
{
	struct viewing viewing = {
		.root = MOUNT_NONE,
		.parts = xcalloc(machine->views.count + 1, sizeof(struct part)),
	};
	int r;

	for (size_t i = 0; i < machine->views.count; i++)
		viewing.parts[i].mount = MOUNT_NONE;
	r = parts_open(&viewing, machine, top, e);
	/* Before Linux 5.2 a mount cannot be taken along. */
	if (r == 0)
		r = viewing.root.fd < 0 ? VIEW_IMPOSSIBLE : root_enter(&viewing, e);
	for (size_t i = 0; i < machine->views.count; i++)
		mount_done(&viewing.parts[i].mount);
	mount_done(&viewing.root);
	free(viewing.parts);
	return r < 0 ? wrap(e, "the view of the container's files") : r;
}

int view_outside(int files, view_work_fn *work, const void *of, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process helper = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], status, r;
	struct err why;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	how.no_birth = true;
	how.no_signal = true;
	r = process_fork(&how, &helper, e);
	if (r == PROCESS_CHILD) {
		if (namespace_join(files, CLONE_NEWNS, &why) < 0 || work(of, &why) < 0)
			(void)!write(ends[1], &why, sizeof(why));
		_exit(0);
	}
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	r = fd_read_full(reader, &why, sizeof(why)) == sizeof(why) ? 1 : 0;
	if (process_reap(helper.pid, &status, e) < 0)
		r = -e->code;
	process_done(&helper);
	if (r == 1) {
		*e = why;
		return -e->code;
	}
	if (r == 0 && status != 0)
		return refuse(e, ECANCELED, "the process that looks after the files was killed");
	return r;
}
