/*
 * The mount options that are not filesystem data, with what they do to mount(2)'s flags or to
 * mount_setattr(2)'s attributes.
 *
 * The access time attributes of mount_setattr are one enumeration inside the mask
 * MOUNT_ATTR__ATIME, with "relatime" as its zero: setting any of them must clear the whole mask,
 * and clearing one means relatime. The specification's table lacks rnodev and describes rexec as
 * rdev; both are mistakes of the text.
 *
 * Source: runtime-spec 1.3 config.md "Linux mount options"; mount(2), mount_setattr(2).
 */
#include "oci/names.h"

#include <fcntl.h>
#include <linux/mount.h>

#define FLAG(name, set, clear)                   \
	{                                        \
		name, OCI_MOUNT_FLAG, set, clear \
	}
#define RECURSIVE(name, set, clear)                   \
	{                                             \
		name, OCI_MOUNT_RECURSIVE, set, clear \
	}
#define PROPAGATION(name, set)                      \
	{                                           \
		name, OCI_MOUNT_PROPAGATION, set, 0 \
	}

const struct oci_mount_option oci_mount_options[] = {
	FLAG("defaults", 0, 0),
	FLAG("ro", MS_RDONLY, 0),
	FLAG("rw", 0, MS_RDONLY),
	FLAG("nosuid", MS_NOSUID, 0),
	FLAG("suid", 0, MS_NOSUID),
	FLAG("nodev", MS_NODEV, 0),
	FLAG("dev", 0, MS_NODEV),
	FLAG("noexec", MS_NOEXEC, 0),
	FLAG("exec", 0, MS_NOEXEC),
	FLAG("sync", MS_SYNCHRONOUS, 0),
	FLAG("async", 0, MS_SYNCHRONOUS),
	FLAG("remount", MS_REMOUNT, 0),
	FLAG("mand", MS_MANDLOCK, 0),
	FLAG("nomand", 0, MS_MANDLOCK),
	FLAG("dirsync", MS_DIRSYNC, 0),
	FLAG("nosymfollow", MS_NOSYMFOLLOW, 0),
	FLAG("symfollow", 0, MS_NOSYMFOLLOW),
	FLAG("noatime", MS_NOATIME, 0),
	FLAG("atime", 0, MS_NOATIME),
	FLAG("nodiratime", MS_NODIRATIME, 0),
	FLAG("diratime", 0, MS_NODIRATIME),
	FLAG("bind", MS_BIND, 0),
	FLAG("rbind", MS_BIND | MS_REC, 0),
	FLAG("silent", MS_SILENT, 0),
	FLAG("loud", 0, MS_SILENT),
	FLAG("relatime", MS_RELATIME, 0),
	FLAG("norelatime", 0, MS_RELATIME),
	FLAG("iversion", MS_I_VERSION, 0),
	FLAG("noiversion", 0, MS_I_VERSION),
	FLAG("strictatime", MS_STRICTATIME, 0),
	FLAG("nostrictatime", 0, MS_STRICTATIME),
	FLAG("lazytime", MS_LAZYTIME, 0),
	FLAG("nolazytime", 0, MS_LAZYTIME),
	PROPAGATION("private", MS_PRIVATE),
	PROPAGATION("slave", MS_SLAVE),
	PROPAGATION("shared", MS_SHARED),
	PROPAGATION("unbindable", MS_UNBINDABLE),
	PROPAGATION("rprivate", MS_PRIVATE | MS_REC),
	PROPAGATION("rslave", MS_SLAVE | MS_REC),
	PROPAGATION("rshared", MS_SHARED | MS_REC),
	PROPAGATION("runbindable", MS_UNBINDABLE | MS_REC),
	RECURSIVE("rro", MOUNT_ATTR_RDONLY, 0),
	RECURSIVE("rrw", 0, MOUNT_ATTR_RDONLY),
	RECURSIVE("rnosuid", MOUNT_ATTR_NOSUID, 0),
	RECURSIVE("rsuid", 0, MOUNT_ATTR_NOSUID),
	RECURSIVE("rnodev", MOUNT_ATTR_NODEV, 0),
	RECURSIVE("rdev", 0, MOUNT_ATTR_NODEV),
	RECURSIVE("rnoexec", MOUNT_ATTR_NOEXEC, 0),
	RECURSIVE("rexec", 0, MOUNT_ATTR_NOEXEC),
	RECURSIVE("rnodiratime", MOUNT_ATTR_NODIRATIME, 0),
	RECURSIVE("rdiratime", 0, MOUNT_ATTR_NODIRATIME),
	RECURSIVE("rrelatime", MOUNT_ATTR_RELATIME, MOUNT_ATTR__ATIME),
	RECURSIVE("rnorelatime", 0, MOUNT_ATTR__ATIME),
	RECURSIVE("rnoatime", MOUNT_ATTR_NOATIME, MOUNT_ATTR__ATIME),
	RECURSIVE("ratime", 0, MOUNT_ATTR__ATIME),
	RECURSIVE("rstrictatime", MOUNT_ATTR_STRICTATIME, MOUNT_ATTR__ATIME),
	RECURSIVE("rnostrictatime", 0, MOUNT_ATTR__ATIME),
	RECURSIVE("rnosymfollow", MOUNT_ATTR_NOSYMFOLLOW, 0),
	RECURSIVE("rsymfollow", 0, MOUNT_ATTR_NOSYMFOLLOW),
	{"idmap", OCI_MOUNT_IDMAP, 0, 0},
	{"ridmap", OCI_MOUNT_IDMAP, AT_RECURSIVE, 0},
	{"tmpcopyup", OCI_MOUNT_COPY_UP, 0, 0},
	{NULL, 0, 0, 0},
};

const struct oci_mount_option *oci_mount_option_find(const char *name)
{
	for (const struct oci_mount_option *option = oci_mount_options; option->name; option++)
		if (str_is(option->name, name))
			return option;
	return NULL;
}
