/* The process object of exec: from a file, or the configuration's with changes. */
#ifndef RUNTIME_EXEC_PROCESS_H
#define RUNTIME_EXEC_PROCESS_H

#include "container.h"

int exec_process_make(struct arena *arena, const struct oci_config *config,
		      const struct runtime_exec *options, const struct oci_process **ret,
		      struct err *e) must_check;

#endif
