/*
 * What create decides before it makes anything: reading the configuration, choosing the wall,
 * building the plan, checking what the caller gave along.
 *
 * A container that shares a pid namespace with others is visible to them while it is set up, as a
 * process whose /proc/PID/exe is this program; so this program becomes a sealed copy of itself
 * first (CVE-2019-5736).
 */
#include "base/log.h"
#include "caller.h"
#include "isolation.h"
#include "kern/memfd.h"
#include "machine.h"
#include "make.h"
#include "notify.h"
#include "oci/load.h"
#include "planner/build.h"
#include "pod.h"
#include "side.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <sched.h>

static int bundle_load(struct making *making, struct err *e)
{
	struct container *container = making->container;
	const char *asked = making->options->bundle ? making->options->bundle : ".";
	auto_free char *absolute = realpath(asked, NULL);
	auto_fd int bundle_fd = FD_NONE;

	if (!absolute)
		return fail(e, errno, "--bundle '%s'", asked);
	making->bundle = arena_strdup(&container->arena, absolute);
	bundle_fd = open(absolute, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (bundle_fd < 0)
		return fail(e, errno, "open the bundle '%s'", absolute);
	if (oci_config_load(&container->arena, bundle_fd, "config.json", &making->config,
			    &making->config_text, e) < 0)
		return wrap(e, "bundle '%s'", absolute);
	return 0;
}

static int machine_plan_build(struct making *making, const struct planner_options *options,
			      struct err *e)
{
	struct container *container = making->container;
	struct planner_options with_caller = *options;
	struct planner_machine machine;
	struct planner_caller caller;

	caller_look(&container->arena, &caller);
	with_caller.caller = &caller;
	if (machine_defaults(making->runtime, &container->arena, &machine, e) < 0)
		return -e->code;
	machine.sandbox = making->sandbox;
	if (notify_host_socket())
		log_warning("NOTIFY_SOCKET: a guest cannot reach it, the container is not waited "
			    "for");
	return planner_build_machine(&container->arena, making->config, container->facts,
				     &with_caller, &machine, &making->plan, e);
}

static int plan_build(struct making *making, struct err *e)
{
	struct container *container = making->container;
	const struct runtime *runtime = making->runtime;
	const struct runtime_create *options = making->options;
	struct planner_options planner = {
		.id = container->id,
		.bundle = making->bundle,
		.systemd_cgroup = runtime->systemd_cgroup,
		.no_cgroup = runtime->no_cgroup,
		.no_pivot = options->no_pivot,
		.no_new_keyring = options->no_new_keyring,
		.preserve_fds = options->preserve_fds,
		.listen_fds = making->listen_fds,
	};

	making->cache_fd = FD_NONE;
	if (making->config->linux_ && making->config->linux_->seccomp)
		making->cache_fd = store_seccomp_cache(container->root_fd);
	planner.seccomp_cache_fd = making->cache_fd;
	if (notify_host_socket())
		planner.notify_directory = arena_printf(
			&container->arena, "%s/%s/" NOTIFY_DIRECTORY, runtime->root, container->id);
	if (making->has_machine)
		return machine_plan_build(making, &planner, e);
	return planner_build(&container->arena, making->config, container->facts, &planner,
			     &making->plan, e);
}

static int exposure_check(const struct making *making, struct err *e)
{
	if (making->has_machine || (making->plan->new_namespaces.value & CLONE_NEWPID))
		return 0;
	return process_reexec_sealed(making->runtime->argv, making->runtime->envp, e);
}

static int level_choose(struct making *making, const struct backend_ops **ret, struct err *e)
{
	const struct runtime *runtime = making->runtime;
	struct arena *arena = &making->container->arena;
	struct planner_sandbox sandbox;
	int r;

	if (isolation_choose(runtime->isolation, making->config, &making->isolation, e) < 0 ||
	    runtime->find_backend(making->isolation, ret, e) < 0)
		return -e->code;
	r = pod_find(runtime, making->config, (*ret)->has_machine, arena, &sandbox,
		     &making->isolation, e);
	if (r != POD_JOINED)
		return r < 0 ? r : 0;
	making->sandbox = arena_memdup(arena, &sandbox, sizeof(sandbox));
	return runtime->find_backend(making->isolation, ret, e);
}

int making_plan(struct making *making, const struct runtime *runtime,
		const struct runtime_create *options, bool detach, struct err *e)
{
	const struct backend_ops *ops;

	*making = (struct making){
		.runtime = runtime,
		.options = options,
		.detach = detach,
		.cache_fd = FD_NONE,
		.process = {.process = PROCESS_NONE, .console_fd = FD_NONE, .seccomp_fd = FD_NONE},
	};
	if (container_new(runtime, options->id, &making->container, e) < 0 ||
	    side_take_fds(options->preserve_fds, &making->listen_fds, e) < 0 ||
	    bundle_load(making, e) < 0 || level_choose(making, &ops, e) < 0)
		return -e->code;
	making->has_machine = ops->has_machine;
	if (container_facts(making->container, e) < 0 ||
	    ops->probe(making->container->facts, e) < 0 ||
	    store_root_open(runtime, true, &making->container->root_fd, e) < 0 ||
	    plan_build(making, e) < 0 || exposure_check(making, e) < 0)
		return -e->code;
	return side_check_console(making->plan->process && making->plan->process->terminal.value,
				  detach, options->console_socket, e);
}

void making_done(struct making *making)
{
	fd_close(&making->process.console_fd);
	fd_close(&making->process.seccomp_fd);
	process_done(&making->process.process);
	fd_close(&making->cache_fd);
	buf_done(&making->config_text);
	container_close(making->container);
}
