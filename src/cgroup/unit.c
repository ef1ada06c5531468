/*
 * Where systemd puts a unit's cgroup, and a unit's device rules in systemd's words.
 *
 * "a-b.slice" is a child of "a.slice": the name spells out the path. The user's manager has its own
 * cgroup, below which its units are; that is read off the runtime's own cgroup, or follows
 * systemd's naming when the runtime runs elsewhere.
 */
#include "unit.h"

#include "base/fd.h"
#include "devices.h"

#include <fcntl.h>

int unit_slice_path(const char *slice, struct arena *arena, const char **ret, struct err *e)
{
	const char *end = slice + strlen(slice);
	auto_buf path = {0};

	if (str_is(slice, "-") || str_is(slice, "-.slice") || slice[0] == '\0') {
		*ret = "";
		return 0;
	}
	if (str_ends(slice, ".slice"))
		end -= strlen(".slice");
	if (strchr(slice, '/') || slice[0] == '-' || end == slice || end[-1] == '-' ||
	    memmem(slice, (size_t)(end - slice), "--", 2))
		return refuse(e, EINVAL, "'%s' is not the name of a slice", slice);
	for (const char *at = slice; at < end; at++) {
		const char *dash = memchr(at, '-', (size_t)(end - at));

		at = dash ? dash : end;
		buf_printf(&path, "/%.*s.slice", (int)(at - slice), slice);
	}
	*ret = arena_strdup(arena, buf_text(&path));
	return 0;
}

/* "/user.slice/user-1000.slice/user@1000.service" */
static const char *manager_path(const struct facts *facts, struct arena *arena)
{
	const char *runtime =
		facts->xdg_runtime_dir ? str_after(facts->xdg_runtime_dir, "/run/user/") : NULL;
	size_t digits = runtime ? strspn(runtime, "0123456789") : 0;

	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		const struct cgroup_hierarchy *h = &facts->hierarchies[i];
		const char *at = strstr(h->own_path, "/user@");
		const char *end = at ? strstr(at, ".service") : NULL;

		if (end && (h->is_v2 || str_is(h->controllers, "name=systemd")))
			return arena_strndup(arena, h->own_path,
					     (size_t)(end - h->own_path) + strlen(".service"));
	}
	if (digits > 0)
		return arena_printf(arena, "/user.slice/user-%.*s.slice/user@%.*s.service",
				    (int)digits, runtime, (int)digits, runtime);
	return arena_printf(arena, "/user.slice/user-%u.slice/user@%u.service", facts->euid,
			    facts->euid);
}

int unit_path(const struct plan_cgroup *where, const struct facts *facts, struct arena *arena,
	      const char **ret, struct err *e)
{
	const char *manager = where->user_manager.value ? manager_path(facts, arena) : "";
	const char *parent = "";
	int r;

	if (!where->unit || where->unit[0] == '\0' || strchr(where->unit, '/'))
		return refuse(e, EINVAL, "the systemd unit has no name");
	/* A slice names its own parents. */
	if (str_ends(where->unit, ".slice")) {
		r = unit_slice_path(where->unit, arena, &parent, e);
		if (r == 0)
			*ret = arena_printf(arena, "%s%s", manager, parent);
		return r;
	}
	r = unit_slice_path(where->slice
				    ? where->slice
				    : (where->user_manager.value ? "user.slice" : "system.slice"),
			    arena, &parent, e);
	if (r == 0)
		*ret = arena_printf(arena, "%s%s/%s", manager, parent, where->unit);
	return r;
}

/* ---- devices ---- */

/* The driver name behind a major number: "pts" for character 136. */
static bool driver_name(const char *devices, char type, int64_t major, char *out, size_t size)
{
	const char *section =
		strstr(devices, type == 'b' ? "Block devices:" : "Character devices:");

	while (section && *section) {
		char *end;
		long number;

		section += strcspn(section, "\n");
		section += *section == '\n';
		if (*section == '\n' || *section == '\0')
			return false;
		number = strtol(section, &end, 10);
		if (end != section && number == major && *end == ' ') {
			end++;
			(void)snprintf(out, size, "%.*s", (int)strcspn(end, "\n"), end);
			return true;
		}
	}
	return false;
}

/* systemd has no word for "any major with this minor", nor for a major without a driver: such a
 * rule is left out, which allows less. */
static void allow_line(struct buf *out, const char *devices, const struct bpf_device_rule *rule)
{
	const char *kind = rule->type == 'b' ? "block" : "char";
	char name[80], text[80];

	devices_format(rule, text, sizeof(text));
	if (rule->major >= 0 && rule->minor >= 0)
		buf_printf(out, "/dev/%s/%lld:%lld", kind, (long long)rule->major,
			   (long long)rule->minor);
	else if (rule->major < 0 && rule->minor < 0)
		buf_printf(out, "%s-*", kind);
	else if (rule->major >= 0 &&
		 driver_name(devices, rule->type, rule->major, name, sizeof(name)))
		buf_printf(out, "%s-%s", kind, name);
	else
		return;
	buf_printf(out, " %s\n", strrchr(text, ' ') + 1);
}

void unit_devices(const struct plan_limits *limits, struct arena *arena,
		  struct plan_unit_property ret[2])
{
	struct bpf_device_rule *rules = NULL;
	struct device_set set = {0};
	auto_buf lines = {0}, devices = {0};
	size_t count = 0;
	struct err ignored;

	ret[0] = (struct plan_unit_property){"DevicePolicy", "s", "strict"};
	ret[1] = (struct plan_unit_property){"DeviceAllow", "a(ss)", ""};
	if (devices_parse(limits, arena, &rules, &count, &ignored) < 0 ||
	    devices_reduce(rules, count, arena, &set, &ignored) < 0)
		return;
	/* systemd has no list of what is forbidden. */
	if (set.default_allow) {
		ret[0].value = "auto";
		return;
	}
	/* Without the names of the drivers fewer rules can be told. */
	if (file_read(AT_FDCWD, "/proc/devices", 1 << 20, true, &devices, &ignored) < 0)
		buf_clear(&devices);
	for (size_t i = 0; i < set.count; i++)
		allow_line(&lines, buf_text(&devices), &set.items[i]);
	ret[1].value = arena_strdup(arena, buf_text(&lines));
}
