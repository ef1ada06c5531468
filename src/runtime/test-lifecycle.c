/*
 * The lifecycle over a fake backend: which calls in which order, and that every failure, at
 * whatever call, leaves nothing that a repeated `delete --force` does not remove.
 */
#include "base/fd.h"
#include "oci/load.h"
#include "runtime/runtime.h"
#include "store.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/eventfd.h>
#include <sys/stat.h>

#include "fake-backend.c"

static char directory[] = "/tmp/test-lifecycle-XXXXXX";
static char *root, *bundle, *trace;

static int find_backend(const char *name, const struct backend_ops **ret, struct err *e)
{
	if (!str_is(name, "process"))
		return refuse(e, ENOSYS, "no backend '%s'", name);
	*ret = &fake_backend;
	return 0;
}

static char *no_words[] = {NULL};

static struct runtime runtime_of_test(void)
{
	return (struct runtime){
		.root = root, .find_backend = find_backend, .argv = no_words, .envp = no_words};
}

static void write_file(const char *path, const char *text)
{
	FILE *file = fopen(path, "we");

	if (!file || fputs(text, file) < 0 || fclose(file) != 0)
		abort();
}

static void write_hook(void)
{
	auto_free char *path = xasprintf("%s/hook", directory);
	auto_free char *text = xasprintf("read s\ns=${s#*status\\\":\\\"}\n"
					 "echo $1 ${s%%%%\\\"*} >>%s\nexit $2\n",
					 trace);

	write_file(path, text);
}

/* Hooks of all host kinds append "KIND STATUS" to the trace; `fails` names the one that fails. */
static void write_config(const char *extra, const char *fails)
{
	static const char *const kinds[] = {"prestart", "createRuntime", "poststart", "poststop"};
	auto_buf text = {0};
	auto_free char *path = xasprintf("%s/config.json", bundle);

	buf_printf(&text,
		   "{\"ociVersion\":\"1.0.0\",\"root\":{\"path\":\"rootfs\"},"
		   "\"linux\":{\"namespaces\":[{\"type\":\"mount\"},{\"type\":\"pid\"}]},"
		   "%s\"annotations\":{\"k\":\"v\"},\"hooks\":{",
		   extra);
	for (int i = 0; i < 4; i++)
		buf_printf(&text,
			   "%s\"%s\":[{\"path\":\"/bin/sh\",\"args\":[\"sh\",\"%s/hook\","
			   "\"%s\",\"%d\"]}]",
			   i ? "," : "", kinds[i], directory, kinds[i],
			   fails && str_is(fails, kinds[i]) ? 3 : 0);
	buf_append_str(&text, "}}");
	write_file(path, buf_text(&text));
	(void)unlink(trace);
}

#define PROCESS "\"process\":{\"cwd\":\"/\",\"args\":[\"x\"],\"user\":{\"uid\":0,\"gid\":0}},"

static const char *trace_text(struct buf *text)
{
	struct err ignored;

	buf_clear(text);
	(void)!file_read(AT_FDCWD, trace, 65536, false, text, &ignored);
	return buf_text(text);
}

static bool is_clean(const char *id)
{
	auto_free char *path = xasprintf("%s/%s", root, id);

	return access(path, F_OK) < 0 && fake.init.pid == 0;
}

static void test_happy_path(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "one", .bundle = bundle};
	auto_arena arena = {0};
	auto_buf text = {0};
	struct oci_state state = {.status = ""};
	struct err e;

	write_config(PROCESS, NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check(fake.released);
	check_text(trace_text(&text), "prestart creating\ncreateRuntime creating\n");
	check_number(runtime_state(&runtime, &arena, "one", &state, &e), 0);
	check_text(state.status, "created");
	check_number(state.pid, fake.init.pid);
	check_text(map_get(state.annotations, "k"), "v");
	check(runtime_create(&runtime, &options, &e) < 0);
	check_contains(e.text, "container with given ID already exists");
	check(fake.init.pid > 0);
	check_number(runtime_start(&runtime, "one", &e), 0);
	check(strstr(trace_text(&text), "poststart running\n") != NULL);
	check(runtime_start(&runtime, "one", &e) < 0);
	check_contains(e.text, "cannot start an already running container");
	check(runtime_delete(&runtime, "one", false, &e) < 0);
	check_contains(e.text, "cannot delete container one that is not stopped: running");
	check_number(runtime_pause(&runtime, "one", &e), 0);
	check(runtime_pause(&runtime, "one", &e) < 0);
	check_number(runtime_resume(&runtime, "one", &e), 0);
	check(runtime_resume(&runtime, "one", &e) < 0);
	check_contains(e.text, "container not paused");
	check_number(runtime_kill(&runtime, "one", SIGTERM, false, &e), 0);
	check_number(fake.last_signal, SIGTERM);
	check_number(runtime_kill(&runtime, "one", SIGKILL, false, &e), 0);
	check_number(runtime_state(&runtime, &arena, "one", &state, &e), 0);
	check_text(state.status, "stopped");
	check_number(state.pid, 0);
	check(runtime_kill(&runtime, "one", SIGKILL, false, &e) < 0);
	check_contains(e.text, "container not running");
	check_number(runtime_kill(&runtime, "one", SIGKILL, true, &e), 0);
	check_number(runtime_delete(&runtime, "one", false, &e), 0);
	check(strstr(trace_text(&text), "poststop stopped\n") != NULL);
	check(is_clean("one"));
	check(runtime_delete(&runtime, "one", false, &e) < 0);
	check_contains(e.text, "container does not exist");
	check_number(runtime_delete(&runtime, "one", true, &e), 0);
}

/* Fails at each call in turn until nothing fails any more. */
static void test_create_fails_everywhere(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "two", .bundle = bundle};
	struct err e;
	int r = -1;
	int n;

	for (n = 1; n < FAKE_CALLS_MAX; n++) {
		write_config(PROCESS, NULL);
		fake_reset();
		fake.fail_at = n;
		r = runtime_create(&runtime, &options, &e);
		if (r == 0)
			break;
		tap_check(strstr(e.text, "fake ") != NULL, __FILE__, __LINE__,
			  "create that fails at call %d says so: %s", n, e.text);
		tap_check(is_clean("two"), __FILE__, __LINE__, "and leaves nothing");
		tap_check(!fake_was_called("prepare") || fake_was_called("destroy"), __FILE__,
			  __LINE__, "and has undone what was made");
	}
	check_number(r, 0);
	check(n > 4);
	fake_reset();
	check_number(runtime_delete(&runtime, "two", true, &e), 0);
	check(is_clean("two"));
}

static void test_start_fails_everywhere(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "three", .bundle = bundle};
	struct err e;
	int r = -1;

	for (int n = 1; n < FAKE_CALLS_MAX && r != 0; n++) {
		write_config(PROCESS, NULL);
		fake_reset();
		if (runtime_create(&runtime, &options, &e) < 0)
			break;
		fake_reset();
		fake.fail_at = n;
		r = runtime_start(&runtime, "three", &e);
		fake_reset();
		check_number(runtime_delete(&runtime, "three", true, &e), 0);
		check(is_clean("three"));
	}
	check_number(r, 0);
}

static void test_failing_hooks(void)
{
	static const char *const kinds[] = {"prestart", "createRuntime", "poststart"};
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "four", .bundle = bundle};
	auto_buf text = {0};
	struct err deleted;
	struct err e;

	for (int i = 0; i < 3; i++) {
		auto_free char *words = xasprintf("error running %s hook #0: ", kinds[i]);
		int r;

		write_config(PROCESS, kinds[i]);
		fake_reset();
		r = runtime_create(&runtime, &options, &e);
		if (r == 0) {
			r = runtime_start(&runtime, "four", &e);
			check_number(fake.init.pid, 0);
			check_number(runtime_delete(&runtime, "four", false, &deleted), 0);
		}
		check(r < 0);
		check_contains(e.text, words);
		check_contains(e.text, "exit status 3");
		check(is_clean("four"));
		check(strstr(trace_text(&text), "poststop stopped\n") != NULL);
	}
	write_config(PROCESS, "poststop");
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check_number(runtime_delete(&runtime, "four", false, &e), 0);
	check(is_clean("four"));
}

static void test_destroy_fails(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "five", .bundle = bundle};
	struct err e;

	write_config(PROCESS, NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	fake_reset();
	fake.fail_at = 2; /* open, destroy */
	check(runtime_delete(&runtime, "five", true, &e) < 0);
	check_contains(e.text, "fake destroy");
	check(!is_clean("five"));
	fake_reset();
	check_number(runtime_delete(&runtime, "five", true, &e), 0);
	check(is_clean("five"));
}

static void test_without_process(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "six", .bundle = bundle};
	struct err e;

	write_config("", NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check(runtime_start(&runtime, "six", &e) < 0);
	check_contains(e.text, "process: is required");
	check(!is_clean("six"));
	check_number(runtime_delete(&runtime, "six", false, &e), 0);
	check(is_clean("six"));
}

static void test_run(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {
		.id = "seven", .bundle = bundle, .no_subreaper = true};
	auto_buf text = {0};
	struct err e;
	int status;

	write_config(PROCESS, NULL);
	fake_reset();
	fake.exit_code = 42;
	check_number(runtime_run(&runtime, &options, &status, &e), 0);
	check_number(status, 42);
	process_done(&fake.init);
	fake.init = PROCESS_NONE;
	check(is_clean("seven"));
	check_text(trace_text(&text), "prestart creating\ncreateRuntime creating\n"
				      "poststart running\npoststop stopped\n");
}

static void test_exec(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "eight", .bundle = bundle};
	char *words[] = {(char *)"true", NULL};
	struct runtime_exec exec = {.id = "eight", .args = {words, 1, 0}};
	struct err e;
	int status;

	write_config(PROCESS, NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check_number(runtime_exec(&runtime, &exec, &status, &e), 0);
	check_number(status, 7);
	check_number(runtime_pause(&runtime, "eight", &e), 0);
	check(runtime_exec(&runtime, &exec, &status, &e) < 0);
	check_contains(e.text,
		       "cannot exec in a paused container (use --ignore-paused to override)");
	exec.ignore_paused = true;
	check_number(runtime_exec(&runtime, &exec, &status, &e), 0);
	exec.cwd = "relative";
	check(runtime_exec(&runtime, &exec, &status, &e) < 0);
	check_contains(e.text, "--cwd: must be an absolute path");
	check_number(runtime_delete(&runtime, "eight", true, &e), 0);
	check(runtime_exec(&runtime, &exec, &status, &e) < 0);
	check_contains(e.text, "container does not exist");
}

static void broken(const char *id, const struct err *why, void *data)
{
	int *count = data;

	(void)id;
	(void)why;
	(*count)++;
}

/* Whatever the record looks like, list goes on and delete --force cleans. */
static void test_damaged_record(void)
{
	static const char *const contents[] = {
		"", "{", "null", "{}", "[]", "garbage", "{\"version\":1,\"pid\":99999999999999}",
	};
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "nine", .bundle = bundle};
	auto_free char *record = xasprintf("%s/nine/state.json", root);
	struct err e;

	for (size_t i = 0; i < sizeof(contents) / sizeof(contents[0]) + 2; i++) {
		auto_arena arena = {0};
		struct oci_state *states;
		size_t count;
		int broken_count = 0;

		write_config(PROCESS, NULL);
		fake_reset();
		check_number(runtime_create(&runtime, &options, &e), 0);
		(void)unlink(record);
		if (i < sizeof(contents) / sizeof(contents[0]))
			write_file(record, contents[i]);
		else if (i == sizeof(contents) / sizeof(contents[0]))
			(void)!mkdir(record, 0700);
		check_number(
			runtime_list(&runtime, &arena, broken, &broken_count, &states, &count, &e),
			0);
		check_number(count, 0);
		check_number(broken_count, 1);
		check(runtime_delete(&runtime, "nine", false, &e) < 0);
		check_number(runtime_delete(&runtime, "nine", true, &e), 0);
		check(fake_was_called("destroy"));
		check(is_clean("nine"));
	}
}

static void test_reboot(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "ten", .bundle = bundle};
	auto_free char *record = xasprintf("%s/ten/state.json", root);
	auto_arena arena = {0};
	auto_buf text = {0};
	struct oci_state state = {.status = ""};
	struct err e;
	char *at;

	write_config(PROCESS, NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check_number(file_read(AT_FDCWD, record, 65536, false, &text, &e), 0);
	at = strstr(text.data, "\"bootId\":\"");
	check(at != NULL);
	if (at)
		at[10] = at[10] == '0' ? '1' : '0';
	write_file(record, buf_text(&text));
	check_number(runtime_state(&runtime, &arena, "ten", &state, &e), 0);
	check_text(state.status, "stopped");
	check(runtime_kill(&runtime, "ten", SIGKILL, false, &e) < 0);
	check(fake.init.pid > 0);
	fake_end();
	check_number(runtime_delete(&runtime, "ten", false, &e), 0);
}

static void test_ids(void)
{
	static const char *const ids[] = {".", "..",  "../../victim", "/abs",  "a/b",
					  "",  "a b", "a\nb",	      ".del-1"};
	const struct runtime runtime = runtime_of_test();
	struct err e;

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++) {
		const struct runtime_create options = {.id = ids[i], .bundle = bundle};

		check(runtime_create(&runtime, &options, &e) < 0);
		check_contains(e.text, "invalid container ID format");
		check(runtime_delete(&runtime, ids[i], true, &e) < 0);
		check_contains(e.text, "invalid container ID format");
		check(runtime_kill(&runtime, ids[i], SIGKILL, false, &e) < 0);
		check(runtime_start(&runtime, ids[i], &e) < 0);
	}
}

static void test_isolation(void)
{
	struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "eleven", .bundle = bundle};
	struct err e;

	fake_reset();
	write_config(PROCESS, NULL);
	runtime.isolation = "vm";
	check(runtime_create(&runtime, &options, &e) < 0);
	check_contains(e.text, "no backend 'vm'");
	runtime.isolation = "process";
	write_config("\"vm\":{\"kernel\":{\"path\":\"/k\"}}," PROCESS, NULL);
	check(runtime_create(&runtime, &options, &e) < 0);
	check_contains(e.text, "no backend 'vm'");
	check(is_clean("eleven"));
}

static void test_leftovers(void)
{
	const struct runtime runtime = runtime_of_test();
	auto_free char *gone = xasprintf("%s/.del-0123", root);
	auto_free char *inside = xasprintf("%s/.del-0123/x", root);
	auto_free char *empty = xasprintf("%s/twelve", root);
	struct err e;

	(void)!mkdir(gone, 0700);
	(void)!mkdir(inside, 0700);
	check_number(runtime_delete(&runtime, "unknown", true, &e), 0);
	check(access(gone, F_OK) < 0);
	/* A create that was killed right after its mkdir. */
	fake_reset();
	(void)!mkdir(empty, 0700);
	check_number(runtime_delete(&runtime, "twelve", true, &e), 0);
	check(!fake_was_called("destroy"));
	check(access(empty, F_OK) < 0);
}

struct seen {
	int kills, statistics;
};

enum { STATISTICS_MAX = 100 };

static int on_event(const char *line, size_t size, void *data, struct err *e)
{
	struct seen *seen = data;

	(void)e;
	if (memmem(line, size, "\"type\":\"oom\"", 12))
		seen->kills++;
	else
		seen->statistics++;
	/* The end of the container is the end of the events. */
	if (seen->kills > 0 || seen->statistics >= STATISTICS_MAX)
		(void)kill(fake.init.pid, SIGKILL);
	return 0;
}

/* v1 gives notice of a kill before it counts it, and only once. */
static void test_late_kill(void)
{
	const struct runtime runtime = runtime_of_test();
	const struct runtime_create options = {.id = "thirteen", .bundle = bundle};
	struct seen seen = {0};
	struct err e;

	write_config(PROCESS, NULL);
	fake_reset();
	check_number(runtime_create(&runtime, &options, &e), 0);
	check_number(runtime_start(&runtime, "thirteen", &e), 0);
	fake.oom_fd = eventfd(1, EFD_CLOEXEC | EFD_NONBLOCK);
	check(fake.oom_fd > 0);
	/* One look when the watch begins, one at the notice, and two more. */
	fake.oom_late = 4;
	check_number(runtime_events(&runtime, "thirteen", 50000000, false, on_event, &seen, &e), 0);
	check_number(seen.kills, 1);
	check_number(fake.oom_late, 0);
	fd_close(&fake.oom_fd);
	fake.oom_fd = 0;
	fake_end();
	check_number(runtime_delete(&runtime, "thirteen", true, &e), 0);
	check(is_clean("thirteen"));
}

int main(void)
{
	auto_free char *rootfs = NULL;
	struct err e;

	if (!mkdtemp(directory))
		return 1;
	root = xasprintf("%s/root", directory);
	bundle = xasprintf("%s/bundle", directory);
	trace = xasprintf("%s/trace", directory);
	rootfs = xasprintf("%s/rootfs", bundle);
	if (dir_make_all(rootfs, 0755, &e) < 0)
		return 1;
	write_hook();
	test_happy_path();
	test_create_fails_everywhere();
	test_start_fails_everywhere();
	test_failing_hooks();
	test_destroy_fails();
	test_without_process();
	test_run();
	test_exec();
	test_damaged_record();
	test_reboot();
	test_ids();
	test_isolation();
	test_leftovers();
	test_late_kill();
	check_number(tree_remove(AT_FDCWD, directory, &e), 0);
	free(root);
	free(bundle);
	free(trace);
	return tap_done();
}
