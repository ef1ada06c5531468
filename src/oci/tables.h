/* The field tables of config.json: the only place where the names of its members stand. */
#ifndef OCI_TABLES_H
#define OCI_TABLES_H

#include "oci/spec.h"

extern const struct field oci_config_fields[];
extern const struct field oci_process_fields[];
extern const struct field oci_linux_fields[];
extern const struct field oci_resources_fields[];
extern const struct field oci_seccomp_fields[];
extern const struct field oci_vm_fields[];
extern const struct field oci_id_mapping_fields[];

#endif
