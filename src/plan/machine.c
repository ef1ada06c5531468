/* Field tables of a machine: how it is dumped, and handed to the monitor. Tables, nothing else. */
#include "plan/machine.h"

#include "words.h"

const struct enum_name plan_accel_names[] = {
	{"kvm", PLAN_ACCEL_KVM},
	{"tcg", PLAN_ACCEL_TCG},
	{NULL, 0},
};

static const struct field share_fields[] = {
	FIELD(FIELD_STRING, struct plan_share, name, "name", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_share, source, "source", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_share, origin, "origin", 0),
	FIELD(FIELD_BOOL, struct plan_share, recursive, "recursive", 0),
	FIELD(FIELD_BOOL, struct plan_share, read_only, "readOnly", 0),
	FIELD(FIELD_BOOL, struct plan_share, read_only_recursive, "readOnlyRecursive", 0),
	FIELD(FIELD_BOOL, struct plan_share, late_read_only, "lateReadOnly", 0),
	FIELD(FIELD_BOOL, struct plan_share, link, "link", 0),
	FIELD(FIELD_BOOL, struct plan_share, idmap, "idmap", 0),
	FIELD(FIELD_BOOL, struct plan_share, idmap_recursive, "idmapRecursive", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_share, uid_map, "uidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_share, gid_map, "gidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	{0},
};

static const struct field view_fields[] = {
	FIELD(FIELD_STRING, struct plan_view, target, "target", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_view, share, "share", 0),
	{0},
};

static const struct field disk_fields[] = {
	FIELD(FIELD_STRING, struct plan_disk, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_disk, major, "major", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_disk, minor, "minor", FIELD_REQUIRED),
	FIELD(FIELD_BOOL, struct plan_disk, read_only, "readOnly", 0),
	FIELD(FIELD_STRING, struct plan_disk, origin, "origin", 0),
	{0},
};

const struct field plan_machine_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct plan_machine, accel, "accel", FIELD_REQUIRED,
			 plan_accel_names),
	FIELD(FIELD_STRING, struct plan_machine, hypervisor, "hypervisor", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_machine, hypervisor_parameters, "hypervisorParameters", 0),
	FIELD(FIELD_STRING, struct plan_machine, virtiofsd, "virtiofsd", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_machine, kernel, "kernel", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_machine, initramfs, "initramfs", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_machine, kernel_parameters, "kernelParameters", 0),
	FIELD(FIELD_U32, struct plan_machine, vcpus, "vcpus", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct plan_machine, memory, "memory", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_machine, spare_interfaces, "spareInterfaces", 0),
	FIELD(FIELD_U32, struct plan_machine, boot_seconds, "bootSeconds", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_machine, memory_policy, "memoryPolicy", 0,
			  struct plan_memory_policy, plan_memory_policy_fields),
	FIELD(FIELD_STRING, struct plan_machine, sandbox, "sandbox", 0),
	FIELD(FIELD_STRING, struct plan_machine, network_path, "networkPath", 0),
	FIELD(FIELD_STRING, struct plan_machine, network_origin, "networkOrigin", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_machine, shares, "shares", 0, struct plan_share,
			  share_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_machine, views, "views", 0, struct plan_view,
			  view_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_machine, disks, "disks", 0, struct plan_disk,
			  disk_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_machine, guest_cgroup, "guestCgroup", 0,
			  struct plan_cgroup, plan_cgroup_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_machine, limits, "limits", 0,
			  struct plan_limits, plan_limits_fields),
	{0},
};
