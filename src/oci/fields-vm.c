/*
 * Field tables of the `vm` object. The document calls one member "hwConfig", the Go types that
 * engines use write "hwconfig": both rows fill the same member (check-vm.c refuses both at once).
 * Go also writes empty strings for a hypervisor and an image that are not there, so an empty path
 * passes here; check-vm.c tells the cases apart.
 *
 * Source: runtime-spec 1.3 config-vm.md.
 */
#include "tables.h"

static const struct field hypervisor_fields[] = {
	FIELD(FIELD_STRING, struct oci_vm_hypervisor, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct oci_vm_hypervisor, parameters, "parameters", 0),
	{.kind = FIELD_END},
};

static const struct field kernel_fields[] = {
	FIELD(FIELD_STRING, struct oci_vm_kernel, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRINGS, struct oci_vm_kernel, parameters, "parameters", 0),
	FIELD(FIELD_STRING, struct oci_vm_kernel, initrd, "initrd", 0),
	{.kind = FIELD_END},
};

static const struct field image_fields[] = {
	FIELD(FIELD_STRING, struct oci_vm_image, path, "path", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct oci_vm_image, format, "format", 0),
	{.kind = FIELD_END},
};

static const struct field iomem_fields[] = {
	FIELD(FIELD_U64, struct oci_vm_iomem, first_gfn, "firstGFN", 0),
	FIELD(FIELD_U64, struct oci_vm_iomem, first_mfn, "firstMFN", FIELD_REQUIRED),
	FIELD(FIELD_U64, struct oci_vm_iomem, nr_mfns, "nrMFNs", FIELD_REQUIRED),
	{.kind = FIELD_END},
};

static const struct field hw_config_fields[] = {
	FIELD(FIELD_STRING, struct oci_vm_hw_config, device_tree, "deviceTree", 0),
	FIELD(FIELD_U32, struct oci_vm_hw_config, vcpus, "vcpus", 0),
	FIELD(FIELD_U64, struct oci_vm_hw_config, memory, "memory", 0),
	FIELD(FIELD_STRINGS, struct oci_vm_hw_config, dtdevs, "dtdevs", 0),
	FIELD_WITH_FIELDS(FIELD_LIST, struct oci_vm_hw_config, iomems, "iomems", 0,
			  struct oci_vm_iomem, iomem_fields),
	FIELD(FIELD_U32S, struct oci_vm_hw_config, irqs, "irqs", 0),
	{.kind = FIELD_END},
};

const struct field oci_vm_fields[] = {
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_vm, hypervisor, "hypervisor", 0,
			  struct oci_vm_hypervisor, hypervisor_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_vm, kernel, "kernel", FIELD_REQUIRED,
			  struct oci_vm_kernel, kernel_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_vm, image, "image", 0, struct oci_vm_image,
			  image_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_vm, hw_config, "hwConfig", 0,
			  struct oci_vm_hw_config, hw_config_fields),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct oci_vm, hw_config, "hwconfig", 0,
			  struct oci_vm_hw_config, hw_config_fields),
	{.kind = FIELD_END},
};
