/*
 * The namespace backend: a container is processes of this host in namespaces, a cgroup and a root
 * directory of their own. It executes plans (plan/plan.h) and decides nothing.
 *
 * In the state directory it keeps two FIFOs: "start", which the waiting init holds open, so that
 * "somebody reads it" is "created" whatever else has crashed, and "result", by whose end the
 * starter learns that execve has happened. Both go when the container starts.
 */
#ifndef NS_NS_H
#define NS_NS_H

#include "backend/backend.h"

extern const struct backend_ops process_backend;

/*
 * Whether other processes of the container's pid namespace will see the runtime itself while it
 * makes this container (no pid namespace of its own). Then the caller first goes on from a sealed
 * copy of its program (process_reexec_sealed(), kern/memfd.h), since /proc/PID/exe would lead to
 * the file on the host (CVE-2019-5736). For exec the same is told by
 * backend_context.shares_pid_namespace.
 */
bool ns_needs_sealed_self(const struct plan *plan);

#endif
