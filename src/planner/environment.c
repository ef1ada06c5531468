/*
 * The environment of the program: the configuration's, without duplicates, and what the runtime
 * adds for socket activation and notification. Of several values of one name the last one counts,
 * at its own place. An empty HOME is as good as none: the executor takes it from the image.
 *
 * Names are found by a hash table: configurations with a hundred thousand entries exist.
 */
#include "planning.h"

#define NOTIFY_SOCKET "/run/notify/notify.sock"

struct name_set {
	const char **names; /* entries "NAME=..."; NULL = free */
	size_t mask;
};

static size_t name_length(const char *entry)
{
	return strcspn(entry, "=");
}

static size_t name_hash(const char *entry)
{
	uint64_t hash = 14695981039346656037ULL;

	for (size_t i = 0; entry[i] != '\0' && entry[i] != '='; i++)
		hash = (hash ^ (unsigned char)entry[i]) * 1099511628211ULL;
	return (size_t)(hash ^ hash >> 32);
}

/* Whether the name of `entry` is new; it is known from then on. */
static bool name_add(struct name_set *set, const char *entry)
{
	size_t length = name_length(entry);
	size_t slot = name_hash(entry) & set->mask;

	for (; set->names[slot]; slot = (slot + 1) & set->mask)
		if (name_length(set->names[slot]) == length &&
		    memcmp(set->names[slot], entry, length) == 0)
			return false;
	set->names[slot] = entry;
	return true;
}

static void runtime_variables_add(const struct planning *p, struct strv *entries)
{
	if (p->options->listen_fds > 0) {
		strv_push(entries, p->arena,
			  arena_printf(p->arena, "LISTEN_FDS=%u", p->options->listen_fds));
		strv_push(entries, p->arena, "LISTEN_PID=1");
	}
	if (p->options->notify_directory)
		strv_push(entries, p->arena, "NOTIFY_SOCKET=" NOTIFY_SOCKET);
}

int environment_plan(const struct planning *p, const struct oci_process *process,
		     struct plan_process *to, struct err *e)
{
	struct strv entries = {0};
	struct name_set set = {0};
	size_t size = 16;
	size_t kept;
	bool has_home = false;

	for (size_t i = 0; i < process->env.count; i++) {
		if (name_length(process->env.items[i]) == 0 || !strchr(process->env.items[i], '='))
			return refuse(e, EINVAL, "process.env[%zu]: must be NAME=VALUE, not '%s'",
				      i, process->env.items[i]);
		strv_push(&entries, p->arena, process->env.items[i]);
	}
	runtime_variables_add(p, &entries);
	while (size < 2 * entries.count)
		size *= 2;
	set.names = arena_new_array(p->arena, size, const char *);
	set.mask = size - 1;
	to->env.items = arena_new_array(p->arena, entries.count + 1, char *);
	/* From the end, so that the first one met is the last one given; filled from the end too.
	 */
	kept = entries.count;
	for (size_t i = entries.count; i-- > 0;) {
		if (!name_add(&set, entries.items[i]))
			continue;
		if (str_starts(entries.items[i], "HOME=")) {
			if (str_is(entries.items[i], "HOME="))
				continue;
			has_home = true;
		}
		to->env.items[--kept] = entries.items[i];
	}
	to->env.items += kept;
	to->env.count = entries.count - kept;
	to->add_home = opt_bool_if(!has_home);
	return 0;
}
