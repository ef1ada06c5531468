/*
 * Rules of the `vm` object. Passing devices, memory or interrupts of the host into the guest
 * (dtdevs, iomems, irqs) is Xen's idea and exists for no hypervisor that we drive: an empty list
 * asks for nothing, anything else is refused instead of being dropped silently.
 *
 * Source: runtime-spec 1.3 config-vm.md.
 */
#include "check.h"

static int check_absolute(const char *value, const char *path, struct err *e)
{
	if (*value == '\0')
		return refuse(e, EINVAL, "%s: is required", path);
	if (*value != '/')
		return refuse(e, EINVAL, "%s: must be absolute, not '%s'", path, value);
	return 0;
}

static int check_image(struct oci_vm_image *image, struct err *e)
{
	static const char *const formats[] = {"raw", "qcow2", "vdi", "vmdk", "vhd"};
	int r = check_absolute(image->path, "vm.image.path", e);

	if (r < 0)
		return r;
	drop_empty(&image->format);
	if (!image->format)
		image->format = "raw";
	for (size_t i = 0; i < sizeof(formats) / sizeof(formats[0]); i++)
		if (str_is(image->format, formats[i]))
			return 0;
	return refuse(e, EINVAL, "vm.image.format: must be raw, qcow2, vdi, vmdk or vhd, not '%s'",
		      image->format);
}

static int check_hardware(struct oci_vm_hw_config *hardware, struct err *e)
{
	drop_empty(&hardware->device_tree);
	if (hardware->device_tree && *hardware->device_tree != '/')
		return refuse(e, EINVAL, "vm.hwConfig.deviceTree: must be absolute, not '%s'",
			      hardware->device_tree);
	if (hardware->vcpus.is_set && hardware->vcpus.value == 0)
		return refuse(e, EINVAL, "vm.hwConfig.vcpus: must be at least 1");
	if (hardware->memory.is_set && hardware->memory.value == 0)
		return refuse(e, EINVAL, "vm.hwConfig.memory: must be more than 0");
	if (hardware->dtdevs.count > 0)
		return refuse(e, EINVAL, "vm.hwConfig.dtdevs: passing devices is not supported");
	if (hardware->iomems.count > 0)
		return refuse(e, EINVAL, "vm.hwConfig.iomems: passing memory is not supported");
	if (hardware->irqs.count > 0)
		return refuse(e, EINVAL, "vm.hwConfig.irqs: passing interrupts is not supported");
	return 0;
}

int check_vm(struct oci_vm *vm, const struct json *tree, struct err *e)
{
	int r;

	if (json_get(tree, "hwConfig") && json_get(tree, "hwconfig"))
		return refuse(e, EINVAL, "vm.hwconfig: is another spelling of hwConfig, given too");
	if (vm->hypervisor && *vm->hypervisor->path == '\0' &&
	    vm->hypervisor->parameters.count == 0)
		vm->hypervisor = NULL;
	if (vm->image && *vm->image->path == '\0' &&
	    (!vm->image->format || *vm->image->format == '\0'))
		vm->image = NULL;
	if (vm->hypervisor) {
		r = check_absolute(vm->hypervisor->path, "vm.hypervisor.path", e);
		if (r < 0)
			return r;
	}
	r = check_absolute(vm->kernel->path, "vm.kernel.path", e);
	if (r < 0)
		return r;
	drop_empty(&vm->kernel->initrd);
	if (vm->kernel->initrd) {
		r = check_absolute(vm->kernel->initrd, "vm.kernel.initrd", e);
		if (r < 0)
			return r;
	}
	if (vm->image) {
		r = check_image(vm->image, e);
		if (r < 0)
			return r;
	}
	return vm->hw_config ? check_hardware(vm->hw_config, e) : 0;
}
