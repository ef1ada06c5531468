/* The containers of this guest: what their operations need to know, and whether the OOM killer has
 * been among them. */
#include "base/fd.h"
#include "base/log.h"
#include "kern/namespaces.h"
#include "ns/ns.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <sys/epoll.h>
#include <sys/stat.h>

struct container *container_find(struct agent *agent, uint32_t number)
{
	struct container *container = agent->containers;

	while (container && container->number != number)
		container = container->next;
	return container;
}

static void directory_name(uint32_t number, char out[16])
{
	(void)snprintf(out, 16, "%u", number);
}

int container_add(struct agent *agent, uint32_t number, const struct plan *plan,
		  struct container **ret, struct err *e)
{
	struct container *container;
	char name[16];
	int fd;

	directory_name(number, name);
	if (mkdirat(agent->state_fd, name, 0700) < 0)
		return fail(e, errno, "make the state directory '%s'", name);
	fd = openat(agent->state_fd, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open the state directory '%s'", name);
	container = xcalloc(1, sizeof(*container));
	*container = (struct container){
		.next = agent->containers,
		.number = number,
		.state_fd = fd,
		.plan = plan,
		.cgroup = plan->cgroup,
		.intel_rdt = plan->intel_rdt,
		.shares_pid_namespace = (plan->new_namespaces.value & CLONE_NEWPID) == 0,
		.init = PROCESS_NONE,
		.mounts_fd = FD_NONE,
		.oom = {.fd = FD_NONE},
	};
	(void)snprintf(container->id, sizeof(container->id), "%s", plan->id);
	agent->containers = container;
	*ret = container;
	return 0;
}

void container_forget(struct agent *agent, struct container *container)
{
	struct container **place = &agent->containers;
	char name[16];
	struct err e;

	directory_name(container->number, name);
	while (*place != container)
		place = &(*place)->next;
	*place = container->next;
	source_close(agent, &container->oom);
	fd_close(&container->state_fd);
	fd_close(&container->mounts_fd);
	if (tree_remove(agent->state_fd, name, &e) < 0)
		log_debug("%s", e.text);
	arena_done(&container->arena);
	agent_discard(agent, container);
}

int container_open(const struct agent *agent, const struct container *container,
		   struct backend **ret, struct err *e)
{
	const struct backend_context context = {
		.id = container->id,
		.state_fd = container->state_fd,
		.facts = &agent->facts,
		.cgroup = container->cgroup,
		.intel_rdt = container->intel_rdt,
		.init = container->init,
		.shares_pid_namespace = container->shares_pid_namespace,
	};

	return process_backend.open(&context, ret, e);
}

void container_check_oom(struct agent *agent, struct container *container)
{
	struct backend *backend;
	uint64_t kills = 0;
	struct err e;

	if (container->oom.fd < 0 || container_open(agent, container, &backend, &e) < 0)
		return;
	if (backend->ops->oom_count(backend, &kills, &e) < 0) {
		/* The cgroup has gone. */
		source_close(agent, &container->oom);
	} else if (kills > container->oom_kills) {
		const struct wire_oom oom = {.container = container->number, .kills = kills};

		container->oom_kills = kills;
		wire_event_oom(&agent->lanes, &oom);
	}
	backend->ops->close(backend);
}

/*
 * Where the server announces another file system, the guest's kernel has a superblock for it, and
 * ends it with the last mount. It does not wait for a file that is released only when its last
 * read-ahead is done: Linux 6.1 then finds busy inodes and takes the exiting process for a bug of
 * its own. By the time a container is forgotten nothing is on its way any more.
 */
void container_keep_mounts(const struct agent *agent, struct container *container)
{
	struct err e;
	int fd;

	if (!agent->is_machine || container->init.pid <= 0)
		return;
	if (namespace_open_process(container->init.pid, CLONE_NEWNS, &fd, &e) < 0) {
		log_debug("%s", e.text);
		return;
	}
	fd_close(&container->mounts_fd);
	container->mounts_fd = fd;
}

static void oom_ready(struct agent *agent, struct source *source, uint32_t events)
{
	const size_t offset = offsetof(struct container, oom);
	char bytes[1024];

	(void)events;
	while (read(source->fd, bytes, sizeof(bytes)) > 0)
		;
	container_check_oom(agent, (struct container *)(void *)((char *)source - offset));
}

void container_watch_oom(struct agent *agent, struct container *container)
{
	struct backend *backend;
	int fd = FD_NONE;
	struct err e;

	if (container_open(agent, container, &backend, &e) < 0)
		return;
	if (backend->ops->oom_watch(backend, &fd, &e) < 0) {
		log_debug("%s", e.text);
	} else if (fcntl(fd, F_SETFL, O_NONBLOCK) < 0) {
		fd_close(&fd);
	} else {
		container->oom = (struct source){.ready = oom_ready, .fd = fd};
		source_want(agent, &container->oom, EPOLLIN | EPOLLPRI);
	}
	backend->ops->close(backend);
}
