/*
 * What is known of a mount from a descriptor: its id, its attributes; and the two vocabularies for
 * attributes, MS_* of mount(2) and MOUNT_ATTR_* of mount_setattr(2).
 *
 * The time attributes are an enumeration in the new vocabulary (relatime is 0) and independent
 * bits in the old one; statvfs(2) has yet another set of numbers.
 */
#include "base/buf.h"
#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/mount.h"
#include "kern/path.h"
#include "kern/proc.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>

static const struct pair {
	unsigned long flag;
	uint64_t attribute;
	unsigned long statvfs; /* 0: not reported */
} pairs[] = {
	{MS_RDONLY, MOUNT_ATTR_RDONLY, ST_RDONLY},
	{MS_NOSUID, MOUNT_ATTR_NOSUID, ST_NOSUID},
	{MS_NODEV, MOUNT_ATTR_NODEV, ST_NODEV},
	{MS_NOEXEC, MOUNT_ATTR_NOEXEC, ST_NOEXEC},
	{MS_NOATIME, MOUNT_ATTR_NOATIME, ST_NOATIME},
	{MS_STRICTATIME, MOUNT_ATTR_STRICTATIME, 0},
	{MS_NODIRATIME, MOUNT_ATTR_NODIRATIME, ST_NODIRATIME},
	{MS_NOSYMFOLLOW, MOUNT_ATTR_NOSYMFOLLOW, 0x2000},
};

#define PAIR_COUNT (sizeof(pairs) / sizeof(pairs[0]))

uint64_t mount_attributes_from_flags(unsigned long flags)
{
	uint64_t attributes = 0;

	for (size_t i = 0; i < PAIR_COUNT; i++) {
		if (flags & pairs[i].flag)
			attributes |= pairs[i].attribute;
	}
	/* The three are one field: strictatime wins in mount(2), then noatime. */
	if (attributes & MOUNT_ATTR_STRICTATIME)
		attributes &= ~(uint64_t)MOUNT_ATTR_NOATIME;
	return attributes;
}

unsigned long mount_flags_from_attributes(uint64_t attributes)
{
	unsigned long flags = 0;

	for (size_t i = 0; i < PAIR_COUNT; i++) {
		if (attributes & pairs[i].attribute)
			flags |= pairs[i].flag;
	}
	if (!(attributes & MOUNT_ATTR__ATIME))
		flags |= MS_RELATIME;
	return flags;
}

unsigned long mount_flags_superblock(unsigned long flags)
{
	return flags & (MS_RDONLY | MS_SYNCHRONOUS | MS_DIRSYNC | MS_MANDLOCK | MS_LAZYTIME |
			MS_I_VERSION | MS_SILENT);
}

int mount_attributes(int fd, uint64_t *ret, struct err *e)
{
	struct statvfs status;
	uint64_t attributes = 0;

	if (fstatvfs(fd, &status) < 0)
		return fail(e, errno, "look at mount");
	for (size_t i = 0; i < PAIR_COUNT; i++) {
		if (pairs[i].statvfs && (status.f_flag & pairs[i].statvfs))
			attributes |= pairs[i].attribute;
	}
	if (!(status.f_flag & (ST_NOATIME | ST_RELATIME)))
		attributes |= MOUNT_ATTR_STRICTATIME;
	*ret = attributes;
	return 0;
}

/* "mnt_id:\t25" of /proc/self/fdinfo/N. */
static int id_from_fdinfo(int fd, uint64_t *ret, struct err *e)
{
	char path[40];
	auto_buf text = {0};
	auto_fd int file = FD_NONE;
	const char *at;
	int r;

	(void)snprintf(path, sizeof(path), "/proc/self/fdinfo/%d", fd);
	file = open(path, O_RDONLY | O_CLOEXEC);
	if (file < 0)
		return fail(e, errno, "open '%s'", path);
	if (!fd_is_filesystem(file, PROC_SUPER_MAGIC))
		return refuse(e, EPERM, "'%s' is not on a procfs", path);
	r = fd_read_all(file, 65536, &text);
	if (r < 0)
		return fail(e, -r, "read '%s'", path);
	at = strstr(buf_text(&text), "\nmnt_id:");
	if (!at)
		return refuse(e, ENOSYS, "'%s' does not tell the id of the mount", path);
	*ret = strtoull(at + strlen("\nmnt_id:"), NULL, 10);
	return 0;
}

int mount_id(int fd, uint64_t *ret, struct err *e)
{
	struct statx status;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, STATX_MNT_ID,
		  &status) == 0 &&
	    (status.stx_mask & STATX_MNT_ID)) {
		*ret = status.stx_mnt_id;
		return 0;
	}
	return id_from_fdinfo(fd, ret, e);
}

struct place {
	uint64_t mount, inode;
	uint64_t device;
};

/* One call where the kernel tells all of it. */
static int place_of(int fd, struct place *ret, struct err *e)
{
	const unsigned int wanted = STATX_MNT_ID | STATX_INO;
	struct statx status;
	struct stat st;

	if (statx(fd, "", AT_EMPTY_PATH | AT_STATX_DONT_SYNC | AT_SYMLINK_NOFOLLOW, wanted,
		  &status) == 0 &&
	    (status.stx_mask & wanted) == wanted) {
		*ret = (struct place){
			.mount = status.stx_mnt_id,
			.inode = status.stx_ino,
			.device = makedev(status.stx_dev_major, status.stx_dev_minor),
		};
		return 0;
	}
	if (fstat(fd, &st) < 0)
		return fail(e, errno, "look at a mount");
	ret->inode = st.st_ino;
	ret->device = st.st_dev;
	return mount_id(fd, &ret->mount, e);
}

int mount_is_same_place(int a, int b, bool *ret, struct err *e)
{
	struct place first, second;
	int r = place_of(a, &first, e);

	if (r == 0)
		r = place_of(b, &second, e);
	if (r < 0)
		return r;
	*ret = first.mount == second.mount && first.inode == second.inode &&
	       first.device == second.device;
	return 0;
}
