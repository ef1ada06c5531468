/*
 * From root to the user of the container: the bounding set first (it needs CAP_SETPCAP), then
 * groups, gid, uid with the permitted capabilities kept over the change, then the capability sets
 * exactly as asked, the ambient ones last since each must be permitted and inheritable by then.
 */
#include "launch.h"

#include <linux/capability.h>
#include <linux/errno.h>
#include <linux/prctl.h>

static long control(long option, unsigned long a, unsigned long b)
{
	return SYS(__NR_prctl, option, a, b, 0, 0);
}

void identity_drop_bounding(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;

	if (!(blob->flags & LAUNCH_SET_BOUNDING))
		return;
	for (unsigned int number = 0; number < 64; number++) {
		long result;

		if (blob->bounding & 1ULL << number)
			continue;
		result = control(PR_CAPBSET_DROP, number, 0);
		if (result == -EINVAL)
			return; /* the kernel knows no more */
		if (result < 0)
			launch_fail(launch, result, "drop capabilities of the bounding set", NULL);
	}
}

static void set_ids(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	long result;

	if (blob->flags & LAUNCH_SET_GROUPS) {
		result = SYS(__NR_setgroups, blob->group_count, blob_data(launch, blob->groups));
		if (result < 0)
			launch_fail(launch, result, "process.user.additionalGids: set them", NULL);
	}
	result = SYS(__NR_setresgid, blob->gid, blob->gid, blob->gid);
	if (result == -EINVAL)
		launch_refuse(launch, EINVAL,
			      "process.user.gid: is not mapped in the user namespace", NULL);
	if (result < 0)
		launch_fail(launch, result, "process.user.gid: set it", NULL);
	result = SYS(__NR_setresuid, blob->uid, blob->uid, blob->uid);
	if (result == -EINVAL)
		launch_refuse(launch, EINVAL,
			      "process.user.uid: is not mapped in the user namespace", NULL);
	if (result < 0)
		launch_fail(launch, result, "process.user.uid: set it", NULL);
}

static void set_capabilities(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	struct __user_cap_header_struct header = {.version = _LINUX_CAPABILITY_VERSION_3};
	struct __user_cap_data_struct data[2];
	long result;

	for (int i = 0; i < 2; i++) {
		data[i].effective = (uint32_t)(blob->effective >> (32 * i));
		data[i].permitted = (uint32_t)(blob->permitted >> (32 * i));
		data[i].inheritable = (uint32_t)(blob->inheritable >> (32 * i));
	}
	result = SYS(__NR_capset, &header, data);
	if (result < 0)
		launch_fail(launch, result, "process.capabilities: set them", NULL);
}

static void set_ambient(const struct launch *launch)
{
	/* The runtime may have raised some to get here. A kernel without them has none to clear. */
	control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_CLEAR_ALL, 0);
	for (unsigned int number = 0; number < 64; number++) {
		long result;

		if (!(launch->blob->ambient & 1ULL << number))
			continue;
		result = control(PR_CAP_AMBIENT, PR_CAP_AMBIENT_RAISE, number);
		if (result < 0)
			launch_warn(launch, "cannot raise ambient capability number ",
				    (long)number);
	}
}

void identity_become(const struct launch *launch)
{
	bool has_caps = launch->blob->flags & LAUNCH_SET_CAPS;
	long result;

	if (has_caps) {
		result = control(PR_SET_KEEPCAPS, 1, 0);
		if (result < 0)
			launch_fail(launch, result, "keep capabilities", NULL);
	}
	set_ids(launch);
	if (has_caps) {
		control(PR_SET_KEEPCAPS, 0, 0);
		set_capabilities(launch);
	}
	set_ambient(launch);
}
