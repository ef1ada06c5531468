/*
 * Namespaces by descriptor: see kern/namespaces.h.
 *
 * A path to a namespace comes from the configuration and may be anything, so what was opened is
 * asked for its type (NS_GET_NSTYPE, Linux 4.11) before it is joined: joining the wrong kind would
 * leave the container in a namespace of the host. Namespaces of processes are magic links; they
 * are followed here on purpose, since the path is the engine's.
 *
 * The user namespace stands first in the table: joining it gives the capabilities that the others
 * demand.
 */
#include "kern/namespaces.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/path.h"

#include <linux/nsfs.h>
#include <sys/ioctl.h>

const struct namespace_kind namespace_kinds[] = {
	{CLONE_NEWUSER, "user"}, {CLONE_NEWCGROUP, "cgroup"}, {CLONE_NEWIPC, "ipc"},
	{CLONE_NEWUTS, "uts"},	 {CLONE_NEWNET, "net"},	      {CLONE_NEWPID, "pid"},
	{CLONE_NEWTIME, "time"}, {CLONE_NEWNS, "mnt"},
};
const size_t namespace_kind_count = sizeof(namespace_kinds) / sizeof(namespace_kinds[0]);

const char *namespace_name(uint64_t flag)
{
	for (size_t i = 0; i < namespace_kind_count; i++) {
		if (namespace_kinds[i].flag == flag)
			return namespace_kinds[i].name;
	}
	return NULL;
}

uint64_t namespace_flag(const char *name)
{
	for (size_t i = 0; i < namespace_kind_count; i++) {
		if (str_is(namespace_kinds[i].name, name))
			return namespace_kinds[i].flag;
	}
	return 0;
}

int namespace_open(const char *path, uint64_t flag, int *ret_fd, struct err *e)
{
	const char *wanted = namespace_name(flag);
	/* O_NONBLOCK: it might be a pipe. */
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY | O_NONBLOCK);
	int type;

	if (fd < 0)
		return fail(e, errno, "open namespace '%s'", path);
	if (!wanted)
		return refuse(e, EINVAL, "unknown type of namespace 0x%llx",
			      (unsigned long long)flag);
	if (!fd_is_filesystem(fd, NSFS_MAGIC))
		return refuse(e, EINVAL, "'%s' is not a namespace", path);
	type = ioctl(fd, NS_GET_NSTYPE);
	if (type < 0)
		return fail(e, errno, "ask '%s' for its type of namespace", path);
	if ((uint64_t)type != flag) {
		const char *found = namespace_name((uint64_t)type);

		return refuse(e, EINVAL, "'%s' is a %s namespace, not a %s namespace", path,
			      found ? found : "strange", wanted);
	}
	*ret_fd = take_fd(&fd);
	return 0;
}

int namespace_open_process(pid_t pid, uint64_t flag, int *ret_fd, struct err *e)
{
	const char *name = namespace_name(flag);
	char path[64];

	if (!name)
		return refuse(e, EINVAL, "unknown type of namespace 0x%llx",
			      (unsigned long long)flag);
	(void)snprintf(path, sizeof(path), "/proc/%d/ns/%s", pid, name);
	return namespace_open(path, flag, ret_fd, e);
}

int namespace_join(int fd, uint64_t flag, struct err *e)
{
	const char *name = namespace_name(flag);

	if (setns(fd, (int)flag) < 0)
		return fail(e, errno, "join %s namespace", name ? name : "unknown");
	return 0;
}

/* "user, mnt" for messages. */
static const char *names(uint64_t flags, char *out, size_t size)
{
	size_t used = 0;

	out[0] = '\0';
	for (size_t i = 0; i < namespace_kind_count; i++) {
		if ((flags & namespace_kinds[i].flag) && used < size)
			used += (size_t)snprintf(out + used, size - used, "%s%s", used ? ", " : "",
						 namespace_kinds[i].name);
	}
	return out;
}

int namespace_join_process(int pidfd, uint64_t flags, struct err *e)
{
	char text[80];

	if (setns(pidfd, (int)flags) < 0)
		return fail(e, errno, "join namespaces of a process (%s)",
			    names(flags, text, sizeof(text)));
	return 0;
}

int namespace_unshare(uint64_t flags, struct err *e)
{
	char text[80];

	if (unshare((int)flags) < 0)
		return fail(e, errno, "unshare namespaces (%s)", names(flags, text, sizeof(text)));
	return 0;
}

int namespace_is_own(int fd, uint64_t flag, bool *ret, struct err *e)
{
	auto_fd int own = FD_NONE;
	int r = namespace_open_process(getpid(), flag, &own, e);

	if (r < 0)
		return r;
	*ret = fd_is_same(fd, own);
	return 0;
}

uint64_t namespace_supported(void)
{
	uint64_t flags = 0;

	for (size_t i = 0; i < namespace_kind_count; i++) {
		char path[40];

		(void)snprintf(path, sizeof(path), "/proc/self/ns/%s", namespace_kinds[i].name);
		if (access(path, F_OK) == 0)
			flags |= namespace_kinds[i].flag;
	}
	return flags;
}

int namespace_time_offset(const char *clock, int64_t seconds, uint32_t nanoseconds, struct err *e)
{
	char line[96];

	if (!str_is(clock, "monotonic") && !str_is(clock, "boottime"))
		return refuse(e, EINVAL, "clock '%s' has no offset", clock);
	(void)snprintf(line, sizeof(line), "%s %lld %u", clock, (long long)seconds, nanoseconds);
	return file_write_existing(AT_FDCWD, "/proc/self/timens_offsets", line, e);
}
