/*
 * The handle: where a container's cgroup is, on which hierarchies, made by whom.
 *
 * It is made from the plan or from the record on disk and opens nothing until it must. A container
 * is a member of every v1 hierarchy (named ones and the empty v2 tree of a hybrid layout too), so
 * that its processes are found by any of them.
 */
#include "internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "unit.h"

#include <fcntl.h>
#include <sys/stat.h>

static int check_parts(const struct cgroup *cgroup, const char *path, struct err *e)
{
	if (path[0] != '/')
		return refuse(e, EINVAL, "cgroup path must be absolute, not '%s'", path);
	if (cgroup->parts.count == 0)
		return refuse(e, EINVAL, "the root cgroup cannot be a container's");
	for (size_t i = 0; i < cgroup->parts.count; i++) {
		const char *part = cgroup->parts.items[i];

		if (str_is(part, ".") || str_is(part, "..") || strlen(part) > 255)
			return refuse(e, EINVAL, "cgroup path '%s': bad component '%.64s'", path,
				      part);
	}
	return 0;
}

static void hierarchies_init(struct cgroup *cgroup)
{
	const struct facts *facts = cgroup->facts;

	cgroup->count = facts->hierarchy_count;
	cgroup->hierarchies = arena_new_array(&cgroup->arena, cgroup->count, struct hierarchy);
	for (size_t i = 0; i < cgroup->count; i++) {
		struct hierarchy *h = &cgroup->hierarchies[i];

		h->info = &facts->hierarchies[i];
		h->mount_fd = FD_NONE;
		h->parent_fd = FD_NONE;
		h->fd = FD_NONE;
		if (h->info->is_v2)
			cgroup->v2 = h;
	}
	cgroup->is_unified = facts->cgroup_mode == CGROUP_MODE_UNIFIED;
}

static int path_init(struct cgroup *cgroup, struct err *e)
{
	const char *path = cgroup->where->path;
	int r = 0;

	if (cgroup->is_systemd && !path)
		r = unit_path(cgroup->where, cgroup->facts, &cgroup->arena, &path, e);
	if (r < 0)
		return r;
	if (!path)
		return refuse(e, EINVAL, "the cgroup has no path");
	cgroup->parts = str_split(&cgroup->arena, path, "/", true);
	r = check_parts(cgroup, path, e);
	if (r == 0)
		cgroup->path = arena_printf(&cgroup->arena, "/%s",
					    strv_join(&cgroup->arena, &cgroup->parts, "/"));
	return r;
}

int cgroup_open(const struct plan_cgroup *where, const struct facts *facts, struct cgroup **ret,
		struct err *e)
{
	struct cgroup *cgroup = xcalloc(1, sizeof(*cgroup));
	int r = 0;

	cgroup->where = where;
	cgroup->facts = facts;
	cgroup->path = "";
	cgroup->is_none = where->driver.value == PLAN_CGROUP_NONE;
	cgroup->is_systemd = where->driver.value == PLAN_CGROUP_SYSTEMD;
	if (!cgroup->is_none) {
		hierarchies_init(cgroup);
		r = path_init(cgroup, e);
	}
	if (r < 0) {
		cgroup_close(cgroup);
		return r;
	}
	*ret = cgroup;
	return 0;
}

void cgroup_close(struct cgroup *cgroup)
{
	if (!cgroup)
		return;
	hierarchy_each(h, cgroup)
	{
		hierarchy_close(h);
	}
	arena_done(&cgroup->arena);
	free(cgroup);
}

const char *cgroup_path(const struct cgroup *cgroup)
{
	return cgroup->path;
}

const char *cgroup_freezer_path(const struct cgroup *cgroup, struct arena *arena)
{
	const struct hierarchy *h =
		cgroup->is_unified ? cgroup->v2 : cgroup_find(cgroup, "freezer");

	if (cgroup->is_none || !h)
		return NULL;
	return arena_printf(arena, "%s%s", h->info->mount_point, cgroup->path);
}

bool cgroup_exists(struct cgroup *cgroup)
{
	hierarchy_each(h, cgroup)
	{
		struct stat st;
		struct err ignored;

		if (hierarchy_open(cgroup, h, &ignored) != 0)
			continue;
		/* A removed directory stays open, without links. */
		if (fstat(h->fd, &st) == 0 && st.st_nlink > 0 &&
		    faccessat(h->fd, "cgroup.procs", F_OK, 0) == 0)
			return true;
	}
	return false;
}

/* ---- create ---- */

/* What was there before this container must be empty, in every hierarchy. */
static int check_empty(struct cgroup *cgroup, struct err *e)
{
	hierarchy_each(h, cgroup)
	{
		struct pid_list list = {0};
		size_t count;
		int r;

		if (h->made || h->denied || h->fd < 0)
			continue;
		r = procs_list(h->fd, &list, e);
		count = list.count;
		pid_list_done(&list);
		if (r < 0)
			return r;
		if (count > 0)
			return refuse(e, EBUSY,
				      "container's cgroup is not empty: %zu process(es) found",
				      count);
	}
	return 0;
}

/* Nothing there or above may be frozen either, or the first process would never run. */
static int check_fitness(struct cgroup *cgroup, struct err *e)
{
	bool is_frozen = false;
	int r = check_empty(cgroup, e);

	if (r == 0)
		r = cgroup_is_frozen(cgroup, &is_frozen, e);
	if (r == 0 && is_frozen)
		return refuse(e, EBUSY, "container's cgroup unexpectedly frozen");
	return r;
}

/* Leaves somebody else's cgroup as it was: what was made beside it goes, the rest is not touched
 * again. What could not be removed is still ours, for whoever cleans up later. */
static void withdraw(struct cgroup *cgroup)
{
	struct err ignored;
	bool is_gone = true;

	hierarchy_each(h, cgroup)
	{
		if (!h->made)
			continue;
		/* The descriptor may be the last there is. */
		fd_close(&h->fd);
		if (remove_plain(cgroup, h, &ignored) < 0)
			is_gone = false;
	}
	cgroup->is_foreign = is_gone;
}

static int check_mounted(const struct cgroup *cgroup, const struct plan_limits *limits,
			 struct err *e)
{
	if (cgroup->count > 0)
		return 0;
	if (!cgroup->where->optional.value || limits->settings.count > 0)
		return refuse(e, ENOENT, "no cgroup file system is mounted");
	log_warning("no cgroup file system is mounted: running without a cgroup");
	return 0;
}

int cgroup_create(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e)
{
	struct hierarchy *h;
	int r;

	if (cgroup->is_none)
		return 0;
	r = check_mounted(cgroup, limits, e);
	if (r == 0 && !cgroup->is_systemd)
		r = make_directories(cgroup, limits, e);
	if (r == 0)
		r = cgroup_primary(cgroup, &h, e);
	if (r != 0)
		return r < 0 ? r : 0;
	r = check_fitness(cgroup, e);
	if (r < 0)
		withdraw(cgroup);
	else if (!cgroup->is_systemd)
		make_mark(cgroup);
	return r;
}
