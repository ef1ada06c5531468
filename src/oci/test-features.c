/* The features document against the parser, and the default configuration through it. */
#include "oci/features.h"
#include "oci/load.h"
#include "oci/names.h"
#include "tap.h"

static const char *const archs[] = {"SCMP_ARCH_X86_64", "SCMP_ARCH_X86", NULL};
static const struct oci_features_facts facts = {
	.version = "0.1.0",
	.commit = "abc",
	.libseccomp_version = "2.5.4",
	.cgroup_v1 = true,
	.apparmor = true,
	.seccomp_supported_flags = 2 | 4,
	.seccomp_archs = archs,
};

static const struct json *path_get(const struct json *value, const char *path)
{
	auto_arena arena = {0};
	struct strv names = str_split(&arena, path, "/", true);

	for (size_t i = 0; i < names.count; i++)
		value = json_get(value, names.items[i]);
	return value;
}

static bool has_text(const struct json *array, const char *text)
{
	for (size_t i = 0; array && array->kind == JSON_ARRAY && i < array->count; i++)
		if (str_is(array->items[i].text, text))
			return true;
	return false;
}

static const char *text_at(const struct json *tree, const char *path)
{
	const struct json *value = path_get(tree, path);

	return value && value->kind == JSON_STRING ? value->text : "(none)";
}

static bool is_true(const struct json *tree, const char *path)
{
	const struct json *value = path_get(tree, path);

	check(value && value->kind == JSON_BOOL);
	return value && value->boolean;
}

static void check_names(const struct json *tree, const char *path, const struct enum_name *names)
{
	const struct json *list = path_get(tree, path);
	size_t count = 0;

	for (; names->name; names++, count++)
		tap_check(has_text(list, names->name), __FILE__, __LINE__, "%s has %s", path,
			  names->name);
	check_number(list ? list->count : 0, count);
}

static void check_linux(const struct json *tree)
{
	check_names(tree, "linux/namespaces", oci_namespace_names);
	check_names(tree, "linux/capabilities", oci_capability_names);
	check_names(tree, "linux/seccomp/actions", oci_seccomp_action_names);
	check_names(tree, "linux/seccomp/operators", oci_seccomp_operator_names);
	check_names(tree, "linux/seccomp/knownFlags", oci_seccomp_flag_names);
	check_names(tree, "linux/memoryPolicy/modes", oci_memory_policy_mode_names);
	check_names(tree, "linux/memoryPolicy/flags", oci_memory_policy_flag_names);
	check_number(path_get(tree, "linux/seccomp/archs")->count, 2);
	check_number(path_get(tree, "linux/seccomp/supportedFlags")->count, 2);
	check(has_text(path_get(tree, "linux/seccomp/supportedFlags"),
		       "SECCOMP_FILTER_FLAG_SPEC_ALLOW"));
	check(is_true(tree, "linux/seccomp/enabled"));
	check(is_true(tree, "linux/cgroup/v1"));
	check(!is_true(tree, "linux/cgroup/v2"));
	check(!is_true(tree, "linux/cgroup/systemd"));
	check(!is_true(tree, "linux/cgroup/systemdUser"));
	check(!is_true(tree, "linux/cgroup/rdma"));
	check(is_true(tree, "linux/apparmor/enabled"));
	check(!is_true(tree, "linux/selinux/enabled"));
	check(!is_true(tree, "linux/intelRdt/enabled"));
	check(!is_true(tree, "linux/intelRdt/schemata"));
	check(!is_true(tree, "linux/intelRdt/monitoring"));
	check(is_true(tree, "linux/mountExtensions/idmap/enabled"));
	check(is_true(tree, "linux/netDevices/enabled"));
}

static int parse_version(const char *version)
{
	const struct oci_config *config;
	auto_arena arena = {0};
	struct err e = {0};
	char text[256];

	(void)snprintf(text, sizeof(text), "{\"ociVersion\":\"%s\",\"root\":{\"path\":\"r\"}}",
		       version);
	return oci_config_parse(&arena, text, strlen(text), &config, NULL, &e);
}

static void check_features(void)
{
	const struct json *tree = NULL;
	const struct json *unsafe;
	auto_arena arena = {0};
	auto_buf text = {0};
	struct err e = {0};

	oci_features_write(&facts, &text);
	check(json_read(&arena, buf_text(&text), text.size, &tree, &e) == 0);
	if (!tree)
		return;
	check_number(parse_version(text_at(tree, "ociVersionMin")), 0);
	check_number(parse_version(text_at(tree, "ociVersionMax")), 0);
	check_number(path_get(tree, "hooks")->count, 6);
	for (int kind = 0; kind < OCI_HOOK_KINDS; kind++)
		check(has_text(path_get(tree, "hooks"),
			       oci_hook_kind_name((enum oci_hook_kind)kind)));
	for (const struct oci_mount_option *option = oci_mount_options; option->name; option++)
		check(has_text(path_get(tree, "mountOptions"), option->name));
	check(has_text(path_get(tree, "mountOptions"), "rro"));
	check_linux(tree);
	check_text(text_at(tree, "annotations/io.github.seccomp.libseccomp.version"), "2.5.4");
	check_text(text_at(tree, "annotations/org.opencontainers.runc.checkpoint.enabled"),
		   "false");
	check_text(text_at(tree, "annotations/dev.bulkhead.version"), "0.1.0");
	check_text(text_at(tree, "annotations/dev.bulkhead.commit"), "abc");
	unsafe = path_get(tree, "potentiallyUnsafeConfigAnnotations");
	check(has_text(unsafe, "dev.bulkhead."));
	check(has_text(unsafe, "org.systemd.property."));
	check(has_text(unsafe, "run.oci.hooks."));
	check(has_text(unsafe, "run.oci.keep_original_groups"));
}

static void check_default_config(bool rootless)
{
	const struct oci_config *config = NULL;
	const struct oci_namespace *user;
	auto_arena arena = {0};
	auto_buf text = {0};
	struct err e = {0};
	int r;

	oci_default_config_write(rootless, 1000, 1001, &text);
	r = oci_config_parse(&arena, buf_text(&text), text.size, &config, NULL, &e);
	tap_check(r == 0, __FILE__, __LINE__, "the default configuration is accepted: %s", e.text);
	if (!config)
		return;
	user = oci_namespace_find(config, OCI_NS_USER);
	check((user != NULL) == rootless);
	check((oci_namespace_find(config, OCI_NS_NETWORK) == NULL) == rootless);
	check((config->linux_->resources == NULL) == rootless);
	check(config->root->readonly.value);
	check_text(config->root->path, "rootfs");
	check_text(config->process->args.items[0], "sh");
	check(config->process->terminal.value);
	check(config->process->no_new_privileges.value);
	check_number(config->mounts.count, rootless ? 6 : 7);
	if (rootless) {
		const struct oci_id_mapping *uid =
			list_at(struct oci_id_mapping, &config->linux_->uid_mappings, 0);
		const struct oci_id_mapping *gid =
			list_at(struct oci_id_mapping, &config->linux_->gid_mappings, 0);

		check(uid->host_id.value == 1000 && uid->size.value == 1);
		check(gid->host_id.value == 1001 && gid->size.value == 1);
	}
}

int main(void)
{
	check_features();
	check_default_config(false);
	check_default_config(true);
	return tap_done();
}
