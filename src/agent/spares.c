/*
 * Network devices that nobody has asked for yet. A machine has a few more than its container has
 * interfaces, for those that come after create; until then they must not be seen by the container,
 * which shares the guest's network namespace. So they wait in a namespace of their own, which a
 * bind mount keeps, since each request is served by another worker.
 */
#include "spares.h"

#include "kern/namespaces.h"
#include "kern/rtnl.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/mount.h>

#define SPARES_FILE "/run/spare-network"

static int namespace_make(struct err *e)
{
	int fd = open(SPARES_FILE, O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

	if (fd < 0)
		return fail(e, errno, "make '%s'", SPARES_FILE);
	(void)close(fd);
	if (namespace_unshare(CLONE_NEWNET, e) < 0)
		return -e->code;
	if (mount("/proc/self/ns/net", SPARES_FILE, NULL, MS_BIND, NULL) < 0)
		return fail(e, errno, "keep a network namespace at '%s'", SPARES_FILE);
	return 0;
}

static int sockets_open(struct spares *spares, struct err *e)
{
	auto_fd int other = FD_NONE;

	if (access(SPARES_FILE, F_OK) < 0) {
		if (namespace_make(e) < 0)
			return -e->code;
	} else {
		if (namespace_open(SPARES_FILE, CLONE_NEWNET, &other, e) < 0 ||
		    namespace_join(other, CLONE_NEWNET, e) < 0)
			return -e->code;
	}
	return rtnl_open(&spares->sock, e);
}

int spares_open(struct spares *spares, struct err *e)
{
	int r;

	*spares = SPARES_NONE;
	spares->own = open("/proc/self/ns/net", O_RDONLY | O_CLOEXEC);
	if (spares->own < 0)
		return fail(e, errno, "open the network namespace");
	r = sockets_open(spares, e);
	if (namespace_join(spares->own, CLONE_NEWNET, e) < 0)
		r = -e->code;
	if (r == 0)
		r = namespace_open(SPARES_FILE, CLONE_NEWNET, &spares->other, e);
	return r;
}

void spares_done(struct spares *spares)
{
	fd_close(&spares->sock);
	fd_close(&spares->own);
	fd_close(&spares->other);
}

int spares_put(struct spares *spares, int sock, int index, struct err *e)
{
	char name[IFNAMSIZ];

	(void)snprintf(name, sizeof(name), "spare%d", index % 1000000);
	return rtnl_link_move(sock, index, spares->other, name, e);
}

int spares_take(struct spares *spares, const struct rtnl_link *link, const char *name,
		struct err *e)
{
	return rtnl_link_move(spares->sock, link->index, spares->own, name, e);
}
