/*
 * Whole configurations against whole plans: tests/golden/plan/CASE/{config,facts,plan}.json.
 *
 * facts.json holds the invented host and, under "options", what the command line would say. With
 * GOLDEN_UPDATE=1 in the environment plan.json is written instead of compared; git shows then what
 * a change to the planner means. A case without plan.json but with error.txt must be refused with
 * that message.
 */
#include "base/fd.h"
#include "kern/facts.h"
#include "oci/load.h"
#include "planner/machine.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>

struct given_hierarchy {
	const char *mount_point, *controllers, *own_path, *mount_root;
	struct opt_bool is_v2;
};

struct given_options {
	struct opt_bool systemd_cgroup, no_cgroup, no_pivot, no_new_keyring;
	struct opt_u32 preserve_fds, listen_fds;
	const char *notify_directory;
	struct opt_bool machine; /* at the vm level */
	struct opt_bool caller;	 /* who has something to inherit */
};

struct given {
	struct opt_i32 cgroup_mode;
	struct list hierarchies;
	const char *v2_controllers;
	struct opt_bool systemd_running, in_user_namespace, is_rootless;
	struct opt_u32 euid, egid;
	struct opt_i32 cap_last_cap;
	struct opt_u64 capabilities_effective;
	struct opt_bool apparmor_enabled, selinux_enabled, resctrl_mounted;
	struct opt_u64 seccomp_flags, namespaces;
	struct given_options *options;
};

static const struct enum_name mode_names[] = {
	{"none", CGROUP_MODE_NONE},
	{"legacy", CGROUP_MODE_LEGACY},
	{"hybrid", CGROUP_MODE_HYBRID},
	{"unified", CGROUP_MODE_UNIFIED},
	{NULL, 0},
};

static const struct field hierarchy_fields[] = {
	FIELD(FIELD_STRING, struct given_hierarchy, mount_point, "mountPoint", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct given_hierarchy, controllers, "controllers", 0),
	FIELD(FIELD_STRING, struct given_hierarchy, own_path, "ownPath", 0),
	FIELD(FIELD_STRING, struct given_hierarchy, mount_root, "mountRoot", 0),
	FIELD(FIELD_BOOL, struct given_hierarchy, is_v2, "isV2", 0),
	{0},
};

static const struct field option_fields[] = {
	FIELD(FIELD_BOOL, struct given_options, systemd_cgroup, "systemdCgroup", 0),
	FIELD(FIELD_BOOL, struct given_options, no_cgroup, "noCgroup", 0),
	FIELD(FIELD_BOOL, struct given_options, no_pivot, "noPivot", 0),
	FIELD(FIELD_BOOL, struct given_options, no_new_keyring, "noNewKeyring", 0),
	FIELD(FIELD_U32, struct given_options, preserve_fds, "preserveFds", 0),
	FIELD(FIELD_U32, struct given_options, listen_fds, "listenFds", 0),
	FIELD(FIELD_STRING, struct given_options, notify_directory, "notifyDirectory", 0),
	FIELD(FIELD_BOOL, struct given_options, machine, "machine", 0),
	FIELD(FIELD_BOOL, struct given_options, caller, "caller", 0),
	{0},
};

static const struct field given_fields[] = {
	FIELD_WITH_NAMES(FIELD_ENUM, struct given, cgroup_mode, "cgroupMode", FIELD_REQUIRED,
			 mode_names),
	FIELD_WITH_FIELDS(FIELD_LIST, struct given, hierarchies, "hierarchies", 0,
			  struct given_hierarchy, hierarchy_fields),
	FIELD(FIELD_STRING, struct given, v2_controllers, "v2Controllers", 0),
	FIELD(FIELD_BOOL, struct given, systemd_running, "systemdRunning", 0),
	FIELD(FIELD_BOOL, struct given, in_user_namespace, "inUserNamespace", 0),
	FIELD(FIELD_BOOL, struct given, is_rootless, "isRootless", 0),
	FIELD(FIELD_U32, struct given, euid, "euid", 0),
	FIELD(FIELD_U32, struct given, egid, "egid", 0),
	FIELD(FIELD_I32, struct given, cap_last_cap, "capLastCap", 0),
	FIELD(FIELD_U64, struct given, capabilities_effective, "capabilitiesEffective", 0),
	FIELD(FIELD_BOOL, struct given, apparmor_enabled, "apparmorEnabled", 0),
	FIELD(FIELD_BOOL, struct given, selinux_enabled, "selinuxEnabled", 0),
	FIELD(FIELD_BOOL, struct given, resctrl_mounted, "resctrlMounted", 0),
	FIELD(FIELD_U64, struct given, seccomp_flags, "seccompFlags", 0),
	FIELD(FIELD_U64, struct given, namespaces, "namespaces", 0),
	FIELD_WITH_FIELDS(FIELD_OBJECT, struct given, options, "options", 0, struct given_options,
			  option_fields),
	{0},
};

static void facts_of(struct arena *arena, const struct given *given, struct facts *facts)
{
	*facts = (struct facts){
		.cgroup_mode = (enum cgroup_mode)given->cgroup_mode.value,
		.hierarchy_count = given->hierarchies.count,
		.v2_controllers = given->v2_controllers ? given->v2_controllers : "",
		.systemd_running = given->systemd_running.value,
		.in_user_namespace = given->in_user_namespace.value,
		.is_rootless = given->is_rootless.value,
		.euid = given->euid.value,
		.egid = given->egid.value,
		.cap_last_cap = given->cap_last_cap.is_set ? given->cap_last_cap.value : 40,
		.capabilities_effective = given->capabilities_effective.is_set
						  ? given->capabilities_effective.value
						  : 0x1ffffffffffULL,
		.apparmor_enabled = given->apparmor_enabled.value,
		.selinux_enabled = given->selinux_enabled.value,
		.resctrl_mounted = given->resctrl_mounted.value,
		.seccomp_flags = given->seccomp_flags.is_set ? given->seccomp_flags.value : 0x3f,
		.namespaces = given->namespaces.is_set ? given->namespaces.value : 0x7e020080,
		.boot_id = "",
	};
	facts->hierarchies =
		arena_new_array(arena, facts->hierarchy_count, struct cgroup_hierarchy);
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		const struct given_hierarchy *from =
			list_at(struct given_hierarchy, &given->hierarchies, i);

		facts->hierarchies[i] = (struct cgroup_hierarchy){
			.mount_point = from->mount_point,
			.controllers = from->controllers ? from->controllers : "",
			.own_path = from->own_path ? from->own_path : "/",
			.mount_root = from->mount_root ? from->mount_root : "/",
			.is_v2 = from->is_v2.value,
		};
	}
}

static const char *const allowed_hypervisors[] = {"/opt/qemu/bin/qemu", NULL};

/* What an administrator's defaults may be. */
static const struct planner_machine machine = {
	.accel = PLAN_ACCEL_KVM,
	.hypervisor = "/usr/bin/qemu",
	.virtiofsd = "/usr/lib/virtiofsd",
	.kernel = "/guest/vmlinuz",
	.initramfs = "/guest/initramfs",
	.vcpus = 1,
	.memory = 512ULL << 20,
	.guest_memory = 96ULL << 20,
	.spare_interfaces = 2,
	.allowed_hypervisors = {.items = (char **)(uintptr_t)allowed_hypervisors, .count = 1},
};

static int case_build(struct arena *arena, int dir, struct buf *out, struct err *e)
{
	static struct plan_rlimit limits[] = {
		{.type = {true, 4}, .soft = {true, 0}, .hard = {true, 10}},
		{.type = {true, 7}, .soft = {true, 1024}, .hard = {true, 4096}},
	};
	static uint32_t groups[] = {4, 27};
	static const struct planner_caller caller = {
		.umask = {true, 027},
		.oom_score_adj = {true, 77},
		.groups = {.is_set = true, .count = 2, .values = groups},
		.rlimits = {.items = limits, .count = 2},
	};
	static const struct given_options none;
	const struct oci_config *config;
	const struct given_options *given_options;
	struct planner_options options;
	struct given given = {0};
	const struct json *tree;
	const struct plan *plan;
	struct json_writer w;
	struct facts facts;
	auto_buf text = {0};

	if (oci_config_load(arena, dir, "config.json", &config, NULL, e) < 0)
		return -e->code;
	if (file_read(dir, "facts.json", JSON_SIZE_MAX, false, &text, e) < 0 ||
	    json_read(arena, text.data, text.size, &tree, e) < 0 ||
	    fields_decode(given_fields, arena, tree, "", &given, e) < 0)
		return -e->code;
	facts_of(arena, &given, &facts);
	given_options = given.options ? given.options : &none;
	options = (struct planner_options){
		.id = "c1",
		.bundle = "/bundle",
		.systemd_cgroup = given_options->systemd_cgroup.value,
		.no_cgroup = given_options->no_cgroup.value,
		.no_pivot = given_options->no_pivot.value,
		.no_new_keyring = given_options->no_new_keyring.value,
		.preserve_fds = given_options->preserve_fds.value,
		.listen_fds = given_options->listen_fds.value,
		.notify_directory = given_options->notify_directory,
		.seccomp_cache_fd = FD_NONE,
		.caller = given_options->caller.value ? &caller : NULL,
	};
	if ((given_options->machine.value
		     ? planner_build_machine(arena, config, &facts, &options, &machine, &plan, e)
		     : planner_build(arena, config, &facts, &options, &plan, e)) < 0)
		return -e->code;
	json_writer_init(&w, out, 2);
	plan_write(plan, &w);
	buf_append_char(out, '\n');
	return 0;
}

/* The compiled filter depends on the library's version: only that there is one is compared. */
static void program_drop(struct buf *text)
{
	static const char mark[] = "\"program\": \"";
	char *start = text->data ? strstr(text->data, mark) : NULL;
	char *count = text->data ? strstr(text->data, "\"instructionCount\": ") : NULL;
	char *end;

	if (!start || !count)
		return;
	start += strlen(mark);
	end = strchr(start, '"');
	memmove(start, end, strlen(end) + 1);
	text->size -= (size_t)(end - start);
	count += strlen("\"instructionCount\": ");
	end = strchr(count, ',');
	memmove(count + 1, end, strlen(end) + 1);
	text->size -= (size_t)(end - count - 1);
	*count = '0';
}

static void case_run(int root, const char *name, bool update)
{
	auto_fd int dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	auto_buf made = {0};
	auto_buf wanted = {0};
	const char *file = "plan.json";
	struct err e;

	if (case_build(&arena, dir, &made, &e) < 0) {
		char text[1200];

		file = "error.txt";
		buf_clear(&made);
		buf_printf(&made, "%s\n", err_format(&e, text, sizeof(text)));
	}
	program_drop(&made);
	if (update) {
		(void)unlinkat(dir, str_is(file, "plan.json") ? "error.txt" : "plan.json", 0);
		tap_check(file_replace(dir, file, made.data, made.size, 0644, &e) == 0, __FILE__,
			  __LINE__, "%s: written", name);
		return;
	}
	if (file_read(dir, file, JSON_SIZE_MAX, false, &wanted, &e) < 0)
		tap_check(false, __FILE__, __LINE__, "%s: %s is expected; got %s", name,
			  str_is(file, "plan.json") ? "an error" : "a plan", buf_text(&made));
	else
		tap_check(str_is(buf_text(&made), buf_text(&wanted)), __FILE__, __LINE__,
			  "%s: %s is the golden one (see with GOLDEN_UPDATE=1 and git diff)", name,
			  file);
}

int main(void)
{
	const char *source = getenv("SOURCE_DIR");
	char path[4096];
	struct dirent **names = NULL;
	auto_fd int root = FD_NONE;
	int count;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/plan", source ? source : ".");
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	count = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			case_run(root, names[i]->d_name, getenv("GOLDEN_UPDATE") != NULL);
		free(names[i]);
	}
	free(names);
	tap_check(count > 2, __FILE__, __LINE__, "there are golden cases");
	return tap_done();
}
