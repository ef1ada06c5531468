/* The record: what is written is read again, and nothing else is believed. */
#include "record.h"

#include "base/fd.h"
#include "phase.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>

static char directory[] = "/tmp/test-record-XXXXXX";
static int state_fd = FD_NONE;

#define GOOD                                                                                   \
	"{\"version\":1,\"id\":\"x\",\"isolation\":\"process\",\"bootId\":\"b\",\"pid\":77,"   \
	"\"born\":9,\"cgroup\":{\"driver\":\"cgroupfs\"},\"bundle\":\"/b\",\"rootfs\":\"/r\"," \
	"\"created\":\"2026-01-01T00:00:00Z\",\"owner\":0,\"phase\":\"created\"}"

static struct plan_cgroup cgroup = {.path = "/a/b", .driver = {true, PLAN_CGROUP_FS}};
static struct map_entry annotations[] = {{"k", "v"}, {"empty", ""}};

static struct record record_of_test(void)
{
	return (struct record){
		.id = "x",
		.bundle = "/bundle",
		.rootfs = "/bundle/rootfs",
		.created = "2026-01-01T00:00:00Z",
		.owner = {true, 0},
		.phase = {true, PHASE_CREATING},
		.isolation = "process",
		.boot_id = "boot",
		.cgroup = &cgroup,
		.has_poststop = {true, true},
		.annotations = {annotations, 2},
	};
}

static void test_round_trip(void)
{
	struct record record = record_of_test();
	struct record read = {0};
	auto_arena arena = {0};
	struct err e;

	check_number(record_save(state_fd, &record, &e), 0);
	check_number(record_load(state_fd, "x", &arena, &read, &e), RECORD_READ);
	check_text(read.bundle, "/bundle");
	check_number(read.phase.value, PHASE_CREATING);
	check(!read.pid.is_set);
	check(read.has_poststop.value);
	check_text(read.cgroup->path, "/a/b");
	check_text(map_get(&read.annotations, "empty"), "");
	record.pid = (struct opt_i32){true, 4711};
	record.born = (struct opt_u64){true, UINT64_MAX};
	record.phase.value = PHASE_CREATED;
	check_number(record_save(state_fd, &record, &e), 0);
	check_number(record_load(state_fd, "x", &arena, &read, &e), RECORD_READ);
	check_number(read.pid.value, 4711);
	check(read.born.value == UINT64_MAX);
	check_number(record_load_copy(state_fd, "x", &arena, &read, &e), RECORD_READ);
	check_number(read.pid.value, 4711);
	check(read.bundle == NULL);
	check(record_load(state_fd, "y", &arena, &read, &e) < 0);
	check_contains(e.text, "id: is 'x', not 'y'");
}

static int parse(const char *text, struct err *e)
{
	auto_arena arena = {0};
	struct record record;

	return record_parse(&arena, text, strlen(text), "x", false, &record, e);
}

static void refused(const char *text, const char *why)
{
	struct err e = {0};

	check(parse(text, &e) < 0);
	check_contains(e.text, why);
}

/* GOOD with `from` replaced. */
static void refused_with(const char *from, const char *to, const char *why)
{
	const char *at = strstr(GOOD, from);
	auto_free char *text = NULL;

	if (!check(at != NULL))
		return;
	text = xasprintf("%.*s%s%s", (int)(at - GOOD), GOOD, to, at + strlen(from));
	refused(text, why);
}

static void test_damage(void)
{
	struct err e;

	check_number(parse(GOOD, &e), 0);
	refused("", "");
	refused("null", "object");
	refused("[]", "object");
	refused("{}", "is required");
	refused(GOOD "x", "");
	refused_with("\"version\":1", "\"version\":2", "version: 2 is not known");
	refused_with("\"pid\":77", "\"pid\":1", "pid: must be above 1");
	refused_with("\"pid\":77", "\"pid\":-5", "pid: must be above 1");
	refused_with("\"pid\":77", "\"pid\":99999999999", "pid");
	refused_with("\"born\":9", "\"born\":0", "born: is required");
	refused_with("\"pid\":77,\"born\":9,", "", "pid: is required of a created container");
	refused_with("\"/b\"", "\"b\"", "must be absolute");
	refused_with("\"created\"}", "\"running\"}", "phase");
	refused_with("\"cgroup\":{\"driver\":\"cgroupfs\"},", "", "cgroup: is required");
	/* Every shorter text. */
	for (size_t size = 0; size < strlen(GOOD); size++) {
		auto_free char *text = strndup(GOOD, size);

		if (parse(text, &e) >= 0)
			tap_check(false, __FILE__, __LINE__, "cut at %zu", size);
	}
}

static void test_absent(void)
{
	auto_arena arena = {0};
	struct record read;
	struct err e;

	(void)unlinkat(state_fd, "state.json", 0);
	check_number(record_load(state_fd, "x", &arena, &read, &e), RECORD_ABSENT);
	check_number(mkdirat(state_fd, "state.json", 0700), 0);
	check(record_load(state_fd, "x", &arena, &read, &e) < 0);
	check_contains(e.text, "not a regular file");
}

static void test_phases(void)
{
	struct err e;

	check(phase_may_become(PHASE_CREATING, PHASE_CREATED));
	check(!phase_may_become(PHASE_STOPPED, PHASE_RUNNING));
	check(!phase_may_become(PHASE_CREATING, PHASE_RUNNING));
	check_number(phase_check(PHASE_PAUSED, VERB_KILL, "x", &e), 0);
	check(phase_check(PHASE_CREATING, VERB_KILL, "x", &e) < 0);
	check_contains(e.text, "container not running");
	check(phase_check(PHASE_STOPPED, VERB_START, "x", &e) < 0);
	check_contains(e.text, "cannot start a container that has stopped");
	check(phase_check(PHASE_PAUSED, VERB_DELETE, "x", &e) < 0);
	check_contains(e.text, "cannot delete container x that is not stopped: paused");
}

int main(void)
{
	struct err e;

	if (!mkdtemp(directory))
		return 1;
	state_fd = open(directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	test_round_trip();
	test_damage();
	test_absent();
	test_phases();
	fd_close(&state_fd);
	check_number(tree_remove(AT_FDCWD, directory, &e), 0);
	return tap_done();
}
