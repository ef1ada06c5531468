/*
 * Capabilities as masks: see kern/caps.h.
 *
 * The system calls are plain enough with masks, while libcap-ng keeps the sets in global state and
 * re-reads /proc; it is used for the names alone. The bounding set can only be asked for and
 * dropped one by one, and asking for a number the kernel does not know is EINVAL: that is how the
 * last one is found without any file.
 */
#include "kern/caps.h"

#include "base/str.h"
#include "kern/compat.h"

#include <cap-ng.h>
#include <ctype.h>
#include <errno.h>
#include <linux/capability.h>
#include <stdio.h>
#include <sys/prctl.h>

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
	return capng_name_to_capability(strncasecmp(name, "cap_", 4) == 0 ? name + 4 : name);
}

const char *caps_name(int number)
{
	static char text[40];
	const char *name;

	if (number < 0 || number > CAP_LAST_CAP)
		return NULL;
	name = capng_capability_to_name((unsigned int)number);
	if (!name)
		return NULL;
	(void)snprintf(text, sizeof(text), "CAP_%s", name);
	for (char *c = text; *c; c++)
		*c = (char)toupper((unsigned char)*c);
	return text;
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
