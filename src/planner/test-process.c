/* The process: environment, identity, capabilities, exec; and where the cgroup is. */
#include "test-planner.h"

#include "base/clock.h"
#include "base/log.h"

#include <errno.h>

static struct err error;
static char warnings[4096];

static void keep_warning(enum log_level level, const char *text, void *data)
{
	(void)level;
	(void)data;
	(void)snprintf(warnings + strlen(warnings), sizeof(warnings) - strlen(warnings), "%s\n",
		       text);
}

static const struct plan *build_with(struct arena *arena, const char *parts,
				     const struct facts *facts,
				     const struct planner_options *options)
{
	const struct plan *plan = NULL;

	error = (struct err){0};
	*warnings = '\0';
	return planner_build(arena, test_config_with(arena, parts), facts, options, &plan, &error) <
			       0
		       ? NULL
		       : plan;
}

/* A process with these members besides args and cwd. */
static const struct plan_process *process_of(struct arena *arena, const char *members,
					     const char *linux_, const struct facts *facts)
{
	struct planner_options options = test_options();
	const struct plan *plan = build_with(
		arena,
		arena_printf(arena,
			     "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",%s},\"linux\":{%s}",
			     members, linux_),
		facts, &options);

	return plan ? plan->process : NULL;
}

#define ROOT "\"user\":{\"uid\":0,\"gid\":0}"

static void test_environment(void)
{
	static const struct {
		const char *env, *expected;
		bool add_home;
	} rows[] = {
		{"", "", true},
		{"\"A=1\",\"B=2\",\"A=3\"", "B=2 A=3", true},
		{"\"HOME=/x\"", "HOME=/x", false},
		{"\"HOME=\",\"B=\"", "B=", true},
		{"\"HOME=/x\",\"HOME=\"", "", true},
		{"\"HOME=\",\"HOME=/y\"", "HOME=/y", false},
		{"\"A=b=c\",\"AB=1\",\"A=\"", "AB=1 A=", true},
	};
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	struct planner_options options = test_options();
	const struct plan_process *process;
	const struct plan *plan;
	auto_buf text = {0};
	uint64_t start;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		process =
			process_of(&arena, arena_printf(&arena, ROOT ",\"env\":[%s]", rows[i].env),
				   "", &facts);
		check_text(strv_join(&arena, &process->env, " "), rows[i].expected);
		check(process->add_home.value == rows[i].add_home);
		check(process->env.items[process->env.count] == NULL);
	}
	options.listen_fds = 2;
	options.preserve_fds = 3;
	options.notify_directory = "/n";
	plan = build_with(&arena,
			  "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\"," ROOT
			  ",\"env\":[\"LISTEN_PID=7\",\"Z=1\"]}",
			  &facts, &options);
	check_text(strv_join(&arena, &plan->process->env, " "),
		   "Z=1 LISTEN_FDS=2 LISTEN_PID=1 NOTIFY_SOCKET=/run/notify/notify.sock");
	check_number(plan->process->keep_fds.value, 5);
	options.preserve_fds = UINT32_MAX;
	check(!build_with(&arena, TEST_PROCESS, &facts, &options));
	check_contains(error.text, "--preserve-fds");
	for (int i = 0; i < 100000; i++)
		buf_printf(&text, "%s\"V%d=%d\"", i ? "," : "", i % 60000, i);
	start = clock_now();
	process = process_of(&arena, arena_printf(&arena, ROOT ",\"env\":[%s]", buf_text(&text)),
			     "", &facts);
	check(clock_now() - start < 1000000000);
	check_number(process->env.count, 60000);
}

static void test_identity(void)
{
	static const char maps[] =
		"\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,"
		"\"hostID\":1000,\"size\":1},{\"containerID\":1,\"hostID\":5000,\"size\":10}],"
		"\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}]";
	static const struct {
		const char *user, *part;
	} refused[] = {
		{"\"uid\":11,\"gid\":0", "process.user.uid: 11 is not mapped"},
		{"\"uid\":10,\"gid\":1", "process.user.gid: 1 is not mapped"},
		{"\"uid\":10,\"gid\":0,\"additionalGids\":[0,9]",
		 "process.user.additionalGids[1]: 9 is not mapped"},
	};
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	const struct plan_process *process;

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++) {
		check(!process_of(&arena, arena_printf(&arena, "\"user\":{%s}", refused[i].user),
				  maps, &facts));
		check_contains(error.text, refused[i].part);
	}
	process = process_of(&arena, "\"user\":{\"uid\":10,\"gid\":0,\"umask\":18}", maps, &facts);
	check(process && process->uid.value == 10 && process->umask.value == 18);
	check(process->groups.is_set && process->groups.count == 0);
	process = process_of(&arena, ROOT, "", &facts);
	check(!process->umask.is_set && !process->oom_score_adj.is_set);
	/* One id mapped to oneself without rights: groups cannot be set. */
	facts.euid = facts.egid = 1000;
	facts.is_rootless = true;
	facts.capabilities_effective = 0;
	static const char self[] = "\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[{"
				   "\"containerID\":0,\"hostID\":1000,\"size\":1}],"
				   "\"gidMappings\":[{\"containerID\":0,\"hostID\":1000,\"size\":1}"
				   "]";
	process = process_of(&arena, ROOT, self, &facts);
	check(process && !process->groups.is_set);
	check(!process_of(&arena, "\"user\":{\"uid\":0,\"gid\":0,\"additionalGids\":[0]}", self,
			  &facts));
	check_contains(error.text, "process.user.additionalGids: cannot be set");
}

/* crun's annotation for users whose groups open files. */
static void test_kept_groups(void)
{
	static const char *const values[] = {"1", "0", "yes"};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	const struct planner_options options = test_options();

	for (int i = 0; i < 3; i++) {
		auto_arena arena = {0};
		const struct oci_config *config = test_config_with(
			&arena,
			arena_printf(&arena,
				     "\"annotations\":{\"run.oci.keep_original_groups\":\"%s\"},"
				     "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{"
				     "\"uid\":0,\"gid\":0,\"additionalGids\":[7]}},\"linux\":{}",
				     values[i]));
		const struct plan *plan;
		int r = planner_build(&arena, config, &facts, &options, &plan, &error);

		check_number(r, i == 2 ? -EINVAL : 0);
		if (r == 0)
			check_number(plan->process->groups.is_set, i == 1);
		else
			check_contains(error.text, "run.oci.keep_original_groups: must be 0 or 1");
	}
}

static void test_capabilities(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	const struct plan_process *process;

	process = process_of(&arena, ROOT, "", &facts);
	/* Not asked for: none. */
	check(process->bounding.is_set && process->bounding.value == 0);
	check(process->effective.is_set && process->effective.value == 0);
	check(process->ambient.is_set && process->ambient.value == 0);
	process = process_of(&arena,
			     ROOT ",\"capabilities\":{\"bounding\":[\"CAP_CHOWN\",\"CAP_BPF\"],"
				  "\"effective\":[\"CAP_CHOWN\"]}",
			     "", &facts);
	check_number(process->bounding.value, 1 | 1ULL << 39);
	check_number(process->effective.value, 1);
	check(process->inheritable.is_set && process->inheritable.value == 0);
	check_text(warnings, "");
	facts.cap_last_cap = 38;
	facts.capabilities_effective &= ~(1ULL << 24);
	process = process_of(&arena,
			     ROOT ",\"capabilities\":{\"bounding\":[\"CAP_SYS_RESOURCE\","
				  "\"CAP_BPF\"],\"permitted\":[\"CAP_SYS_RESOURCE\",\"CAP_KILL\"]}",
			     "", &facts);
	check_number(process->bounding.value, 1ULL << 24);
	check_number(process->permitted.value, 1ULL << 5);
	check_contains(warnings, "CAP_BPF is not known to this kernel");
	check_contains(warnings, "CAP_SYS_RESOURCE is not the runtime's to grant");
	/* In a new user namespace everything is there to be granted. */
	process =
		process_of(&arena, ROOT ",\"capabilities\":{\"permitted\":[\"CAP_SYS_RESOURCE\"]}",
			   "\"namespaces\":[{\"type\":\"user\"}],\"uidMappings\":[{"
			   "\"containerID\":0,\"hostID\":9,\"size\":9}],\"gidMappings\":[{"
			   "\"containerID\":0,\"hostID\":9,\"size\":9}]",
			   &facts);
	check_number(process->permitted.value, 1ULL << 24);
	check_text(warnings, "");
}

static void test_labels(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);

	check(!process_of(&arena, ROOT ",\"apparmorProfile\":\"p\"", "", &facts));
	check_contains(error.text, "process.apparmorProfile: AppArmor is not enabled");
	check(!process_of(&arena, ROOT ",\"selinuxLabel\":\"p\"", "", &facts));
	check_contains(error.text, "process.selinuxLabel: SELinux is not enabled");
	check(process_of(&arena, ROOT ",\"selinuxLabel\":\"\",\"apparmorProfile\":\"\"", "",
			 &facts));
	facts.namespaces &= ~0x80ULL;
	check(!process_of(&arena, ROOT, "\"namespaces\":[{\"type\":\"time\"}]", &facts));
	check_contains(error.text, "linux.namespaces[0].type: this kernel has no time namespaces");
}

static void test_exec(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	struct planner_options options = test_options();
	const struct oci_config *config = test_config_with(
		&arena,
		"\"process\":{\"args\":[\"init\"],\"cwd\":\"/"
		"\",\"env\":[\"A=1\"],\"user\":{\"uid\":"
		"1,\"gid\":1,\"umask\":7},\"noNewPrivileges\":true,\"oomScoreAdj\":5,"
		"\"capabilities\":{\"bounding\":[\"CAP_KILL\"]},\"rlimits\":[{\"type\":"
		"\"RLIMIT_CORE\",\"soft\":1,\"hard\":2}],\"ioPriority\":{\"class\":"
		"\"IOPRIO_CLASS_IDLE\",\"priority\":0},\"execCPUAffinity\":{\"initial\":\"0\"}},"
		"\"linux\":{\"personality\":{\"domain\":\"LINUX32\"},\"seccomp\":{"
		"\"defaultAction\":\"SCMP_ACT_ALLOW\",\"flags\":[]}}");
	const struct plan_process *made;
	const struct oci_process *process;
	static const char text[] = "{\"args\":[\"ls\",\"-l\"],\"cwd\":\"/w\",\"user\":{\"uid\":2,"
				   "\"gid\":3}}";
	struct err e;

	check(oci_process_parse(&arena, text, strlen(text), &process, &e) == 0);
	check(planner_exec(&arena, config, process, &facts, &options, &made, &e) == 0);
	check_text(strv_join(&arena, &made->args, " "), "ls -l");
	check_text(made->cwd, "/w");
	check_number(made->env.count, 0);
	check(made->uid.value == 2 && made->gid.value == 3 && made->umask.value == 7);
	check(!made->no_new_privileges.value);
	check(made->oom_score_adj.value == 5 && made->bounding.value == 1 << 5);
	check(made->rlimits.count == 1 && made->io_priority.value == 3 << 13);
	check_text(made->affinity_initial, "0");
	check_number(made->personality.value, 8);
	check(made->seccomp && made->seccomp->flags == 0 && made->seccomp->instruction_count > 0);
}

static void test_cgroup_paths(void)
{
	static const struct {
		const char *path, *expected;
		bool systemd, rootless;
	} rows[] = {
		{"/a//b/./c", "/a/b/c", false, false},
		{"a/b", "/a/b", false, false},
		{"", "/c1", false, false},
		{"", "/u/c1", false, true},
		{"x", "/u/x", false, true},
		{"/x", "/x", false, true},
		{"/a/../b", "!must not contain '..'", false, false},
		{"../b", "!must not contain '..'", false, false},
		{"..", "!must not contain '..'", false, true},
		{"/", "!must not be the root", false, false},
		{"/...", "/...", false, false},
		{"", "/system.slice/bulkhead-c1.scope", true, false},
		{"a-b.slice:p:n", "/a.slice/a-b.slice/p-n.scope", true, false},
		{"-:p:n", "/p-n.scope", true, false},
		{"::n", "/system.slice/n.scope", true, false},
		{"/a/b", "!must be SLICE:PREFIX:NAME", true, false},
		{"a:b:c:d", "!must be SLICE:PREFIX:NAME", true, false},
		{"a:b:c", "!no name of a slice", true, false},
		{"a--b.slice:b:c", "!no name of a slice", true, false},
		{"../a.slice:b:c", "!no name of a slice", true, false},
		{"a.slice:../b:c", "!no name of a unit", true, false},
		{"a.slice:b:", "!the unit has no name", true, false},
	};
	struct cgroup_hierarchy hierarchy = {
		.mount_point = "/sys/fs/cgroup",
		.controllers = "",
		.own_path = "/docker/x/u/me",
		.mount_root = "/docker/x",
		.is_v2 = true,
	};
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_UNIFIED);

	facts.systemd_running = true;
	facts.hierarchies = &hierarchy;
	facts.hierarchy_count = 1;
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		struct planner_options options = test_options();
		const struct plan *plan;

		options.systemd_cgroup = rows[i].systemd;
		facts.is_rootless = rows[i].rootless;
		plan = build_with(&arena,
				  arena_printf(&arena,
					       TEST_PROCESS ",\"linux\":{\"cgroupsPath\":\"%s\"}",
					       rows[i].path),
				  &facts, &options);
		if (*rows[i].expected == '!')
			tap_check(!plan && strstr(error.text, rows[i].expected + 1), __FILE__,
				  __LINE__, "%s: %s", rows[i].path, error.text);
		else
			tap_is_text(plan ? plan->cgroup->path : error.text, rows[i].expected,
				    __FILE__, __LINE__, rows[i].path);
	}
}

static void test_no_cgroups(void)
{
	static const char limited[] =
		TEST_PROCESS ",\"linux\":{\"resources\":{\"pids\":{\"limit\":5}}}";
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_NONE);
	struct planner_options options = test_options();
	const struct plan *plan = build_with(&arena, TEST_PROCESS, &facts, &options);

	check(plan && plan->cgroup->driver.value == PLAN_CGROUP_NONE);
	check(!build_with(&arena, limited, &facts, &options));
	check_contains(error.text, "linux.resources: no cgroup file system");
	options.no_cgroup = true;
	check(build_with(&arena, limited, &facts, &options));
	options = test_options();
	options.systemd_cgroup = true;
	facts.cgroup_mode = CGROUP_MODE_HYBRID;
	check(!build_with(&arena, TEST_PROCESS, &facts, &options));
	check_contains(error.text, "--systemd-cgroup: systemd is not running");
}

int main(void)
{
	log_set_sink(keep_warning, NULL);
	test_environment();
	test_identity();
	test_kept_groups();
	test_capabilities();
	test_labels();
	test_exec();
	test_cgroup_paths();
	test_no_cgroups();
	return tap_done();
}
