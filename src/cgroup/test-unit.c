/* systemd's names, without systemd. */
#include "test-tools.h"
#include "unit.h"

static void test_slices(struct arena *arena)
{
	static const struct {
		const char *slice, *path;
	} good[] = {
		{"system.slice", "/system.slice"},
		{"a-b-c.slice", "/a.slice/a-b.slice/a-b-c.slice"},
		{"machine", "/machine.slice"},
		{"-", ""},
		{"-.slice", ""},
	};
	static const char *const bad[] = {"a--b.slice", "-a.slice", "a-.slice", "a/b.slice",
					  ".slice"};
	const char *path;
	struct err e;

	for (size_t i = 0; i < sizeof(good) / sizeof(good[0]); i++) {
		check_ok(unit_slice_path(good[i].slice, arena, &path, &e));
		check_text(path, good[i].path);
	}
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		check_number(unit_slice_path(bad[i], arena, &path, &e), -EINVAL);
}

static void test_paths(struct arena *arena)
{
	struct cgroup_hierarchy own = {
		.mount_point = "/sys/fs/cgroup",
		.controllers = "",
		.mount_root = "/",
		.is_v2 = true,
		.own_path = "/user.slice/user-7.slice/user@7.service/app.slice/x.scope"};
	struct facts facts = {.hierarchies = &own, .hierarchy_count = 1, .euid = 1000};
	struct plan_cgroup where = {.slice = "a-b.slice", .unit = "bulkhead-x.scope"};
	const char *path;
	struct err e;

	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_text(path, "/a.slice/a-b.slice/bulkhead-x.scope");
	where.slice = NULL;
	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_text(path, "/system.slice/bulkhead-x.scope");
	where.user_manager = (struct opt_bool){true, true};
	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_text(path, "/user.slice/user-7.slice/user@7.service/user.slice/bulkhead-x.scope");
	facts.hierarchy_count = 0;
	facts.xdg_runtime_dir = "/run/user/8";
	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_text(path, "/user.slice/user-8.slice/user@8.service/user.slice/bulkhead-x.scope");
	facts.xdg_runtime_dir = NULL;
	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_contains(path, "/user-1000.slice/");
	where = (struct plan_cgroup){.unit = "a-b.slice", .slice = "a.slice"};
	check_ok(unit_path(&where, &facts, arena, &path, &e));
	check_text(path, "/a.slice/a-b.slice");
	where.unit = "../x";
	check_number(unit_path(&where, &facts, arena, &path, &e), -EINVAL);
}

static void test_devices(struct arena *arena)
{
	struct plan_device_rule rules[] = {
		{.allow = {true, false}},
		{.allow = {true, true}, .type = "c", .access = "m"},
		{.allow = {true, true}, .type = "c", .major = {true, 1}, .minor = {true, 3}},
		{.allow = {true, true}, .type = "c", .major = {true, 1}, .access = "r"},
		{.allow = {true, true}, .type = "c", .major = {true, 999}, .access = "r"},
	};
	struct plan_limits limits = {.devices = {rules, 5}, .has_devices = {true, true}};
	struct plan_unit_property properties[2];

	unit_devices(&limits, arena, properties);
	check_text(properties[0].value, "strict");
	check_contains(properties[1].value, "char-* m\n/dev/char/1:3 rwm\nchar-mem rm\n");
	check(!strstr(properties[1].value, "999"));
	rules[0].allow.value = true;
	limits.devices.count = 1;
	unit_devices(&limits, arena, properties);
	check_text(properties[0].value, "auto");
}

/* Without a systemd the driver says so, and leaves nothing behind. */
static void test_without(struct arena *arena)
{
	const struct plan_limits none = {0};
	struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_SYSTEMD},
				    .unit = "bulkhead-test.scope"};
	struct cgroup *cgroup = NULL;
	struct cgroup_entry entry;
	struct facts facts;
	struct err e;

	if (!check_ok(facts_probe(arena, &facts, &e)) || facts.systemd_running) {
		tap_skip("systemd runs here");
		return;
	}
	check_ok(cgroup_open(&where, &facts, &cgroup, &e));
	check_text(cgroup_path(cgroup), "/system.slice/bulkhead-test.scope");
	check_ok(cgroup_create(cgroup, &none, &e));
	check_number(cgroup_entry_open(cgroup, 0, NULL, &entry, &e), CGROUP_ENTRY_NONE);
	check(cgroup_add(cgroup, getpid(), &none, &e) < 0);
	check_contains(message(&e), "systemd");
	check(!cgroup_exists(cgroup));
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

int main(void)
{
	auto_arena arena = {0};

	test_slices(&arena);
	test_paths(&arena);
	test_devices(&arena);
	test_without(&arena);
	return tap_done();
}
