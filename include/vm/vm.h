/*
 * The vm backend: a container is one machine with a kernel of its own, in which the agent runs the
 * namespace backend. See spec/vm.md.
 *
 * Two further programs are in this binary, known by the first word of their command line: the
 * monitor, which is the container to whoever holds its pid, and the proxy, which is the process of
 * an exec.
 */
#ifndef VM_VM_H
#define VM_VM_H

#include "backend/backend.h"

extern const struct backend_ops vm_backend;

/* Whether a program with this first word is one of the two. */
bool vm_is_hidden_program(const char *argv0);
/* Runs it; does not return. */
_Noreturn void vm_hidden_program(int argc, char **argv);

#endif
