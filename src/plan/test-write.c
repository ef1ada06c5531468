/* Every golden plan, decoded by the field tables and written again, is the same text. */
#include "base/fd.h"
#include "plan/plan.h"
#include "tap.h"

#include <fcntl.h>

static void check_case(int root, const char *name)
{
	auto_fd int dir = openat(root, name, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	auto_buf text = {0};
	auto_buf first = {0};
	auto_buf again = {0};
	struct json_writer w;
	const struct json *tree;
	struct plan plan = {0};
	struct err e;

	if (file_read(dir, "plan.json", JSON_SIZE_MAX, false, &text, &e) < 0)
		return;
	if (json_read(&arena, text.data, text.size, &tree, &e) < 0 ||
	    fields_decode(plan_fields, &arena, json_get(tree, "plan"), "plan", &plan, &e) < 0) {
		tap_check(false, __FILE__, __LINE__, "%s: %s", name, e.text);
		return;
	}
	json_writer_init(&w, &first, 1);
	json_value(&w, json_get(tree, "plan"));
	json_writer_init(&w, &again, 1);
	fields_encode(plan_fields, &plan, &w);
	tap_check(str_is(buf_text(&first), buf_text(&again)), __FILE__, __LINE__,
		  "%s: decoded and written again", name);
}

static void test_names(void)
{
	for (int kind = 0; kind < PLAN_OP_KINDS; kind++)
		tap_check(!str_is(plan_op_name((enum plan_op_kind)kind), "unknown"), __FILE__,
			  __LINE__, "operation %d has a name", kind);
	check_text(plan_op_name(PLAN_OP_KINDS), "unknown");
}

static void test_program(void)
{
	static const unsigned char program[] = {0x06, 0, 0, 0, 0, 0, 0xff, 0x7f};
	struct plan_seccomp seccomp = {
		.program = program,
		.instruction_count = 1,
		.flags = 2,
	};
	struct plan_process process = {.cwd = "/", .seccomp = &seccomp};
	struct plan plan = {.id = "i", .process = &process};
	struct json_writer w;
	auto_buf text = {0};

	json_writer_init(&w, &text, 0);
	plan_write(&plan, &w);
	check_contains(buf_text(&text), "\"program\":\"060000000000ff7f\"");
	check_contains(buf_text(&text), "\"flags\":2");
}

int main(void)
{
	char path[4096];
	struct dirent **names = NULL;
	auto_fd int root = FD_NONE;
	int count;

	(void)snprintf(path, sizeof(path), "%s/tests/golden/plan",
		       getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".");
	root = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	count = scandir(path, &names, NULL, alphasort);
	for (int i = 0; i < count; i++) {
		if (names[i]->d_name[0] != '.')
			check_case(root, names[i]->d_name);
		free(names[i]);
	}
	free(names);
	test_names();
	test_program();
	return tap_done();
}
