/* Further processes in a running container. */
#include "test-plan.h"

#include "kern/tty.h"

#include <signal.h>

struct exec_run {
	struct plan_process process;
	struct backend_exec exec;
	struct backend_process made;
	struct buf text;
};

static void exec_init(struct test_container *test, struct exec_run *run, const char *script)
{
	*run = (struct exec_run){.process = test->process};
	run->process.args = (struct strv){0};
	strv_push(&run->process.args, &test->arena, "/bin/sh");
	strv_push(&run->process.args, &test->arena, "-c");
	strv_push(&run->process.args, &test->arena, script);
	run->exec.process = &run->process;
	run->made = (struct backend_process){PROCESS_NONE, FD_NONE, FD_NONE};
}

static void exec_done(struct exec_run *run)
{
	process_done(&run->made.process);
	fd_close(&run->made.console_fd);
	fd_close(&run->made.seccomp_fd);
	buf_done(&run->text);
}

static int exec_start(struct test_container *test, struct exec_run *run, int out, struct err *e)
{
	struct backend_stdio stdio = {{FD_NONE, FD_NONE, FD_NONE}};

	if (out >= 0)
		stdio.fds[1] = fcntl(out, F_DUPFD_CLOEXEC, 3);
	return test_say("exec",
			process_backend.exec(test->backend, &run->exec, &stdio, &run->made, e), e);
}

static int exec_wait(const struct exec_run *run)
{
	int status = -1;

	(void)waitpid(run->made.process.pid, &status, 0);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static int exec_script(struct test_container *test, struct exec_run *run, const char *script)
{
	int out = open("/tmp", O_TMPFILE | O_RDWR | O_CLOEXEC, 0600);
	struct err e;
	int status = -1;

	exec_init(test, run, script);
	if (exec_start(test, run, out, &e) == 0)
		status = exec_wait(run);
	(void)lseek(out, 0, SEEK_SET);
	(void)!fd_read_all(out, 1 << 20, &run->text);
	(void)close(out);
	return status;
}

static void begin(struct test_container *test)
{
	struct err e;

	test_container_init(test);
	test_usual_mounts(test);
	test_before_pivot(test);
	test_op(test, PLAN_OP_HOSTNAME, NULL)->text = "inside";
	test_args(test, "sleep 100");
	check(test_create(test, FD_NONE, &e) == 0);
	check(test_say("start", process_backend.start(test->backend, &e), &e) == 0);
}

static void test_inside(void)
{
	struct test_container test;
	struct exec_run run;

	begin(&test);
	check_number(exec_script(&test, &run,
				 "cat /proc/sys/kernel/hostname; cat /proc/self/cgroup; "
				 "echo $(ls /proc/self/fd) $$; cat /proc/1/cmdline; exit 9"),
		     9);
	check_contains(buf_text(&run.text), "inside\n");
	check_contains(buf_text(&run.text), test.plan.id);
	check_contains(buf_text(&run.text), "0 1 2 3 2\n");
	check_contains(buf_text(&run.text), "sleep");
	exec_done(&run);
	test_done(&test);
}

static void test_failures(void)
{
	struct test_container test;
	struct exec_run run;
	struct err e = {0};
	char shown[1200];

	begin(&test);
	exec_init(&test, &run, "");
	run.process.args.items[0] = (char *)"nothing";
	check(exec_start(&test, &run, FD_NONE, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)),
		   "exec: \"nothing\": executable file not found in $PATH");
	exec_done(&run);

	exec_init(&test, &run, "");
	run.process.cwd = "/proc/self/fd/9";
	check(exec_start(&test, &run, FD_NONE, &e) < 0);
	exec_done(&run);

	check(process_backend.pause(test.backend, &e) == 0);
	exec_init(&test, &run, "true");
	check(exec_start(&test, &run, FD_NONE, &e) < 0);
	check_contains(e.text, "paused");
	exec_done(&run);
	check(process_backend.resume(test.backend, &e) == 0);

	check(process_backend.signal(test.backend, SIGKILL, false, &e) == 0);
	(void)test_wait(&test);
	exec_init(&test, &run, "true");
	check(exec_start(&test, &run, FD_NONE, &e) < 0);
	check_text(e.text, "container not running");
	exec_done(&run);
	test_done(&test);
}

static void test_terminal(void)
{
	struct test_container test;
	struct exec_run run;
	struct err e = {0};
	char text[200] = "";
	uint16_t rows = 0, columns = 0;
	ssize_t size, used = 0;

	begin(&test);
	exec_init(&test, &run, "test -t 0 && test -t 1 && echo $(tty) ok > /dev/tty; sleep 1");
	run.process.terminal = bool_of(true);
	run.process.console_height = u32_of(11);
	run.process.console_width = u32_of(77);
	check(exec_start(&test, &run, FD_NONE, &e) == 0);
	check(run.made.console_fd >= 0);
	check(tty_get_size(run.made.console_fd, &rows, &columns, &e) == 0);
	check_number(rows, 11);
	check_number(columns, 77);
	while (used < 100 && !strstr(text, "ok")) {
		size = read(run.made.console_fd, text + used, sizeof(text) - 1 - (size_t)used);
		if (size <= 0)
			break;
		used += size;
	}
	check_contains(text, "ok");
	check_number(exec_wait(&run), 0);
	exec_done(&run);
	test_done(&test);
}

/* Nobody of ours can be traced or looked into from inside, and nothing of the host is reachable. */
static void test_exposure(void)
{
	struct test_container test;
	struct exec_run run;
	struct err e;
	auto_buf text = {0};
	char path[200];

	test_container_init(&test);
	test_usual_mounts(&test);
	test_before_pivot(&test);
	test_args(&test, "while :; do for p in /proc/[0-9]*; do case $p in /proc/1) ;; *) "
			 "readlink $p/exe; ls -l $p/fd; esac; done; done > /seen 2>&1");
	check(test_create(&test, FD_NONE, &e) == 0);
	check(process_backend.start(test.backend, &e) == 0);
	for (int i = 0; i < 20; i++) {
		check_number(exec_script(&test, &run, "exit 0"), 0);
		exec_done(&run);
	}
	check(process_backend.signal(test.backend, SIGKILL, false, &e) == 0);
	(void)test_wait(&test);
	(void)snprintf(path, sizeof(path), "%s/rootfs/seen", test.directory);
	check(file_read(AT_FDCWD, path, 64 << 20, false, &text, &e) == 0);
	check(strstr(buf_text(&text), "ns-test-exec") == NULL);
	check(strstr(buf_text(&text), test.directory) == NULL);
	test_done(&test);
}

int main(void)
{
	test_inside();
	test_failures();
	test_terminal();
	test_exposure();
	return tap_done();
}
