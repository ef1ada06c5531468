/* Hooks that do not behave: that do not read, do not end, leave children, print too much. */
#include "hooks.h"

#include "base/clock.h"
#include "base/fd.h"
#include "base/own.h"
#include "interrupt.h"
#include "oci/load.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdlib.h>
#include <unistd.h>

static struct map annotations;
static char *argv_of_sh[4];

static struct oci_state state_of_test(void)
{
	return (struct oci_state){.id = "x",
				  .status = "creating",
				  .pid = getpid(),
				  .bundle = "/tmp",
				  .annotations = &annotations};
}

/* One createRuntime hook: sh -c script. */
static int run(const char *script, int timeout, char **env, struct err *e)
{
	struct oci_hook hook = {.path = "/bin/sh"};
	struct oci_hooks hooks = {.lists = {{0}}};
	struct oci_config config = {.hooks = &hooks};
	const struct oci_state state = state_of_test();

	argv_of_sh[0] = (char *)"sh";
	argv_of_sh[1] = (char *)"-c";
	argv_of_sh[2] = (char *)script;
	hook.args = (struct strv){argv_of_sh, 3, 0};
	if (timeout)
		hook.timeout = (struct opt_i64){true, timeout};
	for (size_t count = 0; env && env[count]; count++)
		hook.env = (struct strv){env, count + 1, 0};
	hooks.lists[OCI_HOOK_CREATE_RUNTIME] = (struct list){&hook, 1};
	return hooks_run(&config, OCI_HOOK_CREATE_RUNTIME, &state, e);
}

static void test_failures(void)
{
	struct oci_hook hook = {.path = "/no/such/hook"};
	struct oci_hooks hooks = {.lists = {{0}}};
	struct oci_config config = {.hooks = &hooks};
	const struct oci_state state = state_of_test();
	struct err e;
	char text[2048];

	check_number(run("exit 0", 0, NULL, &e), 0);
	check(run("echo reason >&2; exit 9", 0, NULL, &e) < 0);
	check_contains(e.text, "error running createRuntime hook #0: ");
	check_contains(e.text, "exit status 9");
	check_contains(e.text, "reason");
	check(run("kill -KILL $$", 0, NULL, &e) < 0);
	check_contains(e.text, "SIGKILL");
	hooks.lists[OCI_HOOK_CREATE_RUNTIME] = (struct list){&hook, 1};
	check(hooks_run(&config, OCI_HOOK_CREATE_RUNTIME, &state, &e) < 0);
	check_contains(err_format(&e, text, sizeof(text)), "no such file or directory");
	/* The same as poststop: told, and gone on. */
	hooks.lists[OCI_HOOK_POSTSTOP] = (struct list){&hook, 1};
	check_number(hooks_run(&config, OCI_HOOK_POSTSTOP, &state, &e), 0);
}

static void test_environment(void)
{
	char *env[] = {(char *)"A=1", NULL};
	struct err e;

	(void)setenv("LEAK", "1", 1);
	check_number(run("test -z \"$LEAK\" && test -z \"$A\"", 0, NULL, &e), 0);
	check_number(run("test -z \"$LEAK\" && test \"$A\" = 1", 0, env, &e), 0);
	check_number(run("test $(pwd) = /tmp", 0, NULL, &e), 0);
	check_number(run("ls /proc/self/fd/ | grep -vx '[0123]' && exit 1; exit 0", 0, NULL, &e),
		     0);
}

/* A document larger than any pipe. */
static void test_input(void)
{
	auto_free char *large = malloc(1048577);
	struct map_entry entry = {"large", large};
	struct err e;

	memset(large, 'a', 1048576);
	large[1048576] = '\0';
	annotations = (struct map){&entry, 1};
	check_number(run("exit 0", 10, NULL, &e), 0);
	check_number(run("exec <&-; sleep 0.1; exit 0", 10, NULL, &e), 0);
	check_number(run("test $(wc -c) -gt 1048576", 10, NULL, &e), 0);
	annotations = (struct map){0};
	check_number(run("dd if=/dev/zero bs=65536 count=64 2>/dev/null", 10, NULL, &e), 0);
}

static void test_time(void)
{
	uint64_t start = clock_now();
	struct err e;

	check(run("sleep 1000 & sleep 1000", 1, NULL, &e) < 0);
	check_contains(e.text, "timed out");
	check(clock_now() - start < 3000000000ULL);
	/* A child that keeps the output open is not waited for. */
	start = clock_now();
	check_number(run("sleep 5 & exit 0", 10, NULL, &e), 0);
	check(clock_now() - start < 2000000000ULL);
}

static void test_interrupt(void)
{
	auto_free char *script = xasprintf("kill -TERM %d; sleep 1000", getpid());
	struct err e;

	check_number(interrupt_begin(&e), 0);
	check_number(interrupt_check(&e), 0);
	check(run(script, 0, NULL, &e) < 0);
	check_contains(e.text, "interrupted by SIGTERM");
	check(interrupt_check(&e) < 0);
	check_number(interrupt_end(), SIGTERM);
	check_number(interrupt_end(), 0);
}

/* What hooks print goes to the files of the annotations, behind what is there. */
static void test_output_files(void)
{
	char directory[] = "/tmp/test-hooks-XXXXXX";
	struct oci_hook hook = {.path = "/bin/sh"};
	struct oci_hooks hooks = {.lists = {{0}}};
	struct oci_config config = {.hooks = &hooks};
	const struct oci_state state = state_of_test();
	struct map_entry entries[2] = {{.name = "run.oci.hooks.stdout"},
				       {.name = "run.oci.hooks.stderr"}};
	auto_arena arena = {0};
	auto_buf text = {0};
	struct err e;

	if (!mkdtemp(directory))
		return;
	argv_of_sh[0] = (char *)"sh";
	argv_of_sh[1] = (char *)"-c";
	argv_of_sh[2] = (char *)"echo one; echo two >&2";
	hook.args = (struct strv){argv_of_sh, 3, 0};
	hooks.lists[OCI_HOOK_POSTSTART] = (struct list){&hook, 1};
	config.annotations = (struct map){entries, 2};
	entries[0].value = arena_printf(&arena, "%s/out", directory);
	entries[1].value = arena_printf(&arena, "%s/error", directory);
	for (int i = 0; i < 2; i++)
		check(hooks_run(&config, OCI_HOOK_POSTSTART, &state, &e) == 0);
	check(file_read(AT_FDCWD, entries[0].value, 100, false, &text, &e) == 0);
	check_text(buf_text(&text), "one\none\n");
	buf_clear(&text);
	check(file_read(AT_FDCWD, entries[1].value, 100, false, &text, &e) == 0);
	check_text(buf_text(&text), "two\ntwo\n");
	/* Without a file for it, stderr still explains a failure. */
	config.annotations.count = 1;
	argv_of_sh[2] = (char *)"echo why >&2; exit 3";
	check(hooks_run(&config, OCI_HOOK_POSTSTART, &state, &e) < 0);
	check_contains(e.text, "exit status 3, output: why");
	entries[0].value = "out";
	check(hooks_run(&config, OCI_HOOK_POSTSTART, &state, &e) < 0);
	check_contains(e.text, "annotations.run.oci.hooks.stdout: must be an absolute path");
	entries[0].value = "/dev/null";
	check(hooks_run(&config, OCI_HOOK_POSTSTART, &state, &e) < 0);
	check_contains(e.text, "is no regular file");
	entries[0].value = arena_printf(&arena, "%s/link", directory);
	check(symlink("out", entries[0].value) == 0);
	check(hooks_run(&config, OCI_HOOK_POSTSTART, &state, &e) < 0);
	check_number(e.code, ELOOP);
	check(tree_remove(AT_FDCWD, directory, &e) == 0);
}

int main(void)
{
	test_failures();
	test_environment();
	test_input();
	test_time();
	test_interrupt();
	test_output_files();
	return tap_done();
}
