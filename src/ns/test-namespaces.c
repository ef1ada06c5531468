/* User, time, joined namespaces; id-mapped mounts; the seccomp listener. */
#include "test-plan.h"

#include "kern/seccomp.h"

#include <linux/filter.h>
#include <linux/seccomp.h>
#include <signal.h>
#include <sys/syscall.h>

static struct list map_of(struct test_container *test, uint32_t inside, uint32_t outside,
			  uint32_t size)
{
	struct plan_id_map *map = arena_new(&test->arena, struct plan_id_map);

	*map = (struct plan_id_map){u32_of(inside), u32_of(outside), u32_of(size)};
	return (struct list){map, 1};
}

static void with_users(struct test_container *test)
{
	test_container_init(test);
	test->plan.new_namespaces.value |= CLONE_NEWUSER;
	test->plan.uid_map = map_of(test, 0, 100000, 65536);
	test->plan.gid_map = map_of(test, 0, 200000, 65536);
}

static void bind_device(struct test_container *test, const char *path, unsigned int minor)
{
	struct plan_op *op;

	test_device(test, path, 1, minor);
	op = list_at(struct plan_op, &test->plan.ops, test->plan.ops.count - 1);
	op->device->bind = bool_of(true);
}

static void user_mounts(struct test_container *test)
{
	const unsigned long plain = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	test_mount(test, "proc", "/proc", plain, NULL);
	test_mount(test, "tmpfs", "/dev", MS_NOSUID, "mode=755");
	test_mount(test, "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666,mode=0620,gid=5");
	test_mount(test, "sysfs", "/sys", plain | MS_RDONLY, NULL);
	bind_device(test, "/dev/null", 3);
	bind_device(test, "/dev/zero", 5);
}

static void shell(const struct test_container *test, const char *format)
{
	auto_buf command = {0};

	buf_printf(&command, "cd %s && ", test->directory);
	buf_append_str(&command, format);
	check(system(buf_text(&command)) == 0);
}

static void test_users(void)
{
	struct test_container test;
	struct plan_op *op;
	auto_buf text = {0};

	with_users(&test);
	user_mounts(&test);
	shell(&test, "mkdir data && echo mine > data/file && chown 1000:1000 data/file && "
		     "chown 100000:200000 rootfs rootfs/* && chmod 700 .");
	op = test_bind(&test, arena_printf(&test.arena, "%s/data", test.directory), "/data", 0);
	op->mount->idmap = bool_of(true);
	op = test_bind(&test, arena_printf(&test.arena, "%s/data", test.directory), "/own", 0);
	op->mount->idmap = bool_of(true);
	op->mount->uid_map = map_of(&test, 1000, 100077, 1);
	op->mount->gid_map = map_of(&test, 1000, 200078, 1);
	test_before_pivot(&test);
	test_op(&test, PLAN_OP_MASK_PATH, "/proc/kcore");
	test_op(&test, PLAN_OP_READONLY_PATH, "/proc/sys");
	test_args(&test, "cat /proc/self/uid_map; stat -c %u:%g /data/file /own/file /dev /bin; "
			 "echo hi > /dev/null; cat /data/file; grep CapEff /proc/self/status");
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "0     100000      65536");
	check_contains(buf_text(&text), "1000:1000\n77:78\n0:0\n0:0\nmine\n");
	check_contains(buf_text(&text), "CapEff:\t000001ff");
	test_done(&test);
}

/* The host's root is not mapped, nor is any root inside. */
static void test_users_without_root(void)
{
	struct test_container test;
	auto_buf text = {0};

	with_users(&test);
	test.plan.uid_map = map_of(&test, 1000, 100000, 10);
	test.plan.gid_map = map_of(&test, 1000, 200000, 10);
	test_mount(&test, "proc", "/proc", 0, NULL);
	shell(&test, "chmod 711 .");
	test.process.uid = u32_of(1005);
	test.process.gid = u32_of(1006);
	test_before_pivot(&test);
	test_args(&test, "id; grep -E 'Cap(Eff|Amb)' /proc/self/status");
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "uid=1005 gid=1006");
	check_contains(buf_text(&text), "CapEff:\t0000000000000000");
	check_contains(buf_text(&text), "CapAmb:\t0000000000000000");
	test_done(&test);
}

static void test_time(void)
{
	struct test_container test;
	struct plan_time_offset offset = {.clock = "boottime", .secs = {true, 86400 * 1000}};
	auto_buf text = {0};

	test_container_init(&test);
	test_usual_mounts(&test);
	test.plan.new_namespaces.value |= CLONE_NEWTIME;
	test.plan.time_offsets = (struct list){&offset, 1};
	test_before_pivot(&test);
	test_args(&test, "cat /proc/uptime; echo $$");
	check_number(test_run(&test, &text), 0);
	check(atol(buf_text(&text)) > 86400 * 1000);
	check_contains(buf_text(&text), "\n1\n");
	test_done(&test);
}

static void add_join(struct test_container *test, pid_t pid, const char *name, uint64_t flag)
{
	struct list *joins = &test->plan.joins;
	struct plan_join *items = arena_new_array(&test->arena, joins->count + 1, struct plan_join);

	if (joins->count)
		memcpy(items, joins->items, joins->count * sizeof(*items));
	items[joins->count++] = (struct plan_join){
		.flag = u64_of(flag),
		.path = arena_printf(&test->arena, "/proc/%d/ns/%s", (int)pid, name),
		.origin = "linux.namespaces[0].path",
	};
	joins->items = items;
	test->plan.new_namespaces.value &= ~flag;
}

/* A second container in the first one's namespaces, as in a pod. */
static void test_pod(bool has_users, bool joins_pid)
{
	struct test_container first, second;
	struct err e = {0};
	auto_buf text = {0};
	pid_t pid;

	if (has_users) {
		with_users(&first);
		shell(&first, "chown 100000:200000 rootfs rootfs/*");
		user_mounts(&first);
	} else {
		test_container_init(&first);
		test_usual_mounts(&first);
	}
	test_before_pivot(&first);
	test_op(&first, PLAN_OP_HOSTNAME, NULL)->text = "pod";
	test_args(&first, "sleep 100");
	check(test_create(&first, FD_NONE, &e) == 0);
	check(process_backend.start(first.backend, &e) == 0);
	pid = first.init.process.pid;

	test_container_init(&second);
	if (has_users)
		user_mounts(&second);
	else
		test_usual_mounts(&second);
	if (has_users)
		shell(&second, "chown 100000:200000 rootfs rootfs/*");
	add_join(&second, pid, "net", CLONE_NEWNET);
	add_join(&second, pid, "ipc", CLONE_NEWIPC);
	add_join(&second, pid, "uts", CLONE_NEWUTS);
	if (joins_pid)
		add_join(&second, pid, "pid", CLONE_NEWPID);
	if (has_users)
		add_join(&second, pid, "user", CLONE_NEWUSER);
	/* Loopback is up already; the plan would not say it. */
	((struct plan_op *)second.plan.ops.items)[0].kind.value = PLAN_OP_HOSTNAME;
	((struct plan_op *)second.plan.ops.items)[0].text = "pod2";
	test_before_pivot(&second);
	test_args(&second, "cat /proc/self/uid_map /proc/sys/kernel/hostname; echo $$; "
			   "cat /proc/1/cmdline");
	check_number(test_run(&second, &text), 0);
	check_contains(buf_text(&text), "pod2\n");
	check_contains(buf_text(&text), joins_pid ? "\n2\nsleep" : "\n1\n");
	if (has_users)
		check_contains(buf_text(&text), "100000");
	test_done(&second);
	test_done(&first);
}

static void test_wrong_type(void)
{
	struct test_container test;
	struct err e = {0};

	test_container_init(&test);
	test_before_pivot(&test);
	add_join(&test, getpid(), "uts", CLONE_NEWNET);
	test_args(&test, "true");
	check(test_create(&test, FD_NONE, &e) < 0);
	check_contains(e.text, "linux.namespaces[0].path");
	test_done(&test);
}

static void test_host_sysctl(void)
{
	struct test_container test;
	struct plan_op *op;
	struct err e = {0};

	test_container_init(&test);
	add_join(&test, getpid(), "net", CLONE_NEWNET);
	test_before_pivot(&test);
	op = test_op(&test, PLAN_OP_SYSCTL, "net/ipv4/ip_forward");
	op->text = "0";
	op->flags = u64_of(CLONE_NEWNET);
	op->origin = "linux.sysctl.net.ipv4.ip_forward";
	test_args(&test, "true");
	check(test_create(&test, FD_NONE, &e) < 0);
	check_text(e.text,
		   "linux.sysctl.net.ipv4.ip_forward: belongs to the host, not to the container");
	test_done(&test);
}

static void test_seccomp(bool has_new_privileges)
{
	static struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdir, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_USER_NOTIF),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_mkdirat, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | 77),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	struct plan_seccomp seccomp = {
		.program = program,
		.instruction_count = sizeof(program) / sizeof(program[0]),
		.flags = KERN_SECCOMP_FLAG_NEW_LISTENER,
	};
	struct test_container test;
	auto_buf text = {0};
	struct err e = {0};

	test_container_init(&test);
	test_usual_mounts(&test);
	test_before_pivot(&test);
	test.process.seccomp = &seccomp;
	test.process.no_new_privileges = bool_of(!has_new_privileges);
	test_args(&test, "grep -E '^Seccomp:' /proc/self/status");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(test.init.seccomp_fd >= 0);
	check(process_backend.start(test.backend, &e) == 0);
	check_number(test_wait(&test), 0);
	test_done(&test);
}

int main(void)
{
	test_users();
	test_users_without_root();
	test_time();
	test_pod(false, false);
	test_pod(false, true);
	test_pod(true, true);
	test_wrong_type();
	test_host_sysctl();
	test_seccomp(false);
	test_seccomp(true);
	return tap_done();
}
