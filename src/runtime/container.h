/* A container that a command works on: its directory, lock, record, phase and backend. */
#ifndef RUNTIME_CONTAINER_H
#define RUNTIME_CONTAINER_H

#include "phase.h"
#include "record.h"
#include "runtime/runtime.h"

struct container {
	const struct runtime *runtime;
	struct arena arena;
	const char *id;
	int root_fd, state_fd, lock_fd;
	struct record record;
	struct err damage; /* why the record could not be read; code 0 = it was */
	enum phase phase;
	const struct facts *facts; /* NULL until container_facts() */
	struct backend *backend;
	struct process init;
};

enum container_outcome { CONTAINER_FOUND = 0, CONTAINER_ABSENT = 1 };

enum container_access {
	CONTAINER_LOOK,	  /* no lock; the record must be whole */
	CONTAINER_CHANGE, /* locked, record whole, phase refreshed */
	CONTAINER_END,	  /* locked, whatever is there; see `damage` */
};

/* How long a command waits for another one on the same container. */
#define CONTAINER_LOCK_SECONDS 10

/* A handle without a directory. Checks the id first. */
int container_new(const struct runtime *runtime, const char *id, struct container **ret,
		  struct err *e) must_check;
int container_open(const struct runtime *runtime, const char *id, enum container_access access,
		   struct container **ret, struct err *e) must_check;
/* The parts of container_open(), after container_new(). */
int container_enter(struct container *container, enum container_access access,
		    struct err *e) must_check;
/* The same, refusing what is absent: "container does not exist". */
int container_find(const struct runtime *runtime, const char *id, enum container_access access,
		   struct container **ret, struct err *e) must_check;
void container_close(struct container *container);

static inline void container_own(struct container **container)
{
	container_close(*container);
}
#define auto_container __attribute__((cleanup(container_own))) struct container

/* Facts about the host, found out once. `list` sets container->facts to a borrowed value instead.
 */
int container_facts(struct container *container, struct err *e) must_check;
int runtime_facts(const struct runtime *runtime, struct arena *arena, const struct facts **ret,
		  struct err *e) must_check;
/* Opens the backend that the record names, once. */
int container_backend(struct container *container, struct err *e) must_check;
/* The one place where the recorded phase meets the facts. */
int container_refresh(struct container *container, struct err *e) must_check;
/* Asserts that the move is allowed. */
void container_become(struct container *container, enum phase phase);

/* The private copy of the configuration. */
int container_config(struct container *container, const struct oci_config **ret,
		     struct err *e) must_check;
/* The document for `state` and hooks; strings are borrowed from the container. With `details`
 * rootfs and created are set. */
void container_describe(const struct container *container, const char *status, bool details,
			struct oci_state *ret);

/* Ends, undoes and forgets the container: backend, directory, poststop hooks. The phase is GONE
 * when it succeeds. */
int container_destroy(struct container *container, struct err *e) must_check;
/* The same after an error, which stays the one that is told: failing too is only a warning. */
void container_undo(struct container *container);
/* Lets the program run, with the poststart hooks. A failure has stopped the container. */
int container_start(struct container *container, struct err *e) must_check;

/* The hooks that follow the program's start. */
int container_poststart(struct container *container, struct err *e) must_check;

#endif
