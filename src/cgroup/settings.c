/*
 * Writes settings: one value, one file, one write(2) a line.
 *
 * Some files refuse a value that another file's present value contradicts: memory.limit_in_bytes
 * above memory.memsw.limit_in_bytes, a quota below the burst, real-time runtime above its period,
 * a weight while cpu.idle is set. Which order is right depends on what is there. Instead of knowing
 * each pair, a setting refused with EINVAL is put off until the rest of its controller has been
 * written, and tried again as long as that makes progress. A later setting for the same file waits
 * for the earlier one, so the last word stays the last.
 */
#include "internal.h"

#include "base/log.h"
#include "base/num.h"
#include "settings.h"

#include <fcntl.h>

/* ---- one value ---- */

static int write_line(int fd, const char *line, size_t length)
{
	ssize_t written;

	do {
		written = write(fd, line, length);
	} while (written < 0 && errno == EINTR);
	return written < 0 ? -errno : 0;
}

int setting_write(int dirfd, const char *file, const char *value)
{
	auto_fd int fd = FD_NONE;
	const char *line = value;

	if (!strchr(value, '\n') || value[strcspn(value, "\n") + 1] == '\0')
		return control_write(dirfd, file, value);
	if (strchr(file, '/') || file[0] == '\0')
		return -EINVAL;
	fd = openat(dirfd, file, O_WRONLY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	while (*line) {
		size_t length = strcspn(line, "\n");
		int r = length > 0 ? write_line(fd, line, length) : 0;

		if (r < 0)
			return r;
		line += length;
		line += *line == '\n';
	}
	return 0;
}

/* Where a setting goes: its hierarchy's directory, and which of its two files exists. */
static int setting_find(const struct cgroup *cgroup, const struct plan_setting *setting,
			struct setting_place *ret, struct err *e)
{
	const char *controller = setting->controller ? setting->controller : "";
	struct hierarchy *h = cgroup_find(cgroup, controller);
	int r = h ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

	if (r < 0)
		return r;
	if (!h && setting->ignore_absent.value)
		return CGROUP_ABSENT;
	if (!h)
		return refuse(e, ENOENT, "%s: cgroup controller '%s' is not available",
			      setting->origin ? setting->origin : setting->file, controller);
	if (r == CGROUP_ABSENT && setting->ignore_absent.value)
		return CGROUP_ABSENT;
	if (r == CGROUP_ABSENT)
		return refuse(e, ENOENT, "%s: the container has no cgroup in '%s'",
			      setting->origin ? setting->origin : setting->file,
			      h->info->mount_point);
	ret->setting = setting;
	ret->dirfd = h->fd;
	ret->file = setting->file;
	ret->value = setting->value ? setting->value : "";
	if (setting->fallback_file && !strchr(setting->file, '/') &&
	    faccessat(h->fd, setting->file, F_OK, AT_SYMLINK_NOFOLLOW) < 0) {
		ret->file = setting->fallback_file;
		if (setting->fallback_value)
			ret->value = setting->fallback_value;
	}
	return 0;
}

static int setting_fail(const struct cgroup *cgroup, const struct setting_place *place, int code,
			struct err *e)
{
	const struct plan_setting *setting = place->setting;
	const char *origin = setting->origin ? setting->origin : "cgroup setting";

	if (strchr(place->file, '/') || place->file[0] == '\0')
		return refuse(e, EINVAL, "%s: '%s' is not the name of a cgroup file", origin,
			      place->file);
	/* A value can have lines; the message should not. */
	return fail(e, code, "%s: write '%.*s' to '%s' of cgroup '%s'", origin,
		    (int)strcspn(place->value, "\n"), place->value, place->file, cgroup->path);
}

/* ---- all of them ---- */

static bool same_file(const struct setting_place *a, const struct setting_place *b)
{
	return a->dirfd == b->dirfd && str_is(a->file, b->file);
}

static bool must_wait(const struct setting_place *places, size_t index)
{
	for (size_t i = 0; i < index; i++) {
		if (!places[i].done && same_file(&places[i], &places[index]))
			return true;
	}
	return false;
}

static bool has_partner(const struct setting_place *places, size_t count, size_t index)
{
	for (size_t i = 0; i < count; i++) {
		if (i != index && places[i].dirfd == places[index].dirfd)
			return true;
	}
	return false;
}

static bool is_forgivable(const struct plan_setting *setting, int code)
{
	return setting->ignore_absent.value && code == -ENOENT;
}

int settings_write(const struct cgroup *cgroup, struct setting_place *places, size_t count,
		   struct err *e)
{
	size_t left, before = count + 1;

	for (;;) {
		const struct setting_place *refused = NULL;

		left = 0;
		for (size_t i = 0; i < count; i++) {
			struct setting_place *place = &places[i];
			int r;

			if (place->done)
				continue;
			if (must_wait(places, i)) {
				left++;
				continue;
			}
			place->tried = true;
			r = setting_write(place->dirfd, place->file, place->value);
			place->done = r == 0 || is_forgivable(place->setting, r);
			if (place->done)
				continue;
			if (r != -EINVAL || !has_partner(places, count, i))
				return setting_fail(cgroup, place, -r, e);
			refused = refused ? refused : place;
			left++;
		}
		if (left == 0)
			return 0;
		if (left >= before && refused)
			return setting_fail(cgroup, refused, EINVAL, e);
		before = left;
	}
}

int settings_find(const struct cgroup *cgroup, const struct plan_limits *limits,
		  struct arena *arena, struct setting_place **ret, size_t *ret_count, struct err *e)
{
	struct setting_place *places =
		arena_new_array(arena, limits->settings.count, struct setting_place);
	size_t count = 0;

	list_each(struct plan_setting, setting, &limits->settings)
	{
		int r = setting_find(cgroup, setting, &places[count], e);

		if (r < 0)
			return r;
		if (r == 0)
			count++;
	}
	*ret = places;
	*ret_count = count;
	return 0;
}

int cgroup_apply(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e)
{
	auto_arena arena = {0};
	struct setting_place *places;
	size_t count;
	int r;

	if (cgroup->is_none) {
		if (limits->settings.count == 0)
			return 0;
		return refuse(e, EINVAL, "%s: the container has no cgroup",
			      list_at(struct plan_setting, &limits->settings, 0)->origin);
	}
	r = settings_find(cgroup, limits, &arena, &places, &count, e);
	if (r == 0)
		r = settings_write(cgroup, places, count, e);
	if (r == 0 && limits->has_devices.value)
		r = devices_apply(cgroup, limits, e);
	return r;
}
