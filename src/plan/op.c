/*
 * Names of the operations, for dumps and debug messages, and the words behind the numbers that
 * dumps show as text. Data only.
 */
#include "words.h"

#include <sys/mount.h>

const struct enum_name plan_op_names[] = {
	{"host-propagation", PLAN_OP_HOST_PROPAGATION},
	{"root", PLAN_OP_ROOT},
	{"join-cgroup", PLAN_OP_JOIN_CGROUP},
	{"mount", PLAN_OP_MOUNT},
	{"bind", PLAN_OP_BIND},
	{"remount", PLAN_OP_REMOUNT},
	{"cgroup", PLAN_OP_CGROUP},
	{"device", PLAN_OP_DEVICE},
	{"link", PLAN_OP_LINK},
	{"ptmx", PLAN_OP_PTMX},
	{"console", PLAN_OP_CONSOLE},
	{"net-devices", PLAN_OP_NET_DEVICES},
	{"loopback", PLAN_OP_LOOPBACK},
	{"hooks", PLAN_OP_HOOKS},
	{"pivot", PLAN_OP_PIVOT},
	{"root-propagation", PLAN_OP_ROOT_PROPAGATION},
	{"make-cwd", PLAN_OP_MAKE_CWD},
	{"readonly-mount", PLAN_OP_READONLY_MOUNT},
	{"root-readonly", PLAN_OP_ROOT_READONLY},
	{"hostname", PLAN_OP_HOSTNAME},
	{"domainname", PLAN_OP_DOMAINNAME},
	{"sysctl", PLAN_OP_SYSCTL},
	{"readonly-path", PLAN_OP_READONLY_PATH},
	{"mask-path", PLAN_OP_MASK_PATH},
	{NULL, 0},
};

const struct enum_name plan_driver_names[] = {
	{"cgroupfs", PLAN_CGROUP_FS},
	{"systemd", PLAN_CGROUP_SYSTEMD},
	{"none", PLAN_CGROUP_NONE},
	{NULL, 0},
};

const struct enum_name plan_propagation_names[] = {
	{"private", MS_PRIVATE},
	{"slave", MS_SLAVE},
	{"shared", MS_SHARED},
	{"unbindable", MS_UNBINDABLE},
	{"rprivate", MS_PRIVATE | MS_REC},
	{"rslave", MS_SLAVE | MS_REC},
	{"rshared", MS_SHARED | MS_REC},
	{"runbindable", MS_UNBINDABLE | MS_REC},
	{NULL, 0},
};

const char *plan_op_name(enum plan_op_kind kind)
{
	const char *name = enum_name_of(plan_op_names, kind);

	return name ? name : "unknown";
}
