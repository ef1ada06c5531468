/*
 * What a container behind a kernel of its own cannot have: descriptors, namespaces and devices of
 * the host. Each is refused by name; leaving it out would give the program something else than it
 * asked for.
 */
#include "machine.h"

#include "base/log.h"

static int namespaces_check(const struct machine_planning *m, struct err *e)
{
	const struct list *namespaces = &m->config->linux_->namespaces;

	if (!oci_namespace_find(m->config, OCI_NS_NETWORK))
		return refuse(e, EINVAL,
			      "linux.namespaces: a container at the vm level cannot use the host's "
			      "network; add a network namespace");
	if (!oci_namespace_find(m->config, OCI_NS_MOUNT))
		return refuse(e, EINVAL,
			      "linux.namespaces: a container at the vm level needs a mount "
			      "namespace");
	for (size_t i = 0; i < namespaces->count; i++) {
		const struct oci_namespace *namespace =
			list_at(struct oci_namespace, namespaces, i);

		if (namespace->path && namespace->type.value != OCI_NS_NETWORK &&
		    !machine_pod_may_join(m, namespace))
			return refuse(e, ENOTSUP,
				      "linux.namespaces[%zu].path: a %s namespace of the host "
				      "cannot be joined from a guest",
				      i, enum_name_of(oci_namespace_names, namespace->type.value));
	}
	return 0;
}

static int seccomp_check(const struct oci_seccomp *seccomp, struct err *e)
{
	bool notifies;

	if (!seccomp)
		return 0;
	notifies = seccomp->default_action.value == OCI_SECCOMP_NOTIFY;
	list_each(const struct oci_seccomp_rule, rule, &seccomp->syscalls) notifies =
		notifies || rule->action.value == OCI_SECCOMP_NOTIFY;
	if (notifies)
		return refuse(e, ENOTSUP,
			      "linux.seccomp: SCMP_ACT_NOTIFY hands the listener a descriptor of "
			      "the container's kernel, which cannot leave a guest");
	return 0;
}

static int vm_check(const struct oci_vm *vm, struct err *e)
{
	if (!vm)
		return 0;
	if (vm->image)
		return refuse(e, ENOTSUP,
			      "vm.image: the guest's root is always the initramfs; use vm.kernel");
	if (vm->hw_config && vm->hw_config->device_tree)
		return refuse(e, ENOTSUP, "vm.hwConfig.deviceTree: the machine describes itself");
	return 0;
}

static bool is_in_guest(const struct oci_device *device)
{
	static const struct {
		int64_t major, minor;
	} known[] = {
		{1, 3}, {1, 5}, {1, 7}, {1, 8},	   {1, 9},
		{5, 0}, {5, 1}, {5, 2}, {10, 200}, {10, 229},
	};

	if (*device->type == 'p')
		return true;
	for (size_t i = 0; *device->type != 'b' && i < sizeof(known) / sizeof(known[0]); i++)
		if (device->major.value == known[i].major && device->minor.value == known[i].minor)
			return true;
	return false;
}

/* The rules that an engine's --privileged makes: whatever there is may be used. */
static bool allows_everything(const struct oci_resources *resources)
{
	const struct oci_device_rule *rule;

	if (!resources || resources->devices.count == 0)
		return false;
	rule = list_at(struct oci_device_rule, &resources->devices, resources->devices.count - 1);
	return rule->allow.value && (!rule->type || *rule->type == 'a') && rule->major.value <= 0 &&
	       rule->minor.value <= 0 && strlen(rule->access) == 3;
}

/* Nobody has picked the devices of a privileged container: they are what the engine found in the
 * host's /dev. It gets those that its own kernel has. */
struct list machine_devices(struct arena *arena, const struct oci_config *config)
{
	struct list to = {0};

	if (!allows_everything(config->linux_->resources))
		return config->linux_->devices;
	list_each(const struct oci_device, device, &config->linux_->devices)
	{
		if (is_in_guest(device))
			*list_push(arena, &to, struct oci_device) = *device;
		else
			log_debug("linux.devices: '%s' is the host's: left out", device->path);
	}
	return to;
}

static int devices_check(const struct machine_planning *m, struct err *e)
{
	size_t index = 0;

	if (allows_everything(m->config->linux_->resources))
		return 0;
	list_each(const struct oci_device, device, &m->config->linux_->devices)
	{
		if (!is_in_guest(device) && *device->type != 'b')
			return refuse(e, ENOTSUP,
				      "linux.devices[%zu]: the device %lld:%lld ('%s') is the "
				      "host's and cannot be used from a guest; block devices can",
				      index, (long long)device->major.value,
				      (long long)device->minor.value, device->path);
		index++;
	}
	return 0;
}

int machine_check(const struct machine_planning *m, struct err *e)
{
	const struct oci_linux *linux_ = m->config->linux_;

	if (m->host->is_rootless)
		return refuse(e, EPERM, "the vm level needs the rights of the host's root");
	if (m->options->preserve_fds > 0)
		return refuse(e, ENOTSUP, "--preserve-fds: no descriptor can go into a guest");
	if (m->options->listen_fds > 0)
		return refuse(e, ENOTSUP, "LISTEN_FDS: no descriptor can go into a guest");
	if (!linux_)
		return refuse(e, EINVAL, "linux: is required at the vm level");
	if (linux_->net_devices.count > 0)
		return refuse(e, ENOTSUP,
			      "linux.netDevices: put the device into the network namespace "
			      "instead; the guest gets what is there");
	if (linux_->intel_rdt)
		return refuse(e, ENOTSUP, "linux.intelRdt: is not supported at the vm level");
	if (namespaces_check(m, e) < 0 || seccomp_check(linux_->seccomp, e) < 0 ||
	    vm_check(m->config->vm, e) < 0)
		return -e->code;
	if (devices_check(m, e) < 0)
		return -e->code;
	return m->defaults->sandbox ? machine_pod_check(m, e) : 0;
}
