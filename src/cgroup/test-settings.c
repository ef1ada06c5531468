/* Settings on this host's v1 hierarchies, and on an invented v2 tree of ordinary files. */
#include "settings.h"
#include "test-tools.h"

#include "base/fd.h"

#include <sys/mman.h>

static const struct plan_limits no_limits;

static struct plan_setting setting(const char *controller, const char *file, const char *value)
{
	return (struct plan_setting){
		.controller = controller, .file = file, .value = value, .origin = "limits.x"};
}

static const char *file_text(struct cgroup *cgroup, const char *controller, const char *file)
{
	static char text[4096];
	struct hierarchy *h = cgroup_find(cgroup, controller);
	struct err e;

	text[0] = '\0';
	if (h && hierarchy_open(cgroup, h, &e) == 0 &&
	    control_read(h->fd, file, text, sizeof(text)) < 0)
		return "(unreadable)";
	return text;
}

static int update(struct cgroup *cgroup, struct plan_setting *settings, size_t count, struct err *e)
{
	const struct plan_limits limits = {.settings = {settings, count}};

	return cgroup_update(cgroup, &limits, e);
}

/* Memory up and down, whatever the order asks of the kernel. */
static void test_memory(struct cgroup *cgroup)
{
	static const char *const sizes[] = {"67108864", "134217728", "33554432", "1073741824"};
	struct err e;

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++) {
		struct plan_setting settings[] = {
			setting("memory", "memory.limit_in_bytes", sizes[i]),
			setting("memory", "memory.memsw.limit_in_bytes", sizes[i]),
		};

		check_ok(update(cgroup, settings, 2, &e));
		check_text(file_text(cgroup, "memory", "memory.limit_in_bytes"), sizes[i]);
		check_text(file_text(cgroup, "memory", "memory.memsw.limit_in_bytes"), sizes[i]);
	}
}

static void test_cpu(struct cgroup *cgroup)
{
	struct plan_setting up[] = {
		setting("cpu", "cpu.cfs_burst_us", "40000"),
		setting("cpu", "cpu.cfs_quota_us", "50000"),
		setting("cpu", "cpu.cfs_period_us", "100000"),
	};
	struct plan_setting down[] = {
		setting("cpu", "cpu.cfs_quota_us", "20000"),
		setting("cpu", "cpu.cfs_burst_us", "10000"),
	};
	struct err e;

	up[0].ignore_absent = (struct opt_bool){true, true};
	down[1].ignore_absent = (struct opt_bool){true, true};
	check_ok(update(cgroup, up, 3, &e));
	check_text(file_text(cgroup, "cpu", "cpu.cfs_quota_us"), "50000");
	check_ok(update(cgroup, down, 2, &e));
	check_text(file_text(cgroup, "cpu", "cpu.cfs_quota_us"), "20000");
}

/* The third is refused: the first two are as they were. */
static void test_undo(struct cgroup *cgroup)
{
	struct plan_setting settings[] = {
		setting("cpu", "cpu.shares", "300"),
		setting("pids", "pids.max", "77"),
		setting("memory", "memory.limit_in_bytes", "nonsense"),
	};
	struct err e;

	check_ok(update(cgroup, settings, 2, &e));
	settings[0].value = "400";
	settings[1].value = "88";
	check_number(update(cgroup, settings, 3, &e), -EINVAL);
	check_contains(message(&e), "limits.x: write 'nonsense' to 'memory.limit_in_bytes'");
	check_text(file_text(cgroup, "cpu", "cpu.shares"), "300");
	check_text(file_text(cgroup, "pids", "pids.max"), "77");
}

static void test_absent(struct cgroup *cgroup)
{
	struct plan_setting one = setting("cpu", "cpu.nothing_like_that", "1");
	struct err e;

	check_number(update(cgroup, &one, 1, &e), -ENOENT);
	one.ignore_absent = (struct opt_bool){true, true};
	check_ok(update(cgroup, &one, 1, &e));
	one.ignore_absent.value = false;
	one.fallback_file = "cpu.shares";
	one.fallback_value = "512";
	check_ok(update(cgroup, &one, 1, &e));
	check_text(file_text(cgroup, "cpu", "cpu.shares"), "512");
	one = setting("nosuch", "nosuch.max", "1");
	check_number(update(cgroup, &one, 1, &e), -ENOENT);
	check_text(message(&e), "limits.x: cgroup controller 'nosuch' is not available");
	one = setting("cpu", "../cpu.shares", "1");
	check_number(update(cgroup, &one, 1, &e), -EINVAL);
	check_contains(message(&e), "is not the name of a cgroup file");
}

static int run_with_memory(void *data)
{
	size_t size = 8 << 20;
	void *memory = mmap(NULL, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (memory == MAP_FAILED)
		return 1;
	memset(memory, 1, size);
	return run_for_ever(data);
}

static void test_check_limit(struct cgroup *cgroup)
{
	struct plan_limits limits = {.memory_check_limit = {true, 0}};
	struct err e;
	pid_t pid = start_inside(cgroup, NULL, run_with_memory, NULL);
	uint64_t usage = 0;
	int r = 0;

	for (int i = 0; i < 2000 && r == 0 && usage == 0; i++) {
		usleep(1000);
		r = control_read_u64(cgroup_find(cgroup, "memory")->fd, "memory.usage_in_bytes",
				     &usage);
	}
	check(usage > 0);
	check_number(cgroup_update(cgroup, &limits, &e), -EBUSY);
	check_contains(message(&e), "is below the present usage");
	limits.memory_check_limit.value = UINT64_MAX;
	check_ok(cgroup_update(cgroup, &limits, &e));
	check_ok(cgroup_signal(cgroup, SIGKILL, &e));
	check_number(reap(pid), 128 + SIGKILL);
}

static void test_host(const struct facts *facts)
{
	const struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS},
					  .path = own_path("settings")};
	struct cgroup *cgroup = NULL;
	struct err e;

	if (!check_ok(cgroup_open(&where, facts, &cgroup, &e)) ||
	    !check_ok(cgroup_create(cgroup, &no_limits, &e)))
		return;
	test_memory(cgroup);
	test_cpu(cgroup);
	test_undo(cgroup);
	test_absent(cgroup);
	test_check_limit(cgroup);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

/* ---- what undoes what ---- */

static void test_undo_text(struct arena *arena)
{
	check_text(setting_undo(arena, "cpu.max", "max 100000", "5 10"), "max 100000");
	check_text(setting_undo(arena, "cpuset.cpus", "", "0"), "\n");
	check_text(setting_undo(arena, "memory.oom_control",
				"oom_kill_disable 1\nunder_oom 0\noom_kill 0", "0"),
		   "1");
	check_text(setting_undo(arena, "io.max", "8:0 rbps=1 wbps=max riops=max wiops=max",
				"8:0 rbps=5\n8:16 wbps=7"),
		   "8:0 rbps=1 wbps=max riops=max wiops=max\n"
		   "8:16 rbps=max wbps=max riops=max wiops=max\n");
	check_text(setting_undo(arena, "blkio.throttle.read_bps_device", "", "8:0 1024"),
		   "8:0 0\n");
}

/* ---- an invented v2 tree ---- */

static void put(int fd, const char *file, const char *text)
{
	auto_fd int out = openat(fd, file, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);

	check(write(out, text, strlen(text)) == (ssize_t)strlen(text));
}

static void test_invented(struct arena *arena)
{
	char directory[] = "/tmp/bulkhead-test-XXXXXX";
	struct cgroup_hierarchy tree = {.mount_point = directory,
					.controllers = "",
					.own_path = "/",
					.mount_root = "/",
					.is_v2 = true};
	struct facts facts = {.cgroup_mode = CGROUP_MODE_UNIFIED,
			      .hierarchies = &tree,
			      .hierarchy_count = 1,
			      .v2_controllers = "cpu io memory pids hugetlb"};
	struct plan_cgroup where = {
		.driver = {true, PLAN_CGROUP_FS}, .path = "/box", .delegate_uid = {true, 12345}};
	struct plan_setting settings[] = {setting("memory", "memory.max", "4096"),
					  setting("hugetlb", "hugetlb.2MB.max", "0"),
					  setting("io", "io.max", "8:0 rbps=1\n8:16 rbps=2")};
	struct plan_limits limits = {.settings = {settings, 3}};
	struct cgroup *cgroup = NULL;
	auto_fd int top = FD_NONE, box = FD_NONE;
	struct stat st;
	struct err e;

	if (!mkdtemp(directory))
		return;
	hierarchy_accepts_any_file_system = true;
	top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(top, "cgroup.controllers", "cpuset cpu io memory hugetlb pids\n");
	put(top, "cgroup.subtree_control", "cpu memory\n");
	check_ok(cgroup_open(&where, &facts, &cgroup, &e));
	/* Made beforehand, with the files that a kernel would make. */
	check(mkdirat(top, "box", 0755) == 0);
	box = openat(top, "box", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	put(box, "cgroup.procs", "");
	put(box, "cgroup.events", "populated 0\nfrozen 0\n");
	put(box, "memory.max", "max  ");
	put(box, "hugetlb.2MB.max", "m");
	put(box, "io.max", "");
	check_ok(cgroup_create(cgroup, &limits, &e));
	/* Written one over the other: io for statistics, hugetlb for the setting, pids. */
	check(fstat(box, &st) == 0 && (geteuid() != 0 || st.st_uid == 12345));
	check(fstatat(box, "memory.max", &st, 0) == 0 && st.st_uid == geteuid());
	check(fstatat(box, "cgroup.procs", &st, 0) == 0 && (geteuid() != 0 || st.st_uid == 12345));
	check_contains(file_text(cgroup, "memory", "memory.max"), "max");
	check_ok(cgroup_apply(cgroup, &limits, &e));
	check_contains(file_text(cgroup, "memory", "memory.max"), "4096");
	/* An ordinary file is appended to: the lines were two writes. */
	check_text(file_text(cgroup, "io", "io.max"), "8:0 rbps=18:16 rbps=2");
	{
		char text[64];

		check(control_read(top, "cgroup.subtree_control", text, sizeof(text)) > 0);
		check_text(text, "+pidstlbry");
	}
	check_ok(cgroup_pids(cgroup, arena, &(pid_t *){NULL}, &(size_t){0}, &e));
	cgroup_close(cgroup);
	check(tree_remove(AT_FDCWD, directory, &e) == 0);
	hierarchy_accepts_any_file_system = false;
}

/* A link in the place of a cgroup, and a place that is not a cgroup file system. */
static void test_traps(void)
{
	char directory[] = "/tmp/bulkhead-test-XXXXXX";
	struct cgroup_hierarchy tree = {.mount_point = directory,
					.controllers = "",
					.own_path = "/",
					.mount_root = "/",
					.is_v2 = true};
	struct facts facts = {.cgroup_mode = CGROUP_MODE_UNIFIED,
			      .hierarchies = &tree,
			      .hierarchy_count = 1,
			      .v2_controllers = ""};
	struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS}, .path = "/a/b"};
	struct cgroup *cgroup = NULL;
	struct err e;
	auto_fd int top = FD_NONE;

	if (!mkdtemp(directory))
		return;
	top = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check_ok(cgroup_open(&where, &facts, &cgroup, &e));
	check_number(cgroup_create(cgroup, &no_limits, &e), -EXDEV);
	check_contains(message(&e), "is not on a cgroup2 file system");
	check(faccessat(top, "a", F_OK, 0) < 0);
	hierarchy_accepts_any_file_system = true;
	check(mkdirat(top, "elsewhere", 0755) == 0 && symlinkat("elsewhere", top, "a") == 0);
	check(cgroup_create(cgroup, &no_limits, &e) < 0);
	check(faccessat(top, "elsewhere/b", F_OK, 0) < 0);
	check(cgroup_remove(cgroup, &e) < 0);
	cgroup_close(cgroup);
	hierarchy_accepts_any_file_system = false;
	check(tree_remove(AT_FDCWD, directory, &e) == 0);
}

int main(void)
{
	auto_arena arena = {0};
	struct facts facts;
	struct err e;

	test_undo_text(&arena);
	test_invented(&arena);
	test_traps();
	if (!check_ok(facts_probe(&arena, &facts, &e)))
		return tap_done();
	if (!can_make(&facts) || facts.cgroup_mode == CGROUP_MODE_UNIFIED)
		tap_skip("no cgroup v1 to make here");
	else
		test_host(&facts);
	return tap_done();
}
