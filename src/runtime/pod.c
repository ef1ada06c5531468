/*
 * Finding a pod's sandbox, and which of a configuration's namespaces are its own.
 *
 * The engine knows the sandbox by its pid, which is its monitor's: a path below /proc/<pid>/ns says
 * "that of the sandbox", though the monitor itself is in the host's ipc, uts and pid namespaces. An
 * engine that keeps a pod's namespaces somewhere gives sandbox and containers the same path.
 */
#include "pod.h"

#include "base/clock.h"
#include "container.h"
#include "oci/load.h"

#include <errno.h>
#include <sched.h>
#include <sys/stat.h>

static const struct {
	enum oci_namespace_type type;
	uint64_t flag;
	const char *file;
} kinds[] = {
	{OCI_NS_NETWORK, CLONE_NEWNET, "net"}, {OCI_NS_IPC, CLONE_NEWIPC, "ipc"},
	{OCI_NS_UTS, CLONE_NEWUTS, "uts"},     {OCI_NS_PID, CLONE_NEWPID, "pid"},
	{OCI_NS_USER, CLONE_NEWUSER, "user"},
};

static bool is_same_file(const char *a, const char *b)
{
	struct stat first, second;

	return stat(a, &first) == 0 && stat(b, &second) == 0 && first.st_dev == second.st_dev &&
	       first.st_ino == second.st_ino;
}

static bool is_sandboxes(const struct container *sandbox, const struct oci_config *config,
			 const struct oci_namespace *namespace, const char *file)
{
	const struct oci_namespace *same =
		oci_namespace_find(config, (enum oci_namespace_type) namespace->type.value);
	char own[64];

	(void)snprintf(own, sizeof(own), "/proc/%d/ns/%s", sandbox->record.pid.value, file);
	if (str_is(namespace->path, own) ||
	    (same && same->path && str_is(same->path, namespace->path)))
		return true;
	/* The monitor itself is in the network namespace, wherever that has its names. */
	return namespace->type.value == OCI_NS_NETWORK && is_same_file(namespace->path, own);
}

static uint64_t namespaces_of(const struct container *sandbox,
			      const struct oci_config *sandbox_config,
			      const struct oci_config *config)
{
	uint64_t flags = 0;

	for (size_t i = 0; config->linux_ && i < sizeof(kinds) / sizeof(kinds[0]); i++) {
		const struct oci_namespace *namespace = oci_namespace_find(config, kinds[i].type);

		if (namespace && namespace->path &&
		    is_sandboxes(sandbox, sandbox_config, namespace, kinds[i].file))
			flags |= kinds[i].flag;
	}
	return flags;
}

static int sandbox_open(const struct runtime *runtime, const char *id, bool has_machine,
			struct container **ret, struct err *e)
{
	auto_container *sandbox = NULL;
	const struct backend_ops *ops;
	int r = container_open(runtime, id, CONTAINER_LOOK, &sandbox, e);

	if (r < 0)
		return r;
	if (r == CONTAINER_ABSENT) {
		if (!has_machine)
			return POD_ALONE;
		return refuse(e, ENOENT, "there is no container '%s'", id);
	}
	if (runtime->find_backend(sandbox->record.isolation, &ops, e) < 0)
		return -e->code;
	if (!ops->has_machine) {
		if (!has_machine)
			return POD_ALONE;
		return refuse(e, EINVAL,
			      "'%s' runs at the %s level, so no container of its pod can run at "
			      "the vm level",
			      id, sandbox->record.isolation);
	}
	if (container_refresh(sandbox, e) < 0)
		return -e->code;
	if (sandbox->phase != PHASE_CREATED && sandbox->phase != PHASE_RUNNING)
		return refuse(e, ESRCH, "container not running: '%s' is %s", id,
			      phase_name(sandbox->phase));
	*ret = take_ptr(sandbox);
	return POD_JOINED;
}

int pod_find(const struct runtime *runtime, const struct oci_config *config, bool has_machine,
	     struct arena *arena, struct planner_sandbox *ret, const char **ret_isolation,
	     struct err *e)
{
	const struct oci_config *sandbox_config;
	auto_container *sandbox = NULL;
	const char *id;
	int r;

	if (planner_pod_role(config, &id) != POD_CONTAINER)
		return POD_ALONE;
	r = sandbox_open(runtime, id, has_machine, &sandbox, e);
	if (r == POD_JOINED && container_config(sandbox, &sandbox_config, e) < 0)
		r = -e->code;
	if (r < 0)
		return wrap(e, "annotations: the sandbox of the pod");
	if (r == POD_ALONE)
		return r;
	*ret = (struct planner_sandbox){
		.id = arena_strdup(arena, id),
		.state = arena_printf(arena, "%s/%s", runtime->root, id),
		/* The guest may remember a name for a second: no name comes twice. */
		.place = arena_printf(arena, "%llx-%x", (unsigned long long)clock_now(),
				      (unsigned int)getpid()),
		.namespaces = namespaces_of(sandbox, sandbox_config, config),
	};
	*ret_isolation = arena_strdup(arena, sandbox->record.isolation);
	return POD_JOINED;
}
