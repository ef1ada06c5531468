/*
 * Makes the directories of a cgroup in every hierarchy.
 *
 * v1: a cpuset is born without processors and memory nodes and then refuses tasks, so each level
 * gets its parent's. v2: a controller works in a cgroup only when every ancestor passes it on in
 * cgroup.subtree_control; what the limits need must be there, what only statistics need is asked
 * for and not insisted on. An ancestor with processes of its own refuses to pass anything on
 * (EBUSY), except the root.
 *
 * A cgroup that holds processes already is somebody else's: nothing may be put there, and above
 * all nothing may be killed there when the container is cleaned up. A mark on the directory
 * (a trusted attribute, which an unprivileged container cannot touch) tells later commands that
 * the runtime did take it.
 */
#include "internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/xattr.h>

#define MARK "trusted.bulkhead"

/* Wanted for statistics alone. */
static const char *const counted_controllers[] = {"cpu", "io", "memory", "pids"};

/* ---- v1: cpuset ---- */

static int cpuset_copy(int parent, int child, const char *file, bool is_new, struct err *e)
{
	char text[4096];
	ssize_t length = is_new ? 0 : control_read(child, file, text, sizeof(text));
	int r;

	if (length > 0)
		return 0;
	if (length == 0)
		length = control_read(parent, file, text, sizeof(text));
	if (length < 0)
		return fail(e, (int)-length, "read '%s' of the parent cgroup", file);
	r = control_write(child, file, text);
	if (r < 0)
		return fail(e, -r, "write '%s' to '%s'", text, file);
	return 0;
}

static int cpuset_inherit(int parent, int child, bool is_new, struct err *e)
{
	int r = cpuset_copy(parent, child, "cpuset.cpus", is_new, e);

	return r < 0 ? r : cpuset_copy(parent, child, "cpuset.mems", is_new, e);
}

/* ---- v2: controllers ---- */

static bool is_counted(const char *controller)
{
	for (size_t i = 0; i < sizeof(counted_controllers) / sizeof(counted_controllers[0]); i++) {
		if (str_is(controller, counted_controllers[i]))
			return true;
	}
	return false;
}

/* The first setting that needs this controller, or NULL. */
static const struct plan_setting *setting_of(const struct plan_limits *limits,
					     const char *controller)
{
	list_each(struct plan_setting, setting, &limits->settings)
	{
		if (setting->controller && !setting->ignore_absent.value &&
		    str_is(setting->controller, controller))
			return setting;
	}
	return NULL;
}

/* Passes on what `available` has and is wanted. Each by itself: one that fails takes no others
 * with it. */
static int controllers_pass(int fd, const struct plan_limits *limits, struct err *e)
{
	char available[512], passed[512], *state = NULL;

	if (control_read(fd, "cgroup.controllers", available, sizeof(available)) <= 0 ||
	    control_read(fd, "cgroup.subtree_control", passed, sizeof(passed)) < 0)
		return 0;
	for (char *name = strtok_r(available, " ", &state); name;
	     name = strtok_r(NULL, " ", &state)) {
		const struct plan_setting *cause = setting_of(limits, name);
		char text[72];
		int r;

		if ((!cause && !is_counted(name)) || facts_has_controller(passed, name))
			continue;
		(void)snprintf(text, sizeof(text), "+%s", name);
		r = control_write(fd, "cgroup.subtree_control", text);
		if (r < 0 && cause)
			return fail(e, -r, "%s: enable cgroup controller '%s'", cause->origin,
				    name);
	}
	return 0;
}

/* ---- delegation ---- */

static int delegate_file(int fd, const char *file, uid_t uid, struct err *e)
{
	if (fchownat(fd, file, uid, (gid_t)-1, AT_SYMLINK_NOFOLLOW) < 0 && errno != ENOENT)
		return fail(e, errno, "give '%s' of the cgroup to user %u", file, uid);
	return 0;
}

/* v2: the directory and the files the kernel names for it, nothing else. */
static int delegate(int fd, uid_t uid, struct err *e)
{
	static const char fallback[] = "cgroup.procs\ncgroup.subtree_control\ncgroup.threads\n";
	auto_buf names = {0};
	struct err ignored;
	char *state = NULL;

	if (fchown(fd, uid, (gid_t)-1) < 0)
		return fail(e, errno, "give the cgroup to user %u", uid);
	if (file_read(AT_FDCWD, "/sys/kernel/cgroup/delegate", 65536, true, &names, &ignored) < 0) {
		buf_clear(&names);
		buf_append_str(&names, fallback);
	}
	for (char *name = strtok_r(names.data, "\n", &state); name;
	     name = strtok_r(NULL, "\n", &state)) {
		int r = strchr(name, '/') ? 0 : delegate_file(fd, name, uid, e);

		if (r < 0)
			return r;
	}
	return 0;
}

/* ---- directories ---- */

/* parent/name, made if missing. */
static int make_one(int parent, const char *name, bool is_last, int *ret_fd, bool *ret_made,
		    struct err *e)
{
	bool made = false;
	int fd = is_last ? -1
			 : openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0) {
		made = mkdirat(parent, name, 0755) == 0;
		if (!made && errno != EEXIST)
			return fail(e, errno, "make cgroup '%s'", name);
		fd = openat(parent, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
		if (fd < 0)
			return fail(e, errno, "open cgroup '%s'", name);
	}
	*ret_fd = fd;
	*ret_made = made;
	return 0;
}

static int make_in_hierarchy(struct cgroup *cgroup, struct hierarchy *h,
			     const struct plan_limits *limits, struct err *e)
{
	auto_fd int parent = FD_NONE;
	bool is_cpuset = hierarchy_has(h, "cpuset");
	int r = hierarchy_open_mount(h, e);

	if (r != 0)
		return r < 0 ? r
			     : refuse(e, ENOENT, "cgroup hierarchy '%s' is not mounted any more",
				      h->info->mount_point);
	fd_close(&h->fd);
	h->made = false;
	for (size_t i = 0; i < cgroup->parts.count; i++) {
		int above = parent >= 0 ? parent : h->mount_fd;
		int fd = FD_NONE;

		if (h->info->is_v2)
			r = controllers_pass(above, limits, e);
		if (r == 0)
			r = make_one(above, cgroup->parts.items[i], i + 1 == cgroup->parts.count,
				     &fd, &h->made, e);
		if (r < 0)
			return r;
		if (is_cpuset)
			r = cpuset_inherit(above, fd, h->made, e);
		fd_close(&h->parent_fd);
		h->parent_fd = take_fd(&parent);
		parent = fd;
		if (r < 0)
			return r;
	}
	h->fd = take_fd(&parent);
	return 0;
}

static bool is_permission(int code)
{
	return code == EACCES || code == EPERM || code == EROFS;
}

static bool limits_need(const struct hierarchy *h, const struct plan_limits *limits,
			const char **ret_origin)
{
	list_each(struct plan_setting, setting, &limits->settings)
	{
		bool is_here = h->info->is_v2 ||
			       (setting->controller && hierarchy_has(h, setting->controller));

		if (is_here && !setting->ignore_absent.value) {
			*ret_origin = setting->origin ? setting->origin : setting->file;
			return true;
		}
	}
	return false;
}

int make_directories(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e)
{
	bool warned = false;

	hierarchy_each(h, cgroup)
	{
		const char *origin = NULL;
		int r = make_in_hierarchy(cgroup, h, limits, e);

		if (r == 0 && h->info->is_v2 && cgroup->is_unified &&
		    cgroup->where->delegate_uid.is_set)
			r = delegate(h->fd, cgroup->where->delegate_uid.value, e);
		if (r == 0)
			continue;
		if (!cgroup->where->optional.value || !is_permission(-r))
			return wrap(e, "cgroup '%s' of '%s'", cgroup->path, h->info->mount_point);
		if (limits_need(h, limits, &origin))
			return wrap(e, "%s: cgroup '%s' of '%s'", origin, cgroup->path,
				    h->info->mount_point);
		if (!warned)
			log_warning(
				"no permission to make cgroup '%s' below '%s': running without it",
				cgroup->path, h->info->mount_point);
		warned = true;
		h->denied = true;
		hierarchy_close(h);
	}
	return 0;
}

/* ---- the mark ---- */

void make_mark(struct cgroup *cgroup)
{
	struct hierarchy *h;
	struct err ignored;

	if (cgroup->facts->is_rootless || cgroup_primary(cgroup, &h, &ignored) != 0)
		return;
	if (fsetxattr(h->fd, MARK, "1", 1, 0) < 0)
		log_debug("cgroup '%s': no mark: errno %d", cgroup->path, errno);
}

bool make_is_marked(struct cgroup *cgroup)
{
	struct hierarchy *h;
	struct err ignored;
	char value[4];

	if (cgroup->facts->is_rootless || cgroup_primary(cgroup, &h, &ignored) != 0)
		return true;
	/* Only "there is none" is an answer: file systems without attributes, EPERM and so on leave
	 * it open. */
	return fgetxattr(h->fd, MARK, value, sizeof(value)) >= 0 || errno != ENODATA;
}
