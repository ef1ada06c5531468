/* The error value: texts, cutting, wrapping, formatting. */
#include "base/err.h"

#include "tap.h"

#include <errno.h>

static void test_texts(void)
{
	struct err e = {0};
	char out[1100];

	check_number(fail(&e, ENOENT, "open '%s'", "x"), -ENOENT);
	check_number(e.code, ENOENT);
	check_text(e.text, "open 'x'");
	check_text(err_format(&e, out, sizeof(out)), "open 'x': no such file or directory");
	check_number(wrap(&e, "mount '%s'", "/data"), -ENOENT);
	check_text(err_format(&e, out, sizeof(out)),
		   "mount '/data': open 'x': no such file or directory");

	check_number(refuse(&e, EINVAL, "process.cwd: must be absolute"), -EINVAL);
	check_text(err_format(&e, out, sizeof(out)), "process.cwd: must be absolute");
	check_number(wrap(&e, "create '%s'", "web"), -EINVAL);
	check_text(err_format(&e, out, sizeof(out)), "create 'web': process.cwd: must be absolute");

	check_number(fail(&e, 0, "nothing"), -EIO);
	(void)fail(&e, 9999, "odd");
	check_text(err_format(&e, out, sizeof(out)), "odd: error 9999");
	(void)fail(&e, EIO, "%s", "");
	check_text(err_format(&e, out, sizeof(out)), "input/output error");
	(void)fail(&e, ESRMNT, "x");
	check_number(err_format(&e, out, sizeof(out)) == out, 1);
}

static void test_odd_bytes(void)
{
	struct err e = {0};

	(void)refuse(&e, EINVAL, "a\nb\tc\033[31m\x7f");
	check_text(e.text, "a b c?[31m?");
	(void)refuse(&e, EINVAL, "first");
	(void)refuse(&e, EINVAL, "%s and %s", e.text, e.text);
	check_text(e.text, "first and first");
	(void)wrap(&e, "<%s>", e.text);
	check_text(e.text, "<first and first>: first and first");
}

static void test_long_texts(void)
{
	struct err e = {0};
	char large[3000];
	char out[16];

	memset(large, 'x', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	(void)refuse(&e, EINVAL, "%s", large);
	check_number(strlen(e.text), sizeof(e.text) - 1);
	check_text(e.text + sizeof(e.text) - 5, "x...");
	(void)wrap(&e, "outer");
	check_number(strncmp(e.text, "outer: xxx", 10), 0);
	check_number(strlen(e.text), sizeof(e.text) - 1);
	check_text(e.text + sizeof(e.text) - 5, "x...");
	for (int i = 0; i < 4; i++)
		(void)wrap(&e, "%s", large);
	check_number(strlen(e.text), sizeof(e.text) - 1);
	for (size_t room = 1000; room < sizeof(e.text); room++) {
		(void)refuse(&e, EINVAL, "inner");
		(void)wrap(&e, "%.*s", (int)room, large);
		if (strlen(e.text) >= sizeof(e.text))
			check(false);
	}

	/* A two-byte character is not cut in half. */
	for (size_t i = 0; i + 1 < sizeof(large) - 1; i += 2)
		memcpy(large + i, "\xc3\xa4", 2);
	(void)refuse(&e, EINVAL, "%s", large);
	check_text(e.text + strlen(e.text) - 5, "\xc3\xa4...");

	(void)fail(&e, ENOENT, "open 'something'");
	check_text(err_format(&e, out, sizeof(out)), "open 'someth...");
	check_text(err_format(&e, out, 2), "o");
	out[0] = '!';
	(void)err_format(&e, out, 0);
	check_number(out[0], '!');
}

int main(void)
{
	test_texts();
	test_odd_bytes();
	test_long_texts();
	return tap_done();
}
