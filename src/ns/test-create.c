/* Containers from plans made by hand: made, started, ended, and gone afterwards. */
#include "test-plan.h"

static void test_true(void)
{
	struct test_container test;
	auto_buf text = {0};

	test_container_init(&test);
	test_usual_mounts(&test);
	test_before_pivot(&test);
	test_args(&test, "echo hello; exit 7");
	check_number(test_run(&test, &text), 7);
	check_text(buf_text(&text), "hello\n");
	test_done(&test);
}

int main(void)
{
	test_true();
	return tap_done();
}
