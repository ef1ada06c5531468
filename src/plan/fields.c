/*
 * Field tables of a plan: what is dumped, compared in golden tests and decoded again is what these
 * rows say. Tables, nothing but tables.
 *
 * Flags stay the kernel's numbers: a dump is read beside strace, and a number cannot lose a bit
 * that has no word. The compiled filter has no row: it is bytes, see write.c.
 */
#include "words.h"

#include "plan/machine.h"

static const struct field join_fields[] = {
	FIELD(FIELD_U64, struct plan_join, flag, "flag", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_join, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_join, origin, "origin", 0),
	{0},
};

const struct field plan_id_map_fields[] = {
	FIELD(FIELD_U32, struct plan_id_map, inside, "inside", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_id_map, outside, "outside", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_id_map, size, "size", FIELD_REQUIRED),
	{0},
};

static const struct field time_offset_fields[] = {
	FIELD(FIELD_STRING, struct plan_time_offset, clock, "clock", FIELD_REQUIRED),
	FIELD(FIELD_I64, struct plan_time_offset, secs, "secs", 0),
	FIELD(FIELD_U32, struct plan_time_offset, nanosecs, "nanosecs", 0),
	{0},
};

static const struct field mount_fields[] = {
	FIELD(FIELD_STRING, struct plan_mount, type, "type", 0),
	FIELD(FIELD_STRING, struct plan_mount, source, "source", 0),
	FIELD(FIELD_STRING, struct plan_mount, data, "data", 0),
	FIELD(FIELD_U64, struct plan_mount, set, "set", 0),
	FIELD(FIELD_U64, struct plan_mount, clear, "clear", 0),
	FIELD(FIELD_U64, struct plan_mount, attr_set, "attrSet", 0),
	FIELD(FIELD_U64, struct plan_mount, attr_clear, "attrClear", 0),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct plan_mount, propagation, "propagation", 0,
			 plan_propagation_names),
	FIELD(FIELD_BOOL, struct plan_mount, idmap, "idmap", 0),
	FIELD(FIELD_BOOL, struct plan_mount, idmap_recursive, "idmapRecursive", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_mount, uid_map, "uidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_mount, gid_map, "gidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	FIELD(FIELD_BOOL, struct plan_mount, copy_up, "copyUp", 0),
	FIELD(FIELD_BOOL, struct plan_mount, keep_mode, "keepMode", 0),
	FIELD(FIELD_BOOL, struct plan_mount, target_is_file, "targetIsFile", 0),
	FIELD(FIELD_BOOL, struct plan_mount, may_fail, "mayFail", 0),
	FIELD(FIELD_BOOL, struct plan_mount, source_no_follow, "sourceNoFollow", 0),
	FIELD(FIELD_BOOL, struct plan_mount, target_no_follow, "targetNoFollow", 0),
	FIELD(FIELD_BOOL, struct plan_mount, copy_symlink, "copySymlink", 0),
	FIELD(FIELD_STRING, struct plan_mount, label, "label", 0),
	{0},
};

static const struct field device_fields[] = {
	FIELD(FIELD_U32, struct plan_device, mode, "mode", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_device, major, "major", 0),
	FIELD(FIELD_U32, struct plan_device, minor, "minor", 0),
	FIELD(FIELD_U32, struct plan_device, uid, "uid", 0),
	FIELD(FIELD_U32, struct plan_device, gid, "gid", 0),
	FIELD(FIELD_BOOL, struct plan_device, bind, "bind", 0),
	FIELD(FIELD_BOOL, struct plan_device, is_default, "isDefault", 0),
	{0},
};

static const struct field op_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct plan_op, kind, "op", FIELD_REQUIRED, plan_op_names),
	FIELD(FIELD_STRING, struct plan_op, origin, "origin", 0),
	FIELD(FIELD_STRING, struct plan_op, target, "target", 0),
	FIELD(FIELD_STRING, struct plan_op, text, "text", 0),
	FIELD(FIELD_U64, struct plan_op, flags, "flags", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_op, mount, "mount", 0, struct plan_mount,
			  mount_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_op, device, "device", 0, struct plan_device,
			  device_fields),
	{0},
};

static const struct field rlimit_fields[] = {
	FIELD(FIELD_I32, struct plan_rlimit, type, "type", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct plan_rlimit, soft, "soft", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct plan_rlimit, hard, "hard", FIELD_REQUIRED),
	{0},
};

static const struct field scheduler_fields[] = {
	FIELD(FIELD_I32, struct plan_scheduler, policy, "policy", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct plan_scheduler, flags, "flags", 0),
	FIELD(FIELD_I32, struct plan_scheduler, nice, "nice", 0),
	FIELD(FIELD_U32, struct plan_scheduler, priority, "priority", 0),
	FIELD(FIELD_U64, struct plan_scheduler, runtime, "runtime", 0),
	FIELD(FIELD_U64, struct plan_scheduler, deadline, "deadline", 0),
	FIELD(FIELD_U64, struct plan_scheduler, period, "period", 0),
	{0},
};

const struct field plan_memory_policy_fields[] = {
	FIELD(FIELD_I32, struct plan_memory_policy, mode, "mode", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_memory_policy, nodes, "nodes", 0),
	{0},
};

static const struct field hook_fields[] = {
	FIELD(FIELD_STRING, struct plan_hook, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_hook, args, "args", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_hook, env, "env", 0),
	FIELD(FIELD_BOOL, struct plan_hook, has_env, "hasEnv", 0),
	FIELD(FIELD_I64, struct plan_hook, timeout, "timeout", 0),
	{0},
};

const struct field plan_process_fields[] = {
	FIELD(FIELD_STRINGS, struct plan_process, args, "args", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_process, env, "env", 0),
	FIELD(FIELD_BOOL, struct plan_process, add_home, "addHome", 0),
	FIELD(FIELD_STRING, struct plan_process, cwd, "cwd", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct plan_process, uid, "uid", 0),
	FIELD(FIELD_U32, struct plan_process, gid, "gid", 0),
	FIELD(FIELD_U32S, struct plan_process, groups, "groups", 0),
	FIELD(FIELD_U32, struct plan_process, umask, "umask", 0),
	FIELD(FIELD_U64, struct plan_process, bounding, "bounding", 0),
	FIELD(FIELD_U64, struct plan_process, effective, "effective", 0),
	FIELD(FIELD_U64, struct plan_process, inheritable, "inheritable", 0),
	FIELD(FIELD_U64, struct plan_process, permitted, "permitted", 0),
	FIELD(FIELD_U64, struct plan_process, ambient, "ambient", 0),
	FIELD(FIELD_BOOL, struct plan_process, no_new_privileges, "noNewPrivileges", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_process, rlimits, "rlimits", 0,
			  struct plan_rlimit, rlimit_fields),
	FIELD(FIELD_I32, struct plan_process, oom_score_adj, "oomScoreAdj", 0),
	FIELD(FIELD_STRING, struct plan_process, apparmor_profile, "apparmorProfile", 0),
	FIELD(FIELD_STRING, struct plan_process, selinux_label, "selinuxLabel", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_process, scheduler, "scheduler", 0,
			  struct plan_scheduler, scheduler_fields),
	FIELD(FIELD_I32, struct plan_process, io_priority, "ioPriority", 0),
	FIELD(FIELD_U64, struct plan_process, personality, "personality", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan_process, memory_policy, "memoryPolicy", 0,
			  struct plan_memory_policy, plan_memory_policy_fields),
	FIELD(FIELD_STRING, struct plan_process, affinity_initial, "affinityInitial", 0),
	FIELD(FIELD_STRING, struct plan_process, affinity_final, "affinityFinal", 0),
	FIELD(FIELD_BOOL, struct plan_process, terminal, "terminal", 0),
	FIELD(FIELD_U32, struct plan_process, console_height, "consoleHeight", 0),
	FIELD(FIELD_U32, struct plan_process, console_width, "consoleWidth", 0),
	FIELD(FIELD_U32, struct plan_process, keep_fds, "keepFds", 0),
	FIELD(FIELD_BOOL, struct plan_process, new_keyring, "newKeyring", 0),
	FIELD(FIELD_STRING, struct plan_process, keyring_name, "keyringName", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_process, start_hooks, "startHooks", 0,
			  struct plan_hook, hook_fields),
	{0},
};

const struct field plan_cgroup_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct plan_cgroup, driver, "driver", FIELD_REQUIRED,
			 plan_driver_names),
	FIELD(FIELD_STRING, struct plan_cgroup, path, "path", 0),
	FIELD(FIELD_STRING, struct plan_cgroup, slice, "slice", 0),
	FIELD(FIELD_STRING, struct plan_cgroup, unit, "unit", 0),
	FIELD(FIELD_BOOL, struct plan_cgroup, user_manager, "userManager", 0),
	FIELD(FIELD_BOOL, struct plan_cgroup, optional, "optional", 0),
	FIELD(FIELD_U32, struct plan_cgroup, delegate_uid, "delegateUid", 0),
	{0},
};

static const struct field setting_fields[] = {
	FIELD(FIELD_STRING, struct plan_setting, controller, "controller", 0),
	FIELD(FIELD_STRING, struct plan_setting, file, "file", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_setting, value, "value", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_setting, origin, "origin", 0),
	FIELD(FIELD_BOOL, struct plan_setting, ignore_absent, "ignoreAbsent", 0),
	FIELD(FIELD_STRING, struct plan_setting, fallback_file, "fallbackFile", 0),
	FIELD(FIELD_STRING, struct plan_setting, fallback_value, "fallbackValue", 0),
	{0},
};

static const struct field device_rule_fields[] = {
	FIELD(FIELD_BOOL, struct plan_device_rule, allow, "allow", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_device_rule, type, "type", FIELD_REQUIRED),
	FIELD(FIELD_I64, struct plan_device_rule, major, "major", 0),
	FIELD(FIELD_I64, struct plan_device_rule, minor, "minor", 0),
	FIELD(FIELD_STRING, struct plan_device_rule, access, "access", FIELD_REQUIRED),
	{0},
};

static const struct field unit_property_fields[] = {
	FIELD(FIELD_STRING, struct plan_unit_property, name, "name", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_unit_property, signature, "signature", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_unit_property, value, "value", FIELD_REQUIRED),
	{0},
};

const struct field plan_limits_fields[] = {
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_limits, settings, "settings", 0,
			  struct plan_setting, setting_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_limits, devices, "devices", 0,
			  struct plan_device_rule, device_rule_fields),
	FIELD(FIELD_BOOL, struct plan_limits, has_devices, "hasDevices", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan_limits, unit_properties, "unitProperties", 0,
			  struct plan_unit_property, unit_property_fields),
	FIELD(FIELD_U64, struct plan_limits, memory_check_limit, "memoryCheckLimit", 0),
	{0},
};

static const struct field net_device_fields[] = {
	FIELD(FIELD_STRING, struct plan_net_device, host_name, "hostName", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_net_device, name, "name", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan_net_device, origin, "origin", 0),
	{0},
};

const struct field plan_intel_rdt_fields[] = {
	FIELD(FIELD_STRING, struct plan_intel_rdt, clos_directory, "closDirectory", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct plan_intel_rdt, schemata, "schemata", 0),
	FIELD(FIELD_BOOL, struct plan_intel_rdt, create, "create", 0),
	FIELD(FIELD_BOOL, struct plan_intel_rdt, remove, "remove", 0),
	FIELD(FIELD_BOOL, struct plan_intel_rdt, must_match, "mustMatch", 0),
	FIELD(FIELD_STRING, struct plan_intel_rdt, monitor_group, "monitorGroup", 0),
	{0},
};

const struct field plan_fields[] = {
	FIELD(FIELD_STRING, struct plan, id, "id", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan, rootfs, "rootfs", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct plan, bundle, "bundle", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct plan, new_namespaces, "newNamespaces", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, joins, "joins", 0, struct plan_join,
			  join_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, uid_map, "uidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, gid_map, "gidMap", 0, struct plan_id_map,
			  plan_id_map_fields),
	FIELD(FIELD_BOOL, struct plan, deny_setgroups, "denySetgroups", 0),
	FIELD(FIELD_BOOL, struct plan, use_map_helpers, "useMapHelpers", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, time_offsets, "timeOffsets", 0,
			  struct plan_time_offset, time_offset_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan, cgroup, "cgroup", 0, struct plan_cgroup,
			  plan_cgroup_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan, limits, "limits", 0, struct plan_limits,
			  plan_limits_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan, intel_rdt, "intelRdt", 0,
			  struct plan_intel_rdt, plan_intel_rdt_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan, machine, "machine", 0, struct plan_machine,
			  plan_machine_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, net_devices, "netDevices", 0,
			  struct plan_net_device, net_device_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, ops, "ops", 0, struct plan_op, op_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct plan, create_hooks, "createHooks", 0, struct plan_hook,
			  hook_fields),
	FIELD(FIELD_STRING, struct plan, hook_stdout, "hookStdout", 0),
	FIELD(FIELD_STRING, struct plan, hook_stderr, "hookStderr", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct plan, process, "process", 0, struct plan_process,
			  plan_process_fields),
	FIELD(FIELD_STRING, struct plan, state_json_head, "stateJsonHead", 0),
	FIELD(FIELD_STRING, struct plan, state_json_tail, "stateJsonTail", 0),
	FIELD(FIELD_STRING, struct plan, start_state_json_tail, "startStateJsonTail", 0),
	{0},
};
