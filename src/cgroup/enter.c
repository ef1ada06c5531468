/*
 * Puts processes into the cgroup.
 *
 * Two ways. By pid: one write to cgroup.procs a hierarchy; the kernel then holds up every fork and
 * exec of the host, which costs a grace period of RCU when it has not been done just before. By the
 * task itself: being born there (CLONE_INTO_CGROUP, v2) and writing "0" to "tasks" (v1), which
 * needs no such lock; the descriptors for that are opened here.
 *
 * Surprising: a v2 cgroup that passes controllers on to children accepts no processes (EBUSY): a
 * container with an init of its own usually becomes such a cgroup. A process for it goes to where
 * its init is.
 *
 * A user may move a process only below a cgroup that holds both places and is the user's. From a
 * login session into a scope of the user's systemd there is none: systemd has to move it.
 */
#include "internal.h"

#include "base/fd.h"
#include "kern/proc.h"
#include "unit.h"

#include <fcntl.h>

/* ---- exec --cgroup ---- */

/* "cpu,cpuacct:x/y" is for this hierarchy? Then *ret is "x/y". "x" and ":x" are for all. */
static bool sub_matches(const struct hierarchy *h, const char *word, const char **ret)
{
	const char *colon = strchr(word, ':');
	char controllers[256];
	char *state = NULL;
	size_t length = colon ? (size_t)(colon - word) : 0;

	*ret = colon ? colon + 1 : word;
	if (length == 0)
		return true;
	if (length >= sizeof(controllers))
		return false;
	memcpy(controllers, word, length);
	controllers[length] = '\0';
	for (char *name = strtok_r(controllers, ",", &state); name;
	     name = strtok_r(NULL, ",", &state)) {
		if (hierarchy_has(h, name))
			return true;
	}
	return false;
}

static int sub_check(const struct cgroup *cgroup, const struct strv *sub, struct err *e)
{
	if (cgroup->is_unified && sub->count > 1)
		return refuse(e, EINVAL, "only one sub-cgroup can be given on cgroup v2");
	for (size_t i = 0; i < sub->count; i++) {
		const char *word = sub->items[i];
		const char *path;
		bool matches = false;

		if (cgroup->is_unified && strchr(word, ':') && word[0] != ':')
			return refuse(e, EINVAL,
				      "sub-cgroup '%s': controllers cannot be named on cgroup v2",
				      word);
		hierarchy_each(h, cgroup)
		{
			matches |= sub_matches(h, word, &path);
		}
		if (!matches)
			return refuse(e, EINVAL, "sub-cgroup '%s': no such controller", word);
	}
	return 0;
}

/* Opens the last of `sub` that is for this hierarchy, below the container's cgroup. */
static int sub_open(struct cgroup *cgroup, struct hierarchy *h, const struct strv *sub, int *ret_fd,
		    struct err *e)
{
	const char *path = NULL;
	bool named = false;
	auto_arena arena = {0};
	struct strv parts;
	int r;

	for (size_t i = 0; i < sub->count; i++) {
		const char *found;

		if (!sub_matches(h, sub->items[i], &found))
			continue;
		path = found;
		named = found - sub->items[i] > 1;
	}
	parts = path ? str_split(&arena, path, "/", true) : (struct strv){0};
	if (strv_has(&parts, "..") || strv_has(&parts, "."))
		return refuse(e, EINVAL, "sub-cgroup '%s' must stay below the container's cgroup",
			      path);
	r = hierarchy_walk(h->fd, &parts, parts.count, ret_fd, e);
	if (r != CGROUP_ABSENT)
		return r;
	/* Those without controllers follow along: a sub-cgroup need not exist in them. */
	if (!cgroup->is_unified && !named &&
	    (h->info->is_v2 || str_starts(h->info->controllers, "name=")))
		return hierarchy_walk(h->fd, &parts, 0, ret_fd, e);
	return refuse(e, ENOENT, "sub-cgroup '%s' does not exist in '%s'", path,
		      h->info->mount_point);
}

/* ---- v2: where init is ---- */

static bool is_inner_node(int fd)
{
	char text[512];

	return control_read(fd, "cgroup.subtree_control", text, sizeof(text)) > 0;
}

/* Relative to the mount point of the v2 tree; NULL when it is outside of that. */
static const char *path_below_mount(const struct hierarchy *h, const char *path)
{
	const char *root = h->info->mount_root;
	const char *rest = str_is(root, "/") ? path : str_after(path, root);

	return rest && (rest[0] == '/' || rest[0] == '\0') ? rest : NULL;
}

static int init_path(const struct hierarchy *h, pid_t init, struct arena *arena, const char **ret,
		     struct err *e)
{
	auto_buf text = {0};
	char file[64];
	char *state = NULL;
	int r;

	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)init);
	r = file_read(AT_FDCWD, file, 1 << 20, true, &text, e);
	if (r < 0)
		return r;
	for (char *line = text.data ? strtok_r(text.data, "\n", &state) : NULL; line;
	     line = strtok_r(NULL, "\n", &state)) {
		const char *path = str_after(line, "0::");
		const char *below = path ? path_below_mount(h, path) : NULL;

		if (below) {
			*ret = arena_strdup(arena, below);
			return 0;
		}
	}
	return refuse(e, ENOENT, "cgroup of process %d is not below '%s'", (int)init,
		      h->info->mount_point);
}

static int init_open(struct cgroup *cgroup, struct hierarchy *h, pid_t init, int *ret_fd,
		     struct err *e)
{
	auto_arena arena = {0};
	const char *path = NULL;
	struct strv parts;
	int r = init_path(h, init, &arena, &path, e);

	if (r < 0)
		return r;
	parts = str_split(&arena, path, "/", true);
	for (size_t i = 0; i < cgroup->parts.count; i++) {
		if (i >= parts.count || !str_is(parts.items[i], cgroup->parts.items[i]))
			return refuse(e, EXDEV,
				      "process %d has left the container's cgroup '%s' for '%s'",
				      (int)init, cgroup->path, path);
	}
	if (strv_has(&parts, ".."))
		return refuse(e, EXDEV, "process %d has left the container's cgroup", (int)init);
	r = hierarchy_walk(h->mount_fd, &parts, parts.count, ret_fd, e);
	return r == CGROUP_ABSENT ? refuse(e, ENOENT, "cgroup '%s' has gone", path) : r;
}

/* The directory a process of this container goes to in one hierarchy: *ret_fd, which is the
 * hierarchy's own or, when it is another, the caller's in *own. */
static int target_open(struct cgroup *cgroup, struct hierarchy *h, pid_t init,
		       const struct strv *sub, int *own, int *ret_fd, struct err *e)
{
	int r = hierarchy_open(cgroup, h, e);

	if (r != 0)
		return r;
	if (sub && sub->count > 0)
		r = sub_open(cgroup, h, sub, own, e);
	else if (h->info->is_v2 && init > 0 && is_inner_node(h->fd))
		r = init_open(cgroup, h, init, own, e);
	*ret_fd = *own >= 0 ? *own : h->fd;
	return r;
}

/* ---- by pid ---- */

/* Where `fd` is below the container's cgroup: "" or "/sub". */
static int path_below(const struct cgroup *cgroup, const struct hierarchy *h, int fd, char *text,
		      size_t size, const char **ret, struct err *e)
{
	char link[PROC_FD_PATH_SIZE];
	ssize_t length;
	int r = proc_fd_path(fd, link, e);

	if (r < 0)
		return r;
	length = readlink(link, text, size - 1);
	if (length < 0)
		return fail(e, errno, "find the path of the cgroup");
	text[length] = '\0';
	*ret = str_after(text, h->info->mount_point);
	*ret = *ret ? str_after(*ret, cgroup->path) : NULL;
	return *ret ? 0 : refuse(e, EXDEV, "'%s' is not below the container's cgroup", text);
}

/* After the kernel has refused. */
static int join_by_systemd(struct cgroup *cgroup, struct hierarchy *h, int fd, pid_t pid,
			   struct err *e)
{
	char text[PATH_MAX];
	const char *below = NULL;
	int r = path_below(cgroup, h, fd, text, sizeof(text), &below, e);

	return r == 0 ? systemd_attach(cgroup->where, below, pid, e) : r;
}

static int join(struct cgroup *cgroup, pid_t pid, pid_t init, const struct strv *sub, struct err *e)
{
	size_t joined = 0, denied = 0;
	char text[32];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	hierarchy_each(h, cgroup)
	{
		auto_fd int own = FD_NONE;
		int fd = FD_NONE;
		int r = target_open(cgroup, h, init, sub, &own, &fd, e);

		denied += h->denied;
		if (r < 0)
			return r;
		if (r == CGROUP_ABSENT)
			continue;
		r = control_write(fd, "cgroup.procs", text);
		if (r == -EACCES && cgroup->is_systemd && cgroup->where->user_manager.value)
			r = join_by_systemd(cgroup, h, fd, pid, e);
		else if (r < 0)
			(void)fail(e, -r, "write '%s' to 'cgroup.procs'", text);
		if (r < 0)
			return wrap(e, "move process %d into cgroup '%s' of '%s'", (int)pid,
				    cgroup->path, h->info->mount_point);
		joined++;
	}
	if (joined + denied == 0 && cgroup->count > 0 && !cgroup->where->optional.value)
		return refuse(e, ENOENT, "container's cgroup '%s' does not exist", cgroup->path);
	return 0;
}

int cgroup_add(struct cgroup *cgroup, pid_t pid, const struct plan_limits *limits, struct err *e)
{
	int r = 0;

	if (cgroup->is_none)
		return 0;
	if (cgroup->is_systemd) {
		r = systemd_start(cgroup->where, limits, !cgroup->is_unified, pid, e);
		/* Another's unit: cleaning up must not stop it. */
		cgroup->is_foreign = r == -EEXIST;
		/* systemd makes the directories it accounts in; the rest is ours. */
		if (r == 0)
			r = make_directories(cgroup, limits, e);
	}
	return r < 0 ? r : join(cgroup, pid, 0, NULL, e);
}

int cgroup_join(struct cgroup *cgroup, pid_t pid, pid_t init, const struct strv *sub, struct err *e)
{
	int r = sub ? sub_check(cgroup, sub, e) : 0;

	if (cgroup->is_none || r < 0)
		return r;
	return join(cgroup, pid, init, sub, e);
}

/* ---- by the task itself ---- */

int cgroup_clone_fd(struct cgroup *cgroup)
{
	struct err ignored;

	if (cgroup->is_none || cgroup->is_systemd || !cgroup->v2 ||
	    hierarchy_open(cgroup, cgroup->v2, &ignored) != 0)
		return FD_NONE;
	return fcntl(cgroup->v2->fd, F_DUPFD_CLOEXEC, 3);
}

void cgroup_entry_done(struct cgroup_entry *entry)
{
	fd_close(&entry->clone_fd);
	for (size_t i = 0; i < entry->task_count; i++)
		fd_close(&entry->task_fds[i]);
	entry->task_count = 0;
}

static int entry_add(struct cgroup *cgroup, struct hierarchy *h, pid_t init, const struct strv *sub,
		     struct cgroup_entry *entry, struct err *e)
{
	auto_fd int own = FD_NONE;
	int fd = FD_NONE;
	int r = target_open(cgroup, h, init, sub, &own, &fd, e);
	int tasks;

	if (r != 0)
		return r;
	if (h->info->is_v2) {
		entry->clone_fd = own >= 0 ? take_fd(&own) : fcntl(fd, F_DUPFD_CLOEXEC, 3);
		return entry->clone_fd < 0 ? fail(e, errno, "duplicate a descriptor") : 0;
	}
	if (entry->task_count == CGROUP_ENTRY_FDS_MAX)
		return refuse(e, ENOSPC, "more than %d cgroup hierarchies", CGROUP_ENTRY_FDS_MAX);
	tasks = openat(fd, "tasks", O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (tasks < 0)
		return fail(e, errno, "open 'tasks' of cgroup '%s' of '%s'", cgroup->path,
			    h->info->mount_point);
	entry->task_fds[entry->task_count++] = tasks;
	return 0;
}

int cgroup_entry_open(struct cgroup *cgroup, pid_t init, const struct strv *sub,
		      struct cgroup_entry *ret, struct err *e)
{
	struct cgroup_entry entry = {.clone_fd = FD_NONE};
	size_t denied = 0;
	int r = sub ? sub_check(cgroup, sub, e) : 0;

	if (r < 0)
		return r;
	if (cgroup->is_systemd && init == 0)
		return CGROUP_ENTRY_NONE;
	hierarchy_each(h, cgroup)
	{
		r = entry_add(cgroup, h, init, sub, &entry, e);
		if (r < 0) {
			cgroup_entry_done(&entry);
			return r;
		}
		denied += h->denied;
	}
	if (entry.clone_fd < 0 && entry.task_count + denied == 0 && cgroup->count > 0 &&
	    !cgroup->where->optional.value)
		return refuse(e, ENOENT, "container's cgroup '%s' does not exist", cgroup->path);
	*ret = entry;
	return CGROUP_ENTRY_READY;
}

int cgroup_entry_enter(const struct cgroup_entry *entry)
{
	for (size_t i = 0; i < entry->task_count; i++) {
		ssize_t written;

		do {
			written = write(entry->task_fds[i], "0", 1);
		} while (written < 0 && errno == EINTR);
		if (written != 1)
			return written < 0 ? -errno : -EIO;
	}
	return 0;
}
