/*
 * Device rules: the reduction to what v1 can hold, against the definition; random lists in force in
 * the kernel, each judged by opening nodes.
 */
#include "devices.h"
#include "test-tools.h"

#include <sys/sysmacros.h>

static uint32_t seed = 4711;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static bool covers(const struct bpf_device_rule *rule, char type, int64_t major, int64_t minor)
{
	return (rule->type == 'a' || rule->type == type) &&
	       (rule->major < 0 || rule->major == major) &&
	       (rule->minor < 0 || rule->minor == minor);
}

/* The definition: each bit by the last rule that covers it. */
static bool model(const struct bpf_device_rule *rules, size_t count, char type, int64_t major,
		  int64_t minor, unsigned access)
{
	for (unsigned bit = 1; bit <= 4; bit <<= 1) {
		bool allow = false;

		for (size_t i = 0; i < count; i++) {
			if ((rules[i].access & bit) && covers(&rules[i], type, major, minor))
				allow = rules[i].allow;
		}
		if ((access & bit) && !allow)
			return false;
	}
	return true;
}

/* The kernel's rule for v1: by default denied: one exception has all bits; else: none has any. */
static bool kernel(const struct device_set *set, char type, int64_t major, int64_t minor,
		   unsigned access)
{
	for (size_t i = 0; i < set->count; i++) {
		if (!covers(&set->items[i], type, major, minor))
			continue;
		if (set->default_allow && (set->items[i].access & access))
			return false;
		if (!set->default_allow && (access & ~set->items[i].access) == 0)
			return true;
	}
	return set->default_allow;
}

static size_t draw_rules(struct bpf_device_rule *rules, size_t most)
{
	size_t count = draw((uint32_t)most + 1);

	for (size_t i = 0; i < count; i++) {
		rules[i] = (struct bpf_device_rule){
			.allow = draw(3) > 0,
			.type = "abcc"[draw(4)],
			.major = draw(3) == 0 ? -1 : 1,
			.minor = draw(3) == 0 ? -1 : (int64_t[]){3, 5, 7}[draw(3)],
			.access = 1 + draw(7),
		};
		if (draw(5) == 0)
			rules[i] = (struct bpf_device_rule){-1, -1, 7, 'a', draw(2)};
	}
	return count;
}

/* One bit at a time is exact; two at once may only be denied too often, never allowed. */
static void test_reduce(void)
{
	size_t reduced = 0, wrong = 0, open_wrongly = 0;

	for (int round = 0; round < 20000; round++) {
		struct bpf_device_rule rules[8];
		auto_arena arena = {0};
		struct device_set set;
		size_t count = draw_rules(rules, 8);
		struct err e;

		if (devices_reduce(rules, count, &arena, &set, &e) < 0)
			continue;
		reduced++;
		for (uint32_t i = 0; i < 2 * 2 * 4 * 7; i++) {
			char type = i % 2 ? 'b' : 'c';
			int64_t major = 1 + i / 2 % 2, minor = 3 + 2 * (i / 4 % 4);
			unsigned access = 1 + i / 16;
			bool wanted = model(rules, count, type, major, minor, access);
			bool got = kernel(&set, type, major, minor, access);

			wrong += (access & (access - 1)) == 0 && wanted != got;
			open_wrongly += got && !wanted;
		}
	}
	check(reduced > 8000);
	check_number(wrong, 0);
	check_number(open_wrongly, 0);
}

static void test_texts(void)
{
	struct plan_device_rule rules[] = {
		{.allow = {true, false}},
		{.allow = {true, true},
		 .type = "c",
		 .major = {true, 1},
		 .minor = {true, 3},
		 .access = "rw"},
		{.allow = {true, true}, .type = "b", .major = {true, 8}, .access = "m"},
	};
	struct plan_limits limits = {.devices = {rules, 3}};
	auto_arena arena = {0};
	struct bpf_device_rule *parsed;
	struct device_set set;
	size_t count;
	char text[80];
	struct err e;

	check_ok(devices_parse(&limits, &arena, &parsed, &count, &e));
	check_ok(devices_reduce(parsed, count, &arena, &set, &e));
	check(!set.default_allow);
	check_number(set.count, 2);
	devices_format(&set.items[0], text, sizeof(text));
	check_text(text, "c 1:3 rw");
	devices_format(&set.items[1], text, sizeof(text));
	check_text(text, "b 8:* m");
	rules[1].access = "x";
	check_number(devices_parse(&limits, &arena, &parsed, &count, &e), -EINVAL);
	rules[1].access = "";
	check_number(devices_parse(&limits, &arena, &parsed, &count, &e), -EINVAL);
	rules[1].access = NULL;
	rules[1].type = "p";
	check_number(devices_parse(&limits, &arena, &parsed, &count, &e), -EINVAL);
}

/* ---- in the kernel ---- */

static const struct {
	const char *path;
	int64_t minor;
} nodes[] = {{"/dev/null", 3}, {"/dev/zero", 5}, {"/dev/full", 7}};

/* Bit i of the result: attempt i was permitted. */
static int run_attempts(void *data)
{
	unsigned *allowed = data;

	*allowed = 0;
	for (unsigned i = 0; i < 9; i++) {
		static const int flags[] = {O_RDONLY, O_WRONLY, O_RDWR};
		int fd = open(nodes[i / 3].path, flags[i % 3] | O_CLOEXEC);

		if (fd >= 0)
			*allowed |= 1U << i;
		if (fd >= 0)
			(void)close(fd);
	}
	return 0;
}

static unsigned expect(const struct bpf_device_rule *rules, size_t count)
{
	static const unsigned access[] = {BPF_DEVCG_ACC_READ, BPF_DEVCG_ACC_WRITE,
					  BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE};
	unsigned allowed = 0;

	for (unsigned i = 0; i < 9; i++) {
		if (model(rules, count, 'c', 1, nodes[i / 3].minor, access[i % 3]))
			allowed |= 1U << i;
	}
	return allowed;
}

static void to_plan(const struct bpf_device_rule *rules, size_t count, struct plan_device_rule *ret,
		    char texts[][4])
{
	static const char *const types[] = {"a", "b", "c"};

	for (size_t i = 0; i < count; i++) {
		size_t length = 0;

		if (rules[i].access & BPF_DEVCG_ACC_READ)
			texts[i][length++] = 'r';
		if (rules[i].access & BPF_DEVCG_ACC_WRITE)
			texts[i][length++] = 'w';
		if (rules[i].access & BPF_DEVCG_ACC_MKNOD)
			texts[i][length++] = 'm';
		texts[i][length] = '\0';
		ret[i] = (struct plan_device_rule){
			.allow = {true, rules[i].allow},
			.type = types[rules[i].type - 'a'],
			.major = {true, rules[i].major},
			.minor = {true, rules[i].minor},
			.access = texts[i],
		};
	}
}

/* Applies random lists to one cgroup, one after the other, as updates of a program would be. */
static void test_kernel(const struct facts *facts, const char *name)
{
	const struct plan_cgroup where = {.driver = {true, PLAN_CGROUP_FS},
					  .path = own_path("devices")};
	const struct plan_limits none = {0};
	struct cgroup *cgroup = NULL;
	unsigned tried = 0, too_open = 0, too_closed = 0;
	struct err e;

	if (!check_ok(cgroup_open(&where, facts, &cgroup, &e)) ||
	    !check_ok(cgroup_create(cgroup, &none, &e)))
		return;
	for (int round = 0; round < 60; round++) {
		struct bpf_device_rule rules[6];
		struct plan_device_rule plan_rules[6];
		char texts[6][4];
		size_t count = draw_rules(rules, 6);
		struct plan_limits limits = {.devices = {plan_rules, count},
					     .has_devices = {true, true}};
		unsigned wanted = expect(rules, count);
		int pipe_fds[2], r;
		unsigned got = 0;
		pid_t pid;

		to_plan(rules, count, plan_rules, texts);
		r = cgroup_apply(cgroup, &limits, &e);
		if (r == -EOPNOTSUPP)
			continue;
		if (!succeeded(r, &e) || pipe2(pipe_fds, O_CLOEXEC) < 0)
			break;
		(void)fflush(stdout);
		pid = fork();
		if (pid == 0) {
			if (cgroup_add(cgroup, getpid(), &none, &e) < 0)
				_exit(1);
			(void)run_attempts(&got);
			_exit(write(pipe_fds[1], &got, sizeof(got)) < 0);
		}
		if (read(pipe_fds[0], &got, sizeof(got)) != sizeof(got) || reap(pid) != 0)
			break;
		(void)close(pipe_fds[0]);
		(void)close(pipe_fds[1]);
		tried++;
		too_open += (got & ~wanted) != 0;
		too_closed += (wanted & ~got) != 0;
	}
	printf("# %s: %u lists, %u narrower than asked for\n", name, tried, too_closed);
	check(tried > 20);
	check_number(too_open, 0);
	check(!cgroup_find(cgroup, "devices")->info->is_v2 || too_closed == 0);
	check_ok(cgroup_remove(cgroup, &e));
	cgroup_close(cgroup);
}

int main(void)
{
	auto_arena arena = {0};
	struct facts facts, unified;
	struct err e;

	test_reduce();
	test_texts();
	if (!check_ok(facts_probe(&arena, &facts, &e)))
		return tap_done();
	if (!can_make(&facts) || facts.in_user_namespace) {
		tap_skip("cgroups cannot be made here");
		return tap_done();
	}
	test_kernel(&facts, "as mounted");
	if (facts.cgroup_mode == CGROUP_MODE_HYBRID && facts_unified(&facts, &unified))
		test_kernel(&unified, "the v2 tree alone");
	return tap_done();
}
