/*
 * Field tables of the top level of config.json: root, mounts, hooks, and the list of everything
 * else. Members of other platforms (windows, solaris, zos, freebsd) have no row: unknown members
 * are ignored, as the specification demands.
 *
 * Source: runtime-spec 1.3 config.md.
 */
#include "tables.h"

static const struct field root_fields[] = {
	FIELD(FIELD_STRING, struct oci_root, path, "path", FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_BOOL, struct oci_root, readonly, "readonly", 0),
	{.kind = FIELD_END},
};

const struct field oci_id_mapping_fields[] = {
	FIELD(FIELD_U32, struct oci_id_mapping, container_id, "containerID", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct oci_id_mapping, host_id, "hostID", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct oci_id_mapping, size, "size", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field mount_fields[] = {
	FIELD(FIELD_STRING, struct oci_mount, destination, "destination",
	      FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD(FIELD_STRING, struct oci_mount, source, "source", 0),
	FIELD(FIELD_STRING, struct oci_mount, type, "type", 0),
	FIELD(FIELD_STRINGS, struct oci_mount, options, "options", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_mount, uid_mappings, "uidMappings", 0,
			  struct oci_id_mapping, oci_id_mapping_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_mount, gid_mappings, "gidMappings", 0,
			  struct oci_id_mapping, oci_id_mapping_fields),
	{.kind = FIELD_END},
};

static const struct field hook_fields[] = {
	FIELD(FIELD_STRING, struct oci_hook, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct oci_hook, args, "args", 0),
	FIELD(FIELD_STRINGS, struct oci_hook, env, "env", 0),
	FIELD(FIELD_I64, struct oci_hook, timeout, "timeout", 0),
	{.kind = FIELD_END},
};

static const struct field hooks_fields[] = {
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_PRESTART], "prestart", 0,
			  struct oci_hook, hook_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_CREATE_RUNTIME],
			  "createRuntime", 0, struct oci_hook, hook_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_CREATE_CONTAINER],
			  "createContainer", 0, struct oci_hook, hook_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_START_CONTAINER],
			  "startContainer", 0, struct oci_hook, hook_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_POSTSTART], "poststart", 0,
			  struct oci_hook, hook_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_hooks, lists[OCI_HOOK_POSTSTOP], "poststop", 0,
			  struct oci_hook, hook_fields),
	{.kind = FIELD_END},
};

const struct field oci_config_fields[] = {
	FIELD(FIELD_STRING, struct oci_config, oci_version, "ociVersion", FIELD_REQUIRED),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_config, root, "root", FIELD_REQUIRED,
			  struct oci_root, root_fields),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_config, mounts, "mounts", 0, struct oci_mount,
			  mount_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_config, process, "process", 0,
			  struct oci_process, oci_process_fields),
	FIELD(FIELD_STRING, struct oci_config, hostname, "hostname", 0),
	FIELD(FIELD_STRING, struct oci_config, domainname, "domainname", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_config, hooks, "hooks", 0, struct oci_hooks,
			  hooks_fields),
	FIELD(FIELD_MAP, struct oci_config, annotations, "annotations", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_config, linux_, "linux", 0, struct oci_linux,
			  oci_linux_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_config, vm, "vm", 0, struct oci_vm,
			  oci_vm_fields),
	{.kind = FIELD_END},
};
