/* The command line of the hypervisor. */
#ifndef VM_MACHINE_H
#define VM_MACHINE_H

#include "plan/machine.h"

/* Its descriptors, in the order in which the jail places them from 3 on. */
enum {
	MACHINE_CHANNEL_FD = 3, /* to the agent */
	MACHINE_SHARE_FD,	/* to the file server */
	MACHINE_CONSOLE_FD,	/* the guest's kernel log */
	MACHINE_TAPS_FD,	/* one for each interface, then one for each disk */
};

struct machine_line {
	const struct plan_machine *machine;
	const uint8_t (*macs)[6];
	size_t interface_count;
	uint64_t tsc_khz; /* of the host; 0: unknown */
};

#define MACHINE_SHARE_TAG "share"

/* argv for execve; the arena's. */
struct strv machine_argv(struct arena *arena, const struct machine_line *line);
/* Serial of the disk number `index`, by which the agent finds it. */
const char *machine_disk_serial(struct arena *arena, size_t index);

#endif
