/* Hooks that do not behave: that do not read, do not end, leave children, print too much. */
#include "hooks.h"

#include "base/clock.h"
#include "base/own.h"
#include "interrupt.h"
#include "oci/load.h"
#include "tap.h"

#include <errno.h>
#include <signal.h>
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

int main(void)
{
	test_failures();
	test_environment();
	test_input();
	test_time();
	test_interrupt();
	return tap_done();
}
