/*
 * Bind mounts: a detached copy of the source, changed while nobody can see it, then attached.
 *
 * Flags are changed before the mount is in our namespace, where those of a more privileged
 * namespace would be locked. What the configuration asks to clear and the kernel refuses to is an
 * error; what it does not mention stays as it is on the source.
 */
#include "child.h"

#include "kern/compat.h"
#include "kern/idmap.h"
#include "kern/namespaces.h"
#include "kern/path.h"
#include "source.h"

#include <fcntl.h>
#include <sys/stat.h>

static int link_copy(struct child *child, const struct plan_op *op, bool *ret_done, struct err *e)
{
	char text[PATH_MAX];
	ssize_t length;
	int r;

	*ret_done = false;
	if (!op->mount->copy_symlink.value)
		return 0;
	length = readlink(op->mount->source, text, sizeof(text) - 1);
	if (length < 0)
		return errno == EINVAL ? 0 : fail(e, errno, "read link '%s'", op->mount->source);
	text[length] = '\0';
	r = path_symlink(child->root, op->target, text, e);
	*ret_done = r >= 0;
	return r < 0 ? r : 0;
}

static int source_is_directory(const struct mount *mount, const char *path, bool *ret,
			       struct err *e)
{
	struct stat st;

	if (mount->fd >= 0) {
		*ret = fd_is_directory(mount->fd);
		return 0;
	}
	if (stat(path, &st) < 0)
		return fail(e, errno, "look at '%s'", path);
	*ret = S_ISDIR(st.st_mode);
	return 0;
}

static int open_source(struct child *child, const struct plan_op *op, struct mount *ret,
		       struct err *e)
{
	size_t index = (size_t)(op - (const struct plan_op *)child->plan->ops.items);
	struct mount *prepared = &child->handover->sources[index];

	if (prepared->fd >= 0 || prepared->pending) {
		*ret = *prepared;
		*prepared = MOUNT_NONE;
		return 0;
	}
	return source_open(child->plan, child->handover->joins, op->mount, ret, e);
}

/* On /proc only a whole procfs: a fake one would catch what the runtime writes there. */
static int check_procfs(const struct plan_op *op, const struct mount *mount, struct err *e)
{
	struct stat st;

	if (op->target[1] != 'p' || __builtin_strcmp(op->target, "/proc") != 0)
		return 0;
	if (fd_is_filesystem(mount->fd, PROC_SUPER_MAGIC) && fstat(mount->fd, &st) == 0 &&
	    st.st_ino == 1)
		return 0;
	return refuse(e, EPERM, "only the root of a procfs can be bound to /proc");
}

int op_bind(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_mount *plan = op->mount;
	auto_fd int target = FD_NONE;
	auto_mount mount = MOUNT_NONE;
	bool is_directory = false, is_done = false;
	int r = link_copy(child, op, &is_done, e);

	if (is_done)
		return 0;
	if (r == 0)
		r = open_source(child, op, &mount, e);
	if (r == 0)
		r = source_is_directory(&mount, plan->source, &is_directory, e);
	if (r == 0)
		r = path_make_target(child->root, op->target, is_directory,
				     plan->target_no_follow.value ? PATH_NO_FOLLOW : 0, &target, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, plan, e);
	if (r == 0)
		r = check_procfs(op, &mount, e);
	return r < 0 ? wrap(e, "bind mount '%s' on '%s'", plan->source, op->target) : 0;
}
