/* Layouts of cgroup mounts as text, and one real probe with its time. */
#include "base/clock.h"
#include "base/str.h"
#include "kern/facts.h"
#include "tap.h"

#include <sched.h>

#define LINE(id, root, point, type, options) \
	id " 1 0:1 " root " " point " rw,relatime shared:1 - " type " x " options "\n"

static void test_unified(struct arena *arena)
{
	struct facts facts = {0};

	facts_parse_mounts(arena,
			   LINE("20", "/", "/", "ext4", "rw")
				   LINE("21", "/", "/sys/fs/cgroup", "cgroup2", "rw,nsdelegate")
					   LINE("22", "/", "/opt/vpn", "cgroup", "rw,net_cls"),
			   "1:net_cls:/\n0::/user.slice/a b\n", &facts);
	check_number(facts.cgroup_mode, CGROUP_MODE_UNIFIED);
	check_number(facts.hierarchy_count, 1);
	check_text(facts.hierarchies[0].mount_point, "/sys/fs/cgroup");
	check_text(facts.hierarchies[0].own_path, "/user.slice/a b");
	check(facts.hierarchies[0].is_v2);
	check_text(facts.hierarchies[0].controllers, "");
}

static void test_hybrid(struct arena *arena)
{
	struct facts facts = {0};

	facts_parse_mounts(
		arena,
		LINE("31", "/", "/sys/fs/cgroup", "tmpfs", "rw") LINE(
			"50", "/part", "/var/lib/c/cgroup/memory", "cgroup",
			"rw,memory") LINE("32", "/", "/sys/fs/cgroup/cpu,cpuacct", "cgroup",
					  "rw,cpu,cpuacct") LINE("33", "/", "/sys/fs/cgroup/memory",
								 "cgroup", "rw,memory")
			LINE("34", "/", "/sys/fs/cgroup/systemd", "cgroup", "rw,xattr,name=systemd")
				LINE("35", "/", "/sys/fs/cgroup/unified", "cgroup2", "rw")
					LINE("36", "/", "/sys/fs/selinux", "selinuxfs", "rw")
						LINE("37", "/", "/sys/fs/resctrl", "resctrl", "rw"),
		"9:hugetlb:/\n4:memory:/a:b\n3:cpu,cpuacct:/\n1:name=systemd:/init.scope\n0::/\n",
		&facts);
	check_number(facts.cgroup_mode, CGROUP_MODE_HYBRID);
	check_number(facts.hierarchy_count, 4);
	check_text(facts.hierarchies[0].controllers, "memory");
	check_text(facts.hierarchies[0].mount_point, "/sys/fs/cgroup/memory");
	check_text(facts.hierarchies[0].own_path, "/a:b");
	check_text(facts.hierarchies[1].controllers, "cpu,cpuacct");
	check_text(facts.hierarchies[2].controllers, "name=systemd");
	check_text(facts.hierarchies[2].own_path, "/init.scope");
	check(facts.hierarchies[3].is_v2);
	check(facts.selinux_enabled);
	check(facts.resctrl_mounted);
}

static void test_odd(struct arena *arena)
{
	struct facts facts = {0};

	facts_parse_mounts(
		arena,
		LINE("1", "/docker/x", "/sys/fs/cgroup/pid\\040s", "cgroup",
		     "rw,pids") "short line\n - cgroup x rw\n1 2 3 - cgroup2 cgroup2 rw\n\n"
				"1 2 3 4 5 - ",
		"8:pids:/docker/x\nnonsense\n7:\n:", &facts);
	check_number(facts.cgroup_mode, CGROUP_MODE_LEGACY);
	check_number(facts.hierarchy_count, 1);
	check_text(facts.hierarchies[0].mount_point, "/sys/fs/cgroup/pid s");
	check_text(facts.hierarchies[0].mount_root, "/docker/x");
	facts_parse_mounts(arena, "", "", &facts);
	check_number(facts.cgroup_mode, CGROUP_MODE_NONE);
	check(facts_has_controller("cpu,cpuacct", "cpuacct"));
	check(facts_has_controller("cpuset cpu io", "cpu"));
	check(!facts_has_controller("cpuset,cpuacct", "cpu"));
	check(!facts_has_controller("cpu", ""));
}

static void test_probe(void)
{
	uint64_t best = UINT64_MAX;

	for (int i = 0; i < 20; i++) {
		auto_arena arena = {0};
		struct facts facts;
		struct err e;
		uint64_t start = clock_now();

		if (!check(facts_probe(&arena, &facts, &e) == 0))
			return;
		if (clock_now() - start < best)
			best = clock_now() - start;
		if (i > 0)
			continue;
		check(facts.namespaces & CLONE_NEWNS);
		check(facts.cap_last_cap >= 37);
		check(strlen(facts.boot_id) == 36);
		check(facts.seccomp_flags & 1);
		check(facts.is_rootless == (facts.euid != 0 || facts.in_user_namespace));
	}
	printf("# facts_probe: %.1f us\n", (double)best / 1000.0);
}

int main(void)
{
	auto_arena arena = {0};

	test_unified(&arena);
	test_hybrid(&arena);
	test_odd(&arena);
	test_probe();
	return tap_done();
}
