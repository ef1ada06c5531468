/*
 * Labels at the next execve(2): see kern/lsm.h.
 *
 * Both modules read them from /proc/self/attr, so the write goes through the private handle of
 * procfs. With stacked modules attr/exec belongs to the first of them; AppArmor has had its own
 * directory beside it since Linux 5.8.
 */
#include "kern/lsm.h"

#include "base/arena.h"
#include "base/fd.h"
#include "kern/compat.h"
#include "kern/proc.h"

#include <sys/vfs.h>

bool lsm_apparmor_is_enabled(void)
{
	char answer = 'N';
	auto_fd int fd = open("/sys/module/apparmor/parameters/enabled", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, &answer, 1) == 1 && answer == 'Y';
}

bool lsm_selinux_is_enabled(void)
{
	struct statfs status;

	return statfs("/sys/fs/selinux", &status) == 0 &&
	       (unsigned long)status.f_type == (unsigned long)SELINUX_MAGIC;
}

int lsm_apparmor_set_exec(int proc, const char *profile, struct err *e)
{
	auto_free char *text = xasprintf("exec %s", profile);
	int r;

	if (!lsm_apparmor_is_enabled())
		return refuse(e, EOPNOTSUPP, "AppArmor profile '%s': AppArmor is not enabled",
			      profile);
	r = proc_write(proc, "self/attr/apparmor/exec", text, e);
	if (r == -ENOENT)
		r = proc_write(proc, "self/attr/exec", text, e);
	return r < 0 ? wrap(e, "AppArmor profile '%s'", profile) : 0;
}

int lsm_selinux_set_exec(int proc, const char *label, struct err *e)
{
	if (!lsm_selinux_is_enabled())
		return refuse(e, EOPNOTSUPP, "SELinux label '%s': SELinux is not enabled", label);
	if (proc_write(proc, "self/attr/exec", label, e) < 0)
		return wrap(e, "SELinux label '%s'", label);
	return 0;
}

int lsm_selinux_set_key_create(int proc, const char *label, struct err *e)
{
	if (!lsm_selinux_is_enabled())
		return refuse(e, EOPNOTSUPP, "SELinux label '%s': SELinux is not enabled", label);
	if (proc_write(proc, "self/attr/keycreate", label, e) < 0)
		return wrap(e, "SELinux label '%s' for keyrings", label);
	return 0;
}
