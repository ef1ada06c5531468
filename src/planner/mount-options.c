/*
 * The option words of one mount, sorted into flags of mount(2), attributes of mount_setattr(2),
 * propagation, id mappings and the rest, which is the file system's own data.
 *
 * A later word overrules an earlier one. A bind mount takes no data: the kernel would ignore it
 * without a word, so it is refused. Beyond the specification, the words that crun gave to podman
 * are known: copy-symlink, src-nofollow, dest-nofollow, and idmap=uids=A-B-N#...;gids=..., where a
 * leading @ makes B an id of the container's user namespace.
 *
 * Source: runtime-spec 1.3 config.md "Linux mount options"; crun(1) "idmap mount options".
 */
#include "planning.h"

#include "base/num.h"
#include "kern/compat.h"

/* "0-1000-1#1-2000-10", possibly behind "@". */
static int id_ranges_parse(const struct planning *p, const char *text, const struct list *relative,
			   struct list *ret)
{
	bool is_relative = *text == '@';
	struct strv ranges = str_split(p->arena, text + is_relative, "#", false);

	for (size_t i = 0; i < ranges.count; i++) {
		struct strv numbers = str_split(p->arena, ranges.items[i], "-", false);
		struct plan_id_map *map = list_push(p->arena, ret, struct plan_id_map);
		uint32_t last;

		if (numbers.count != 3 || num_u32(numbers.items[0], &map->inside.value) < 0 ||
		    num_u32(numbers.items[1], &map->outside.value) < 0 ||
		    num_u32(numbers.items[2], &map->size.value) < 0 || map->size.value == 0 ||
		    map->inside.value > UINT32_MAX - map->size.value ||
		    map->outside.value > UINT32_MAX - map->size.value)
			return -EINVAL;
		map->inside.is_set = map->outside.is_set = map->size.is_set = true;
		if (!is_relative)
			continue;
		/* The whole range must lie in one entry of the container's map. */
		if (!id_to_host(relative, map->outside.value + map->size.value - 1, &last) ||
		    !id_to_host(relative, map->outside.value, &map->outside.value) ||
		    last - map->outside.value != map->size.value - 1)
			return -EINVAL;
	}
	return 0;
}

/* What follows "idmap=". */
static int idmap_value_parse(const struct planning *p, const char *value, struct plan_mount *mount)
{
	struct strv parts = str_split(p->arena, value, ";", false);

	for (size_t i = 0; i < parts.count; i++) {
		const char *uids = str_after(parts.items[i], "uids=");
		const char *gids = str_after(parts.items[i], "gids=");
		int r = -EINVAL;

		if (uids && mount->uid_map.count == 0)
			r = id_ranges_parse(p, uids, &p->linux_->uid_mappings, &mount->uid_map);
		else if (gids && mount->gid_map.count == 0)
			r = id_ranges_parse(p, gids, &p->linux_->gid_mappings, &mount->gid_map);
		if (r < 0)
			return r;
	}
	return mount->uid_map.count > 0 && mount->gid_map.count > 0 ? 0 : -EINVAL;
}

static void option_apply(struct plan_mount *mount, const struct oci_mount_option *option,
			 struct arena *arena, size_t option_count)
{
	switch (option->kind) {
	case OCI_MOUNT_FLAG:
		mount->set.value = (mount->set.value & ~option->clear) | option->set;
		mount->clear.value = (mount->clear.value & ~option->set) | option->clear;
		break;
	case OCI_MOUNT_RECURSIVE:
		mount->attr_set.value = (mount->attr_set.value & ~option->clear) | option->set;
		mount->attr_clear.value = (mount->attr_clear.value & ~option->set) | option->clear;
		break;
	case OCI_MOUNT_PROPAGATION:
		if (!mount->propagation.values)
			mount->propagation.values = arena_new_array(arena, option_count, int32_t);
		mount->propagation.values[mount->propagation.count++] = (int32_t)option->set;
		mount->propagation.is_set = true;
		break;
	case OCI_MOUNT_IDMAP:
		mount->idmap = opt_true();
		if (option->set)
			mount->idmap_recursive = opt_true();
		break;
	case OCI_MOUNT_COPY_UP:
		mount->copy_up = opt_true();
		break;
	}
}

/* The words that only crun's callers know. 0, 1 when `word` is none of them, or negative. */
static int extra_option_apply(const struct planning *p, const char *word, size_t index,
			      struct plan_mount *mount, struct err *e)
{
	const char *recursive = str_after(word, "ridmap=");
	const char *value = recursive ? recursive : str_after(word, "idmap=");

	if (str_is(word, "copy-symlink")) {
		mount->copy_symlink = opt_true();
	} else if (str_is(word, "src-nofollow")) {
		mount->source_no_follow = opt_true();
	} else if (str_is(word, "dest-nofollow")) {
		mount->target_no_follow = opt_true();
	} else if (value) {
		mount->idmap = opt_true();
		mount->idmap_recursive = opt_bool_if(recursive != NULL);
		if (idmap_value_parse(p, value, mount) < 0)
			return refuse(
				e, EINVAL,
				"mounts[%zu].options: '%s': must be like "
				"idmap=uids=0-100000-65536;gids=0-100000-65536, with ids that "
				"are mapped",
				index, word);
	} else {
		return 1;
	}
	return 0;
}

static int options_check(const struct planning *p, const struct oci_mount *from, size_t index,
			 const struct plan_mount *mount, struct err *e)
{
	bool is_bind = (mount->set.value & MS_BIND) != 0;

	if (is_bind && mount->data)
		return refuse(e, EINVAL,
			      "mounts[%zu].options: '%s': bind mounts cannot have any "
			      "filesystem-specific options applied",
			      index, mount->data);
	if (mount->copy_up.value && (is_bind || !from->type || !str_is(from->type, "tmpfs")))
		return refuse(e, EINVAL, "mounts[%zu].options: tmpcopyup is for tmpfs only", index);
	if (!mount->idmap.value)
		return 0;
	if (!is_bind)
		return refuse(e, EINVAL, "mounts[%zu].options: only bind mounts can be id-mapped",
			      index);
	if (p->facts->is_rootless)
		return refuse(e, EINVAL,
			      "mounts[%zu].options: id-mapped mounts need the rights of the host's "
			      "root",
			      index);
	if (mount->uid_map.count == 0 && !oci_namespace_find(p->config, OCI_NS_USER))
		return refuse(e, EINVAL,
			      "mounts[%zu].options: idmap needs uidMappings and gidMappings, or a "
			      "user namespace",
			      index);
	return 0;
}

int mount_options_parse(const struct planning *p, const struct oci_mount *from, size_t index,
			struct plan_mount *mount, struct err *e)
{
	struct strv data = {0};

	if (mount->uid_map.count > 0)
		mount->idmap = opt_true();
	for (size_t i = 0; i < from->options.count; i++) {
		const char *word = from->options.items[i];
		const struct oci_mount_option *option = oci_mount_option_find(word);
		int r;

		if (option) {
			option_apply(mount, option, p->arena, from->options.count);
			continue;
		}
		r = extra_option_apply(p, word, index, mount, e);
		if (r < 0)
			return r;
		if (r > 0)
			strv_push(&data, p->arena, word);
	}
	/* No file system is called "bind": who says type bind alone means the option. */
	if (from->type && str_is(from->type, "bind"))
		mount->set.value |= MS_BIND;
	mount->set.is_set = mount->set.value != 0;
	mount->clear.is_set = mount->clear.value != 0;
	mount->attr_set.is_set = mount->attr_set.value != 0;
	mount->attr_clear.is_set = mount->attr_clear.value != 0;
	if (data.count > 0)
		mount->data = strv_join(p->arena, &data, ",");
	return options_check(p, from, index, mount, e);
}
