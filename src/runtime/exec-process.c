/*
 * Which process exec runs.
 *
 * With --process the file is everything. Otherwise the configuration's process is taken, and what
 * the command line says replaces or joins it; a terminal is never inherited, since who calls exec
 * decides whether there is one.
 */
#include "exec-process.h"

#include "base/fd.h"
#include "base/num.h"
#include "oci/load.h"
#include "oci/names.h"
#include "json/value.h"

#include <errno.h>
#include <fcntl.h>

static int process_read(struct arena *arena, const char *path, const struct oci_process **ret,
			struct err *e)
{
	auto_buf text = {0};

	if (file_read(AT_FDCWD, path, JSON_SIZE_MAX, false, &text, e) < 0 ||
	    oci_process_parse(arena, buf_text(&text), text.size, ret, e) < 0)
		return wrap(e, "--process '%s'", path);
	return 0;
}

/* A list that can be pushed to without touching the original. */
static struct strv list_copy(const struct strv *list)
{
	struct strv copy = *list;

	copy.capacity = 0;
	return copy;
}

static int env_add(struct arena *arena, const struct strv *more, struct strv *env, struct err *e)
{
	*env = list_copy(env);
	for (size_t i = 0; i < more->count; i++) {
		const char *item = more->items[i];

		if (item[0] == '=' || !strchr(item, '='))
			return refuse(e, EINVAL, "--env '%s': must be NAME=VALUE", item);
		strv_push(env, arena, item);
	}
	return 0;
}

static int groups_add(struct arena *arena, const struct strv *more, struct oci_user *user,
		      struct err *e)
{
	struct opt_u32s *groups = &user->additional_gids;
	uint32_t *values;

	if (more->count == 0)
		return 0;
	values = arena_new_array(arena, groups->count + more->count, uint32_t);
	if (groups->count > 0)
		memcpy(values, groups->values, groups->count * sizeof(*values));
	for (size_t i = 0; i < more->count; i++) {
		if (num_u32(more->items[i], &values[groups->count + i]) < 0 ||
		    values[groups->count + i] == UINT32_MAX)
			return refuse(e, EINVAL, "--additional-gids '%s': must be a group id",
				      more->items[i]);
	}
	*groups = (struct opt_u32s){true, groups->count + more->count, values};
	return 0;
}

static void enums_add(struct arena *arena, struct opt_enums *set, int32_t value)
{
	int32_t *values = arena_new_array(arena, set->count + 1, int32_t);

	if (set->count > 0)
		memcpy(values, set->values, set->count * sizeof(*values));
	values[set->count] = value;
	*set = (struct opt_enums){true, set->count + 1, values};
}

static int capabilities_add(struct arena *arena, const struct strv *more,
			    struct oci_process *process, struct err *e)
{
	struct oci_capabilities *sets;
	int number;

	if (more->count == 0)
		return 0;
	sets = process->capabilities ? arena_memdup(arena, process->capabilities, sizeof(*sets))
				     : arena_new(arena, struct oci_capabilities);
	for (size_t i = 0; i < more->count; i++) {
		if (oci_capability_parse(more->items[i], &number) < 0)
			return refuse(e, EINVAL, "--cap '%s': unknown capability", more->items[i]);
		enums_add(arena, &sets->bounding, number);
		enums_add(arena, &sets->effective, number);
		enums_add(arena, &sets->permitted, number);
		if (sets->inheritable.count > 0) {
			enums_add(arena, &sets->inheritable, number);
			enums_add(arena, &sets->ambient, number);
		}
	}
	process->capabilities = sets;
	return 0;
}

static int user_change(struct arena *arena, const struct runtime_exec *options,
		       struct oci_process *process, struct err *e)
{
	struct oci_user *user = process->user ? arena_memdup(arena, process->user, sizeof(*user))
					      : arena_new(arena, struct oci_user);
	struct opt_u32 gid = {0};

	if (options->user) {
		if (oci_user_parse(options->user, &user->uid.value, &gid, e) < 0)
			return wrap(e, "--user");
		user->uid.is_set = true;
		if (gid.is_set)
			user->gid = gid;
	}
	process->user = user;
	return groups_add(arena, &options->additional_gids, user, e);
}

static int process_change(struct arena *arena, const struct oci_process *base,
			  const struct runtime_exec *options, const struct oci_process **ret,
			  struct err *e)
{
	struct oci_process *process = arena_memdup(arena, base, sizeof(*process));

	process->args = options->args;
	process->terminal = (struct opt_bool){true, options->tty.value};
	if (options->cwd) {
		if (options->cwd[0] != '/')
			return refuse(e, EINVAL, "--cwd: must be an absolute path, not '%s'",
				      options->cwd);
		process->cwd = options->cwd;
	}
	if (options->no_new_privileges.is_set)
		process->no_new_privileges = options->no_new_privileges;
	if (options->apparmor)
		process->apparmor_profile = options->apparmor;
	if (options->selinux_label)
		process->selinux_label = options->selinux_label;
	if (env_add(arena, &options->env, &process->env, e) < 0 ||
	    user_change(arena, options, process, e) < 0 ||
	    capabilities_add(arena, &options->capabilities, process, e) < 0)
		return -e->code;
	*ret = process;
	return 0;
}

int exec_process_make(struct arena *arena, const struct oci_config *config,
		      const struct runtime_exec *options, const struct oci_process **ret,
		      struct err *e)
{
	if (options->process_file)
		return process_read(arena, options->process_file, ret, e);
	if (options->args.count == 0)
		return refuse(e, EINVAL, "exec: a command is required, or --process FILE");
	if (!config->process)
		return refuse(e, EINVAL,
			      "exec: the configuration has no process to start from; use "
			      "--process FILE");
	return process_change(arena, config->process, options, ret, e);
}
