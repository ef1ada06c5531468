/*
 * Puts the device rules in force.
 *
 * v1: "a" to devices.deny or devices.allow sets the default and forgets all exceptions, then each
 * exception is a write. A moment in between everything is denied: the rules are written before the
 * container's program runs. "a" to devices.allow needs a parent that allows everything, so it is
 * spared when the cgroup does so already. v2: a program, see kern/bpf.h.
 *
 * Inside a user namespace neither is permitted, and not needed: device nodes cannot be made there,
 * and those bound from the host are guarded by their modes.
 */
#include "devices.h"

#include "base/log.h"

#include <fcntl.h>

static bool allows_everything(int fd)
{
	char text[256];

	return control_read(fd, "devices.list", text, sizeof(text)) > 0 &&
	       str_is(text, "a *:* rwm");
}

static int write_rule(int fd, const struct bpf_device_rule *rule, struct err *e)
{
	char text[80];
	ssize_t written;

	devices_format(rule, text, sizeof(text));
	do {
		written = write(fd, text, strlen(text));
	} while (written < 0 && errno == EINTR);
	if (written < 0)
		return fail(e, errno, "linux.resources.devices: %s '%s'",
			    rule->allow ? "allow" : "deny", text);
	return 0;
}

static int write_default(int dirfd, bool allow, struct err *e)
{
	int r;

	if (allow && allows_everything(dirfd))
		return 0;
	r = control_write(dirfd, allow ? "devices.allow" : "devices.deny", "a");
	if (r < 0)
		return fail(e, -r, "linux.resources.devices: %s all devices",
			    allow ? "allow" : "deny");
	return 0;
}

static int apply_v1(int dirfd, const struct device_set *set, struct err *e)
{
	auto_fd int fd = FD_NONE;
	int r = write_default(dirfd, set->default_allow, e);

	if (r < 0 || set->count == 0)
		return r;
	fd = openat(dirfd, set->default_allow ? "devices.deny" : "devices.allow",
		    O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open the device rules of the cgroup");
	for (size_t i = 0; i < set->count && r == 0; i++)
		r = write_rule(fd, &set->items[i], e);
	return r;
}

static int apply_v2(int dirfd, const struct bpf_device_rule *rules, size_t count,
		    struct arena *arena, struct err *e)
{
	auto_fd int fd = FD_NONE;
	struct bpf_insn *program;
	size_t size;
	int r = bpf_device_build(arena, rules, count, &program, &size, e);

	if (r == 0)
		r = bpf_device_load(program, size, &fd, e);
	if (r == 0)
		r = bpf_device_attach(dirfd, fd, e);
	return r < 0 ? wrap(e, "linux.resources.devices") : 0;
}

static int apply_in(struct cgroup *cgroup, struct hierarchy *h, const struct plan_limits *limits,
		    struct err *e)
{
	auto_arena arena = {0};
	struct bpf_device_rule *rules;
	struct device_set set;
	size_t count;
	int r = devices_parse(limits, &arena, &rules, &count, e);

	if (r < 0)
		return r;
	if (h->info->is_v2)
		r = apply_v2(h->fd, rules, count, &arena, e);
	else
		r = devices_reduce(rules, count, &arena, &set, e);
	if (r == 0 && !h->info->is_v2)
		r = apply_v1(h->fd, &set, e);
	if ((r == -EPERM || r == -EACCES) && cgroup->facts->is_rootless) {
		char text[1200];

		log_debug("not permitted, and left out: %s", err_format(e, text, sizeof(text)));
		return 0;
	}
	return r < 0 ? wrap(e, "cgroup '%s'", cgroup->path) : 0;
}

int devices_apply(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e)
{
	struct hierarchy *h = NULL;
	int r;

	hierarchy_each(at, cgroup)
	{
		if (hierarchy_has(at, "devices"))
			h = at;
	}
	/* Without the v1 controller any v2 tree can hold the program. */
	if (!h)
		h = cgroup->v2;
	if (cgroup->facts->in_user_namespace)
		return 0;
	r = h ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;
	if (r == CGROUP_ABSENT && cgroup->where->optional.value)
		return 0;
	if (r == CGROUP_ABSENT)
		return refuse(e, ENOENT,
			      "linux.resources.devices: no cgroup hierarchy can hold device rules");
	return r < 0 ? r : apply_in(cgroup, h, limits, e);
}
