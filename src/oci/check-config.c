/*
 * Rules of the top level: version, mounts, hooks, names, annotations. Which option words are
 * filesystem data, and that a bind mount takes none, is the planner's to say, who knows more words
 * than the specification.
 *
 * Source: runtime-spec 1.3 config.md.
 */
#include "base/log.h"
#include "check.h"
#include "oci/names.h"

enum { UTS_NAME_MAX = 64 };

/* An empty word asks for nothing, but would become a stray comma of filesystem data. */
static void drop_empty_options(struct strv *options)
{
	size_t kept = 0;

	for (size_t i = 0; i < options->count; i++)
		if (*options->items[i] != '\0')
			options->items[kept++] = options->items[i];
	if (options->items)
		options->items[kept] = NULL;
	options->count = kept;
}

static int check_mount_options(const struct oci_mount *mount, size_t index, bool has_user_namespace,
			       struct err *e)
{
	bool has_mappings = mount->uid_mappings.count > 0;

	for (size_t i = 0; i < mount->options.count; i++) {
		const char *name = mount->options.items[i];
		const struct oci_mount_option *option = oci_mount_option_find(name);

		if (option && option->kind == OCI_MOUNT_IDMAP && !has_mappings &&
		    !has_user_namespace)
			return refuse(e, EINVAL,
				      "mounts[%zu].options[%zu]: %s needs uidMappings and "
				      "gidMappings, or a user namespace",
				      index, i, name);
	}
	return 0;
}

static int check_mount_mappings(struct arena *arena, const struct oci_mount *mount, size_t index,
				struct err *e)
{
	int r;

	if (mount->uid_mappings.count > 0 && mount->gid_mappings.count == 0)
		return refuse(e, EINVAL,
			      "mounts[%zu].gidMappings: is required together with uidMappings",
			      index);
	if (mount->gid_mappings.count > 0 && mount->uid_mappings.count == 0)
		return refuse(e, EINVAL,
			      "mounts[%zu].uidMappings: is required together with gidMappings",
			      index);
	if (mount->uid_mappings.count == 0)
		return 0;
	r = check_id_mappings(&mount->uid_mappings,
			      arena_printf(arena, "mounts[%zu].uidMappings", index), e);
	if (r < 0)
		return r;
	return check_id_mappings(&mount->gid_mappings,
				 arena_printf(arena, "mounts[%zu].gidMappings", index), e);
}

static int check_mounts(struct arena *arena, const struct oci_config *config, struct err *e)
{
	bool has_user_namespace = oci_namespace_find(config, OCI_NS_USER) != NULL;
	size_t index = 0;

	list_each(struct oci_mount, mount, &config->mounts)
	{
		int r;

		if (*mount->destination != '/') {
			log_warning("mounts[%zu].destination: '%s' is relative, which is "
				    "deprecated; taken relative to '/'",
				    index, mount->destination);
			mount->destination = arena_printf(arena, "/%s", mount->destination);
		}
		drop_empty_options(&mount->options);
		r = check_mount_options(mount, index, has_user_namespace, e);
		if (r < 0)
			return r;
		r = check_mount_mappings(arena, mount, index, e);
		if (r < 0)
			return r;
		index++;
	}
	return 0;
}

static int check_hooks(const struct oci_config *config, struct err *e)
{
	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++) {
		const char *name = oci_hook_kind_name((enum oci_hook_kind)kind);
		size_t index = 0;

		list_each(struct oci_hook, hook, oci_hooks_of(config, (enum oci_hook_kind)kind))
		{
			if (*hook->path != '/')
				return refuse(e, EINVAL,
					      "hooks.%s[%zu].path: must be absolute, not '%s'",
					      name, index, hook->path);
			if (hook->timeout.is_set && hook->timeout.value <= 0)
				return refuse(
					e, EINVAL,
					"hooks.%s[%zu].timeout: must be more than 0, not %lld",
					name, index, (long long)hook->timeout.value);
			index++;
		}
	}
	return 0;
}

static int check_uts_name(const struct oci_config *config, const char *name, const char *value,
			  struct err *e)
{
	if (!value)
		return 0;
	if (strlen(value) > UTS_NAME_MAX)
		return refuse(e, EINVAL, "%s: is longer than %d bytes", name, UTS_NAME_MAX);
	if (!oci_namespace_find(config, OCI_NS_UTS))
		return refuse(
			e, EINVAL,
			"%s: needs a uts namespace in linux.namespaces, or the host is renamed",
			name);
	return 0;
}

static int check_annotations(const struct map *annotations, struct err *e)
{
	for (size_t i = 0; i < annotations->count; i++)
		if (*annotations->items[i].name == '\0')
			return refuse(e, EINVAL, "annotations: a key must not be empty");
	return 0;
}

int check_config(struct arena *arena, struct oci_config *config, const struct json *tree,
		 struct err *e)
{
	int r;

	r = check_version(config->oci_version, e);
	if (r < 0)
		return r;
	drop_empty(&config->hostname);
	drop_empty(&config->domainname);
	r = check_uts_name(config, "hostname", config->hostname, e);
	if (r < 0)
		return r;
	r = check_uts_name(config, "domainname", config->domainname, e);
	if (r < 0)
		return r;
	if (config->process) {
		r = check_process(arena, config->process, "process", e);
		if (r < 0)
			return r;
	}
	r = check_mounts(arena, config, e);
	if (r < 0)
		return r;
	r = check_hooks(config, e);
	if (r < 0)
		return r;
	r = check_annotations(&config->annotations, e);
	if (r < 0)
		return r;
	if (config->linux_) {
		r = check_linux(arena, config, e);
		if (r < 0)
			return r;
	}
	if (config->vm)
		return check_vm(config->vm, json_get(tree, "vm"), e);
	return 0;
}
