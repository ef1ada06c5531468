/*
 * Capabilities as masks: see kern/caps.h.
 *
 * The system calls are plain enough with masks, and a table of names is all that a library would
 * add: one that looks around in /proc when it is loaded costs every command its time. The bounding
 * set can only be asked for and dropped one by one, and asking for a number the kernel does not
 * know is EINVAL: that is how the last one is found without any file.
 */
#include "kern/caps.h"

#include "base/str.h"
#include "kern/compat.h"

#include <errno.h>
#include <linux/capability.h>
#include <sys/prctl.h>

/* By number: capabilities(7). */
static const char *const names[] = {
	"CAP_CHOWN",
	"CAP_DAC_OVERRIDE",
	"CAP_DAC_READ_SEARCH",
	"CAP_FOWNER",
	"CAP_FSETID",
	"CAP_KILL",
	"CAP_SETGID",
	"CAP_SETUID",
	"CAP_SETPCAP",
	"CAP_LINUX_IMMUTABLE",
	"CAP_NET_BIND_SERVICE",
	"CAP_NET_BROADCAST",
	"CAP_NET_ADMIN",
	"CAP_NET_RAW",
	"CAP_IPC_LOCK",
	"CAP_IPC_OWNER",
	"CAP_SYS_MODULE",
	"CAP_SYS_RAWIO",
	"CAP_SYS_CHROOT",
	"CAP_SYS_PTRACE",
	"CAP_SYS_PACCT",
	"CAP_SYS_ADMIN",
	"CAP_SYS_BOOT",
	"CAP_SYS_NICE",
	"CAP_SYS_RESOURCE",
	"CAP_SYS_TIME",
	"CAP_SYS_TTY_CONFIG",
	"CAP_MKNOD",
	"CAP_LEASE",
	"CAP_AUDIT_WRITE",
	"CAP_AUDIT_CONTROL",
	"CAP_SETFCAP",
	"CAP_MAC_OVERRIDE",
	"CAP_MAC_ADMIN",
	"CAP_SYSLOG",
	"CAP_WAKE_ALARM",
	"CAP_BLOCK_SUSPEND",
	"CAP_AUDIT_READ",
	"CAP_PERFMON",
	"CAP_BPF",
	"CAP_CHECKPOINT_RESTORE",
};

#define NAME_COUNT ((int)(sizeof(names) / sizeof(names[0])))

static bool is_known(int number)
{
	return prctl(PR_CAPBSET_READ, number, 0, 0, 0) >= 0;
}

int caps_last(void)
{
	static int last = -1;
	int low = 0, high = 63;

	if (last >= 0)
		return last;
	while (low < high) {
		int middle = (low + high + 1) / 2;

		if (is_known(middle))
			low = middle;
		else
			high = middle - 1;
	}
	last = low;
	return last;
}

uint64_t caps_all(void)
{
	return caps_last() == 63 ? UINT64_MAX : (UINT64_C(1) << (caps_last() + 1)) - 1;
}

int caps_number(const char *name)
{
	const char *plain = strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name;

	for (int i = 0; i < NAME_COUNT; i++) {
		if (strcasecmp(names[i] + 4, plain) == 0)
			return i;
	}
	return -1;
}

const char *caps_name(int number)
{
	return number >= 0 && number < NAME_COUNT ? names[number] : NULL;
}

static uint64_t join(uint32_t low, uint32_t high)
{
	return (uint64_t)high << 32 | low;
}

int caps_get(struct caps *ret, struct err *e)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {0};
	struct caps caps = {0};

	if (syscall(SYS_capget, &header, data) < 0)
		return fail(e, errno, "get capabilities");
	caps.effective = join(data[0].effective, data[1].effective);
	caps.permitted = join(data[0].permitted, data[1].permitted);
	caps.inheritable = join(data[0].inheritable, data[1].inheritable);
	for (int i = 0; i <= caps_last(); i++) {
		if (prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 1)
			caps.bounding |= UINT64_C(1) << i;
		if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_IS_SET, i, 0, 0) == 1)
			caps.ambient |= UINT64_C(1) << i;
	}
	*ret = caps;
	return 0;
}

int caps_keep_bounding(uint64_t keep, struct err *e)
{
	for (int i = 0; i <= caps_last(); i++) {
		if (keep & (UINT64_C(1) << i) || prctl(PR_CAPBSET_READ, i, 0, 0, 0) == 0)
			continue;
		if (prctl(PR_CAPBSET_DROP, i, 0, 0, 0) < 0)
			return fail(e, errno, "drop capability %d from the bounding set", i);
	}
	return 0;
}

int caps_set(uint64_t effective, uint64_t permitted, uint64_t inheritable, struct err *e)
{
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2] = {
		{(uint32_t)effective, (uint32_t)permitted, (uint32_t)inheritable},
		{(uint32_t)(effective >> 32), (uint32_t)(permitted >> 32),
		 (uint32_t)(inheritable >> 32)},
	};

	if (syscall(SYS_capset, &header, data) < 0)
		return fail(e, errno, "set capabilities");
	return 0;
}

int caps_set_ambient(uint64_t mask, struct err *e)
{
	if (prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0, 0, 0) < 0 &&
	    (errno != EINVAL || mask != 0))
		return fail(e, errno, "clear ambient capabilities");
	for (int i = 0; i <= caps_last(); i++) {
		if ((mask & (UINT64_C(1) << i)) &&
		    prctl(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, i, 0, 0) < 0)
			return fail(e, errno, "raise ambient capability %d", i);
	}
	return 0;
}

int caps_keep_over_setuid(bool keep, struct err *e)
{
	if (prctl(PR_SET_KEEPCAPS, keep ? 1 : 0, 0, 0, 0) < 0)
		return fail(e, errno, "keep capabilities over the change of uid");
	return 0;
}
