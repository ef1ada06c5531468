/*
 * Facts about the host.
 *
 * This runs before every command, so it is counted in microseconds: two files are parsed in full
 * (mountinfo, cgroup), four more are small, everything else is asked of the kernel by system calls
 * that do nothing. Surprising: /proc/self/cgroup also lists controllers whose hierarchy is mounted
 * nowhere; mount options of a v1 hierarchy mix controllers with flags (xattr, clone_children), so
 * only words that /proc/self/cgroup knows as controllers count; seccomp(2) tells whether it knows
 * a flag by failing with EFAULT instead of EINVAL for a NULL program.
 */
#include "kern/facts.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"

#include <fcntl.h>
#include <linux/capability.h>
#include <linux/seccomp.h>
#include <sched.h>
#include <sys/prctl.h>
#include <sys/stat.h>
#include <sys/syscall.h>

enum { MOUNTINFO_MAX = 64 * 1024 * 1024, MOUNTINFO_FIELDS = 5 };

#define CLONE_NEWTIME_BIT 0x00000080ULL
#define FLAG_TSYNC_ESRCH  (1UL << 4)
#define FLAG_KILLABLE	  (1UL << 5)

bool facts_has_controller(const char *controllers, const char *name)
{
	size_t length = strlen(name);
	const char *at = controllers;

	if (length == 0)
		return false;
	while ((at = strstr(at, name))) {
		bool starts = at == controllers || at[-1] == ',' || at[-1] == ' ';
		char end = at[length];

		if (starts && (end == '\0' || end == ',' || end == ' '))
			return true;
		at += length;
	}
	return false;
}

/* ---- text ---- */

/* Copies length bytes, undoing the kernel's \ooo escapes of blanks and backslashes. */
static char *unescape(struct arena *arena, const char *text, size_t length)
{
	char *out = arena_strndup(arena, text, length);
	char *to = out;

	for (const char *from = out; *from; from++) {
		if (from[0] == '\\' && from[1] >= '0' && from[1] <= '3' && from[2] >= '0' &&
		    from[2] <= '7' && from[3] >= '0' && from[3] <= '7') {
			int byte = (from[1] - '0') * 64 + (from[2] - '0') * 8 + (from[3] - '0');

			if (byte != 0) {
				*to++ = (char)byte;
				from += 3;
				continue;
			}
		}
		*to++ = *from;
	}
	*to = '\0';
	return out;
}

/* A line of /proc/self/cgroup: "4:memory:/user.slice". */
struct own_cgroup {
	const char *controllers;
	const char *path;
};

struct own_cgroups {
	struct own_cgroup *items;
	size_t count;
};

static struct own_cgroups parse_own(struct arena *arena, const char *text)
{
	struct own_cgroups own = {0};
	size_t lines = 1;

	for (const char *at = text; *at; at++)
		lines += *at == '\n';
	own.items = arena_new_array(arena, lines, struct own_cgroup);
	while (*text) {
		size_t length = strcspn(text, "\n");
		const char *first = memchr(text, ':', length);
		const char *second =
			first ? memchr(first + 1, ':', (size_t)(text + length - first - 1)) : NULL;

		if (second) {
			struct own_cgroup *item = &own.items[own.count++];

			item->controllers =
				arena_strndup(arena, first + 1, (size_t)(second - first - 1));
			item->path = arena_strndup(arena, second + 1,
						   (size_t)(text + length - second - 1));
		}
		text += length;
		text += *text == '\n';
	}
	return own;
}

struct mount_line {
	const char *root, *point, *type, *options;
	size_t root_length, point_length, type_length, options_length;
};

/* "31 23 0:28 / /sys/fs/cgroup rw - tmpfs tmpfs rw,mode=755": false when not like this. */
static bool parse_mount(const char *line, size_t length, struct mount_line *ret)
{
	const char *end = line + length;
	const char *fields[MOUNTINFO_FIELDS];
	size_t lengths[MOUNTINFO_FIELDS];
	const char *at = line;
	const char *separator = memmem(line, length, " - ", 3);

	if (!separator)
		return false;
	for (int i = 0; i < MOUNTINFO_FIELDS; i++) {
		const char *space = memchr(at, ' ', (size_t)(separator + 1 - at));

		if (!space)
			return false;
		fields[i] = at;
		lengths[i] = (size_t)(space - at);
		at = space + 1;
		if (at > separator)
			return false;
	}
	ret->root = fields[3];
	ret->root_length = lengths[3];
	ret->point = fields[4];
	ret->point_length = lengths[4];
	at = separator + 3;
	ret->type = at;
	while (at < end && *at != ' ')
		at++;
	ret->type_length = (size_t)(at - ret->type);
	ret->options = end;
	while (ret->options > at && ret->options[-1] != ' ')
		ret->options--;
	ret->options_length = (size_t)(end - ret->options);
	return true;
}

static bool type_is(const struct mount_line *mount, const char *type)
{
	return mount->type_length == strlen(type) &&
	       memcmp(mount->type, type, mount->type_length) == 0;
}

/* The hierarchy of a v1 mount is the line of /proc/self/cgroup whose controllers it names. */
static const struct own_cgroup *own_find(const struct own_cgroups *own, const char *options)
{
	for (size_t i = 0; i < own->count; i++) {
		const char *controllers = own->items[i].controllers;
		char word[64];
		size_t length = strcspn(controllers, ",");

		if (length == 0 || length >= sizeof(word))
			continue;
		memcpy(word, controllers, length);
		word[length] = '\0';
		if (facts_has_controller(options, word))
			return &own->items[i];
	}
	return NULL;
}

static const char *own_v2_path(const struct own_cgroups *own)
{
	for (size_t i = 0; i < own->count; i++) {
		if (own->items[i].controllers[0] == '\0')
			return own->items[i].path;
	}
	return "/";
}

static int hierarchy_rank(const struct cgroup_hierarchy *hierarchy)
{
	return (str_is(hierarchy->mount_root, "/") ? 2 : 0) +
	       (str_starts(hierarchy->mount_point, "/sys/fs/cgroup") ? 1 : 0);
}

static void hierarchy_add(struct facts *facts, const struct cgroup_hierarchy *new)
{
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		struct cgroup_hierarchy *old = &facts->hierarchies[i];

		if (old->is_v2 != new->is_v2 || !str_is(old->controllers, new->controllers))
			continue;
		if (hierarchy_rank(new) > hierarchy_rank(old))
			*old = *new;
		return;
	}
	facts->hierarchies[facts->hierarchy_count++] = *new;
}

static void cgroup_mount_add(struct arena *arena, const struct mount_line *mount,
			     const struct own_cgroups *own, struct facts *facts)
{
	struct cgroup_hierarchy new = {.controllers = "", .own_path = "/"};

	if (type_is(mount, "cgroup2")) {
		new.is_v2 = true;
		new.own_path = own_v2_path(own);
	} else {
		const char *options = unescape(arena, mount->options, mount->options_length);
		const struct own_cgroup *found = own_find(own, options);

		if (!found)
			return;
		new.controllers = found->controllers;
		new.own_path = found->path;
	}
	new.mount_point = unescape(arena, mount->point, mount->point_length);
	new.mount_root = unescape(arena, mount->root, mount->root_length);
	hierarchy_add(facts, &new);
}

/* v2 at /sys/fs/cgroup is the unified layout, whatever somebody mounted of v1 elsewhere. */
static void mode_decide(struct facts *facts)
{
	struct cgroup_hierarchy *v2 = NULL;
	size_t v1 = 0;

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (facts->hierarchies[i].is_v2)
			v2 = &facts->hierarchies[i];
		else
			v1++;
	}
	if (v2 && (v1 == 0 || str_is(v2->mount_point, "/sys/fs/cgroup"))) {
		facts->cgroup_mode = CGROUP_MODE_UNIFIED;
		facts->hierarchies[0] = *v2;
		facts->hierarchy_count = 1;
	} else if (v2) {
		facts->cgroup_mode = CGROUP_MODE_HYBRID;
	} else {
		facts->cgroup_mode = v1 > 0 ? CGROUP_MODE_LEGACY : CGROUP_MODE_NONE;
	}
}

void facts_parse_mounts(struct arena *arena, const char *mountinfo, const char *own_cgroups,
			struct facts *ret)
{
	struct own_cgroups own = parse_own(arena, own_cgroups);

	ret->hierarchies = arena_new_array(arena, own.count + 2, struct cgroup_hierarchy);
	ret->hierarchy_count = 0;
	ret->selinux_enabled = false;
	ret->resctrl_mounted = false;
	while (*mountinfo) {
		size_t length = strcspn(mountinfo, "\n");
		struct mount_line mount;

		if (parse_mount(mountinfo, length, &mount)) {
			if (type_is(&mount, "cgroup") || type_is(&mount, "cgroup2"))
				cgroup_mount_add(arena, &mount, &own, ret);
			else if (type_is(&mount, "selinuxfs"))
				ret->selinux_enabled = true;
			else if (type_is(&mount, "resctrl"))
				ret->resctrl_mounted = true;
		}
		mountinfo += length;
		mountinfo += *mountinfo == '\n';
	}
	mode_decide(ret);
}

/* ---- files ---- */

/* At most size - 1 bytes of a small kernel file, without the last newline; -errno. */
static ssize_t read_small(int dirfd, const char *path, char *out, size_t size)
{
	auto_fd int fd = openat(dirfd, path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	ssize_t got;

	if (fd < 0)
		return -errno;
	do {
		got = read(fd, out, size - 1);
	} while (got < 0 && errno == EINTR);
	if (got < 0)
		return -errno;
	if (got > 0 && out[got - 1] == '\n')
		got--;
	out[got] = '\0';
	return got;
}

static int read_whole(const char *path, struct buf *buf, struct err *e)
{
	auto_fd int fd = open(path, O_RDONLY | O_CLOEXEC | O_NOCTTY);
	int r;

	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	r = fd_read_all(fd, MOUNTINFO_MAX, buf);
	if (r < 0)
		return fail(e, -r, "read '%s'", path);
	return 0;
}

static int probe_cgroups(struct arena *arena, struct facts *ret, struct err *e)
{
	auto_buf mountinfo = {0}, own = {0};
	int r = read_whole("/proc/self/mountinfo", &mountinfo, e);

	if (r < 0)
		return r;
	/* A kernel without cgroups has no such file. */
	r = read_whole("/proc/self/cgroup", &own, e);
	if (r < 0 && r != -ENOENT)
		return r;
	facts_parse_mounts(arena, buf_text(&mountinfo), buf_text(&own), ret);
	ret->v2_controllers = "";
	for (size_t i = 0; i < ret->hierarchy_count; i++) {
		char path[512], text[512];

		if (!ret->hierarchies[i].is_v2)
			continue;
		(void)snprintf(path, sizeof(path), "%s/cgroup.controllers",
			       ret->hierarchies[i].mount_point);
		if (read_small(AT_FDCWD, path, text, sizeof(text)) > 0)
			ret->v2_controllers = arena_strdup(arena, text);
	}
	return 0;
}

/* ---- what the kernel can do ---- */

static uint64_t probe_seccomp(void)
{
	static const unsigned long flags[] = {
		SECCOMP_FILTER_FLAG_TSYNC,
		SECCOMP_FILTER_FLAG_LOG,
		SECCOMP_FILTER_FLAG_SPEC_ALLOW,
		SECCOMP_FILTER_FLAG_NEW_LISTENER,
		FLAG_TSYNC_ESRCH,
		/* refused without NEW_LISTENER */
		FLAG_KILLABLE | SECCOMP_FILTER_FLAG_NEW_LISTENER,
	};
	uint64_t known = 0;

	for (size_t i = 0; i < sizeof(flags) / sizeof(flags[0]); i++) {
		if (syscall(SYS_seccomp, SECCOMP_SET_MODE_FILTER, flags[i], NULL) < 0 &&
		    errno == EFAULT)
			known |= flags[i];
	}
	return known;
}

static uint64_t probe_namespaces(void)
{
	static const struct {
		const char *name;
		uint64_t flag;
	} kinds[] = {
		{"cgroup", CLONE_NEWCGROUP}, {"ipc", CLONE_NEWIPC}, {"mnt", CLONE_NEWNS},
		{"net", CLONE_NEWNET},	     {"pid", CLONE_NEWPID}, {"time", CLONE_NEWTIME_BIT},
		{"user", CLONE_NEWUSER},     {"uts", CLONE_NEWUTS},
	};
	auto_fd int directory = open("/proc/self/ns", O_PATH | O_DIRECTORY | O_CLOEXEC);
	uint64_t known = 0;

	/* Reading the directory or following the links would make an inode for each. */
	for (size_t i = 0; i < sizeof(kinds) / sizeof(kinds[0]) && directory >= 0; i++) {
		struct stat st;

		if (fstatat(directory, kinds[i].name, &st, AT_SYMLINK_NOFOLLOW) == 0)
			known |= kinds[i].flag;
	}
	return known;
}

static int probe_last_cap(void)
{
	int last = CAP_LAST_CAP;

	while (last > 0 && prctl(PR_CAPBSET_READ, last, 0, 0, 0) < 0)
		last--;
	while (last < 63 && prctl(PR_CAPBSET_READ, last + 1, 0, 0, 0) >= 0)
		last++;
	return last;
}

static uint64_t probe_capabilities(void)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[_LINUX_CAPABILITY_U32S_3] = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return 0;
	return data[0].effective | (uint64_t)data[1].effective << 32;
}

/* The initial user namespace maps everything onto itself; a kernel without them has no file. */
static bool probe_user_namespace(void)
{
	char text[128];
	unsigned inside = 0, outside = 0, size = 0;

	if (read_small(AT_FDCWD, "/proc/self/uid_map", text, sizeof(text)) < 0)
		return false;
	return strchr(text, '\n') || sscanf(text, "%u %u %u", &inside, &outside, &size) != 3 ||
	       inside != 0 || outside != 0 || size != UINT32_MAX;
}

int facts_probe(struct arena *arena, struct facts *ret, struct err *e)
{
	struct facts facts = {0};
	char text[128] = "";
	int r = probe_cgroups(arena, &facts, e);

	if (r < 0)
		return wrap(e, "probe the host");
	facts.systemd_running = access("/run/systemd/system", F_OK) == 0;
	facts.euid = geteuid();
	facts.egid = getegid();
	facts.in_user_namespace = probe_user_namespace();
	facts.is_rootless = facts.euid != 0 || facts.in_user_namespace;
	facts.cap_last_cap = probe_last_cap();
	facts.capabilities_effective = probe_capabilities();
	facts.apparmor_enabled = read_small(AT_FDCWD, "/sys/module/apparmor/parameters/enabled",
					    text, sizeof(text)) > 0 &&
				 text[0] == 'Y';
	facts.seccomp_flags = probe_seccomp();
	facts.namespaces = probe_namespaces();
	facts.boot_id = "";
	if (read_small(AT_FDCWD, "/proc/sys/kernel/random/boot_id", text, sizeof(text)) > 0)
		facts.boot_id = arena_strdup(arena, text);
	facts.xdg_runtime_dir = getenv("XDG_RUNTIME_DIR");
	if (facts.xdg_runtime_dir)
		facts.xdg_runtime_dir = arena_strdup(arena, facts.xdg_runtime_dir);
	*ret = facts;
	return 0;
}
