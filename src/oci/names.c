/*
 * The words of the specification and their numbers on Linux. Numbers are written out where the
 * kernel headers of a build host may be older than the word: they are part of the kernel's ABI
 * and never change.
 *
 * Source: runtime-spec 1.3 config.md, config-linux.md; the kernel's uapi headers.
 */
#include "oci/names.h"
#include "oci/spec.h"

#include <errno.h>
#include <linux/capability.h>
#include <linux/mempolicy.h>
#include <linux/seccomp.h>
#include <sys/personality.h>
#include <sys/resource.h>

const struct enum_name oci_namespace_names[] = {
	{"pid", OCI_NS_PID},	   {"network", OCI_NS_NETWORK}, {"mount", OCI_NS_MOUNT},
	{"ipc", OCI_NS_IPC},	   {"uts", OCI_NS_UTS},		{"user", OCI_NS_USER},
	{"cgroup", OCI_NS_CGROUP}, {"time", OCI_NS_TIME},	{NULL, 0},
};

const struct enum_name oci_capability_names[] = {
	{"CAP_CHOWN", CAP_CHOWN},
	{"CAP_DAC_OVERRIDE", CAP_DAC_OVERRIDE},
	{"CAP_DAC_READ_SEARCH", CAP_DAC_READ_SEARCH},
	{"CAP_FOWNER", CAP_FOWNER},
	{"CAP_FSETID", CAP_FSETID},
	{"CAP_KILL", CAP_KILL},
	{"CAP_SETGID", CAP_SETGID},
	{"CAP_SETUID", CAP_SETUID},
	{"CAP_SETPCAP", CAP_SETPCAP},
	{"CAP_LINUX_IMMUTABLE", CAP_LINUX_IMMUTABLE},
	{"CAP_NET_BIND_SERVICE", CAP_NET_BIND_SERVICE},
	{"CAP_NET_BROADCAST", CAP_NET_BROADCAST},
	{"CAP_NET_ADMIN", CAP_NET_ADMIN},
	{"CAP_NET_RAW", CAP_NET_RAW},
	{"CAP_IPC_LOCK", CAP_IPC_LOCK},
	{"CAP_IPC_OWNER", CAP_IPC_OWNER},
	{"CAP_SYS_MODULE", CAP_SYS_MODULE},
	{"CAP_SYS_RAWIO", CAP_SYS_RAWIO},
	{"CAP_SYS_CHROOT", CAP_SYS_CHROOT},
	{"CAP_SYS_PTRACE", CAP_SYS_PTRACE},
	{"CAP_SYS_PACCT", CAP_SYS_PACCT},
	{"CAP_SYS_ADMIN", CAP_SYS_ADMIN},
	{"CAP_SYS_BOOT", CAP_SYS_BOOT},
	{"CAP_SYS_NICE", CAP_SYS_NICE},
	{"CAP_SYS_RESOURCE", CAP_SYS_RESOURCE},
	{"CAP_SYS_TIME", CAP_SYS_TIME},
	{"CAP_SYS_TTY_CONFIG", CAP_SYS_TTY_CONFIG},
	{"CAP_MKNOD", CAP_MKNOD},
	{"CAP_LEASE", CAP_LEASE},
	{"CAP_AUDIT_WRITE", CAP_AUDIT_WRITE},
	{"CAP_AUDIT_CONTROL", CAP_AUDIT_CONTROL},
	{"CAP_SETFCAP", CAP_SETFCAP},
	{"CAP_MAC_OVERRIDE", CAP_MAC_OVERRIDE},
	{"CAP_MAC_ADMIN", CAP_MAC_ADMIN},
	{"CAP_SYSLOG", CAP_SYSLOG},
	{"CAP_WAKE_ALARM", CAP_WAKE_ALARM},
	{"CAP_BLOCK_SUSPEND", CAP_BLOCK_SUSPEND},
	{"CAP_AUDIT_READ", CAP_AUDIT_READ},
	{"CAP_PERFMON", 38},
	{"CAP_BPF", 39},
	{"CAP_CHECKPOINT_RESTORE", 40},
	{NULL, 0},
};

const struct enum_name oci_rlimit_names[] = {
	{"RLIMIT_CPU", RLIMIT_CPU},
	{"RLIMIT_FSIZE", RLIMIT_FSIZE},
	{"RLIMIT_DATA", RLIMIT_DATA},
	{"RLIMIT_STACK", RLIMIT_STACK},
	{"RLIMIT_CORE", RLIMIT_CORE},
	{"RLIMIT_RSS", RLIMIT_RSS},
	{"RLIMIT_NPROC", RLIMIT_NPROC},
	{"RLIMIT_NOFILE", RLIMIT_NOFILE},
	{"RLIMIT_MEMLOCK", RLIMIT_MEMLOCK},
	{"RLIMIT_AS", RLIMIT_AS},
	{"RLIMIT_LOCKS", RLIMIT_LOCKS},
	{"RLIMIT_SIGPENDING", RLIMIT_SIGPENDING},
	{"RLIMIT_MSGQUEUE", RLIMIT_MSGQUEUE},
	{"RLIMIT_NICE", RLIMIT_NICE},
	{"RLIMIT_RTPRIO", RLIMIT_RTPRIO},
	{"RLIMIT_RTTIME", RLIMIT_RTTIME},
	{NULL, 0},
};

/* SCHED_ISO was reserved and never written: the kernel will refuse it. */
const struct enum_name oci_scheduler_policy_names[] = {
	{"SCHED_OTHER", 0}, {"SCHED_FIFO", 1}, {"SCHED_RR", 2},	      {"SCHED_BATCH", 3},
	{"SCHED_ISO", 4},   {"SCHED_IDLE", 5}, {"SCHED_DEADLINE", 6}, {NULL, 0},
};

const struct enum_name oci_scheduler_flag_names[] = {
	{"SCHED_FLAG_RESET_ON_FORK", 0x01},  {"SCHED_FLAG_RECLAIM", 0x02},
	{"SCHED_FLAG_DL_OVERRUN", 0x04},     {"SCHED_FLAG_KEEP_POLICY", 0x08},
	{"SCHED_FLAG_KEEP_PARAMS", 0x10},    {"SCHED_FLAG_UTIL_CLAMP_MIN", 0x20},
	{"SCHED_FLAG_UTIL_CLAMP_MAX", 0x40}, {NULL, 0},
};

const struct enum_name oci_io_priority_class_names[] = {
	{"IOPRIO_CLASS_RT", 1},
	{"IOPRIO_CLASS_BE", 2},
	{"IOPRIO_CLASS_IDLE", 3},
	{NULL, 0},
};

const struct enum_name oci_seccomp_action_names[] = {
	{"SCMP_ACT_KILL_THREAD", OCI_SECCOMP_KILL_THREAD},
	{"SCMP_ACT_KILL", OCI_SECCOMP_KILL_THREAD},
	{"SCMP_ACT_KILL_PROCESS", OCI_SECCOMP_KILL_PROCESS},
	{"SCMP_ACT_TRAP", OCI_SECCOMP_TRAP},
	{"SCMP_ACT_ERRNO", OCI_SECCOMP_ERRNO},
	{"SCMP_ACT_TRACE", OCI_SECCOMP_TRACE},
	{"SCMP_ACT_ALLOW", OCI_SECCOMP_ALLOW},
	{"SCMP_ACT_LOG", OCI_SECCOMP_LOG},
	{"SCMP_ACT_NOTIFY", OCI_SECCOMP_NOTIFY},
	{NULL, 0},
};

const struct enum_name oci_seccomp_operator_names[] = {
	{"SCMP_CMP_NE", OCI_SECCOMP_NE},
	{"SCMP_CMP_LT", OCI_SECCOMP_LT},
	{"SCMP_CMP_LE", OCI_SECCOMP_LE},
	{"SCMP_CMP_EQ", OCI_SECCOMP_EQ},
	{"SCMP_CMP_GE", OCI_SECCOMP_GE},
	{"SCMP_CMP_GT", OCI_SECCOMP_GT},
	{"SCMP_CMP_MASKED_EQ", OCI_SECCOMP_MASKED_EQ},
	{NULL, 0},
};

const struct enum_name oci_seccomp_arch_names[] = {
	{"SCMP_ARCH_X86", 0},	   {"SCMP_ARCH_X86_64", 1},	  {"SCMP_ARCH_X32", 2},
	{"SCMP_ARCH_ARM", 3},	   {"SCMP_ARCH_AARCH64", 4},	  {"SCMP_ARCH_MIPS", 5},
	{"SCMP_ARCH_MIPS64", 6},   {"SCMP_ARCH_MIPS64N32", 7},	  {"SCMP_ARCH_MIPSEL", 8},
	{"SCMP_ARCH_MIPSEL64", 9}, {"SCMP_ARCH_MIPSEL64N32", 10}, {"SCMP_ARCH_PPC", 11},
	{"SCMP_ARCH_PPC64", 12},   {"SCMP_ARCH_PPC64LE", 13},	  {"SCMP_ARCH_S390", 14},
	{"SCMP_ARCH_S390X", 15},   {"SCMP_ARCH_PARISC", 16},	  {"SCMP_ARCH_PARISC64", 17},
	{"SCMP_ARCH_RISCV64", 18}, {"SCMP_ARCH_LOONGARCH64", 19}, {"SCMP_ARCH_M68K", 20},
	{"SCMP_ARCH_SH", 21},	   {"SCMP_ARCH_SHEB", 22},	  {NULL, 0},
};

const struct enum_name oci_seccomp_flag_names[] = {
	{"SECCOMP_FILTER_FLAG_TSYNC", SECCOMP_FILTER_FLAG_TSYNC},
	{"SECCOMP_FILTER_FLAG_LOG", SECCOMP_FILTER_FLAG_LOG},
	{"SECCOMP_FILTER_FLAG_SPEC_ALLOW", SECCOMP_FILTER_FLAG_SPEC_ALLOW},
	{"SECCOMP_FILTER_FLAG_WAIT_KILLABLE_RECV", 0x20},
	{NULL, 0},
};

const struct enum_name oci_memory_policy_mode_names[] = {
	{"MPOL_DEFAULT", MPOL_DEFAULT},	 {"MPOL_PREFERRED", MPOL_PREFERRED},
	{"MPOL_BIND", MPOL_BIND},	 {"MPOL_INTERLEAVE", MPOL_INTERLEAVE},
	{"MPOL_LOCAL", MPOL_LOCAL},	 {"MPOL_PREFERRED_MANY", 5},
	{"MPOL_WEIGHTED_INTERLEAVE", 6}, {NULL, 0},
};

const struct enum_name oci_memory_policy_flag_names[] = {
	{"MPOL_F_NUMA_BALANCING", 1 << 13},
	{"MPOL_F_RELATIVE_NODES", 1 << 14},
	{"MPOL_F_STATIC_NODES", 1 << 15},
	{NULL, 0},
};

const struct enum_name oci_personality_names[] = {
	{"LINUX", PER_LINUX},
	{"LINUX32", PER_LINUX32},
	{NULL, 0},
};

const char *oci_hook_kind_name(enum oci_hook_kind kind)
{
	static const char *const names[OCI_HOOK_KINDS] = {
		[OCI_HOOK_PRESTART] = "prestart",
		[OCI_HOOK_CREATE_RUNTIME] = "createRuntime",
		[OCI_HOOK_CREATE_CONTAINER] = "createContainer",
		[OCI_HOOK_START_CONTAINER] = "startContainer",
		[OCI_HOOK_POSTSTART] = "poststart",
		[OCI_HOOK_POSTSTOP] = "poststop",
	};

	return kind < OCI_HOOK_KINDS ? names[kind] : "unknown";
}

int oci_capability_parse(const char *text, int *ret)
{
	const char *bare = strncasecmp(text, "CAP_", 4) == 0 ? text + 4 : text;

	for (const struct enum_name *row = oci_capability_names; row->name; row++) {
		if (strcasecmp(row->name + 4, bare) == 0) {
			*ret = (int)row->value;
			return 0;
		}
	}
	return -ENOENT;
}
