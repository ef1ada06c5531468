/*
 * Changes the settings of a running container, or none of them.
 *
 * What the files say before is kept, and written back when a later one is refused. Surprising: what
 * a file says is not always what it takes. Files keyed by device list only devices that have an
 * entry, so an entry that is new is undone by the word that removes it; memory.oom_control reports
 * three numbers and takes one; an empty cpuset is undone by an empty line, as write(2) of nothing
 * does nothing.
 */
#include "internal.h"

#include "base/log.h"
#include "base/num.h"
#include "settings.h"
#include "unit.h"

/* What removes a device's entry. */
static const struct {
	const char *file;
	const char *nothing;
} keyed_files[] = {
	{"io.max", "rbps=max wbps=max riops=max wiops=max"},
	{"io.latency", "target=0"},
	{"io.weight", "default"},
	{"io.bfq.weight", "default"},
	{"blkio.weight_device", "0"},
	{"blkio.bfq.weight_device", "0"},
	{"blkio.leaf_weight_device", "0"},
	{"blkio.throttle.read_bps_device", "0"},
	{"blkio.throttle.write_bps_device", "0"},
	{"blkio.throttle.read_iops_device", "0"},
	{"blkio.throttle.write_iops_device", "0"},
	{"rdma.max", "hca_handle=max hca_object=max"},
	{"net_prio.ifpriomap", "0"},
};

static const char *keyed_nothing(const char *file)
{
	for (size_t i = 0; i < sizeof(keyed_files) / sizeof(keyed_files[0]); i++) {
		if (str_is(file, keyed_files[i].file))
			return keyed_files[i].nothing;
	}
	return NULL;
}

/* The line of `text` that starts with the word at `key`, or NULL. */
static const char *line_of(const char *text, const char *key, size_t key_length)
{
	while (*text) {
		if (strncmp(text, key, key_length) == 0 && text[key_length] == ' ')
			return text;
		text += strcspn(text, "\n");
		text += *text == '\n';
	}
	return NULL;
}

const char *setting_undo(struct arena *arena, const char *file, const char *old, const char *value)
{
	const char *nothing = keyed_nothing(file);
	auto_buf undo = {0};

	if (str_is(file, "memory.oom_control")) {
		const char *number = str_after(old, "oom_kill_disable ");

		return arena_strndup(arena, number ? number : "0", 1);
	}
	if (!nothing)
		return arena_strdup(arena, old[0] ? old : "\n");
	while (*value) {
		size_t length = strcspn(value, "\n");
		size_t key_length = strcspn(value, " \n");
		const char *line = line_of(old, value, key_length);

		if (line)
			buf_append(&undo, line, strcspn(line, "\n"));
		else if (key_length < length)
			buf_printf(&undo, "%.*s %s", (int)key_length, value, nothing);
		buf_append_char(&undo, '\n');
		value += length;
		value += *value == '\n';
	}
	return arena_strdup(arena, buf_text(&undo));
}

/* What was there before, as places to write. What cannot be read cannot be put back. */
static size_t remember(struct arena *arena, const struct setting_place *places, size_t count,
		       struct setting_place *old)
{
	size_t kept = 0;

	for (size_t i = count; i-- > 0;) {
		auto_buf text = {0};

		old[kept] = places[i];
		if (control_read_all(places[i].dirfd, places[i].file, &text) < 0)
			continue;
		if (text.size > 0 && text.data[text.size - 1] == '\n')
			text.data[text.size - 1] = '\0';
		old[kept++].value =
			setting_undo(arena, places[i].file, buf_text(&text), places[i].value);
	}
	return kept;
}

/* Only what was changed is put back. */
static void put_back(const struct cgroup *cgroup, const struct setting_place *places, size_t count,
		     struct setting_place *old, size_t old_count)
{
	struct err e;

	for (size_t i = 0; i < old_count; i++) {
		old[i].done = true;
		for (size_t j = 0; j < count; j++) {
			if (places[j].setting == old[i].setting && places[j].tried)
				old[i].done = false;
		}
	}
	if (settings_write(cgroup, old, old_count, &e) < 0)
		log_warning("cgroup '%s': not all values could be put back: %s", cgroup->path,
			    e.text);
}

static int check_memory(const struct cgroup *cgroup, const struct plan_limits *limits,
			struct err *e)
{
	struct hierarchy *h = cgroup_find(cgroup, "memory");
	uint64_t usage;
	int r = h ? hierarchy_open(cgroup, h, e) : CGROUP_ABSENT;

	if (r != 0)
		return r < 0 ? r : 0;
	r = control_read_u64(h->fd, h->info->is_v2 ? "memory.current" : "memory.usage_in_bytes",
			     &usage);
	if (r < 0)
		return fail(e, -r, "read the memory usage of cgroup '%s'", cgroup->path);
	if (usage > limits->memory_check_limit.value)
		return refuse(e, EBUSY,
			      "memory limit %llu is below the present usage of %llu bytes",
			      (unsigned long long)limits->memory_check_limit.value,
			      (unsigned long long)usage);
	return 0;
}

int cgroup_update(struct cgroup *cgroup, const struct plan_limits *limits, struct err *e)
{
	auto_arena arena = {0};
	struct setting_place *places = NULL, *old;
	size_t count = 0, old_count;
	int r;

	if (cgroup->is_none)
		return limits->settings.count == 0
			       ? 0
			       : refuse(e, EINVAL, "the container has no cgroup to update");
	r = limits->memory_check_limit.is_set ? check_memory(cgroup, limits, e) : 0;
	if (r == 0)
		r = settings_find(cgroup, limits, &arena, &places, &count, e);
	if (r < 0)
		return r;
	old = arena_new_array(&arena, count, struct setting_place);
	old_count = remember(&arena, places, count, old);
	if (cgroup->is_systemd && limits->unit_properties.count > 0)
		r = systemd_update(cgroup->where, limits, e);
	if (r == 0)
		r = settings_write(cgroup, places, count, e);
	if (r < 0)
		put_back(cgroup, places, count, old, old_count);
	return r;
}
