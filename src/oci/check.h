/*
 * The rules of the specification that need nothing but the document. Each function checks one
 * part of a decoded configuration and completes what absence means (a missing user, a relative
 * mount destination), so that nobody after it has to know. `path` is the JSON path of the part.
 * All refuse with EINVAL, naming the member.
 */
#ifndef OCI_CHECK_H
#define OCI_CHECK_H

#include "oci/load.h"

#include <errno.h>

enum { CPU_LIST_BITS = 8192 }; /* the largest NR_CPUS and more than any MAX_NUMNODES */

int check_config(struct arena *arena, struct oci_config *config, const struct json *tree,
		 struct err *e) must_check;
int check_version(const char *version, struct err *e) must_check;
int check_process(struct arena *arena, struct oci_process *process, const char *path,
		  struct err *e) must_check;
int check_linux(struct arena *arena, struct oci_config *config, struct err *e) must_check;
int check_namespaces(const struct oci_config *config, struct err *e) must_check;
int check_id_mappings(const struct list *mappings, const char *path, struct err *e) must_check;
int check_net_devices(const struct oci_config *config, struct err *e) must_check;
int check_sysctl(struct arena *arena, const struct oci_config *config, struct err *e) must_check;
int check_resources(struct oci_resources *resources, const char *path, struct err *e) must_check;
/* intelRdt and memoryPolicy. */
int check_placement(struct oci_linux *linux_, struct err *e) must_check;
int check_seccomp(struct oci_seccomp *seccomp, struct err *e) must_check;
int check_vm(struct oci_vm *vm, const struct json *tree, struct err *e) must_check;

/* Whether `list` is a list of processors or nodes. */
bool is_cpu_list(const char *list);

/* Go callers write an empty string where they mean that a member is absent. */
static inline void drop_empty(const char **text)
{
	if (*text && **text == '\0')
		*text = NULL;
}

#endif
