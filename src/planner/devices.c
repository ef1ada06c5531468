/*
 * Device nodes, the links beside them, and the console.
 *
 * When /dev is a bind mount, it is somebody else's directory (often the host's): nothing is made
 * there. In a user namespace mknod(2) is not allowed whatever the capabilities, so nodes are bound
 * from the host. A fifo is no device and can always be made.
 *
 * Source: runtime-spec 1.3 config-linux.md "Devices", "Default Devices"; runtime-linux.md.
 */
#include "planning.h"

#include <sys/stat.h>

static const struct {
	const char *path;
	uint32_t major, minor;
} default_devices[] = {
	{"/dev/null", 1, 3},   {"/dev/zero", 1, 5},    {"/dev/full", 1, 7},
	{"/dev/random", 1, 8}, {"/dev/urandom", 1, 9}, {"/dev/tty", 5, 0},
};

static const struct {
	const char *path, *contents;
} default_links[] = {
	{"/dev/fd", "/proc/self/fd"},	    {"/dev/stdin", "/proc/self/fd/0"},
	{"/dev/stdout", "/proc/self/fd/1"}, {"/dev/stderr", "/proc/self/fd/2"},
	{"/dev/core", "/proc/kcore"},
};

enum { DEVICE_MODE = 0666, MODE_PERMISSIONS = 07777 };

static const struct oci_device *device_find(const struct planning *p, const char *path)
{
	list_each(const struct oci_device, device,
		  &p->linux_->devices) if (str_is(path_clean(p->arena, device->path),
						  path)) return device;
	return NULL;
}

static void default_devices_plan(struct planning *p)
{
	for (size_t i = 0; i < sizeof(default_devices) / sizeof(default_devices[0]); i++) {
		const char *path = default_devices[i].path;
		struct plan_device *device;

		if (device_find(p, path))
			continue;
		device = arena_new(p->arena, struct plan_device);
		device->mode = opt_u32_of(S_IFCHR | DEVICE_MODE);
		device->major = opt_u32_of(default_devices[i].major);
		device->minor = opt_u32_of(default_devices[i].minor);
		device->bind = opt_bool_if(p->has_user_namespace);
		device->is_default = opt_true();
		op_add(p, PLAN_OP_DEVICE, NULL, path)->device = device;
	}
}

static int device_plan(struct planning *p, const struct oci_device *from, size_t index,
		       struct err *e)
{
	const char *path = path_clean(p->arena, from->path);
	struct plan_device *device = arena_new(p->arena, struct plan_device);
	uint32_t mode =
		from->file_mode.is_set ? from->file_mode.value & MODE_PERMISSIONS : DEVICE_MODE;
	bool is_fifo = *from->type == 'p';

	if (str_is(path, "/") || str_is(path, "/proc") || str_starts(path, "/proc/"))
		return refuse(e, EINVAL, "linux.devices[%zu].path: no device can be made at '%s'",
			      index, path);
	/* The container's own terminals: a link, see below. */
	if (str_is(path, "/dev/ptmx"))
		return 0;
	device->mode = opt_u32_of(mode | (is_fifo	       ? S_IFIFO
					  : *from->type == 'b' ? S_IFBLK
							       : S_IFCHR));
	if (!is_fifo) {
		device->major = opt_u32_of((uint32_t)from->major.value);
		device->minor = opt_u32_of((uint32_t)from->minor.value);
	}
	device->uid = from->uid;
	device->gid = from->gid;
	device->bind = opt_bool_if(p->has_user_namespace && !is_fifo);
	op_add(p, PLAN_OP_DEVICE, arena_printf(p->arena, "linux.devices[%zu]", index), path)
		->device = device;
	return 0;
}

int devices_plan(struct planning *p, struct err *e)
{
	if (!p->is_dev_bound) {
		default_devices_plan(p);
		for (size_t i = 0; i < p->linux_->devices.count; i++) {
			int r = device_plan(p, list_at(struct oci_device, &p->linux_->devices, i),
					    i, e);

			if (r < 0)
				return r;
		}
		(void)op_add(p, PLAN_OP_PTMX, NULL, "/dev/ptmx");
		for (size_t i = 0; i < sizeof(default_links) / sizeof(default_links[0]); i++)
			op_add(p, PLAN_OP_LINK, NULL, default_links[i].path)->text =
				default_links[i].contents;
	}
	if (p->config->process && p->config->process->terminal.value) {
		if (!oci_namespace_find(p->config, OCI_NS_MOUNT))
			return refuse(e, EINVAL,
				      "process.terminal: needs a mount namespace in "
				      "linux.namespaces");
		op_add(p, PLAN_OP_CONSOLE, "process.terminal", "/dev/console")->flags =
			opt_flags(p->is_dev_bound);
	}
	return 0;
}
