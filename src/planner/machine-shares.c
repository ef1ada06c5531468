/*
 * Sources of bind mounts, and the root filesystem, become entries of the one directory that is
 * shared with the guest. The operations of the plan then name what the guest sees.
 *
 * What is read-only for the container is read-only on the host too, since a guest is not trusted to
 * keep its word; the root only after mount points have been made in it. An id-mapped mount is made
 * on the host, where the file system is.
 *
 * /proc, /sys and /dev are a kernel's own, and the container's kernel is the guest's: a bind mount
 * from there takes the guest's. A block device of the host becomes a disk.
 */
#include "machine.h"

#include "kern/compat.h"

#include <sys/stat.h>

static bool is_below(const char *path, const char *directory)
{
	const char *rest = str_after(path, directory);

	return rest && (*rest == '\0' || *rest == '/');
}

static bool is_kernels(const char *path)
{
	if (is_below(path, "/dev/shm") || is_below(path, "/dev/mqueue"))
		return false;
	return is_below(path, "/proc") || is_below(path, "/sys") || is_below(path, "/dev");
}

static struct plan_share *share_add(struct machine_planning *m, const char *name,
				    const char *source, const char *origin)
{
	struct plan_share *share = list_push(m->arena, &m->machine->shares, struct plan_share);

	/* Beside those of the sandbox and its other containers. */
	if (m->defaults->sandbox)
		name = arena_printf(m->arena, PLAN_SHARE_POD "/%s/%s", m->defaults->sandbox->place,
				    name);
	share->name = name;
	share->source = source;
	share->origin = origin;
	return share;
}

static const char *guest_path(struct machine_planning *m, const char *name)
{
	return arena_printf(m->arena, PLAN_SHARE_DIRECTORY "/%s", name);
}

static void root_share(struct machine_planning *m, struct plan_op *op)
{
	struct plan_mount *mount = arena_memdup(m->arena, op->mount, sizeof(*op->mount));
	struct plan_share *share = share_add(m, "rootfs", m->plan->rootfs, "root.path");

	share->recursive = opt_true();
	share->late_read_only = opt_bool_if(m->config->root->readonly.value);
	mount->source = guest_path(m, share->name);
	op->mount = mount;
}

/* Whether nothing of the path is to be seen already. */
static bool is_hidden(const struct machine_planning *m, const char *target)
{
	const struct plan_view *covering = NULL;

	list_each(const struct plan_view, view, &m->machine->views)
	{
		if (is_below(target, view->target))
			covering = view;
	}
	return covering && !covering->share;
}

static void view_add(struct machine_planning *m, const char *target, const char *share)
{
	struct plan_view *view;

	if (!target || str_is(target, "/") || (!share && is_hidden(m, target)))
		return;
	view = list_push(m->arena, &m->machine->views, struct plan_view);
	view->target = target;
	view->share = share;
}

static void bind_share(struct machine_planning *m, struct plan_op *op, size_t number)
{
	struct plan_mount *mount = arena_memdup(m->arena, op->mount, sizeof(*op->mount));
	const char *name = arena_printf(m->arena, "m%zu", number);
	struct plan_share *share = share_add(m, name, mount->source, op->origin);

	share->recursive = opt_bool_if((mount->set.value & MS_REC) != 0);
	share->read_only = opt_bool_if((mount->set.value & MS_RDONLY) != 0 ||
				       (mount->attr_set.value & MOUNT_ATTR_RDONLY) != 0);
	share->read_only_recursive = opt_bool_if((mount->attr_set.value & MOUNT_ATTR_RDONLY) != 0);
	share->link = opt_bool_if(mount->source_no_follow.value || mount->copy_symlink.value);
	share->idmap = mount->idmap;
	share->idmap_recursive = mount->idmap_recursive;
	share->uid_map = mount->uid_map.count ? mount->uid_map : m->plan->uid_map;
	share->gid_map = mount->gid_map.count ? mount->gid_map : m->plan->gid_map;
	if (!share->idmap.value)
		share->uid_map = share->gid_map = (struct list){0};
	mount->source = guest_path(m, share->name);
	mount->idmap = mount->idmap_recursive = (struct opt_bool){0};
	mount->uid_map = mount->gid_map = (struct list){0};
	op->mount = mount;
	view_add(m, op->target, share->name);
}

static bool is_disk(const struct plan_op *op)
{
	return op->kind.value == PLAN_OP_DEVICE && op->device &&
	       (op->device->mode.value & S_IFMT) == S_IFBLK;
}

static void disk_add(struct machine_planning *m, const struct plan_op *op)
{
	struct plan_disk *disk = list_push(m->arena, &m->machine->disks, struct plan_disk);

	disk->path = op->target;
	disk->major = op->device->major;
	disk->minor = op->device->minor;
	disk->origin = op->origin;
}

/* The kernel lets only the owner of the network namespace mount it, and a container's user
 * namespace does not own the guest's. */
static void sysfs_bind(struct machine_planning *m, struct plan_op *op)
{
	struct plan_mount *mount = arena_memdup(m->arena, op->mount, sizeof(*op->mount));

	mount->type = NULL;
	mount->data = NULL;
	mount->source = "/sys";
	mount->set = opt_u64_of(mount->set.value | MS_BIND);
	op->kind = opt_i32_of(PLAN_OP_BIND);
	op->mount = mount;
}

/* What the guest's kernel makes for itself. */
static bool is_own_mount(const struct plan_op *op)
{
	return op->kind.value == PLAN_OP_MOUNT || op->kind.value == PLAN_OP_BIND ||
	       op->kind.value == PLAN_OP_CGROUP;
}

static bool is_sysfs(const struct plan_op *op)
{
	return op->kind.value == PLAN_OP_MOUNT && op->mount->type &&
	       str_is(op->mount->type, "sysfs");
}

int machine_shares_plan(struct machine_planning *m, struct err *e)
{
	size_t number = 0;

	(void)e;
	list_each(struct plan_op, op, &m->plan->ops)
	{
		if (is_sysfs(op) && (m->plan->new_namespaces.value & CLONE_NEWUSER))
			sysfs_bind(m, op);
		if (op->kind.value == PLAN_OP_ROOT)
			root_share(m, op);
		else if (op->kind.value == PLAN_OP_BIND && !is_kernels(op->mount->source))
			bind_share(m, op, number++);
		else if (is_disk(op))
			disk_add(m, op);
		else if (is_own_mount(op))
			view_add(m, op->target, NULL);
	}
	return 0;
}
