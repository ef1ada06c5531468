/*
 * Rules of namespaces and of everything that makes sense in one kind of namespace only: id
 * mappings, time offsets, network devices.
 *
 * The kernel takes at most 340 lines of id mappings, none empty, none overlapping in either
 * column, and 2^32-1 is no id. What it would answer with a bare EINVAL is told here by name.
 *
 * Source: runtime-spec 1.3 config-linux.md; user_namespaces(7), time_namespaces(7).
 */
#include "check.h"
#include "oci/names.h"

enum {
	MAPPINGS_MAX = 340,
	NET_DEVICES_MAX = 1024, /* bounds the search for names given twice */
	INTERFACE_NAME_MAX = 15,
	NANOSECONDS = 1000000000,
};

/* One column of an id mapping: ids of the container or of the host. */
static int check_id_range(const struct list *mappings, size_t index, bool host, const char *path,
			  struct err *e)
{
	const struct oci_id_mapping *mapping = list_at(struct oci_id_mapping, mappings, index);
	const char *name = host ? "hostID" : "containerID";
	uint64_t first = host ? mapping->host_id.value : mapping->container_id.value;
	uint64_t end = first + mapping->size.value;

	if (end > UINT32_MAX)
		return refuse(e, EINVAL, "%s[%zu].%s: %llu with size %u reaches beyond 4294967294",
			      path, index, name, (unsigned long long)first, mapping->size.value);
	for (size_t i = 0; i < index; i++) {
		const struct oci_id_mapping *other = list_at(struct oci_id_mapping, mappings, i);
		uint64_t other_first = host ? other->host_id.value : other->container_id.value;

		if (first < other_first + other->size.value && other_first < end)
			return refuse(e, EINVAL, "%s[%zu].%s: overlaps entry %zu", path, index,
				      name, i);
	}
	return 0;
}

int check_id_mappings(const struct list *mappings, const char *path, struct err *e)
{
	if (mappings->count > MAPPINGS_MAX)
		return refuse(e, EINVAL, "%s: more than %d entries, the kernel's limit", path,
			      MAPPINGS_MAX);
	for (size_t i = 0; i < mappings->count; i++) {
		int r;

		if (list_at(struct oci_id_mapping, mappings, i)->size.value == 0)
			return refuse(e, EINVAL, "%s[%zu].size: must be at least 1", path, i);
		r = check_id_range(mappings, i, false, path, e);
		if (r < 0)
			return r;
		r = check_id_range(mappings, i, true, path, e);
		if (r < 0)
			return r;
	}
	return 0;
}

static int check_user_namespace(const struct oci_config *config, struct err *e)
{
	const struct oci_namespace *user = oci_namespace_find(config, OCI_NS_USER);
	const struct oci_linux *linux_ = config->linux_;
	int r;

	if (!user && linux_->uid_mappings.count > 0)
		return refuse(e, EINVAL,
			      "linux.uidMappings: needs a user namespace in linux.namespaces");
	if (!user && linux_->gid_mappings.count > 0)
		return refuse(e, EINVAL,
			      "linux.gidMappings: needs a user namespace in linux.namespaces");
	if (user && !user->path && linux_->uid_mappings.count == 0)
		return refuse(e, EINVAL, "linux.uidMappings: is required by a new user namespace");
	if (user && !user->path && linux_->gid_mappings.count == 0)
		return refuse(e, EINVAL, "linux.gidMappings: is required by a new user namespace");
	r = check_id_mappings(&linux_->uid_mappings, "linux.uidMappings", e);
	if (r < 0)
		return r;
	return check_id_mappings(&linux_->gid_mappings, "linux.gidMappings", e);
}

static int check_time_offsets(const struct oci_config *config, struct err *e)
{
	const struct oci_namespace *time = oci_namespace_find(config, OCI_NS_TIME);

	if (config->linux_->time_offsets.count == 0)
		return 0;
	if (!time)
		return refuse(e, EINVAL,
			      "linux.timeOffsets: needs a time namespace in linux.namespaces");
	if (time->path)
		return refuse(e, EINVAL,
			      "linux.timeOffsets: cannot be set in an existing time namespace");
	list_each(struct oci_time_offset, offset, &config->linux_->time_offsets)
	{
		if (!str_is(offset->clock, "monotonic") && !str_is(offset->clock, "boottime"))
			return refuse(
				e, EINVAL,
				"linux.timeOffsets: unknown clock '%s' (monotonic and boottime "
				"are known)",
				offset->clock);
		if (offset->nanosecs.value >= NANOSECONDS)
			return refuse(
				e, EINVAL,
				"linux.timeOffsets.%s.nanosecs: must be below 1000000000, not "
				"%u",
				offset->clock, offset->nanosecs.value);
	}
	return 0;
}

static bool is_interface_name(const char *name)
{
	if (*name == '\0' || strlen(name) > INTERFACE_NAME_MAX || str_is(name, ".") ||
	    str_is(name, ".."))
		return false;
	for (; *name != '\0'; name++)
		if (*name == '/' || *name == ':' || (unsigned char)*name <= ' ' || *name == 0x7f)
			return false;
	return true;
}

/* The new name may end in "%d": the kernel then picks the number. */
static bool is_interface_template(const char *name)
{
	const char *percent = strchr(name, '%');

	return is_interface_name(name) && (!percent || str_is(percent, "%d"));
}

int check_net_devices(const struct oci_config *config, struct err *e)
{
	const struct list *devices = &config->linux_->net_devices;

	if (devices->count > 0 && !oci_namespace_find(config, OCI_NS_NETWORK))
		return refuse(e, EINVAL,
			      "linux.netDevices: needs a network namespace in linux.namespaces");
	if (devices->count > NET_DEVICES_MAX)
		return refuse(e, EINVAL, "linux.netDevices: more than %d devices", NET_DEVICES_MAX);
	for (size_t i = 0; i < devices->count; i++) {
		struct oci_net_device *device = list_at(struct oci_net_device, devices, i);

		if (!is_interface_name(device->host_name))
			return refuse(e, EINVAL, "linux.netDevices: '%s' is no interface name",
				      device->host_name);
		if (!device->name)
			device->name = device->host_name;
		if (!is_interface_template(device->name))
			return refuse(e, EINVAL,
				      "linux.netDevices.%s.name: '%s' is no interface name",
				      device->host_name, device->name);
		for (size_t j = 0; j < i && !strchr(device->name, '%'); j++)
			if (str_is(list_at(struct oci_net_device, devices, j)->name, device->name))
				return refuse(e, EINVAL,
					      "linux.netDevices.%s.name: '%s' given twice",
					      device->host_name, device->name);
	}
	return 0;
}

int check_namespaces(const struct oci_config *config, struct err *e)
{
	unsigned seen = 0;
	size_t index = 0;
	int r;

	list_each(struct oci_namespace, namespace, &config->linux_->namespaces)
	{
		unsigned bit = 1U << namespace->type.value;

		if (seen & bit)
			return refuse(e, EINVAL, "linux.namespaces[%zu].type: %s given twice",
				      index,
				      enum_name_of(oci_namespace_names, namespace->type.value));
		if (namespace->path && *namespace->path != '/')
			return refuse(e, EINVAL,
				      "linux.namespaces[%zu].path: must be absolute, not '%s'",
				      index, namespace->path);
		seen |= bit;
		index++;
	}
	r = check_user_namespace(config, e);
	if (r < 0)
		return r;
	return check_time_offsets(config, e);
}
