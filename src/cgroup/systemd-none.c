/* Stands in for systemd.c in builds without the systemd driver: says so. */
#include "unit.h"

#include <errno.h>

static int absent(struct err *e)
{
	return refuse(e, EOPNOTSUPP, "this build has no systemd cgroup driver");
}

int systemd_start(const struct plan_cgroup *where, const struct plan_limits *limits,
		  bool with_devices, pid_t pid, struct err *e)
{
	(void)where;
	(void)limits;
	(void)with_devices;
	(void)pid;
	return absent(e);
}

int systemd_attach(const struct plan_cgroup *where, const char *below, pid_t pid, struct err *e)
{
	(void)where;
	(void)below;
	(void)pid;
	return absent(e);
}

int systemd_update(const struct plan_cgroup *where, const struct plan_limits *limits, struct err *e)
{
	(void)where;
	(void)limits;
	return absent(e);
}

int systemd_stop(const struct plan_cgroup *where, struct err *e)
{
	(void)where;
	return absent(e);
}
