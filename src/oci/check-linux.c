/*
 * Rules of the `linux` object that are not long enough for a file of their own: devices, masked
 * and read-only paths, propagation, personality.
 *
 * Engines write the type bits of st_mode into fileMode although the schema's maximum is 0777:
 * they are taken off here. The kernel keeps 12 bits of a major and 20 of a minor number and
 * drops the others without a word, so larger ones are refused.
 *
 * Source: runtime-spec 1.3 config-linux.md; mknod(2).
 */
#include "check.h"
#include "oci/names.h"

enum {
	MODE_MAX = 0177777,
	MODE_PERMISSIONS = 07777,
	MAJOR_MAX = 0xfff,
	MINOR_MAX = 0xfffff,
};

static int check_device_number(const struct opt_i64 *number, int64_t limit, size_t index,
			       const char *name, struct err *e)
{
	if (!number->is_set)
		return refuse(e, EINVAL, "linux.devices[%zu].%s: is required", index, name);
	if (number->value < 0 || number->value > limit)
		return refuse(e, EINVAL, "linux.devices[%zu].%s: must be 0 to %lld, not %lld",
			      index, name, (long long)limit, (long long)number->value);
	return 0;
}

static int check_device(struct oci_device *device, size_t index, struct err *e)
{
	int r;

	if (strlen(device->type) != 1 || !strchr("cubp", *device->type))
		return refuse(e, EINVAL, "linux.devices[%zu].type: must be c, u, b or p, not '%s'",
			      index, device->type);
	if (*device->path != '/')
		return refuse(e, EINVAL, "linux.devices[%zu].path: must be absolute, not '%s'",
			      index, device->path);
	if (!str_is(device->type, "p")) {
		r = check_device_number(&device->major, MAJOR_MAX, index, "major", e);
		if (r < 0)
			return r;
		r = check_device_number(&device->minor, MINOR_MAX, index, "minor", e);
		if (r < 0)
			return r;
	}
	if (device->file_mode.value > MODE_MAX)
		return refuse(e, EINVAL, "linux.devices[%zu].fileMode: %u is no file mode", index,
			      device->file_mode.value);
	device->file_mode.value &= MODE_PERMISSIONS;
	if (device->uid.is_set && device->uid.value == UINT32_MAX)
		return refuse(e, EINVAL, "linux.devices[%zu].uid: 4294967295 is no user id", index);
	if (device->gid.is_set && device->gid.value == UINT32_MAX)
		return refuse(e, EINVAL, "linux.devices[%zu].gid: 4294967295 is no group id",
			      index);
	return 0;
}

static int check_devices(const struct list *devices, struct err *e)
{
	size_t index = 0;

	list_each(struct oci_device, device, devices)
	{
		int r = check_device(device, index++, e);

		if (r < 0)
			return r;
	}
	return 0;
}

static int check_hidden_paths(const struct oci_config *config, const struct strv *paths,
			      const char *name, struct err *e)
{
	if (paths->count > 0 && !oci_namespace_find(config, OCI_NS_MOUNT))
		return refuse(e, EINVAL, "linux.%s: needs a mount namespace in linux.namespaces",
			      name);
	for (size_t i = 0; i < paths->count; i++)
		if (*paths->items[i] != '/')
			return refuse(e, EINVAL, "linux.%s[%zu]: must be absolute, not '%s'", name,
				      i, paths->items[i]);
	return 0;
}

static int check_propagation(const char *word, struct err *e)
{
	static const char *const words[] = {"shared",  "slave",	 "private",  "unbindable",
					    "rshared", "rslave", "rprivate", "runbindable"};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		if (str_is(words[i], word))
			return 0;
	return refuse(e, EINVAL,
		      "linux.rootfsPropagation: must be shared, slave, private or unbindable (or "
		      "with an r in front), not '%s'",
		      word);
}

int check_linux(struct arena *arena, struct oci_config *config, struct err *e)
{
	struct oci_linux *linux_ = config->linux_;
	int r;

	drop_empty(&linux_->cgroups_path);
	drop_empty(&linux_->rootfs_propagation);
	drop_empty(&linux_->mount_label);
	r = check_namespaces(config, e);
	if (r < 0)
		return r;
	r = check_net_devices(config, e);
	if (r < 0)
		return r;
	r = check_devices(&linux_->devices, e);
	if (r < 0)
		return r;
	r = check_hidden_paths(config, &linux_->masked_paths, "maskedPaths", e);
	if (r < 0)
		return r;
	r = check_hidden_paths(config, &linux_->readonly_paths, "readonlyPaths", e);
	if (r < 0)
		return r;
	if (linux_->rootfs_propagation) {
		r = check_propagation(linux_->rootfs_propagation, e);
		if (r < 0)
			return r;
	}
	if (linux_->personality && linux_->personality->flags.count > 0)
		return refuse(e, EINVAL,
			      "linux.personality.flags[0]: unknown flag '%s' (none is defined)",
			      linux_->personality->flags.items[0]);
	r = check_sysctl(arena, config, e);
	if (r < 0)
		return r;
	r = check_placement(linux_, e);
	if (r < 0)
		return r;
	if (linux_->resources) {
		r = check_resources(linux_->resources, "linux.resources", e);
		if (r < 0)
			return r;
	}
	return linux_->seccomp ? check_seccomp(linux_->seccomp, e) : 0;
}
