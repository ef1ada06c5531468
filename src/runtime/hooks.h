/* The hooks that run in the runtime's namespaces: prestart, createRuntime, poststart, poststop. */
#ifndef RUNTIME_HOOKS_H
#define RUNTIME_HOOKS_H

#include "oci/spec.h"
#include "oci/state.h"

/* Runs them in order; stops at the first that fails ("error running createRuntime hook #1: ..."),
 * but for poststop ones, whose failures are warnings. config.md "POSIX-platform Hooks". */
int hooks_run(const struct oci_config *config, enum oci_hook_kind kind,
	      const struct oci_state *state, struct err *e) must_check;

#endif
