/*
 * Groups in the resctrl file system: cache and memory bandwidth allocation, monitoring.
 *
 * A write that the hardware cannot satisfy fails with a bare errno; info/last_cmd_status says why
 * and is added to the message. Schemata are compared by meaning, since the kernel prints masks
 * with leading zeros and domains in its own order. Documentation/arch/x86/resctrl.rst.
 */
#include "internal.h"

#include "base/fd.h"
#include "base/log.h"
#include "base/str.h"
#include "kern/path.h"

#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#define RESCTRL_MOUNT "/sys/fs/resctrl"
#define RESCTRL_MAGIC 0x7655821
#define TEXT_LIMIT    (64 * 1024)

static int open_mount(int *ret, struct err *e)
{
	auto_fd int fd = open(RESCTRL_MOUNT, O_PATH | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "open '" RESCTRL_MOUNT "'");
	if (!fd_is_filesystem(fd, RESCTRL_MAGIC))
		return refuse(e, ENOENT, "the resctrl file system is not mounted");
	*ret = take_fd(&fd);
	return 0;
}

/* Adds what the file system says about its last failure. Returns -e->code. */
static int explain(int mount_fd, struct err *e)
{
	auto_buf status = {0};
	struct err ignored;

	if (file_read(mount_fd, "info/last_cmd_status", 4096, true, &status, &ignored) == 0 &&
	    status.size && !str_is(buf_text(&status), "ok\n")) {
		status.data[strcspn(status.data, "\n")] = '\0';
		return wrap(e, "resctrl says '%s'", buf_text(&status));
	}
	return -e->code;
}

static int open_group(int mount_fd, const char *name, int *ret, struct err *e)
{
	if (*name == '\0')
		name = ".";
	*ret = openat(mount_fd, name, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	return *ret < 0 ? fail(e, errno, "open resctrl group '%s'", name) : 0;
}

/* One line "L3:0=0ff;1=f" as resource and sorted-by-nothing pairs: whether each pair of `wanted` is
 * in `present`. */
static bool pairs_match(struct arena *arena, const char *wanted, const char *present)
{
	struct strv a = str_split(arena, wanted, ";", true);
	struct strv b = str_split(arena, present, ";", true);
	size_t found = 0;

	for (size_t i = 0; i < a.count; i++) {
		for (size_t k = 0; k < b.count; k++) {
			char *va = strchr(a.items[i], '='), *vb = strchr(b.items[k], '=');

			if (va && vb &&
			    strtoul(a.items[i], NULL, 10) == strtoul(b.items[k], NULL, 10) &&
			    strtoull(va + 1, NULL, 16) == strtoull(vb + 1, NULL, 16)) {
				found++;
				break;
			}
		}
	}
	return found == a.count;
}

static bool line_matches(struct arena *arena, const char *wanted, const struct strv *lines)
{
	const char *colon = strchr(wanted, ':');

	for (size_t i = 0; colon && i < lines->count; i++) {
		const char *line = lines->items[i] + strspn(lines->items[i], " ");
		size_t length = (size_t)(colon - wanted);

		if (strncmp(line, wanted, length + 1) == 0)
			return pairs_match(arena, colon + 1, line + length + 1);
	}
	return false;
}

static int compare_schemata(int group, const struct plan_intel_rdt *rdt, struct err *e)
{
	auto_arena arena = {0};
	auto_buf text = {0};
	struct strv lines;
	int r = file_read(group, "schemata", TEXT_LIMIT, true, &text, e);

	if (r < 0)
		return r;
	lines = str_split(&arena, buf_text(&text), "\n", true);
	for (size_t i = 0; i < rdt->schemata.count; i++) {
		if (!line_matches(&arena, rdt->schemata.items[i], &lines))
			return refuse(e, EINVAL, "group '%s' exists with another schema than '%s'",
				      rdt->clos_directory, rdt->schemata.items[i]);
	}
	return 0;
}

static int write_schemata(int mount_fd, int group, const struct plan_intel_rdt *rdt, struct err *e)
{
	for (size_t i = 0; i < rdt->schemata.count; i++) {
		auto_free char *line = xasprintf("%s\n", rdt->schemata.items[i]);

		if (file_write_existing(group, "schemata", line, e) < 0)
			return explain(mount_fd, e);
	}
	return 0;
}

static int write_pid(int group, const char *file, pid_t pid, struct err *e)
{
	char text[16];

	(void)snprintf(text, sizeof(text), "%d", (int)pid);
	return file_write_existing(group, file, text, e);
}

static int make_group(int mount_fd, const struct plan_intel_rdt *rdt, bool *ret_made, struct err *e)
{
	*ret_made = false;
	if (!rdt->create.value || *rdt->clos_directory == '\0')
		return 0;
	if (mkdirat(mount_fd, rdt->clos_directory, 0755) == 0) {
		*ret_made = true;
		return 0;
	}
	if (errno == EEXIST)
		return 0;
	(void)fail(e, errno, "make resctrl group '%s'", rdt->clos_directory);
	return explain(mount_fd, e);
}

static int make_monitor(int mount_fd, int group, const char *name, pid_t pid, struct err *e)
{
	auto_free char *path = xasprintf("mon_groups/%s", name);
	auto_free char *tasks = xasprintf("mon_groups/%s/tasks", name);

	if (mkdirat(group, path, 0755) < 0 && errno != EEXIST) {
		(void)fail(e, errno, "make resctrl monitoring group '%s'", name);
		return explain(mount_fd, e);
	}
	return write_pid(group, tasks, pid, e);
}

static int apply(const struct plan_intel_rdt *rdt, pid_t pid, struct err *e)
{
	auto_fd int mount_fd = FD_NONE, group = FD_NONE;
	bool is_made = false;
	int r = open_mount(&mount_fd, e);

	if (r == 0)
		r = make_group(mount_fd, rdt, &is_made, e);
	if (r == 0)
		r = open_group(mount_fd, rdt->clos_directory, &group, e);
	if (r == 0 && !is_made && rdt->must_match.value)
		r = compare_schemata(group, rdt, e);
	else if (r == 0)
		r = write_schemata(mount_fd, group, rdt, e);
	if (r == 0 && write_pid(group, "tasks", pid, e) < 0)
		r = explain(mount_fd, e);
	if (r == 0 && rdt->monitor_group)
		r = make_monitor(mount_fd, group, rdt->monitor_group, pid, e);
	return r;
}

int resctrl_apply(const struct plan_intel_rdt *rdt, const char *id, pid_t pid, struct err *e)
{
	(void)id;
	return apply(rdt, pid, e) < 0 ? wrap(e, "linux.intelRdt") : 0;
}

int resctrl_join(const struct plan_intel_rdt *rdt, pid_t pid, struct err *e)
{
	auto_fd int mount_fd = FD_NONE, group = FD_NONE;
	int r = open_mount(&mount_fd, e);

	if (r == 0)
		r = open_group(mount_fd, rdt->clos_directory, &group, e);
	if (r == 0)
		r = write_pid(group, "tasks", pid, e);
	if (r == 0 && rdt->monitor_group)
		r = make_monitor(mount_fd, group, rdt->monitor_group, pid, e);
	return r < 0 ? wrap(e, "linux.intelRdt") : 0;
}

static int remove_group(int directory, const char *name, struct err *e)
{
	if (unlinkat(directory, name, AT_REMOVEDIR) < 0 && errno != ENOENT && errno != ENOTDIR)
		return fail(e, errno, "remove resctrl group '%s'", name);
	return 0;
}

int resctrl_remove(const struct plan_intel_rdt *rdt, struct err *e)
{
	auto_fd int mount_fd = FD_NONE, group = FD_NONE;
	struct err ignored;
	int r = 0;

	/* Unmounted meanwhile: the groups have gone with it. */
	if (open_mount(&mount_fd, &ignored) < 0)
		return 0;
	if (rdt->monitor_group &&
	    open_group(mount_fd, rdt->clos_directory, &group, &ignored) == 0) {
		auto_free char *path = xasprintf("mon_groups/%s", rdt->monitor_group);

		r = remove_group(group, path, e);
	}
	if (r == 0 && rdt->remove.value && *rdt->clos_directory)
		r = remove_group(mount_fd, rdt->clos_directory, e);
	return r;
}
