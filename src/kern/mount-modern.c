/*
 * New file systems by fsopen(2), fsconfig(2), fsmount(2).
 *
 * Options are given one by one, so the kernel can say which one it does not like, and it does so
 * in a log that is read from the descriptor. But not every file system parses options one by one
 * as it parses the whole string: values longer than 255 bytes are refused (overlay's lowerdir),
 * quoted commas (SELinux contexts) and escaped ones belong to the legacy parser, and some types
 * take nothing but a string. So whatever is EINVAL here is given to mount(2), which decides.
 */
#include "base/arena.h"
#include "base/str.h"
#include "kern/compat.h"
#include "mount-internal.h"

static const struct superblock_flag {
	unsigned long flag;
	const char *name;
} superblock_flags[] = {
	{MS_RDONLY, "ro"},     {MS_SYNCHRONOUS, "sync"},  {MS_DIRSYNC, "dirsync"},
	{MS_MANDLOCK, "mand"}, {MS_LAZYTIME, "lazytime"}, {MS_I_VERSION, "iversion"},
};

#define FLAG_COUNT (sizeof(superblock_flags) / sizeof(superblock_flags[0]))

/* The newest message of the context, without its level ("e "); "" if there is none. */
static char *read_log(int context)
{
	char line[512];
	ssize_t size = read(context, line, sizeof(line) - 1);

	if (size <= 2)
		return xstrdup("");
	while (size > 2 && line[size - 1] == '\n')
		size--;
	line[size] = '\0';
	for (char *c = line; *c; c++) {
		if ((unsigned char)*c < ' ')
			*c = ' ';
	}
	return xstrdup(line + 2);
}

/* 0 or -errno. */
static int set_option(int context, char *option)
{
	char *value = strchr(option, '=');
	int r;

	if (value)
		*value++ = '\0';
	if (value && *value)
		r = sys_fsconfig(context, KERN_FSCONFIG_SET_STRING, option, value, 0);
	else if (value)
		return -EINVAL;
	else
		r = sys_fsconfig(context, KERN_FSCONFIG_SET_FLAG, option, NULL, 0);
	return r < 0 ? -errno : 0;
}

static int set_options(int context, const char *data)
{
	auto_free char *copy = xstrdup(data);
	char *rest = copy;
	char *option;

	if (strpbrk(data, "\"\\"))
		return -EINVAL;
	while ((option = strsep(&rest, ","))) {
		int r = *option ? set_option(context, option) : 0;

		if (r < 0)
			return r;
	}
	return 0;
}

static int configure(int context, const char *source, unsigned long flags, const char *data)
{
	if (source && *source &&
	    sys_fsconfig(context, KERN_FSCONFIG_SET_STRING, "source", source, 0) < 0)
		return -errno;
	for (size_t i = 0; i < FLAG_COUNT; i++) {
		if ((flags & superblock_flags[i].flag) &&
		    sys_fsconfig(context, KERN_FSCONFIG_SET_FLAG, superblock_flags[i].name, NULL,
				 0) < 0)
			return -errno;
	}
	if (data && *data) {
		int r = set_options(context, data);

		if (r < 0)
			return r;
	}
	return sys_fsconfig(context, KERN_FSCONFIG_CREATE, NULL, NULL, 0) < 0 ? -errno : 0;
}

static int leave_to_classic(char *take_reason, char **ret_reason)
{
	*ret_reason = take_reason;
	return -EOPNOTSUPP;
}

int mount_modern_create(const char *type, const char *source, unsigned long flags, const char *data,
			int *ret_fd, char **ret_reason, struct err *e)
{
	auto_fd int context = sys_fsopen(type, FSOPEN_CLOEXEC);
	auto_free char *reason = NULL;
	int fd;
	int r;

	if (context < 0) {
		if (errno == ENODEV)
			return fail(e, ENODEV, "file system type '%s'", type);
		return leave_to_classic(xstrdup(""), ret_reason);
	}
	r = configure(context, source, flags, data);
	if (r < 0) {
		reason = read_log(context);
		if (r == -EINVAL || r == -EOPNOTSUPP)
			return leave_to_classic(take_ptr(reason), ret_reason);
		return fail(e, -r, "mount of type '%s'%s%s", type, *reason ? ": " : "", reason);
	}
	fd = sys_fsmount(context, FSMOUNT_CLOEXEC,
			 (unsigned int)mount_attributes_from_flags(flags));
	if (fd < 0) {
		r = errno;
		reason = read_log(context);
		if (r == EINVAL)
			return leave_to_classic(take_ptr(reason), ret_reason);
		return fail(e, r, "mount of type '%s'%s%s", type, *reason ? ": " : "", reason);
	}
	*ret_fd = fd;
	return 0;
}
