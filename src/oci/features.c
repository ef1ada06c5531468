/*
 * The `features` document. Every list is written from the table that the parser uses, so that
 * whatever is named here is accepted in config.json.
 *
 * Source: runtime-spec 1.3 features.md, features-linux.md.
 */
#include "oci/features.h"

#include "oci/load.h"
#include "oci/names.h"

static const uint64_t EVERY = UINT64_MAX;

/* Annotations that change what a container may do: engines that pass annotations of users on
 * should filter these. A dot at the end makes a prefix. */
static const char *const unsafe_annotations[] = {
	"dev.bulkhead.",
	"io.kubernetes.cri-o.ContainerType",
	"io.kubernetes.cri-o.SandboxID",
	"io.kubernetes.cri.container-type",
	"io.kubernetes.cri.sandbox-cpu-period",
	"io.kubernetes.cri.sandbox-cpu-quota",
	"io.kubernetes.cri.sandbox-id",
	"io.kubernetes.cri.sandbox-memory",
	"org.criu.config",
	"org.systemd.property.",
	"run.oci.hooks.",
	"run.oci.keep_original_groups",
};

/* Like json_member_bool(), for an object of one member. */
static void write_enabled(struct json_writer *w, const char *name, bool enabled)
{
	json_name(w, name);
	json_begin_object(w);
	json_member_bool(w, "enabled", enabled);
	json_end_object(w);
}

/* The names of a table; of a table of flags only those within `mask`. */
static void write_names(struct json_writer *w, const char *name, const struct enum_name *names,
			uint64_t mask)
{
	json_name(w, name);
	json_begin_array(w);
	for (; names->name; names++)
		if (mask == EVERY || ((uint64_t)names->value & mask) != 0)
			json_string(w, names->name);
	json_end_array(w);
}

static void write_hooks(struct json_writer *w)
{
	json_name(w, "hooks");
	json_begin_array(w);
	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++)
		json_string(w, oci_hook_kind_name((enum oci_hook_kind)kind));
	json_end_array(w);
}

static void write_mount_options(struct json_writer *w)
{
	json_name(w, "mountOptions");
	json_begin_array(w);
	for (const struct oci_mount_option *option = oci_mount_options; option->name; option++)
		json_string(w, option->name);
	json_end_array(w);
}

static void write_cgroup(const struct oci_features_facts *facts, struct json_writer *w)
{
	json_name(w, "cgroup");
	json_begin_object(w);
	json_member_bool(w, "v1", facts->cgroup_v1);
	json_member_bool(w, "v2", facts->cgroup_v2);
	json_member_bool(w, "systemd", facts->systemd);
	json_member_bool(w, "systemdUser", facts->systemd_user);
	json_member_bool(w, "rdma", facts->rdma);
	json_end_object(w);
}

static void write_seccomp(const struct oci_features_facts *facts, struct json_writer *w)
{
	json_name(w, "seccomp");
	json_begin_object(w);
	json_member_bool(w, "enabled", true);
	write_names(w, "actions", oci_seccomp_action_names, EVERY);
	write_names(w, "operators", oci_seccomp_operator_names, EVERY);
	json_name(w, "archs");
	json_begin_array(w);
	for (const char *const *arch = facts->seccomp_archs; arch && *arch; arch++)
		json_string(w, *arch);
	json_end_array(w);
	write_names(w, "knownFlags", oci_seccomp_flag_names, EVERY);
	write_names(w, "supportedFlags", oci_seccomp_flag_names, facts->seccomp_supported_flags);
	json_end_object(w);
}

static void write_linux(const struct oci_features_facts *facts, struct json_writer *w)
{
	json_name(w, "linux");
	json_begin_object(w);
	write_names(w, "namespaces", oci_namespace_names, EVERY);
	write_names(w, "capabilities", oci_capability_names, EVERY);
	write_cgroup(facts, w);
	write_seccomp(facts, w);
	write_enabled(w, "apparmor", facts->apparmor);
	write_enabled(w, "selinux", facts->selinux);
	json_name(w, "memoryPolicy");
	json_begin_object(w);
	write_names(w, "modes", oci_memory_policy_mode_names, EVERY);
	write_names(w, "flags", oci_memory_policy_flag_names, EVERY);
	json_end_object(w);
	json_name(w, "intelRdt");
	json_begin_object(w);
	json_member_bool(w, "enabled", facts->intel_rdt);
	json_member_bool(w, "schemata", facts->intel_rdt);
	json_member_bool(w, "monitoring", facts->intel_rdt);
	json_end_object(w);
	json_name(w, "mountExtensions");
	json_begin_object(w);
	write_enabled(w, "idmap", true);
	json_end_object(w);
	write_enabled(w, "netDevices", true);
	json_end_object(w);
}

static void write_annotations(const struct oci_features_facts *facts, struct json_writer *w)
{
	json_name(w, "annotations");
	json_begin_object(w);
	if (facts->libseccomp_version)
		json_member_string(w, "io.github.seccomp.libseccomp.version",
				   facts->libseccomp_version);
	json_member_string(w, "org.opencontainers.runc.checkpoint.enabled",
			   facts->checkpoint ? "true" : "false");
	json_member_string(w, "dev.bulkhead.version", facts->version);
	if (facts->commit)
		json_member_string(w, "dev.bulkhead.commit", facts->commit);
	json_end_object(w);
}

void oci_features_write(const struct oci_features_facts *facts, struct buf *out)
{
	struct json_writer writer;
	struct json_writer *w = &writer;

	json_writer_init(w, out, 4);
	json_begin_object(w);
	json_member_string(w, "ociVersionMin", OCI_VERSION_MIN);
	json_member_string(w, "ociVersionMax", OCI_VERSION_MAX);
	write_hooks(w);
	write_mount_options(w);
	write_linux(facts, w);
	write_annotations(facts, w);
	json_name(w, "potentiallyUnsafeConfigAnnotations");
	json_begin_array(w);
	for (size_t i = 0; i < sizeof(unsafe_annotations) / sizeof(unsafe_annotations[0]); i++)
		json_string(w, unsafe_annotations[i]);
	json_end_array(w);
	json_end_object(w);
	buf_append_char(out, '\n');
}
