/*
 * The state document, for `state`, `list`, hooks and seccomp listeners. ociVersion is the version
 * this document follows, not the one of the configuration.
 *
 * Source: runtime-spec 1.3 runtime.md "State".
 */
#include "oci/state.h"

#include "oci/load.h"

void oci_state_write(const struct oci_state *state, struct json_writer *w)
{
	json_begin_object(w);
	json_member_string(w, "ociVersion", OCI_VERSION_MAX);
	json_member_string(w, "id", state->id);
	json_member_i64(w, "pid", state->pid);
	json_member_string(w, "status", state->status);
	json_member_string(w, "bundle", state->bundle);
	if (state->rootfs)
		json_member_string(w, "rootfs", state->rootfs);
	if (state->created)
		json_member_string(w, "created", state->created);
	if (state->annotations && state->annotations->count > 0) {
		json_name(w, "annotations");
		json_begin_object(w);
		for (size_t i = 0; i < state->annotations->count; i++)
			json_member_string(w, state->annotations->items[i].name,
					   state->annotations->items[i].value);
		json_end_object(w);
	}
	if (state->owner)
		json_member_string(w, "owner", state->owner);
	json_end_object(w);
}
