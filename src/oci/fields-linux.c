/*
 * Field tables of the `linux` object, without resources and seccomp.
 *
 * Source: runtime-spec 1.3 config-linux.md.
 */
#include "oci/names.h"
#include "tables.h"

static const struct field namespace_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_namespace, type, "type", FIELD_REQUIRED,
			 oci_namespace_names),
	FIELD(FIELD_STRING, struct oci_namespace, path, "path", 0),
	{.kind = FIELD_END},
};

static const struct field time_offset_fields[] = {
	FIELD(FIELD_I64, struct oci_time_offset, secs, "secs", 0),
	FIELD(FIELD_U32, struct oci_time_offset, nanosecs, "nanosecs", 0),
	{.kind = FIELD_END},
};

static const struct field device_fields[] = {
	FIELD(FIELD_STRING, struct oci_device, type, "type", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct oci_device, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_I64, struct oci_device, major, "major", 0),
	FIELD(FIELD_I64, struct oci_device, minor, "minor", 0),
	FIELD(FIELD_U32, struct oci_device, file_mode, "fileMode", 0),
	FIELD(FIELD_U32, struct oci_device, uid, "uid", 0),
	FIELD(FIELD_U32, struct oci_device, gid, "gid", 0),
	{.kind = FIELD_END},
};

static const struct field net_device_fields[] = {
	FIELD(FIELD_STRING, struct oci_net_device, name, "name", 0),
	{.kind = FIELD_END},
};

static const struct field intel_rdt_fields[] = {
	FIELD(FIELD_STRING, struct oci_intel_rdt, clos_id, "closID", 0),
	FIELD(FIELD_STRING, struct oci_intel_rdt, l3_cache_schema, "l3CacheSchema", 0),
	FIELD(FIELD_STRING, struct oci_intel_rdt, mem_bw_schema, "memBwSchema", 0),
	FIELD(FIELD_STRINGS, struct oci_intel_rdt, schemata, "schemata", 0),
	FIELD(FIELD_BOOL, struct oci_intel_rdt, enable_monitoring, "enableMonitoring", 0),
	{.kind = FIELD_END},
};

static const struct field memory_policy_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_memory_policy, mode, "mode", FIELD_REQUIRED,
			 oci_memory_policy_mode_names),
	FIELD(FIELD_STRING, struct oci_memory_policy, nodes, "nodes", 0),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_memory_policy, flags, "flags", 0,
			 oci_memory_policy_flag_names),
	{.kind = FIELD_END},
};

static const struct field personality_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_personality, domain, "domain", FIELD_REQUIRED,
			 oci_personality_names),
	FIELD(FIELD_STRINGS, struct oci_personality, flags, "flags", 0),
	{.kind = FIELD_END},
};

const struct field oci_linux_fields[] = {
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_linux, namespaces, "namespaces", 0,
			  struct oci_namespace, namespace_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_linux, uid_mappings, "uidMappings", 0,
			  struct oci_id_mapping, oci_id_mapping_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_linux, gid_mappings, "gidMappings", 0,
			  struct oci_id_mapping, oci_id_mapping_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECTS, struct oci_linux, time_offsets, "timeOffsets", 0,
			  struct oci_time_offset, time_offset_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_linux, devices, "devices", 0, struct oci_device,
			  device_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECTS, struct oci_linux, net_devices, "netDevices", 0,
			  struct oci_net_device, net_device_fields),
	FIELD(FIELD_STRING, struct oci_linux, cgroups_path, "cgroupsPath", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_linux, resources, "resources", 0,
			  struct oci_resources, oci_resources_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_linux, intel_rdt, "intelRdt", 0,
			  struct oci_intel_rdt, intel_rdt_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_linux, memory_policy, "memoryPolicy", 0,
			  struct oci_memory_policy, memory_policy_fields),
	FIELD(FIELD_MAP, struct oci_linux, sysctl, "sysctl", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_linux, seccomp, "seccomp", 0, struct oci_seccomp,
			  oci_seccomp_fields),
	FIELD(FIELD_STRING, struct oci_linux, rootfs_propagation, "rootfsPropagation", 0),
	FIELD(FIELD_STRINGS, struct oci_linux, masked_paths, "maskedPaths", 0),
	FIELD(FIELD_STRINGS, struct oci_linux, readonly_paths, "readonlyPaths", 0),
	FIELD(FIELD_STRING, struct oci_linux, mount_label, "mountLabel", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_linux, personality, "personality", 0,
			  struct oci_personality, personality_fields),
	{.kind = FIELD_END},
};
