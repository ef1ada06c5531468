/*
 * Bytes to a checked configuration: read, decode by the field tables, check.
 *
 * Source: runtime-spec 1.3 config.md, bundle.md.
 */
#include "oci/load.h"

#include "base/fd.h"
#include "check.h"
#include "tables.h"

int oci_config_parse(struct arena *arena, const char *text, size_t size,
		     const struct oci_config **ret, const struct json **ret_tree, struct err *e)
{
	struct oci_config *config = arena_new(arena, struct oci_config);
	const struct json *tree;
	int r;

	r = json_read(arena, text, size, &tree, e);
	if (r < 0)
		return r;
	r = fields_decode(oci_config_fields, arena, tree, "", config, e);
	if (r < 0)
		return r;
	r = check_config(arena, config, tree, e);
	if (r < 0)
		return r;
	*ret = config;
	if (ret_tree)
		*ret_tree = tree;
	return 0;
}

int oci_config_load(struct arena *arena, int dirfd, const char *path, const struct oci_config **ret,
		    struct buf *ret_text, struct err *e)
{
	auto_buf text = {0};
	int r;

	r = file_read(dirfd, path, JSON_SIZE_MAX, false, &text, e);
	if (r < 0)
		return r;
	r = oci_config_parse(arena, buf_text(&text), text.size, ret, NULL, e);
	if (r < 0)
		return wrap(e, "%s", path);
	if (ret_text) {
		*ret_text = text;
		text = (struct buf){0};
	}
	return 0;
}

int oci_process_parse(struct arena *arena, const char *text, size_t size,
		      const struct oci_process **ret, struct err *e)
{
	struct oci_process *process = arena_new(arena, struct oci_process);
	const struct json *tree;
	int r;

	r = json_read(arena, text, size, &tree, e);
	if (r < 0)
		return r;
	r = fields_decode(oci_process_fields, arena, tree, "process", process, e);
	if (r < 0)
		return r;
	r = check_process(arena, process, "process", e);
	if (r < 0)
		return r;
	*ret = process;
	return 0;
}

int oci_resources_parse(struct arena *arena, const char *text, size_t size,
			const struct oci_resources **ret, struct err *e)
{
	struct oci_resources *resources = arena_new(arena, struct oci_resources);
	const struct json *tree;
	int r;

	r = json_read(arena, text, size, &tree, e);
	if (r < 0)
		return r;
	r = fields_decode(oci_resources_fields, arena, tree, "resources", resources, e);
	if (r < 0)
		return r;
	r = check_resources(resources, "resources", e);
	if (r < 0)
		return r;
	*ret = resources;
	return 0;
}

void oci_resources_write(const struct oci_resources *resources, struct json_writer *w)
{
	fields_encode(oci_resources_fields, resources, w);
}

const struct oci_namespace *oci_namespace_find(const struct oci_config *config,
					       enum oci_namespace_type type)
{
	if (!config->linux_)
		return NULL;
	list_each(struct oci_namespace, namespace,
		  &config->linux_->namespaces) if (namespace->type.value ==
						   (int32_t)type) return namespace;
	return NULL;
}

const struct list *oci_hooks_of(const struct oci_config *config, enum oci_hook_kind kind)
{
	static const struct list none;

	return config->hooks ? &config->hooks->lists[kind] : &none;
}
