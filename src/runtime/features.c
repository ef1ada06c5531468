/* features: what this build and this kernel can do, without a container or privileges. */
#include "oci/features.h"
#include "container.h"
#include "criu/criu.h"
#include "planner/build.h"

int runtime_features(const char *version, const char *commit, struct buf *out, struct err *e)
{
	auto_arena arena = {0};
	struct facts facts = {0};

	if (facts_probe(&arena, &facts, e) < 0)
		return wrap(e, "find out what this host can do");
	const struct oci_features_facts features = {
		.version = version,
		.commit = commit,
		.libseccomp_version = planner_seccomp_version(),
		.cgroup_v1 = true,
		.cgroup_v2 = true,
		.systemd = BULKHEAD_HAS_SYSTEMD,
		.systemd_user = BULKHEAD_HAS_SYSTEMD,
		.rdma = true,
		.apparmor = true,
		.selinux = true,
		.intel_rdt = true,
		.checkpoint = criu_is_installed(),
		.seccomp_supported_flags = facts.seccomp_flags,
		.seccomp_archs = planner_seccomp_archs(),
	};
	oci_features_write(&features, out);
	return 0;
}

const char *runtime_seccomp_version(void)
{
	return planner_seccomp_version();
}
