/*
 * systemd's view of a container: the unit, its slice, and where systemd puts its cgroup. Talking
 * to systemd is systemd.c; systemd-none.c stands in for it in builds without sd-bus.h.
 */
#ifndef CGROUP_UNIT_H
#define CGROUP_UNIT_H

#include "kern/facts.h"
#include "plan/plan.h"

#include <sys/types.h>

/* The cgroup of the unit: "/a.slice/a-b.slice/x.scope", below the user manager's for its units. */
int unit_path(const struct plan_cgroup *where, const struct facts *facts, struct arena *arena,
	      const char **ret, struct err *e) must_check;
/* "a-b.slice" to "/a.slice/a-b.slice"; "-.slice" and "-" to "". */
int unit_slice_path(const char *slice, struct arena *arena, const char **ret,
		    struct err *e) must_check;
/* Device rules as "DevicePolicy" and "DeviceAllow" in plan_unit_property's text form. v1 only:
 * systemd rewrites devices.* of its units at daemon-reload, to "all allowed" unless it knows of
 * rules. */
void unit_devices(const struct plan_limits *limits, struct arena *arena,
		  struct plan_unit_property ret[2]);

/* ---- systemd.c ---- */

/* StartTransientUnit with the process in it; waits for the job. -EEXIST: the name is taken. */
int systemd_start(const struct plan_cgroup *where, const struct plan_limits *limits,
		  bool with_devices, pid_t pid, struct err *e) must_check;
/* AttachProcessesToUnit: into the unit's cgroup, or the one at `below` in it ("" or "/sub"). */
int systemd_attach(const struct plan_cgroup *where, const char *below, pid_t pid,
		   struct err *e) must_check;
/* SetUnitProperties of the running unit, not kept beyond it. */
int systemd_update(const struct plan_cgroup *where, const struct plan_limits *limits,
		   struct err *e) must_check;
/* StopUnit and ResetFailedUnit; a unit that is gone is fine. */
int systemd_stop(const struct plan_cgroup *where, struct err *e) must_check;

#endif
