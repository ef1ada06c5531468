/*
 * The cgroup tree in the container, and the moment when the process is where it belongs.
 *
 * A cgroup namespace takes the cgroups of the process as its roots, so it is made after the
 * runtime has moved us; mounts made then show the container's part alone. Without such a namespace
 * v1 gets a bind of that part, v2 the whole tree, as runc does; where the kernel does not let us
 * mount (user namespaces), what the host has mounted is bound.
 */
#include "child.h"

#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/path.h"

#include <fcntl.h>
#include <sys/stat.h>

#define OWN_LIMIT (64 * 1024)

static bool has_namespace(const struct plan *plan)
{
	if (plan->new_namespaces.value & CLONE_NEWCGROUP)
		return true;
	list_each(struct plan_join, join, &plan->joins)
	{
		if (join->flag.value == CLONE_NEWCGROUP)
			return true;
	}
	return false;
}

int op_join_cgroup(struct child *child, const struct plan_op *op, struct err *e)
{
	auto_buf own = {0};
	int r = handshake_wait(child->handshake, MESSAGE_IN_CGROUP, e);

	(void)op;
	/* A later bind needs the names that the namespace will hide. The tree is still the host's.
	 */
	if (r == 0 && child->facts->cgroup_mode != CGROUP_MODE_NONE) {
		r = file_read(AT_FDCWD, "/proc/self/cgroup", OWN_LIMIT, true, &own, e);
		child->cgroup_paths = arena_strdup(&child->arena, buf_text(&own));
	}
	if (r == 0 && child->plan->new_namespaces.value & CLONE_NEWCGROUP &&
	    unshare(CLONE_NEWCGROUP) < 0)
		return fail(e, errno, "make a cgroup namespace");
	return r;
}

/* The path of this process in one hierarchy, below its mount point; NULL: not in it. */
static const char *own_directory(struct child *child, const struct cgroup_hierarchy *hierarchy)
{
	struct strv lines = str_split(&child->arena, child->cgroup_paths ? child->cgroup_paths : "",
				      "\n", true);

	for (size_t i = 0; i < lines.count; i++) {
		const char *controllers = strchr(lines.items[i], ':');
		const char *path = controllers ? strchr(controllers + 1, ':') : NULL;
		size_t length = strlen(hierarchy->controllers);
		const char *below;

		if (!path || (size_t)(path - controllers - 1) != length ||
		    strncmp(controllers + 1, hierarchy->controllers, length) != 0)
			continue;
		below = str_is(hierarchy->mount_root, "/")
				? path + 1
				: str_after(path + 1, hierarchy->mount_root);
		return arena_printf(&child->arena, "%s/%s", hierarchy->mount_point,
				    below ? below : "");
	}
	return NULL;
}

static int bind_host(const char *path, unsigned long flags, struct mount *ret, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = mount_clone(AT_FDCWD, path, MOUNT_RECURSIVE, &mount, e);

	change.set = mount_attributes_from_flags(flags);
	if (r == 0 && change.set)
		r = mount_change(&mount, &change, e);
	if (r < 0)
		return r;
	*ret = mount;
	mount = MOUNT_NONE;
	return 0;
}

static int mount_hierarchy(struct child *child, const struct cgroup_hierarchy *hierarchy,
			   unsigned long flags, struct mount *ret, struct err *e)
{
	const char *own;
	int r;

	if (has_namespace(child->plan)) {
		r = mount_create("cgroup", "cgroup", flags, hierarchy->controllers, ret, e);
		if (r == 0 || (r != -EPERM && r != -EBUSY))
			return r;
	}
	own = own_directory(child, hierarchy);
	if (!own)
		return refuse(e, ENOENT, "the process is not in the hierarchy '%s'",
			      hierarchy->controllers);
	return bind_host(own, flags, ret, e);
}

/* "cpu" leads to "cpu,cpuacct". */
static int make_links(struct child *child, int directory, const char *name, const char *controllers,
		      struct err *e)
{
	struct strv parts = str_split(&child->arena, controllers, ",", true);

	for (size_t i = 0; i < parts.count; i++) {
		const char *part = parts.items[i];

		if (str_is(part, name) || strchr(part, '='))
			continue;
		if (symlinkat(name, directory, part) < 0 && errno != EEXIST)
			return fail(e, errno, "make link '%s'", part);
	}
	return 0;
}

static int add_hierarchy(struct child *child, int directory, const char *target,
			 const struct cgroup_hierarchy *hierarchy, unsigned long flags,
			 struct err *e)
{
	const char *slash = strrchr(hierarchy->mount_point, '/');
	const char *name = slash ? slash + 1 : hierarchy->mount_point;
	const char *path = path_join(&child->arena, target, name);
	auto_mount mount = MOUNT_NONE;
	int r = mount_hierarchy(child, hierarchy, flags, &mount, e);

	if (r == 0 && mkdirat(directory, name, 0755) < 0 && errno != EEXIST)
		r = fail(e, errno, "make directory '%s'", name);
	if (r < 0)
		return r;
	r = mount_attach_at(&mount, directory, name, child->root, path, e);
	return r == 0 ? make_links(child, directory, name, hierarchy->controllers, e) : r;
}

static int mount_legacy(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct facts *facts = child->facts;
	unsigned long flags = op->mount->set.value;
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount mount = MOUNT_NONE;
	auto_fd int target = FD_NONE;
	int r = path_make_target(child->root, op->target, true, 0, &target, e);

	if (r == 0)
		r = mount_create("tmpfs", "cgroup", flags & ~(unsigned long)MS_RDONLY, "mode=755",
				 &mount, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, op->mount, e);
	for (size_t i = 0; r == 0 && i < facts->hierarchy_count; i++) {
		if (!facts->hierarchies[i].is_v2)
			r = add_hierarchy(child, mount.fd, op->target, &facts->hierarchies[i],
					  flags, e);
	}
	change.set = MOUNT_ATTR_RDONLY;
	if (r == 0 && flags & MS_RDONLY)
		r = mount_change(&mount, &change, e);
	return r;
}

static const struct cgroup_hierarchy *unified(const struct facts *facts)
{
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (facts->hierarchies[i].is_v2)
			return &facts->hierarchies[i];
	}
	return NULL;
}

static int mount_unified(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct cgroup_hierarchy *hierarchy = unified(child->facts);
	unsigned long flags = op->mount->set.value;
	auto_mount mount = MOUNT_NONE;
	auto_fd int target = FD_NONE;
	int r = path_make_target(child->root, op->target, true, 0, &target, e);

	if (r == 0)
		r = mount_create("cgroup2", "cgroup", flags, op->mount->data, &mount, e);
	if ((r == -EPERM || r == -EBUSY) && hierarchy) {
		const char *own =
			has_namespace(child->plan) ? own_directory(child, hierarchy) : NULL;

		r = bind_host(own ? own : hierarchy->mount_point, flags, &mount, e);
	}
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, op->mount, e);
	return r;
}

int op_cgroup(struct child *child, const struct plan_op *op, struct err *e)
{
	int r;

	switch (child->facts->cgroup_mode) {
	case CGROUP_MODE_UNIFIED:
		r = mount_unified(child, op, e);
		break;
	case CGROUP_MODE_LEGACY:
	case CGROUP_MODE_HYBRID:
		r = mount_legacy(child, op, e);
		break;
	case CGROUP_MODE_NONE:
	default:
		r = refuse(e, ENODEV, "no cgroup file system is mounted on this host");
		break;
	}
	return r < 0 ? wrap(e, "mount the cgroups on '%s'", op->target) : 0;
}
