/*
 * QEMU's microvm: no firmware worth the name, no PCI, virtio over mmio, nothing but what is named
 * here.
 *
 * - force-legacy=false: vhost-user file systems refuse the old virtio that microvm starts with.
 * - The kernel leaves by reboot=t (a triple fault), which ends QEMU under -no-reboot; so does a
 *   panic (panic=-1).
 * - Emulated, the guest cannot calibrate its clock reliably: there is neither HPET nor PM timer,
 * and it would hang for ever now and then. It is told the host's frequency instead, which is what
 * its time stamp counter runs at, and that there is nothing better to check it against: on a loaded
 * host the watchdog would give it up for the timer's ticks.
 * - The emulator speculates about nothing, so a guest under it need not defend itself against that.
 */
#include "machine.h"

static void option(struct strv *argv, struct arena *arena, const char *name, const char *value)
{
	strv_push(argv, arena, name);
	strv_push(argv, arena, value);
}

static const char *kernel_line(struct arena *arena, const struct machine_line *line)
{
	struct strv words = {0};

	strv_push(&words, arena,
		  "console=ttyS0 quiet reboot=t panic=-1 oops=panic cgroup_no_v1=all");
	if (line->machine->accel.value == PLAN_ACCEL_TCG) {
		strv_push(&words, arena, "mitigations=off");
		if (line->tsc_khz > 0)
			strv_push(&words, arena,
				  arena_printf(arena, "tsc=reliable tsc_early_khz=%llu",
					       (unsigned long long)line->tsc_khz));
	}
	for (size_t i = 0; i < line->machine->kernel_parameters.count; i++)
		strv_push(&words, arena, line->machine->kernel_parameters.items[i]);
	return strv_join(arena, &words, " ");
}

static void processor(struct strv *argv, struct arena *arena, const struct plan_machine *machine)
{
	bool is_kvm = machine->accel.value == PLAN_ACCEL_KVM;
	unsigned long long bytes = machine->memory.value;

	option(argv, arena, "-M", "microvm,memory-backend=ram,x-option-roms=off");
	option(argv, arena, "-accel", is_kvm ? "kvm" : "tcg,tb-size=64");
	option(argv, arena, "-cpu", is_kvm ? "host" : "max");
	option(argv, arena, "-smp", arena_printf(arena, "%u", machine->vcpus.value));
	option(argv, arena, "-m", arena_printf(arena, "%lluM", bytes >> 20));
	option(argv, arena, "-object",
	       arena_printf(arena, "memory-backend-memfd,id=ram,size=%llu,share=on", bytes));
}

static void fixed_devices(struct strv *argv, struct arena *arena)
{
	option(argv, arena, "-chardev",
	       arena_printf(arena, "socket,id=console,fd=%d", MACHINE_CONSOLE_FD));
	option(argv, arena, "-serial", "chardev:console");
	option(argv, arena, "-device", "virtio-serial-device,max_ports=2");
	option(argv, arena, "-chardev",
	       arena_printf(arena, "socket,id=channel,fd=%d", MACHINE_CHANNEL_FD));
	option(argv, arena, "-device", "virtserialport,chardev=channel,name=dev.bulkhead.agent");
	option(argv, arena, "-chardev",
	       arena_printf(arena, "socket,id=share,fd=%d", MACHINE_SHARE_FD));
	option(argv, arena, "-device", "vhost-user-fs-device,chardev=share,tag=" MACHINE_SHARE_TAG);
}

static void interfaces(struct strv *argv, struct arena *arena, const struct machine_line *line)
{
	for (size_t i = 0; i < line->interface_count; i++) {
		const uint8_t *mac = line->macs[i];

		option(argv, arena, "-netdev",
		       arena_printf(arena, "tap,id=net%zu,fd=%zu,vhost=off", i,
				    MACHINE_TAPS_FD + i));
		option(argv, arena, "-device",
		       arena_printf(arena,
				    "virtio-net-device,netdev=net%zu,"
				    "mac=%02x:%02x:%02x:%02x:%02x:%02x",
				    i, mac[0], mac[1], mac[2], mac[3], mac[4], mac[5]));
	}
}

const char *machine_disk_serial(struct arena *arena, size_t index)
{
	return arena_printf(arena, "disk%zu", index);
}

static void disks(struct strv *argv, struct arena *arena, const struct machine_line *line)
{
	const struct list *list = &line->machine->disks;

	for (size_t i = 0; i < list->count; i++) {
		const struct plan_disk *disk = list_at(struct plan_disk, list, i);

		option(argv, arena, "-add-fd",
		       arena_printf(arena, "fd=%zu,set=%zu",
				    MACHINE_TAPS_FD + line->interface_count + i, i + 1));
		option(argv, arena, "-blockdev",
		       arena_printf(arena,
				    "driver=host_device,node-name=disk%zu,"
				    "filename=/dev/fdset/%zu,read-only=%s,cache.direct=off",
				    i, i + 1, disk->read_only.value ? "on" : "off"));
		option(argv, arena, "-device",
		       arena_printf(arena, "virtio-blk-device,drive=disk%zu,serial=%s", i,
				    machine_disk_serial(arena, i)));
	}
}

struct strv machine_argv(struct arena *arena, const struct machine_line *line)
{
	const struct plan_machine *machine = line->machine;
	struct strv argv = {0};

	strv_push(&argv, arena, machine->hypervisor);
	strv_push(&argv, arena, "-nodefaults");
	strv_push(&argv, arena, "-no-user-config");
	strv_push(&argv, arena, "-nographic");
	strv_push(&argv, arena, "-no-reboot");
	option(&argv, arena, "-global", "virtio-mmio.force-legacy=false");
	processor(&argv, arena, machine);
	option(&argv, arena, "-kernel", "/kernel");
	option(&argv, arena, "-initrd", "/initramfs");
	option(&argv, arena, "-append", kernel_line(arena, line));
	fixed_devices(&argv, arena);
	interfaces(&argv, arena, line);
	disks(&argv, arena, line);
	option(&argv, arena, "-sandbox",
	       "on,obsolete=deny,elevateprivileges=deny,spawn=deny,resourcecontrol=deny");
	for (size_t i = 0; i < machine->hypervisor_parameters.count; i++)
		strv_push(&argv, arena, machine->hypervisor_parameters.items[i]);
	return argv;
}
