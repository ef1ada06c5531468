/*
 * Bytes to typed, checked configuration.
 */
#ifndef OCI_LOAD_H
#define OCI_LOAD_H

#include "oci/spec.h"

/* What the version check accepts: 1.0.0 up to this, any 1.3.x. */
#define OCI_VERSION_MIN "1.0.0"
#define OCI_VERSION_MAX "1.3.0"

/*
 * Decodes config.json text and applies every rule of the specification that needs nothing but the
 * document itself (checklist section 7): types, ranges, enum words, required members, absolute
 * paths, duplicates, cross-field rules, version. Errors name the JSON path
 * ("process.rlimits[1].type: RLIMIT_CORE given twice"). Warnings are logged.
 *
 * What absence means is filled in, so that nobody else has to know: process.user is never NULL
 * (0:0), mount destinations are absolute, a net device has a name, a device rule has an access
 * ("rwm"), fileMode is without type bits, vm.image has a format ("raw"). Strings that Go callers
 * write empty for "absent" are NULL (hostname, labels, paths of listener and cgroup, lists of
 * processors, schemata, vm paths).
 *
 * `ret_tree` (may be NULL) gets the raw tree.
 */
int oci_config_parse(struct arena *arena, const char *text, size_t size,
		     const struct oci_config **ret, const struct json **ret_tree,
		     struct err *e) must_check;

/* Reads `path` below dirfd (regular file, at most JSON_SIZE_MAX) and parses it. `ret_text` (may be
 * NULL) gets the bytes read, for the private copy in the state directory. */
int oci_config_load(struct arena *arena, int dirfd, const char *path, const struct oci_config **ret,
		    struct buf *ret_text, struct err *e) must_check;

/* The same for a single `process` object (exec --process FILE): the same rules as for config's
 * process; args and cwd are required. */
int oci_process_parse(struct arena *arena, const char *text, size_t size,
		      const struct oci_process **ret, struct err *e) must_check;

/* The same for a single `resources` object (update --resources FILE). */
int oci_resources_parse(struct arena *arena, const char *text, size_t size,
			const struct oci_resources **ret, struct err *e) must_check;

/* Writes a resources object back (the state keeps what update changed). */
void oci_resources_write(const struct oci_resources *resources, struct json_writer *w);

/* Lookups used by many: NULL when there is none, also without `linux`; a list, empty without
 * `hooks`. */
const struct oci_namespace *oci_namespace_find(const struct oci_config *config,
					       enum oci_namespace_type type);
const struct list *oci_hooks_of(const struct oci_config *config, enum oci_hook_kind kind);

#endif
