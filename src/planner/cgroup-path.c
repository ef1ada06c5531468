/*
 * Where the container's cgroup goes, and who may write there.
 *
 * An absolute cgroupsPath starts at the mount point of each hierarchy. A relative one, and a
 * rootless default, starts beside the runtime's own cgroup: below its parent, since a cgroup that
 * holds processes cannot hand controllers down (cgroups(7), "no internal processes").
 * /proc/self/cgroup counts from the root of the cgroup namespace, the mount may show a part of that
 * only: the mount's own root is taken off.
 *
 * ".." is refused rather than resolved: no path given by somebody may leave the place it names.
 *
 * Source: runtime-spec 1.3 config-linux.md "Control Groups", "Cgroup ownership"; systemd.unit(5).
 */
#include "planning.h"

#include "kern/compat.h"

#include <limits.h>

#define UNIT_PREFIX "bulkhead"

enum { UNIT_NAME_MAX = 255 };

static bool has_parent_component(const char *path)
{
	while (*path != '\0') {
		size_t length = strcspn(path, "/");

		if (length == 2 && path[0] == '.' && path[1] == '.')
			return true;
		path += length + (path[length] == '/');
	}
	return false;
}

/* The parent of the runtime's own cgroup below the mount point. */
static const char *own_parent(const struct planning *p)
{
	const struct cgroup_hierarchy *chosen = NULL;
	const char *path = "/";
	char *parent;

	for (size_t i = 0; i < p->facts->hierarchy_count; i++) {
		const struct cgroup_hierarchy *hierarchy = &p->facts->hierarchies[i];

		if (hierarchy->is_v2 == (p->facts->cgroup_mode == CGROUP_MODE_UNIFIED) &&
		    (!chosen || strstr(hierarchy->controllers, "memory")))
			chosen = hierarchy;
	}
	if (chosen && chosen->own_path) {
		const char *root = chosen->mount_root ? chosen->mount_root : "/";
		const char *below =
			str_is(root, "/") ? chosen->own_path : str_after(chosen->own_path, root);

		if (below && (*below == '\0' || *below == '/') && !has_parent_component(below))
			path = below;
	}
	parent = path_clean(p->arena, path);
	*(strrchr(parent, '/') + (strrchr(parent, '/') == parent)) = '\0';
	return parent;
}

/* What no hierarchy could hold is refused before anything is made or recorded. */
static int length_check(const char *path, struct err *e)
{
	enum { PREFIX_MAX = 256 }; /* "/sys/fs/cgroup/<controller>", and a file's name behind it */
	size_t length = strlen(path);

	if (length >= PATH_MAX - PREFIX_MAX)
		return refuse(e, ENAMETOOLONG, "linux.cgroupsPath: '%.40s...': too long", path);
	while (*path) {
		path += strspn(path, "/");
		length = strcspn(path, "/");
		if (length > NAME_MAX)
			return refuse(e, ENAMETOOLONG,
				      "linux.cgroupsPath: '%.40s...': longer than %d bytes", path,
				      NAME_MAX);
		path += length;
	}
	return 0;
}

static int fs_plan(const struct planning *p, struct plan_cgroup *cgroup, struct err *e)
{
	const char *path = p->linux_->cgroups_path;

	cgroup->driver = opt_i32_of(PLAN_CGROUP_FS);
	if (path && has_parent_component(path))
		return refuse(e, EINVAL, "linux.cgroupsPath: '%s' must not contain '..'", path);
	if (path && strchr(path, '\n'))
		return refuse(e, EINVAL, "linux.cgroupsPath: must be one line");
	if (path && length_check(path, e) < 0)
		return -e->code;
	if (path && *path == '/')
		cgroup->path = path_clean(p->arena, path);
	else if (p->facts->is_rootless)
		cgroup->path = path_clean(
			p->arena, path_join(p->arena, own_parent(p), path ? path : p->options->id));
	else
		cgroup->path = path_clean(p->arena, path ? path : p->options->id);
	if (str_is(cgroup->path, "/"))
		return refuse(e, EINVAL,
			      "linux.cgroupsPath: must not be the root of the hierarchy");
	return 0;
}

static int unit_name_check(const char *name, const char *what, struct err *e)
{
	static const char allowed[] = "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
				      "0123456789:-_.\\@";

	if (strlen(name) > UNIT_NAME_MAX || name[strspn(name, allowed)] != '\0' || *name == '.')
		return refuse(e, EINVAL, "linux.cgroupsPath: '%s' is no name of a %s", name, what);
	return 0;
}

static int slice_check(const char *slice, struct err *e)
{
	const char *stem_end = slice + strlen(slice) - strlen(".slice");

	if (str_is(slice, "-.slice"))
		return 0;
	if (!str_ends(slice, ".slice") || *slice == '-' || strstr(slice, "--") ||
	    stem_end == slice || stem_end[-1] == '-')
		return refuse(e, EINVAL, "linux.cgroupsPath: '%s' is no name of a slice", slice);
	return unit_name_check(slice, "slice", e);
}

/* "a-b.slice" is "/a.slice/a-b.slice"; "-.slice" is the root, "". */
static const char *slice_path(struct arena *arena, const char *slice)
{
	auto_buf path = {0};
	size_t stem = strlen(slice) - strlen(".slice");

	if (str_is(slice, "-.slice"))
		return "";
	for (size_t i = 1; i <= stem; i++)
		if (i == stem || slice[i] == '-')
			buf_printf(&path, "/%.*s.slice", (int)i, slice);
	return arena_strdup(arena, buf_text(&path));
}

static int systemd_plan(const struct planning *p, struct plan_cgroup *cgroup, struct err *e)
{
	const char *path = p->linux_->cgroups_path;
	struct strv parts = {0};
	bool is_user = p->facts->is_rootless && p->facts->cgroup_mode == CGROUP_MODE_UNIFIED;
	int r;

	if (!p->facts->systemd_running)
		return refuse(e, ENOTSUP, "--systemd-cgroup: systemd is not running on this host");
	if (!path)
		path = arena_printf(p->arena, ":" UNIT_PREFIX ":%s", p->options->id);
	parts = str_split(p->arena, path, ":", false);
	if (parts.count != 3)
		return refuse(e, EINVAL,
			      "linux.cgroupsPath: must be SLICE:PREFIX:NAME with --systemd-cgroup, "
			      "not '%s'",
			      path);
	cgroup->driver = opt_i32_of(PLAN_CGROUP_SYSTEMD);
	cgroup->slice = parts.items[0];
	if (*cgroup->slice == '\0')
		cgroup->slice = is_user ? "user.slice" : "system.slice";
	else if (str_is(cgroup->slice, "-"))
		cgroup->slice = "-.slice";
	r = slice_check(cgroup->slice, e);
	if (r < 0)
		return r;
	if (*parts.items[2] == '\0')
		return refuse(e, EINVAL, "linux.cgroupsPath: the unit has no name in '%s'", path);
	if (str_ends(parts.items[2], ".slice"))
		cgroup->unit = parts.items[2];
	else
		cgroup->unit = arena_printf(p->arena, "%s%s%s.scope", parts.items[1],
					    *parts.items[1] ? "-" : "", parts.items[2]);
	r = str_ends(cgroup->unit, ".slice") ? slice_check(cgroup->unit, e)
					     : unit_name_check(cgroup->unit, "unit", e);
	if (r < 0)
		return r;
	cgroup->user_manager = opt_bool_if(is_user);
	if (!is_user && !str_ends(cgroup->unit, ".slice"))
		cgroup->path = arena_printf(p->arena, "%s/%s", slice_path(p->arena, cgroup->slice),
					    cgroup->unit);
	return 0;
}

/* The cgroup goes to the container's user when the container is shown only it, writable. */
static void ownership_plan(const struct planning *p, struct plan_cgroup *cgroup)
{
	const struct oci_process *process = p->config->process;
	uint32_t uid;

	if (p->facts->cgroup_mode != CGROUP_MODE_UNIFIED || !process || !process->user ||
	    !(p->plan->new_namespaces.value & CLONE_NEWCGROUP))
		return;
	uid = process->user->uid.value;
	if (p->linux_->uid_mappings.count > 0 && !id_to_host(&p->linux_->uid_mappings, uid, &uid))
		return;
	list_each(const struct oci_mount, mount,
		  &p->config->mounts) if (mount->source && str_is(mount->source, "cgroup") &&
					  str_is(path_clean(p->arena, mount->destination),
						 "/sys/fs/cgroup") &&
					  !strv_has(&mount->options, "ro") && uid != p->facts->euid)
		cgroup->delegate_uid = opt_u32_of(uid);
}

int cgroup_path_plan(struct planning *p, struct err *e)
{
	struct plan_cgroup *cgroup = arena_new(p->arena, struct plan_cgroup);
	const struct plan_limits *limits = p->plan->limits;
	int r;

	p->plan->cgroup = cgroup;
	if (p->options->no_cgroup || p->facts->cgroup_mode == CGROUP_MODE_NONE) {
		cgroup->driver = opt_i32_of(PLAN_CGROUP_NONE);
		if (!p->options->no_cgroup && limits && limits->settings.count > 0)
			return refuse(e, ENOENT,
				      "linux.resources: no cgroup file system is mounted on this "
				      "host");
		return 0;
	}
	r = p->options->systemd_cgroup ? systemd_plan(p, cgroup, e) : fs_plan(p, cgroup, e);
	if (r < 0)
		return r;
	cgroup->optional =
		opt_bool_if(p->facts->is_rootless && (!limits || limits->settings.count == 0));
	ownership_plan(p, cgroup);
	return 0;
}
