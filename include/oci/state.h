/* The OCI state document (runtime-spec runtime.md "State"). */
#ifndef OCI_STATE_H
#define OCI_STATE_H

#include "json/fields.h"

struct oci_state {
	const char *id;
	const char *status; /* "creating", "created", "running", "stopped", "paused" */
	int pid;	    /* 0 when stopped */
	const char *bundle;
	const char *rootfs;	       /* written when not NULL (state and list, not hooks) */
	const char *created;	       /* RFC 3339; the same */
	const char *owner;	       /* list only */
	const struct map *annotations; /* NULL = none */
};

void oci_state_write(const struct oci_state *state, struct json_writer *w);

#endif
