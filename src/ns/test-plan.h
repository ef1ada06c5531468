/* Plans made by hand, for tests of this layer: a container of a static busybox, with what Docker
 * mounts, in a directory of its own. */
#ifndef NS_TEST_PLAN_H
#define NS_TEST_PLAN_H

#include "ns/ns.h"

#include "base/arena.h"
#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>

struct test_container {
	struct arena arena;
	struct facts facts;
	char directory[64]; /* rootfs and state are below */
	int state_fd;
	struct plan plan;
	struct plan_process process;
	struct plan_cgroup cgroup;
	struct plan_limits limits;
	struct backend *backend;
	struct backend_process init;
};

static inline struct opt_u64 u64_of(uint64_t value)
{
	return (struct opt_u64){true, value};
}

static inline struct opt_u32 u32_of(uint32_t value)
{
	return (struct opt_u32){true, value};
}

static inline struct opt_bool bool_of(bool value)
{
	return (struct opt_bool){true, value};
}

static inline struct plan_op *test_op(struct test_container *test, enum plan_op_kind kind,
				      const char *target)
{
	struct list *ops = &test->plan.ops;
	struct plan_op *items = arena_new_array(&test->arena, ops->count + 1, struct plan_op);

	if (ops->count)
		memcpy(items, ops->items, ops->count * sizeof(*items));
	ops->items = items;
	items[ops->count].kind = (struct opt_i32){true, kind};
	items[ops->count].target = target;
	return &items[ops->count++];
}

static inline struct plan_op *test_mount(struct test_container *test, const char *type,
					 const char *target, unsigned long flags, const char *data)
{
	struct plan_op *op = test_op(test, PLAN_OP_MOUNT, target);

	op->mount = arena_new(&test->arena, struct plan_mount);
	op->mount->type = type;
	op->mount->source = type;
	op->mount->data = data;
	op->mount->set = u64_of(flags);
	op->origin = target;
	return op;
}

static inline struct plan_op *test_bind(struct test_container *test, const char *source,
					const char *target, unsigned long flags)
{
	struct plan_op *op = test_op(test, PLAN_OP_BIND, target);

	op->mount = arena_new(&test->arena, struct plan_mount);
	op->mount->source = source;
	op->mount->set = u64_of(MS_BIND | flags);
	op->origin = target;
	return op;
}

static inline void test_device(struct test_container *test, const char *path, unsigned int major,
			       unsigned int minor)
{
	struct plan_op *op = test_op(test, PLAN_OP_DEVICE, path);

	op->device = arena_new(&test->arena, struct plan_device);
	op->device->mode = u32_of(S_IFCHR | 0666);
	op->device->major = u32_of(major);
	op->device->minor = u32_of(minor);
	op->device->is_default = bool_of(true);
}

static inline void test_args(struct test_container *test, const char *script)
{
	test->process.args = (struct strv){0};
	strv_push(&test->process.args, &test->arena, "/bin/sh");
	strv_push(&test->process.args, &test->arena, "-c");
	strv_push(&test->process.args, &test->arena, script);
}

/* Everything up to the mounts; continue with test_root_done(). */
static inline void test_container_init(struct test_container *test)
{
	static int counter;
	struct err e;
	char command[400];

	memset(test, 0, sizeof(*test));
	test->init = (struct backend_process){PROCESS_NONE, FD_NONE, FD_NONE};
	check(facts_probe(&test->arena, &test->facts, &e) == 0);
	(void)snprintf(test->directory, sizeof(test->directory), "/tmp/ns-test-XXXXXX");
	check(mkdtemp(test->directory) != NULL);
	(void)chmod(test->directory, 0755);
	(void)snprintf(command, sizeof(command),
		       "cd %s && mkdir -p state rootfs/bin rootfs/etc rootfs/proc && "
		       "cp /bin/busybox rootfs/bin && "
		       "for i in sh true ls cat id sleep echo grep env mount stat; do "
		       "ln -s busybox rootfs/bin/$i; done && "
		       "echo root:x:0:0::/root:/bin/sh > rootfs/etc/passwd",
		       test->directory);
	check(system(command) == 0);
	(void)snprintf(command, sizeof(command), "%s/state", test->directory);
	test->state_fd = open(command, O_PATH | O_DIRECTORY | O_CLOEXEC);
	check(test->state_fd >= 0);
	test->plan.id = arena_printf(&test->arena, "ns-test-%d-%d", (int)getpid(), counter++);
	test->plan.rootfs = arena_printf(&test->arena, "%s/rootfs", test->directory);
	test->plan.bundle = test->directory;
	test->plan.new_namespaces =
		u64_of(CLONE_NEWPID | CLONE_NEWNS | CLONE_NEWNET | CLONE_NEWIPC | CLONE_NEWUTS);
	test->cgroup.driver = (struct opt_i32){true, PLAN_CGROUP_FS};
	test->cgroup.path = arena_printf(&test->arena, "/%s", test->plan.id);
	test->plan.cgroup = &test->cgroup;
	test->plan.limits = &test->limits;
	test->plan.process = &test->process;
	test->plan.state_json_head = "{\"id\":\"x\",\"pid\":";
	test->plan.state_json_tail = ",\"status\":\"creating\"}";
	test->plan.start_state_json_tail = ",\"status\":\"created\"}";
	test->process.cwd = "/";
	test->process.uid = u32_of(0);
	test->process.gid = u32_of(0);
	test->process.groups.is_set = true;
	strv_push(&test->process.env, &test->arena, "PATH=/bin");
	test->process.new_keyring = bool_of(true);
	test->process.keyring_name = "_ses.ns-test";
	test_op(test, PLAN_OP_LOOPBACK, NULL);
	test_op(test, PLAN_OP_HOST_PROPAGATION, NULL)->flags = u64_of(MS_SLAVE | MS_REC);
	test_op(test, PLAN_OP_ROOT, "/")->mount = arena_new(&test->arena, struct plan_mount);
	((struct plan_op *)test->plan.ops.items)[2].mount->source = test->plan.rootfs;
	((struct plan_op *)test->plan.ops.items)[2].mount->set = u64_of(MS_BIND | MS_REC);
}

static inline void test_usual_mounts(struct test_container *test)
{
	const unsigned long plain = MS_NOSUID | MS_NOEXEC | MS_NODEV;

	test_mount(test, "proc", "/proc", plain, NULL);
	test_mount(test, "tmpfs", "/dev", MS_NOSUID | MS_STRICTATIME, "mode=755,size=65536k");
	test_mount(test, "devpts", "/dev/pts", MS_NOSUID | MS_NOEXEC,
		   "newinstance,ptmxmode=0666,mode=0620,gid=5");
	test_mount(test, "sysfs", "/sys", plain | MS_RDONLY, NULL);
	test_mount(test, "tmpfs", "/dev/shm", plain, "mode=1777,size=65536k");
	test_mount(test, "mqueue", "/dev/mqueue", plain, NULL);
	test_device(test, "/dev/null", 1, 3);
	test_device(test, "/dev/zero", 1, 5);
	test_device(test, "/dev/full", 1, 7);
	test_device(test, "/dev/random", 1, 8);
	test_device(test, "/dev/urandom", 1, 9);
	test_device(test, "/dev/tty", 5, 0);
	test_op(test, PLAN_OP_PTMX, "/dev/ptmx");
	test_op(test, PLAN_OP_LINK, "/dev/fd")->text = "/proc/self/fd";
}

static inline void test_before_pivot(struct test_container *test)
{
	test_op(test, PLAN_OP_JOIN_CGROUP, NULL);
	test_op(test, PLAN_OP_HOOKS, NULL);
	test_op(test, PLAN_OP_PIVOT, NULL)->flags = u64_of(PLAN_PIVOT_ROOT);
}

static inline void test_open(struct test_container *test)
{
	struct backend_context context = {
		.id = test->plan.id,
		.state_fd = test->state_fd,
		.facts = &test->facts,
		.cgroup = &test->cgroup,
		.init = PROCESS_NONE,
		.shares_pid_namespace = ns_needs_sealed_self(&test->plan),
	};
	struct err e;

	check(process_backend.open(&context, &test->backend, &e) == 0);
}

static inline int test_say(const char *what, int r, const struct err *e)
{
	char text[1200];

	if (r < 0)
		printf("# %s: %s\n", what, err_format(e, text, sizeof(text)));
	return r;
}

/* Standard output of the container goes to `out` (FD_NONE: ours). */
static inline int test_create(struct test_container *test, int out, struct err *e)
{
	struct backend_stdio stdio = {{FD_NONE, FD_NONE, FD_NONE}};
	int r;

	test_open(test);
	if (out >= 0)
		stdio.fds[1] = fcntl(out, F_DUPFD_CLOEXEC, 3);
	r = process_backend.prepare(test->backend, &test->plan, &stdio, &test->init, e);
	if (r == 0)
		r = process_backend.commit(test->backend, &test->init, e);
	if (r == 0)
		r = process_backend.release(test->backend, e);
	return test_say("create", r, e);
}

static inline int test_wait(struct test_container *test)
{
	int status = -1;

	(void)waitpid(test->init.process.pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static inline void test_done(struct test_container *test)
{
	struct err e;
	char command[128];

	if (test->backend) {
		check(test_say("destroy", process_backend.destroy(test->backend, &e), &e) == 0);
		check(test_say("destroy again", process_backend.destroy(test->backend, &e), &e) ==
		      0);
		process_backend.close(test->backend);
	}
	process_done(&test->init.process);
	fd_close(&test->init.console_fd);
	fd_close(&test->init.seccomp_fd);
	fd_close(&test->state_fd);
	(void)snprintf(command, sizeof(command), "rm -rf --one-file-system %s", test->directory);
	(void)!system(command);
	arena_done(&test->arena);
}

/* Creates, starts and waits; what the container wrote is `text`, its status is returned. */
static inline int test_run(struct test_container *test, struct buf *text)
{
	int out = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct err e;
	int status = -1;

	if (test_create(test, out, &e) == 0 &&
	    test_say("start", process_backend.start(test->backend, &e), &e) == 0)
		status = test_wait(test);
	(void)lseek(out, 0, SEEK_SET);
	(void)!fd_read_all(out, 1 << 20, text);
	(void)close(out);
	return status;
}

#endif
