/*
 * Network interfaces of the host that move into the container, and its loopback.
 *
 * Source: runtime-spec 1.3 config-linux.md "Network Devices".
 */
#include "planning.h"

int network_plan(struct planning *p, struct err *e)
{
	const struct list *devices = &p->linux_->net_devices;

	if (devices->count > 0 && p->facts->is_rootless)
		return refuse(e, EPERM,
			      "linux.netDevices: moving network devices needs the rights of the "
			      "host's root");
	list_each(const struct oci_net_device, from, devices)
	{
		struct plan_net_device *to =
			list_push(p->arena, &p->plan->net_devices, struct plan_net_device);

		to->host_name = from->host_name;
		to->name = from->name ? from->name : from->host_name;
		to->origin = arena_printf(p->arena, "linux.netDevices.%s", from->host_name);
	}
	return 0;
}
