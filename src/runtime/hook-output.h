/* Files for what hooks print, named by annotations: spec/annotations.md. */
#ifndef RUNTIME_HOOK_OUTPUT_H
#define RUNTIME_HOOK_OUTPUT_H

#include "oci/spec.h"

struct hook_output {
	int out, error; /* FD_NONE: into a pipe, for messages */
};

#define HOOK_OUTPUT_NONE ((struct hook_output){.out = -1, .error = -1})

void hook_output_done(struct hook_output *output);
#define auto_hook_output __attribute__((cleanup(hook_output_done))) struct hook_output

/* Fills `ret`, which is HOOK_OUTPUT_NONE before; FD_NONE stays where the annotation is absent. */
int hook_output_open(const struct oci_config *config, struct hook_output *ret,
		     struct err *e) must_check;

#endif
