/*
 * Field tables of linux.resources, which `update --resources` reads alone and the state writes
 * back. pids.limit is optional since 1.3, although the schema of older versions demanded it.
 *
 * Source: runtime-spec 1.3 config-linux.md "Control groups".
 */
#include "tables.h"

static const struct field device_rule_fields[] = {
	FIELD(FIELD_BOOL, struct oci_device_rule, allow, "allow", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct oci_device_rule, type, "type", 0),
	FIELD(FIELD_I64, struct oci_device_rule, major, "major", 0),
	FIELD(FIELD_I64, struct oci_device_rule, minor, "minor", 0),
	FIELD(FIELD_STRING, struct oci_device_rule, access, "access", 0),
	{.kind = FIELD_END},
};

static const struct field memory_fields[] = {
	FIELD(FIELD_I64, struct oci_memory, limit, "limit", 0),
	FIELD(FIELD_I64, struct oci_memory, reservation, "reservation", 0),
	FIELD(FIELD_I64, struct oci_memory, swap, "swap", 0),
	FIELD(FIELD_I64, struct oci_memory, kernel, "kernel", 0),
	FIELD(FIELD_I64, struct oci_memory, kernel_tcp, "kernelTCP", 0),
	FIELD(FIELD_U64, struct oci_memory, swappiness, "swappiness", 0),
	FIELD(FIELD_BOOL, struct oci_memory, disable_oom_killer, "disableOOMKiller", 0),
	FIELD(FIELD_BOOL, struct oci_memory, use_hierarchy, "useHierarchy", 0),
	FIELD(FIELD_BOOL, struct oci_memory, check_before_update, "checkBeforeUpdate", 0),
	{.kind = FIELD_END},
};

static const struct field cpu_fields[] = {
	FIELD(FIELD_U64, struct oci_cpu, shares, "shares", 0),
	FIELD(FIELD_I64, struct oci_cpu, quota, "quota", 0),
	FIELD(FIELD_U64, struct oci_cpu, burst, "burst", 0),
	FIELD(FIELD_U64, struct oci_cpu, period, "period", 0),
	FIELD(FIELD_I64, struct oci_cpu, realtime_runtime, "realtimeRuntime", 0),
	FIELD(FIELD_U64, struct oci_cpu, realtime_period, "realtimePeriod", 0),
	FIELD(FIELD_STRING, struct oci_cpu, cpus, "cpus", 0),
	FIELD(FIELD_STRING, struct oci_cpu, mems, "mems", 0),
	FIELD(FIELD_I64, struct oci_cpu, idle, "idle", 0),
	{.kind = FIELD_END},
};

static const struct field pids_fields[] = {
	FIELD(FIELD_I64, struct oci_pids, limit, "limit", 0),
	{.kind = FIELD_END},
};

static const struct field weight_device_fields[] = {
	FIELD(FIELD_I64, struct oci_weight_device, major, "major", FIELD_REQUIRED),
	FIELD(FIELD_I64, struct oci_weight_device, minor, "minor", FIELD_REQUIRED),
	FIELD(FIELD_U16, struct oci_weight_device, weight, "weight", 0),
	FIELD(FIELD_U16, struct oci_weight_device, leaf_weight, "leafWeight", 0),
	{.kind = FIELD_END},
};

static const struct field throttle_device_fields[] = {
	FIELD(FIELD_I64, struct oci_throttle_device, major, "major", FIELD_REQUIRED),
	FIELD(FIELD_I64, struct oci_throttle_device, minor, "minor", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_throttle_device, rate, "rate", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field block_io_fields[] = {
	FIELD(FIELD_U16, struct oci_block_io, weight, "weight", 0),
	FIELD(FIELD_U16, struct oci_block_io, leaf_weight, "leafWeight", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_block_io, weight_device, "weightDevice", 0,
			  struct oci_weight_device, weight_device_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_block_io, throttle_read_bps_device,
			  "throttleReadBpsDevice", 0, struct oci_throttle_device,
			  throttle_device_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_block_io, throttle_write_bps_device,
			  "throttleWriteBpsDevice", 0, struct oci_throttle_device,
			  throttle_device_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_block_io, throttle_read_iops_device,
			  "throttleReadIOPSDevice", 0, struct oci_throttle_device,
			  throttle_device_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_block_io, throttle_write_iops_device,
			  "throttleWriteIOPSDevice", 0, struct oci_throttle_device,
			  throttle_device_fields),
	{.kind = FIELD_END},
};

static const struct field hugepage_limit_fields[] = {
	FIELD(FIELD_STRING, struct oci_hugepage_limit, page_size, "pageSize", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_hugepage_limit, limit, "limit", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field interface_priority_fields[] = {
	FIELD(FIELD_STRING, struct oci_interface_priority, name, "name",
	      FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_U32, struct oci_interface_priority, priority, "priority", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field network_fields[] = {
	FIELD(FIELD_U32, struct oci_network, class_id, "classID", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_network, priorities, "priorities", 0,
			  struct oci_interface_priority, interface_priority_fields),
	{.kind = FIELD_END},
};

static const struct field rdma_fields[] = {
	FIELD(FIELD_U32, struct oci_rdma, hca_handles, "hcaHandles", 0),
	FIELD(FIELD_U32, struct oci_rdma, hca_objects, "hcaObjects", 0),
	{.kind = FIELD_END},
};

const struct field oci_resources_fields[] = {
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_resources, devices, "devices", 0,
			  struct oci_device_rule, device_rule_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_resources, memory, "memory", 0,
			  struct oci_memory, memory_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_resources, cpu, "cpu", 0, struct oci_cpu,
			  cpu_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_resources, pids, "pids", 0, struct oci_pids,
			  pids_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_resources, block_io, "blockIO", 0,
			  struct oci_block_io, block_io_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_resources, hugepage_limits, "hugepageLimits", 0,
			  struct oci_hugepage_limit, hugepage_limit_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_resources, network, "network", 0,
			  struct oci_network, network_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECTS, struct oci_resources, rdma, "rdma", 0, struct oci_rdma,
			  rdma_fields),
	FIELD(FIELD_MAP, struct oci_resources, unified, "unified", 0),
	{.kind = FIELD_END},
};
