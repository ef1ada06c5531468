/*
 * A hook that runs in namespaces which the caller has entered: a program with its state document as
 * standard input, alone in a process group, whose end is waited for.
 *
 * Source: runtime-spec 1.3 config.md "POSIX-platform Hooks".
 */
#ifndef KERN_HOOK_H
#define KERN_HOOK_H

#include "base/err.h"

#include <stdbool.h>
#include <stdint.h>

/* What all hooks of one kind have in common. Descriptors are borrowed. */
struct hook_setting {
	int directory;	/* to run in; FD_NONE: ours */
	int input;	/* the state document, a file: it need not be read */
	int out, error; /* files for what is printed; FD_NONE: kept for the error message */
};

struct hook_program {
	const char *path;
	char *const *argv;
	char *const *envp; /* NULL: empty, nothing of ours (CVE-2025-23266) */
	bool has_timeout;
	int64_t timeout; /* seconds */
};

/* Runs it to its end. Fails when it cannot be executed, exits with another status than 0, is
 * killed, or overruns its time: then its process group is killed. The error has the end of its
 * output. */
int hook_program_run(const struct hook_program *program, const struct hook_setting *setting,
		     struct err *e) must_check;

/* The annotations, as crun has them. */
#define HOOK_STDOUT "run.oci.hooks.stdout"
#define HOOK_STDERR "run.oci.hooks.stderr"

/* A file that an annotation names for what hooks print: opened for appending, made (0600) when
 * absent. `path` NULL: *ret_fd is left alone. Only a regular file, no link at the end of the path:
 * the annotation can be a user's whose engine passes annotations on. `name` is for messages. */
int hook_file_open(const char *path, const char *name, int *ret_fd, struct err *e) must_check;

#endif
