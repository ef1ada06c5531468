/* Containers from plans made by hand: made, started, ended, and gone afterwards. */
#include "test-plan.h"

#include <signal.h>
#include <sys/stat.h>

static void usual(struct test_container *test, const char *script)
{
	test_container_init(test);
	test_usual_mounts(test);
	test_before_pivot(test);
	test_args(test, script);
}

static void test_output_and_status(void)
{
	struct test_container test;
	auto_buf text = {0};

	usual(&test, "echo hello; exit 7");
	check_number(test_run(&test, &text), 7);
	check_text(buf_text(&text), "hello\n");
	test_done(&test);
}

static void test_descriptors(void)
{
	struct test_container test;
	auto_buf text = {0};
	int stray = open("/", O_RDONLY | O_DIRECTORY); /* not close-on-exec, as a caller's may be */

	usual(&test, "echo $(ls /proc/self/fd)");
	check_number(test_run(&test, &text), 0);
	/* 3 is ls's own. */
	check_text(buf_text(&text), "0 1 2 3\n");
	test_done(&test);
	(void)close(stray);
}

static void test_who_it_is(void)
{
	struct test_container test;
	auto_buf text = {0};
	uint32_t groups[] = {5, 7};

	usual(&test, "id; umask; grep -E '^(Cap|NoNew|Groups)' /proc/self/status; env; pwd");
	test.process.uid = u32_of(1000);
	test.process.gid = u32_of(1001);
	test.process.groups.values = groups;
	test.process.groups.count = 2;
	test.process.umask = u32_of(027);
	test.process.bounding = u64_of(0x20000420);
	test.process.permitted = u64_of(0x420);
	test.process.effective = u64_of(0x400);
	test.process.inheritable = u64_of(0x400);
	test.process.ambient = u64_of(0x400);
	test.process.no_new_privileges = bool_of(true);
	test.process.add_home = bool_of(true);
	test.process.cwd = "/etc";
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "uid=1000 gid=1001 groups=5,7");
	check_contains(buf_text(&text), "0027\n");
	check_contains(buf_text(&text), "CapInh:\t0000000000000400\n");
	check_contains(buf_text(&text), "CapPrm:\t0000000000000400\n");
	check_contains(buf_text(&text), "CapEff:\t0000000000000400\n");
	check_contains(buf_text(&text), "CapBnd:\t0000000020000420\n");
	check_contains(buf_text(&text), "CapAmb:\t0000000000000400\n");
	check_contains(buf_text(&text), "NoNewPrivs:\t1\n");
	check_contains(buf_text(&text), "HOME=/\n");
	check_contains(buf_text(&text), "PATH=/bin\n");
	check_contains(buf_text(&text), "/etc\n");
	test_done(&test);
}

static void test_missing_program(void)
{
	struct test_container test;
	struct err e = {0};
	char shown[1200];

	usual(&test, "");
	test.process.args.items[0] = (char *)"no-such-program";
	check(test_create(&test, FD_NONE, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec: \"no-such-program\": executable file not found in $PATH");
	test_done(&test);

	usual(&test, "");
	test.process.args.items[0] = (char *)"/no/such";
	check(test_create(&test, FD_NONE, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec: \"/no/such\": stat /no/such: no such file or directory");
	test_done(&test);

	usual(&test, "");
	test.process.args.items[0] = (char *)"/etc";
	check(test_create(&test, FD_NONE, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec: \"/etc\": is a directory: permission denied");
	test_done(&test);

	usual(&test, "");
	test.process.args.items[0] = (char *)"/etc/passwd";
	check(test_create(&test, FD_NONE, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec: \"/etc/passwd\": permission denied");
	test_done(&test);
}

static void test_exec_format(void)
{
	struct test_container test;
	struct err e = {0};
	char shown[1200], command[200];

	usual(&test, "");
	test.process.args.items[0] = (char *)"/bin/bad";
	(void)snprintf(command, sizeof(command),
		       "echo '#!/no/shell' > %s/rootfs/bin/bad; chmod 755 "
		       "%s/rootfs/bin/bad",
		       test.directory, test.directory);
	check(system(command) == 0);
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.start(test.backend, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec /bin/bad: no such file or directory");
	check_number(test_wait(&test), 127);
	test_done(&test);
}

static void test_statuses(void)
{
	struct test_container test;
	enum backend_status status = BACKEND_ABSENT;
	struct err e = {0};

	usual(&test, "sleep 100");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.status(test.backend, &status, &e) == 0);
	check_number(status, BACKEND_CREATED);
	check(test_say("pause", process_backend.pause(test.backend, &e), &e) == 0);
	check(process_backend.status(test.backend, &status, &e) == 0);
	check_number(status, BACKEND_PAUSED);
	check(test_say("resume", process_backend.resume(test.backend, &e), &e) == 0);
	check(test_say("start", process_backend.start(test.backend, &e), &e) == 0);
	check(process_backend.status(test.backend, &status, &e) == 0);
	check_number(status, BACKEND_RUNNING);
	check(process_backend.start(test.backend, &e) < 0);
	check(process_backend.signal(test.backend, SIGKILL, false, &e) == 0);
	check_number(test_wait(&test), 128 + SIGKILL);
	check(process_backend.status(test.backend, &status, &e) == 0);
	check_number(status, BACKEND_ABSENT);
	check(process_backend.signal(test.backend, SIGKILL, false, &e) < 0);
	check_text(e.text, "container not running");
	test_done(&test);
}

/* A terminating signal ends even an init that waits as pid 1. */
static void test_signal_while_created(void)
{
	struct test_container test;
	struct err e = {0};

	usual(&test, "sleep 100");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.signal(test.backend, SIGTERM, false, &e) == 0);
	check_number(test_wait(&test), 128 + SIGTERM);
	test_done(&test);
}

static void test_destroy_alive(void)
{
	struct test_container test;
	struct err e = {0};

	usual(&test, "sleep 100");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.start(test.backend, &e) == 0);
	test_done(&test);
}

static void test_hooks(void)
{
	struct test_container test;
	struct plan_hook create = {.path = "/bin/sh"}, start = {.path = "/bin/sh"};
	auto_buf text = {0};
	char command[200];

	usual(&test, "cat /created /started");
	strv_push(&create.args, &test.arena, "sh");
	strv_push(&create.args, &test.arena, "-c");
	strv_push(&create.args, &test.arena, "cat > created; echo $WORD >> created");
	strv_push(&create.env, &test.arena, "WORD=yes");
	create.has_env = bool_of(true);
	strv_push(&start.args, &test.arena, "sh");
	strv_push(&start.args, &test.arena, "-c");
	strv_push(&start.args, &test.arena, "cat > /started");
	test.plan.create_hooks = (struct list){&create, 1};
	test.process.start_hooks = (struct list){&start, 1};
	check_number(test_run(&test, &text), 0);
	check_text(buf_text(&text), "{\"id\":\"x\",\"pid\":1,\"status\":\"creating\"}yes\n"
				    "{\"id\":\"x\",\"pid\":1,\"status\":\"created\"}");
	(void)command;
	test_done(&test);
}

static void test_failing_hooks(void)
{
	struct test_container test;
	struct plan_hook hook = {.path = "/bin/sh"};
	struct err e = {0};
	char shown[1200];

	usual(&test, "true");
	strv_push(&hook.args, &test.arena, "sh");
	strv_push(&hook.args, &test.arena, "-c");
	strv_push(&hook.args, &test.arena, "echo alas; exit 3");
	test.plan.create_hooks = (struct list){&hook, 1};
	check(test_create(&test, FD_NONE, &e) < 0);
	check_contains(err_format(&e, shown, sizeof(shown)),
		       "error running createContainer hook #0 '/bin/sh': exit status 3, output: "
		       "alas");
	test_done(&test);

	usual(&test, "true");
	hook.args = (struct strv){0};
	strv_push(&hook.args, &test.arena, "sh");
	strv_push(&hook.args, &test.arena, "-c");
	strv_push(&hook.args, &test.arena, "sleep 100 & sleep 100");
	hook.timeout = (struct opt_i64){true, 1};
	test.process.start_hooks = (struct list){&hook, 1};
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.start(test.backend, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "error running startContainer hook #0 '/bin/sh': timed out, killed");
	test_done(&test);
}

static void test_limits(void)
{
	struct test_container test;
	auto_buf text = {0};
	struct plan_rlimit limits[] = {
		{.type = {true, 7 /* NOFILE */}, .soft = {true, 100}, .hard = {true, 200}},
		{.type = {true, 4 /* CORE */}, .soft = {true, 0}, .hard = {true, 0}},
	};

	usual(&test, "grep -E 'open files|core' /proc/self/limits; cat /proc/self/oom_score_adj");
	test.process.rlimits = (struct list){limits, 2};
	test.process.oom_score_adj = (struct opt_i32){true, 321};
	check_number(test_run(&test, &text), 0);
	check_contains(buf_text(&text), "Max open files            100                  200");
	check_contains(buf_text(&text), "Max core file size        0                    0");
	check_contains(buf_text(&text), "321\n");
	test_done(&test);
}

/* The maker dies between prepare and release: nobody may be left. */
static void test_maker_dies(void)
{
	for (int phase = 0; phase < 2; phase++) {
		struct test_container test;
		enum backend_status status;
		struct err e = {0};
		int ends[2];
		pid_t maker, init = 0;

		usual(&test, "sleep 100");
		check(pipe2(ends, O_CLOEXEC) == 0);
		maker = fork();
		if (maker == 0) {
			struct backend_stdio stdio = {{FD_NONE, FD_NONE, FD_NONE}};

			/* The parent alone counts checks. */
			if (!freopen("/dev/null", "we", stdout))
				_exit(1);
			test_open(&test);
			if (process_backend.prepare(test.backend, &test.plan, &stdio, &test.init,
						    &e) < 0)
				_exit(1);
			if (phase == 1 && process_backend.commit(test.backend, &test.init, &e) < 0)
				_exit(1);
			init = test.init.process.pid;
			(void)!write(ends[1], &init, sizeof(init));
			_exit(0);
		}
		check(read(ends[0], &init, sizeof(init)) == sizeof(init));
		(void)waitpid(maker, NULL, 0);
		(void)close(ends[0]);
		(void)close(ends[1]);
		test_open(&test);
		for (int i = 0; i < 200 && kill(init, 0) == 0; i++)
			(void)usleep(10000);
		check(process_backend.status(test.backend, &status, &e) == 0);
		check_number(status, BACKEND_ABSENT);
		check(process_open(init, 0, &test.init.process, &e) == PROCESS_GONE);
		test_done(&test);
	}
}

int main(void)
{
	test_output_and_status();
	test_descriptors();
	test_who_it_is();
	test_missing_program();
	test_exec_format();
	test_statuses();
	test_signal_while_created();
	test_destroy_alive();
	test_hooks();
	test_failing_hooks();
	test_limits();
	test_maker_dies();
	return tap_done();
}
