/* The `features` document and the default configuration that `spec` writes. */
#ifndef OCI_FEATURES_H
#define OCI_FEATURES_H

#include "json/write.h"

/* What the build and the kernel really offer, found out by the caller. */
struct oci_features_facts {
	const char *version; /* of bulkhead */
	const char *commit;
	const char *libseccomp_version; /* "2.5.4" */
	bool cgroup_v1, cgroup_v2, systemd, systemd_user, rdma;
	bool apparmor, selinux, intel_rdt, checkpoint;
	uint64_t seccomp_supported_flags; /* SECCOMP_FILTER_FLAG_ bits */
	const char *const *seccomp_archs; /* SCMP_ARCH_ names that libseccomp knows; NULL ends */
};

/* runtime-spec features.md, features-linux.md; every list comes from the parser's own tables. */
void oci_features_write(const struct oci_features_facts *facts, struct buf *out);

/* config.json for `spec`; rootless with these ids mapped. */
void oci_default_config_write(bool rootless, uint32_t euid, uint32_t egid, struct buf *out);

#endif
