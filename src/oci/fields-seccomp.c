/*
 * Field tables of linux.seccomp. Architectures stay words, since only libseccomp knows their
 * numbers and not every version knows all of them; check-seccomp.c holds them to the table.
 *
 * Source: runtime-spec 1.3 config-linux.md "Seccomp".
 */
#include "oci/names.h"
#include "tables.h"

static const struct field arg_fields[] = {
	FIELD(FIELD_U32, struct oci_seccomp_arg, index, "index", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_seccomp_arg, value, "value", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_seccomp_arg, value_two, "valueTwo", 0),
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_seccomp_arg, op, "op", FIELD_REQUIRED,
			 oci_seccomp_operator_names),
	{.kind = FIELD_END},
};

static const struct field rule_fields[] = {
	FIELD(FIELD_STRINGS, struct oci_seccomp_rule, names, "names",
	      FIELD_REQUIRED | FIELD_NONEMPTY),
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_seccomp_rule, action, "action", FIELD_REQUIRED,
			 oci_seccomp_action_names),
	FIELD(FIELD_U32, struct oci_seccomp_rule, errno_ret, "errnoRet", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_seccomp_rule, args, "args", 0,
			  struct oci_seccomp_arg, arg_fields),
	{.kind = FIELD_END},
};

const struct field oci_seccomp_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct oci_seccomp, default_action, "defaultAction",
			 FIELD_REQUIRED, oci_seccomp_action_names),
	FIELD(FIELD_U32, struct oci_seccomp, default_errno_ret, "defaultErrnoRet", 0),
	FIELD(FIELD_STRINGS, struct oci_seccomp, architectures, "architectures", 0),
	FIELD_WITH_NAMES(FIELD_ENUMS, struct oci_seccomp, flags, "flags", 0,
			 oci_seccomp_flag_names),
	FIELD(FIELD_STRING, struct oci_seccomp, listener_path, "listenerPath", 0),
	FIELD(FIELD_STRING, struct oci_seccomp, listener_metadata, "listenerMetadata", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_seccomp, syscalls, "syscalls", 0,
			  struct oci_seccomp_rule, rule_fields),
	{.kind = FIELD_END},
};
