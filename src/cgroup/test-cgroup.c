/* The life of a cgroup on this host's hierarchies, and on its v2 tree as if that was all. */
#include "base/clock.h"
#include "base/str.h"
#include "internal.h"
#include "test-tools.h"

#include <sys/mman.h>

#define PATH own_path("test")

static const struct plan_limits no_limits;

static struct cgroup *open_at(const char *path, const struct facts *facts)
{
	static struct plan_cgroup places[64];
	static size_t used;
	struct plan_cgroup *where = &places[used++ % 64];
	struct cgroup *cgroup = NULL;
	struct err e;

	*where = (struct plan_cgroup){.driver = {true, PLAN_CGROUP_FS}, .path = path};
	check_ok(cgroup_open(where, facts, &cgroup, &e));
	return cgroup;
}

static bool is_member(pid_t pid, const struct facts *facts, const char *path)
{
	auto_arena arena = {0};
	char file[64], text[8192];
	size_t found = 0;
	auto_fd int fd = FD_NONE;
	ssize_t length;

	(void)snprintf(file, sizeof(file), "/proc/%d/cgroup", (int)pid);
	fd = open(file, O_RDONLY | O_CLOEXEC);
	length = read(fd, text, sizeof(text) - 1);
	if (length < 0)
		return false;
	text[length] = '\0';
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		char *line =
			arena_printf(&arena, ":%s:%s\n", facts->hierarchies[i].controllers, path);

		found += strstr(text, line) != NULL;
	}
	return found == facts->hierarchy_count;
}

static void wait_until_listed(struct cgroup *cgroup, size_t wanted)
{
	for (int i = 0; i < 2000; i++) {
		auto_arena arena = {0};
		pid_t *pids;
		size_t count;
		struct err e;

		if (cgroup_pids(cgroup, &arena, &pids, &count, &e) < 0 || count >= wanted)
			return;
		usleep(1000);
	}
}

static void test_life(const struct facts *facts)
{
	struct cgroup *cgroup = open_at(PATH, facts);
	auto_arena arena = {0};
	pid_t *pids, pid, second;
	size_t count;
	bool frozen;
	struct err e;

	check(!cgroup_exists(cgroup));
	check_ok(cgroup_signal(cgroup, SIGKILL, &e));
	check_ok(cgroup_thaw(cgroup, &e));
	check_ok(cgroup_remove(cgroup, &e));
	check_ok(cgroup_create(cgroup, &no_limits, &e));
	check(cgroup_exists(cgroup));
	pid = start_inside(cgroup, NULL, run_for_ever, NULL);
	wait_until_listed(cgroup, 1);
	usleep(20000);
	check(is_member(pid, facts, PATH));
	second = fork();
	if (second == 0)
		_exit(run_for_ever(NULL));
	check_ok(cgroup_add(cgroup, second, &no_limits, &e));
	check(is_member(second, facts, PATH));
	check_ok(cgroup_pids(cgroup, &arena, &pids, &count, &e));
	check_number(count, 2);
	check(count == 2 && pids[0] < pids[1]);

	check_ok(cgroup_freeze(cgroup, &e));
	check_ok(cgroup_is_frozen(cgroup, &frozen, &e));
	check(frozen);
	check_ok(cgroup_thaw(cgroup, &e));
	check_ok(cgroup_is_frozen(cgroup, &frozen, &e));
	check(!frozen);

	check_ok(cgroup_signal(cgroup, SIGTERM, &e));
	check_number(reap(pid), 128 + SIGTERM);
	check_number(reap(second), 128 + SIGTERM);
	check_ok(cgroup_remove(cgroup, &e));
	check(!cgroup_exists(cgroup));
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

/* Another container's cgroup is refused, and neither killed nor removed afterwards. */
static void test_in_use(const struct facts *facts)
{
	struct cgroup *owner = open_at(PATH, facts), *other = open_at(PATH, facts);
	pid_t pid;
	struct err e;

	check_ok(cgroup_create(owner, &no_limits, &e));
	pid = start_inside(owner, NULL, run_for_ever, NULL);
	wait_until_listed(owner, 1);
	check_number(cgroup_create(other, &no_limits, &e), -EBUSY);
	check_text(message(&e), "container's cgroup is not empty: 1 process(es) found");
	check_ok(cgroup_remove(other, &e));
	check(kill(pid, 0) == 0);
	/* A frozen one is killed all the same. */
	check_ok(cgroup_freeze(owner, &e));
	check_ok(cgroup_signal(owner, SIGKILL, &e));
	check_number(reap(pid), 128 + SIGKILL);
	check_ok(cgroup_remove(owner, &e));
	check_ok(cgroup_create(owner, &no_limits, &e));
	check_ok(cgroup_freeze(owner, &e));
	check_number(cgroup_create(other, &no_limits, &e), -EBUSY);
	check_text(message(&e), "container's cgroup unexpectedly frozen");
	check_ok(cgroup_thaw(owner, &e));
	check_ok(cgroup_remove(owner, &e));
	cgroup_close(owner);
	cgroup_close(other);
}

/* A directory that no runtime took, with a process: delete must not kill it. */
static void test_unmarked(const struct facts *facts)
{
	struct cgroup *cgroup = open_at(PATH, facts);
	struct hierarchy *h;
	pid_t pid;
	struct err e;

	check_ok(cgroup_create(cgroup, &no_limits, &e));
	check(make_is_marked(cgroup));
	cgroup_close(cgroup);
	cgroup = open_at(PATH, facts);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);

	cgroup = open_at(PATH, facts);
	check_ok(make_directories(cgroup, &no_limits, &e));
	pid = start_inside(cgroup, NULL, run_for_ever, NULL);
	wait_until_listed(cgroup, 1);
	check_number(cgroup_remove(cgroup, &e), -EBUSY);
	check_contains(message(&e), "processes that are not the container's");
	check(kill(pid, 0) == 0);
	check(cgroup_primary(cgroup, &h, &e) == 0);
	check(kill(pid, SIGKILL) == 0);
	check_number(reap(pid), 128 + SIGKILL);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

static int run_bomb(void *data)
{
	while (data == NULL) {
		if (fork() < 0)
			usleep(100);
	}
	return 0;
}

/* As long as the host's limits stand it: at most 60 processes. */
static void test_bomb(const struct facts *facts)
{
	struct cgroup *cgroup = open_at(PATH, facts);
	struct plan_setting setting = {
		.controller = "pids", .file = "pids.max", .value = "60", .origin = "pids.limit"};
	struct plan_limits limits = {.settings = {&setting, 1}};
	struct err e;
	pid_t pid;

	check_ok(cgroup_create(cgroup, &limits, &e));
	check_ok(cgroup_apply(cgroup, &limits, &e));
	pid = start_inside(cgroup, NULL, run_bomb, NULL);
	wait_until_listed(cgroup, 50);
	check_ok(cgroup_remove(cgroup, &e));
	check_number(reap(pid), 128 + SIGKILL);
	check(!cgroup_exists(cgroup));
	cgroup_close(cgroup);
}

/* Sub-cgroups in every hierarchy, one of them deep, with processes at the bottom. */
static void test_nested(const struct facts *facts)
{
	char path[] = "deep/deep", *items[] = {path, NULL};
	const struct strv sub = {items, 1, 0};
	struct cgroup *cgroup = open_at(own_path("test-a/b"), facts);
	auto_arena arena = {0};
	pid_t *pids, pid;
	size_t count;
	struct err e;

	check_ok(cgroup_create(cgroup, &no_limits, &e));
	check_text(cgroup_path(cgroup), own_path("test-a/b"));
	hierarchy_each(h, cgroup)
	{
		int fd = fcntl(h->fd, F_DUPFD_CLOEXEC, 3);

		for (int i = 0; i < (h->info->is_v2 ? 200 : 20); i++) {
			int next;

			(void)mkdirat(fd, "deep", 0755);
			(void)mkdirat(fd, "wide", 0755);
			next = openat(fd, "deep", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
			if (hierarchy_has(h, "cpuset") && next >= 0) {
				check(control_write(next, "cpuset.cpus", "0") == 0);
				check(control_write(next, "cpuset.mems", "0") == 0);
			}
			(void)close(fd);
			fd = next;
		}
		(void)close(fd);
	}
	pid = start_inside(cgroup, &sub, run_for_ever, NULL);
	for (int i = 0; i < 200 && !is_member(pid, facts, own_path("test-a/b/deep/deep")); i++)
		usleep(10000);
	check(is_member(pid, facts, own_path("test-a/b/deep/deep")));
	check_ok(cgroup_pids(cgroup, &arena, &pids, &count, &e));
	check(count == 1 && pids[0] == pid);
	check_ok(cgroup_remove(cgroup, &e));
	check_number(reap(pid), 128 + SIGKILL);
	check(!cgroup_exists(cgroup));
	cgroup_close(cgroup);
	cgroup = open_at(own_path("test-a"), facts);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

static void test_sub(const struct facts *facts)
{
	char up[] = "../x", none[] = "none", odd[] = "nocontroller:none";
	char *items[] = {up, NULL};
	struct strv sub = {items, 1, 0};
	struct cgroup *cgroup = open_at(PATH, facts);
	pid_t pid = getpid();
	struct err e;

	check_number(cgroup_join(cgroup, pid, 0, NULL, &e), -ENOENT);
	check_contains(message(&e), "does not exist");
	check_ok(cgroup_create(cgroup, &no_limits, &e));
	check_number(cgroup_join(cgroup, pid, pid, &sub, &e), -EINVAL);
	check_contains(message(&e), "must stay below");
	items[0] = none;
	check_number(cgroup_join(cgroup, pid, pid, &sub, &e), -ENOENT);
	check_contains(message(&e), "sub-cgroup 'none' does not exist");
	items[0] = odd;
	check_number(cgroup_join(cgroup, pid, pid, &sub, &e), -EINVAL);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

static void test_refused(const struct facts *facts)
{
	static const char *const paths[] = {"/", "x", "/a/../b", "/./a", "//", ""};

	for (size_t i = 0; i < sizeof(paths) / sizeof(paths[0]); i++) {
		struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS}, .path = paths[i]};
		struct cgroup *cgroup;
		struct err e;

		check_number(cgroup_open(&where, facts, &cgroup, &e), -EINVAL);
	}
}

static void test_none(const struct facts *facts)
{
	struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_NONE}};
	struct plan_setting setting = {.controller = "pids", .file = "pids.max", .origin = "x"};
	struct plan_limits limits = {.settings = {&setting, 1}};
	auto_arena arena = {0};
	struct cgroup *cgroup = NULL;
	struct cgroup_entry entry;
	struct stats stats;
	pid_t *pids;
	size_t count = 9;
	struct err e;

	check_ok(cgroup_open(&where, facts, &cgroup, &e));
	check_ok(cgroup_create(cgroup, &no_limits, &e));
	check_ok(cgroup_entry_open(cgroup, 0, NULL, &entry, &e));
	check(entry.clone_fd < 0 && entry.task_count == 0);
	check_ok(cgroup_add(cgroup, getpid(), &no_limits, &e));
	check_ok(cgroup_apply(cgroup, &no_limits, &e));
	check(cgroup_apply(cgroup, &limits, &e) < 0);
	check_ok(cgroup_pids(cgroup, &arena, &pids, &count, &e));
	check_number(count, 0);
	check_ok(cgroup_stats(cgroup, &arena, &stats, &e));
	check_ok(cgroup_signal(cgroup, SIGKILL, &e));
	check(cgroup_freeze(cgroup, &e) < 0);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

static void test_all(const struct facts *facts, const char *name)
{
	printf("# %s\n", name);
	test_life(facts);
	test_in_use(facts);
	test_unmarked(facts);
	test_nested(facts);
	test_sub(facts);
}

int main(void)
{
	auto_arena arena = {0};
	struct facts facts, unified, legacy;
	struct err e;

	if (!check_ok(facts_probe(&arena, &facts, &e)))
		return tap_done();
	test_refused(&facts);
	test_none(&facts);
	if (!can_make(&facts)) {
		tap_skip("cgroups cannot be made here");
		return tap_done();
	}
	test_all(&facts, "as mounted");
	test_bomb(&facts);
	if (facts.cgroup_mode == CGROUP_MODE_HYBRID && facts_unified(&facts, &unified))
		test_all(&unified, "the v2 tree alone");
	if (facts.cgroup_mode == CGROUP_MODE_HYBRID) {
		legacy = facts_legacy(&facts, &arena);
		test_all(&legacy, "v1 alone");
		test_bomb(&legacy);
	}
	return tap_done();
}
