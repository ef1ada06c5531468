/* What the monitor is told when it is started: as JSON in a sealed file, by its own field table. */
#ifndef VM_SETUP_H
#define VM_SETUP_H

#include "plan/machine.h"

struct vm_setup {
	const char *id;
	struct opt_bool terminal; /* stdin is the peer of a pty of ours */
	struct opt_bool log_json;
	struct plan_machine *machine;
};

extern const struct field vm_setup_fields[];

/* The descriptors of a monitor besides 0 to 2, which are the container's streams. */
enum {
	MONITOR_LINK_FD = 3, /* to the creator: a connection of the control socket */
	MONITOR_CONTROL_FD,  /* the listening control socket */
	MONITOR_STATE_FD,    /* the state directory */
	MONITOR_LOG_FD,	     /* where reasons are told, appended */
	MONITOR_SETUP_FD,
	MONITOR_FDS_END,
};

/* In the place of the setup later: the mount namespace of the machine's files, since the monitor's
 * own shows what the container sees (view.c). */
enum { MONITOR_FILES_FD = MONITOR_SETUP_FD };

/* The first word of a monitor's and a proxy's command line: how main() knows them, and what people
 * see in ps(1). */
/* In the state directory, for a caller without a log. */
#define MONITOR_LOG "log"

#define VM_MONITOR_NAME "bulkhead-monitor:"
#define VM_PROXY_NAME	"bulkhead-exec:"

#endif
