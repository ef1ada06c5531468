/* What operations leave behind, seen from inside: mounts, masks, devices, cgroups, the terminal. */
#include "test-plan.h"

#include <sys/mount.h>
#include <sys/stat.h>

static void begin(struct test_container *test)
{
	test_container_init(test);
	test_usual_mounts(test);
}

static void shell(const struct test_container *test, const char *format)
{
	auto_buf command = {0};

	buf_printf(&command, "cd %s && ", test->directory);
	buf_append_str(&command, format);
	check(system(buf_text(&command)) == 0);
}

static char *below(struct test_container *test, const char *name)
{
	return arena_printf(&test->arena, "%s/%s", test->directory, name);
}

static void test_binds(void)
{
	struct test_container test;
	auto_buf text = {0};

	begin(&test);
	shell(&test, "mkdir -p data/sub && echo content > data/file");
	test_bind(&test, below(&test, "data"), "/data", MS_REC | MS_RDONLY | MS_NOSUID);
	test_bind(&test, below(&test, "data/file"), "/etc/some/file", 0);
	test_before_pivot(&test);
	test_args(&test, "cat /data/file /etc/some/file; echo x > /data/y || echo refused; "
			 "grep ' /data ' /proc/self/mountinfo; grep -c . /proc/self/mountinfo");
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "content\ncontent\nrefused\n");
	check_contains(buf_text(&text), "ro,nosuid");
	test_done(&test);
}

static void test_propagation(void)
{
	struct test_container test;
	struct plan_op *op;
	int32_t values[] = {MS_SLAVE | MS_REC, MS_SHARED};
	auto_buf text = {0};

	begin(&test);
	shell(&test, "mkdir -p data && mount --bind data data && mount --make-shared data");
	op = test_bind(&test, below(&test, "data"), "/data", MS_REC);
	op->mount->propagation = (struct opt_enums){.is_set = true, .count = 2, .values = values};
	test_before_pivot(&test);
	test_args(&test, "grep ' /data ' /proc/self/mountinfo");
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "shared:");
	check_contains(buf_text(&text), "master:");
	shell(&test, "umount data");
	test_done(&test);
}

static void test_masks(void)
{
	struct test_container test;
	auto_buf text = {0};

	begin(&test);
	shell(&test, "mkdir -p rootfs/secret.d rootfs/ro && echo s > rootfs/secret && "
		     "echo t > rootfs/secret.d/x && echo u > rootfs/secret2");
	test_before_pivot(&test);
	test_op(&test, PLAN_OP_READONLY_PATH, "/ro");
	test_op(&test, PLAN_OP_READONLY_PATH, "/proc/sys");
	test_op(&test, PLAN_OP_READONLY_PATH, "/absent");
	test_op(&test, PLAN_OP_MASK_PATH, "/secret");
	test_op(&test, PLAN_OP_MASK_PATH, "/secret2");
	test_op(&test, PLAN_OP_MASK_PATH, "/secret.d");
	test_op(&test, PLAN_OP_MASK_PATH, "/proc/acpi");
	test_op(&test, PLAN_OP_MASK_PATH, "/sys/firmware");
	test_op(&test, PLAN_OP_MASK_PATH, "/absent");
	test_args(&test, "cat /secret /secret2; ls /secret.d /sys/firmware; echo x > /ro/x || echo "
			 "ro1; echo x > /proc/sys/kernel/domainname || echo ro2; "
			 "echo x > /secret.d/y || echo ro3; echo done");
	check_number(test_run(&test, &text), 0);
	check_text(buf_text(&text), "/secret.d:\n\n/sys/firmware:\nro1\nro2\nro3\ndone\n");
	test_done(&test);
}

static void test_readonly_root(void)
{
	struct test_container test;
	auto_buf text = {0};

	begin(&test);
	test_before_pivot(&test);
	test_op(&test, PLAN_OP_MAKE_CWD, "/new/place");
	test_op(&test, PLAN_OP_READONLY_MOUNT, "/dev")->flags = u64_of(MS_RDONLY);
	test_op(&test, PLAN_OP_ROOT_READONLY, "/");
	test.process.cwd = "/new/place";
	test_args(&test,
		  "pwd; echo x > /x || echo ro; echo x > /dev/x || echo ro; echo > /dev/null; "
		  "echo x > /dev/shm/x && echo rw");
	check_number(test_run(&test, &text), 0);
	check_text(buf_text(&text), "/new/place\nro\nro\nrw\n");
	test_done(&test);
}

static void test_links_do_not_lead_out(void)
{
	static const char *const links[] = {"/proc", "/sys"};

	for (size_t i = 0; i < 2; i++) {
		struct test_container test;
		struct err e = {0};

		test_container_init(&test);
		shell(&test, i == 0 ? "rmdir rootfs/proc; mkdir rootfs/bad; ln -s /bad rootfs/proc"
				    : "mkdir rootfs/bad; ln -s /bad rootfs/sys");
		test_mount(&test, i == 0 ? "proc" : "sysfs", links[i], 0, NULL);
		test_before_pivot(&test);
		test_args(&test, "true");
		check(test_create(&test, FD_NONE, &e) < 0);
		check_contains(e.text, "must be mounted on an ordinary directory");
		test_done(&test);
	}
}

static void test_dev_link(void)
{
	struct test_container test;
	auto_buf text = {0};

	test_container_init(&test);
	shell(&test, "mkdir victim && echo KEEP > victim/ptmx && ln -s $PWD/victim rootfs/dev");
	test_mount(&test, "proc", "/proc", 0, NULL);
	test_device(&test, "/dev/null", 1, 3);
	test_op(&test, PLAN_OP_PTMX, "/dev/ptmx");
	test_op(&test, PLAN_OP_LINK, "/dev/fd")->text = "/proc/self/fd";
	test_before_pivot(&test);
	test_args(&test, "true");
	(void)test_run(&test, &text);
	shell(&test, "test \"$(ls victim)\" = ptmx && test \"$(cat victim/ptmx)\" = KEEP");
	test_done(&test);
}

static void test_devices(void)
{
	struct test_container test;
	struct plan_op *op;
	struct err e = {0};
	auto_buf text = {0};

	test_container_init(&test);
	test_mount(&test, "tmpfs", "/dev", 0, NULL);
	op = test_op(&test, PLAN_OP_DEVICE, "/dev/some/thing");
	op->device = arena_new(&test.arena, struct plan_device);
	op->device->mode = u32_of(S_IFCHR | 0640);
	op->device->major = u32_of(1);
	op->device->minor = u32_of(5);
	op->device->uid = u32_of(12);
	op->device->gid = u32_of(13);
	op = test_op(&test, PLAN_OP_DEVICE, "/dev/zero");
	op->device = arena_new(&test.arena, struct plan_device);
	op->device->mode = u32_of(S_IFCHR | 0666);
	op->device->major = u32_of(1);
	op->device->minor = u32_of(5);
	op->device->bind = bool_of(true);
	test_before_pivot(&test);
	test_args(&test, "stat -c '%a %t %T %u %g' /dev/some/thing; "
			 "stat -c '%t %T' /dev/zero");
	check_number(test_run(&test, &text), 0);
	check_text(buf_text(&text), "640 1 5 12 13\n1 5\n");
	test_done(&test);

	begin(&test);
	op = test_op(&test, PLAN_OP_DEVICE, "/etc/passwd");
	op->device = arena_new(&test.arena, struct plan_device);
	op->device->mode = u32_of(S_IFCHR | 0640);
	op->device->major = u32_of(1);
	op->device->minor = u32_of(5);
	test_before_pivot(&test);
	test_args(&test, "true");
	check(test_create(&test, FD_NONE, &e) < 0);
	check_contains(e.text, "exists and is not the device");
	test_done(&test);
}

static void test_cgroups(bool has_namespace)
{
	struct test_container test;
	struct plan_op *op;
	auto_buf text = {0};

	begin(&test);
	if (has_namespace)
		test.plan.new_namespaces.value |= CLONE_NEWCGROUP;
	test_op(&test, PLAN_OP_JOIN_CGROUP, NULL);
	op = test_op(&test, PLAN_OP_CGROUP, "/sys/fs/cgroup");
	op->mount = arena_new(&test.arena, struct plan_mount);
	op->mount->set = u64_of(MS_RDONLY | MS_NOSUID | MS_NODEV | MS_NOEXEC);
	test_before_pivot(&test);
	test_args(&test, "f=$(ls /sys/fs/cgroup/*/cgroup.procs /sys/fs/cgroup/cgroup.procs "
			 "2>/dev/null | while read a; do echo $a; break; done); "
			 "echo $(cat $f); cat /proc/self/cgroup; "
			 "grep cgroup /proc/self/mountinfo | grep -vc ' ro,'");
	check_number(test_run(&test, &text), 1);
	check_contains(buf_text(&text), "1");
	check_contains(buf_text(&text), has_namespace ? ":/\n" : test.plan.id);
	check(strstr(buf_text(&text), "\n0\n") != NULL);
	test_done(&test);
}

static void test_copy_up(void)
{
	struct test_container test;
	struct plan_op *op;
	auto_buf text = {0};

	begin(&test);
	shell(&test, "mkdir -p rootfs/var/a && echo 1 > rootfs/var/a/one && "
		     "ln -s /etc/passwd rootfs/var/link && chmod 750 rootfs/var rootfs/var/a");
	op = test_mount(&test, "tmpfs", "/var", MS_NOSUID, NULL);
	op->mount->copy_up = bool_of(true);
	op->mount->keep_mode = bool_of(true);
	test_before_pivot(&test);
	test_args(&test, "cat /var/a/one; echo 2 > /var/two; stat -c %a /var /var/a; ls /var");
	check_number(test_run(&test, &text), 0);
	check_text(buf_text(&text), "1\n750\n750\na\nlink\ntwo\n");
	shell(&test, "test ! -e rootfs/var/two");
	test_done(&test);
}

static void test_console(void)
{
	struct test_container test;
	struct err e = {0};
	char text[200] = "";
	ssize_t size, used = 0;

	begin(&test);
	test_op(&test, PLAN_OP_CONSOLE, "/dev/console");
	test_before_pivot(&test);
	test.process.terminal = bool_of(true);
	test.process.uid = u32_of(1000);
	test_args(&test, "test -t 0 && echo one > /dev/console && echo two > /dev/tty; sleep 1");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(test.init.console_fd >= 0);
	check(process_backend.start(test.backend, &e) == 0);
	while (used < 150 && !strstr(text, "two")) {
		size = read(test.init.console_fd, text + used, sizeof(text) - 1 - (size_t)used);
		if (size <= 0)
			break;
		used += size;
	}
	check_contains(text, "one\r\ntwo\r\n");
	check_number(test_wait(&test), 0);
	test_done(&test);
}

/* A hook that swaps what a later operation uses: a deterministic race. */
static void test_swapped_by_hook(const char *script, const char *containers, const char *afterwards)
{
	struct test_container test;
	struct plan_hook hook = {.path = "/bin/sh"};
	auto_buf text = {0};

	begin(&test);
	shell(&test,
	      "echo CANARY > rootfs/canary; echo SECRET > rootfs/secret; mkdir rootfs/secret.d");
	strv_push(&hook.args, &test.arena, "sh");
	strv_push(&hook.args, &test.arena, "-c");
	strv_push(&hook.args, &test.arena, script);
	test.plan.create_hooks = (struct list){&hook, 1};
	test_before_pivot(&test);
	test_op(&test, PLAN_OP_SYSCTL, "net/ipv4/ip_unprivileged_port_start");
	((struct plan_op *)test.plan.ops.items)[test.plan.ops.count - 1].text = "7";
	((struct plan_op *)test.plan.ops.items)[test.plan.ops.count - 1].flags =
		u64_of(CLONE_NEWNET);
	test_op(&test, PLAN_OP_MASK_PATH, "/secret");
	test_args(&test, containers);
	(void)test_run(&test, &text);
	check(strstr(buf_text(&text), "SECRET") == NULL);
	check(strstr(buf_text(&text), "FAIL") == NULL);
	shell(&test, afterwards);
	test_done(&test);
}

static void test_attacks(void)
{
	static const char *const canary = "test \"$(cat rootfs/canary)\" = CANARY";

	/* CVE-2025-31133 */
	test_swapped_by_hook("rm dev/null; ln -s /canary dev/null", "cat /secret; echo x > /secret",
			     canary);
	test_swapped_by_hook("rm dev/null; echo FAKE > dev/null", "cat /secret", canary);
	test_swapped_by_hook("rm dev/null", "cat /secret", canary);
	/* CVE-2025-52881 */
	test_swapped_by_hook("mount --bind canary proc/sys/net/ipv4/ip_unprivileged_port_start",
			     "cat /secret; true", canary);
	test_swapped_by_hook("mount --bind proc/sys/kernel/domainname "
			     "proc/sys/net/ipv4/ip_unprivileged_port_start",
			     "test \"$(cat /proc/sys/kernel/domainname)\" != 7 || echo FAIL",
			     canary);
}

int main(void)
{
	test_binds();
	test_propagation();
	test_masks();
	test_readonly_root();
	test_links_do_not_lead_out();
	test_dev_link();
	test_devices();
	test_cgroups(false);
	test_cgroups(true);
	test_copy_up();
	test_console();
	test_attacks();
	return tap_done();
}
