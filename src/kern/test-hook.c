/* Hooks as programs: status, time, output and where it goes. */
#include "kern/hook.h"

#include "base/fd.h"
#include "kern/memfd.h"
#include "test-support.h"

#include <fcntl.h>
#include <signal.h>
#include <unistd.h>

static int run(const char *script, struct hook_setting *setting, int64_t timeout, struct err *e)
{
	char *argv[] = {(char *)"sh", (char *)"-c", (char *)script, NULL};
	const struct hook_program program = {"/bin/sh", argv, NULL, timeout > 0, timeout};

	*e = (struct err){0};
	return hook_program_run(&program, setting, e);
}

static void test_ends(struct hook_setting *setting)
{
	const struct hook_program missing = {"/no/such", (char *[]){(char *)"no", NULL}, NULL,
					     false, 0};
	struct err e;

	check_number(run("exit 0", setting, 0, &e), 0);
	check(run("echo why >&2; exit 3", setting, 0, &e) < 0);
	check_text(e.text, "exit status 3, output: why");
	check(run("kill -9 $$", setting, 0, &e) < 0);
	check_text(e.text, "killed by signal 9");
	check(run("echo begun; sleep 1000", setting, 1, &e) < 0);
	check_text(e.text, "timed out after 1 s, killed, output: begun");
	check_number(hook_program_run(&missing, setting, &e), -ENOENT);
	/* Its input is there for each, its environment is none of ours. */
	check_number(run("read -r text; test \"$text\" = state", setting, 0, &e), 0);
	check_number(run("read -r text; test \"$text\" = state", setting, 0, &e), 0);
	check_number(setenv("HOOK_TEST", "1", 1), 0);
	check_number(run("test -z \"$HOOK_TEST\"", setting, 0, &e), 0);
}

static void test_files(struct hook_setting *setting)
{
	char directory[] = "/tmp/test-hook-XXXXXX", path[64], link_path[64];
	struct err e;
	auto_buf text = {0};
	int none = FD_NONE;

	check(mkdtemp(directory) != NULL);
	(void)snprintf(path, sizeof(path), "%s/out", directory);
	(void)snprintf(link_path, sizeof(link_path), "%s/link", directory);
	check_number(hook_file_open(NULL, HOOK_STDOUT, &none, &e), 0);
	check_number(none, FD_NONE);
	check_number(hook_file_open(path, HOOK_STDOUT, &setting->out, &e), 0);
	check_number(run("echo one", setting, 0, &e), 0);
	check(run("echo two; echo why >&2; exit 1", setting, 0, &e) < 0);
	check_text(e.text, "exit status 1, output: why");
	check(file_read(AT_FDCWD, path, 100, false, &text, &e) == 0);
	check_text(buf_text(&text), "one\ntwo\n");
	check_number(hook_file_open("out", HOOK_STDOUT, &none, &e), -EINVAL);
	check_contains(e.text, "annotations.run.oci.hooks.stdout: must be an absolute path");
	check_number(hook_file_open("/dev/null", HOOK_STDERR, &none, &e), -EINVAL);
	check_contains(e.text, "annotations.run.oci.hooks.stderr: '/dev/null' is no regular file");
	check_number(symlink("out", link_path), 0);
	check_number(hook_file_open(link_path, HOOK_STDOUT, &none, &e), -ELOOP);
	(void)unlink(link_path);
	(void)unlink(path);
	(void)rmdir(directory);
	fd_close(&setting->out);
}

int main(void)
{
	struct hook_setting setting = {FD_NONE, FD_NONE, FD_NONE, FD_NONE};
	struct err e;

	check_number(memfd_sealed("state", "state\n", 6, false, &setting.input, &e), 0);
	test_ends(&setting);
	test_files(&setting);
	fd_close(&setting.input);
	return tap_done();
}
