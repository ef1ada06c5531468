/*
 * Rules of linux.resources that do not depend on the version of cgroups; what a version cannot
 * express is refused where the version is known. The same rules hold for `update --resources`,
 * where an absent member means "unchanged": only values that stand together are compared.
 *
 * Engines write 0 for "no value" in several members (blockIO.weight, cpu.shares, memory.swap):
 * 0 passes wherever it has no meaning of its own.
 *
 * Source: runtime-spec 1.3 config-linux.md "Control groups".
 */
#include "check.h"
#include "oci/names.h"

#include <stdio.h>

enum {
	SWAPPINESS_MAX = 100,
	WEIGHT_MIN = 10,
	WEIGHT_MAX = 1000,
};

static int check_rule_number(const struct opt_i64 *number, const char *path, size_t index,
			     const char *name, struct err *e)
{
	if (number->is_set && (number->value < -1 || number->value > UINT32_MAX))
		return refuse(e, EINVAL, "%s.devices[%zu].%s: must be -1 to 4294967295, not %lld",
			      path, index, name, (long long)number->value);
	return 0;
}

static int check_device_rules(const struct list *devices, const char *path, struct err *e)
{
	size_t index = 0;

	list_each(struct oci_device_rule, rule, devices)
	{
		int r;

		drop_empty(&rule->type);
		if (rule->type && (strlen(rule->type) != 1 || !strchr("acb", *rule->type)))
			return refuse(e, EINVAL,
				      "%s.devices[%zu].type: must be a, c or b, not '%s'", path,
				      index, rule->type);
		r = check_rule_number(&rule->major, path, index, "major", e);
		if (r < 0)
			return r;
		r = check_rule_number(&rule->minor, path, index, "minor", e);
		if (r < 0)
			return r;
		if (!rule->access)
			rule->access = "rwm";
		if (*rule->access == '\0' || rule->access[strspn(rule->access, "rwm")] != '\0')
			return refuse(
				e, EINVAL,
				"%s.devices[%zu].access: must be made of r, w and m, not '%s'",
				path, index, rule->access);
		index++;
	}
	return 0;
}

static int check_limit(const struct opt_i64 *limit, const char *path, const char *name,
		       struct err *e)
{
	if (limit->value < -1)
		return refuse(e, EINVAL, "%s.%s: must be -1 or more, not %lld", path, name,
			      (long long)limit->value);
	return 0;
}

static int check_memory(const struct oci_memory *memory, const char *path, struct err *e)
{
	const struct {
		const struct opt_i64 *value;
		const char *name;
	} limits[] = {
		{&memory->limit, "memory.limit"},
		{&memory->reservation, "memory.reservation"},
		{&memory->swap, "memory.swap"},
		{&memory->kernel, "memory.kernel"},
		{&memory->kernel_tcp, "memory.kernelTCP"},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++) {
		int r = check_limit(limits[i].value, path, limits[i].name, e);

		if (r < 0)
			return r;
	}
	if (memory->swap.value > 0 && memory->limit.value == -1)
		return refuse(e, EINVAL, "%s.memory.swap: needs a memory.limit other than -1",
			      path);
	if (memory->swap.value > 0 && memory->swap.value < memory->limit.value)
		return refuse(e, EINVAL,
			      "%s.memory.swap: %lld is memory and swap together, so it cannot be "
			      "below memory.limit %lld",
			      path, (long long)memory->swap.value, (long long)memory->limit.value);
	if (memory->swappiness.value > SWAPPINESS_MAX)
		return refuse(e, EINVAL, "%s.memory.swappiness: must be 0 to 100, not %llu", path,
			      (unsigned long long)memory->swappiness.value);
	return 0;
}

static int check_cpu(struct oci_cpu *cpu, const char *path, struct err *e)
{
	drop_empty(&cpu->cpus);
	drop_empty(&cpu->mems);
	if (cpu->quota.value > 0 && cpu->burst.value > (uint64_t)cpu->quota.value)
		return refuse(e, EINVAL, "%s.cpu.burst: %llu is above cpu.quota %lld", path,
			      (unsigned long long)cpu->burst.value, (long long)cpu->quota.value);
	if (cpu->cpus && !is_cpu_list(cpu->cpus))
		return refuse(e, EINVAL, "%s.cpu.cpus: must be a list like 0-3,7, not '%s'", path,
			      cpu->cpus);
	if (cpu->mems && !is_cpu_list(cpu->mems))
		return refuse(e, EINVAL, "%s.cpu.mems: must be a list like 0-3,7, not '%s'", path,
			      cpu->mems);
	if (cpu->idle.value != 0 && cpu->idle.value != 1)
		return refuse(e, EINVAL, "%s.cpu.idle: must be 0 or 1, not %lld", path,
			      (long long)cpu->idle.value);
	return 0;
}

static int check_weight(const struct opt_u16 *weight, const char *path, const char *name,
			struct err *e)
{
	if (weight->value != 0 && (weight->value < WEIGHT_MIN || weight->value > WEIGHT_MAX))
		return refuse(e, EINVAL, "%s.blockIO.%s: must be 10 to 1000, not %u", path, name,
			      weight->value);
	return 0;
}

static int check_device_pair(int64_t major, int64_t minor, const char *path, const char *list,
			     size_t index, struct err *e)
{
	if (major < 0 || major > UINT32_MAX)
		return refuse(e, EINVAL, "%s.blockIO.%s[%zu].major: must be a device's, not %lld",
			      path, list, index, (long long)major);
	if (minor < 0 || minor > UINT32_MAX)
		return refuse(e, EINVAL, "%s.blockIO.%s[%zu].minor: must be a device's, not %lld",
			      path, list, index, (long long)minor);
	return 0;
}

static int check_weight_devices(const struct list *devices, const char *path, struct err *e)
{
	char name[64];
	size_t index = 0;

	list_each(struct oci_weight_device, device, devices)
	{
		int r = check_device_pair(device->major.value, device->minor.value, path,
					  "weightDevice", index, e);

		if (r < 0)
			return r;
		if (!device->weight.is_set && !device->leaf_weight.is_set)
			return refuse(e, EINVAL,
				      "%s.blockIO.weightDevice[%zu]: needs weight or leafWeight",
				      path, index);
		(void)snprintf(name, sizeof(name), "weightDevice[%zu].weight", index);
		r = check_weight(&device->weight, path, name, e);
		if (r < 0)
			return r;
		(void)snprintf(name, sizeof(name), "weightDevice[%zu].leafWeight", index);
		r = check_weight(&device->leaf_weight, path, name, e);
		if (r < 0)
			return r;
		index++;
	}
	return 0;
}

static int check_block_io(const struct oci_block_io *io, const char *path, struct err *e)
{
	const struct {
		const struct list *list;
		const char *name;
	} throttles[] = {
		{&io->throttle_read_bps_device, "throttleReadBpsDevice"},
		{&io->throttle_write_bps_device, "throttleWriteBpsDevice"},
		{&io->throttle_read_iops_device, "throttleReadIOPSDevice"},
		{&io->throttle_write_iops_device, "throttleWriteIOPSDevice"},
	};
	int r;

	r = check_weight(&io->weight, path, "weight", e);
	if (r < 0)
		return r;
	r = check_weight(&io->leaf_weight, path, "leafWeight", e);
	if (r < 0)
		return r;
	for (size_t i = 0; i < sizeof(throttles) / sizeof(throttles[0]); i++) {
		size_t index = 0;

		list_each(struct oci_throttle_device, device, throttles[i].list)
		{
			r = check_device_pair(device->major.value, device->minor.value, path,
					      throttles[i].name, index++, e);
			if (r < 0)
				return r;
		}
	}
	return check_weight_devices(&io->weight_device, path, e);
}

/* ^[1-9][0-9]*[KMG]B$ */
static bool is_page_size(const char *text)
{
	size_t digits = strspn(text, "0123456789");

	return digits > 0 && *text != '0' && strchr("KMG", text[digits]) && text[digits] != '\0' &&
	       str_is(text + digits + 1, "B");
}

static int check_hugepages(const struct list *limits, const char *path, struct err *e)
{
	size_t index = 0;

	list_each(struct oci_hugepage_limit, limit, limits)
	{
		if (!is_page_size(limit->page_size))
			return refuse(e, EINVAL,
				      "%s.hugepageLimits[%zu].pageSize: must be like 64KB, 2MB or "
				      "1GB, not '%s'",
				      path, index, limit->page_size);
		index++;
	}
	return 0;
}

static int check_named(const struct oci_resources *resources, const char *path, struct err *e)
{
	list_each(struct oci_rdma, rdma, &resources->rdma)
	{
		if (!rdma->hca_handles.is_set && !rdma->hca_objects.is_set)
			return refuse(e, EINVAL, "%s.rdma.%s: needs hcaHandles or hcaObjects", path,
				      rdma->device);
		if (*rdma->device == '\0' || strpbrk(rdma->device, " \n"))
			return refuse(e, EINVAL, "%s.rdma: '%s' is no device name", path,
				      rdma->device);
	}
	for (size_t i = 0; i < resources->unified.count; i++) {
		const char *name = resources->unified.items[i].name;

		if (*name == '\0' || strchr(name, '/') || str_is(name, ".") || str_is(name, ".."))
			return refuse(e, EINVAL, "%s.unified: '%s' is no file of a cgroup", path,
				      name);
	}
	return 0;
}

int check_resources(struct oci_resources *resources, const char *path, struct err *e)
{
	int r;

	r = check_device_rules(&resources->devices, path, e);
	if (r < 0)
		return r;
	if (resources->memory) {
		r = check_memory(resources->memory, path, e);
		if (r < 0)
			return r;
	}
	if (resources->cpu) {
		r = check_cpu(resources->cpu, path, e);
		if (r < 0)
			return r;
	}
	if (resources->pids) {
		r = check_limit(&resources->pids->limit, path, "pids.limit", e);
		if (r < 0)
			return r;
	}
	if (resources->block_io) {
		r = check_block_io(resources->block_io, path, e);
		if (r < 0)
			return r;
	}
	r = check_hugepages(&resources->hugepage_limits, path, e);
	if (r < 0)
		return r;
	return check_named(resources, path, e);
}
