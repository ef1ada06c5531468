/* Growable bytes. */
#include "base/buf.h"

#include "tap.h"

static void test_append(void)
{
	auto_buf buf = {0};

	check_text(buf_text(&buf), "");
	buf_append(&buf, NULL, 0);
	buf_append(&buf, "", 0);
	check(buf.data == NULL);
	buf_append_str(&buf, "abc");
	buf_append_char(&buf, 'd');
	buf_append(&buf, "e\0f", 3);
	check_number(buf.size, 7);
	check(memcmp(buf.data, "abcde\0f", 8) == 0);
	buf_clear(&buf);
	check_text(buf_text(&buf), "");
	check_number(buf.size, 0);
	for (int i = 0; i < 10000; i++)
		buf_append_char(&buf, 'x');
	check_number(strlen(buf_text(&buf)), 10000);
	check(buf.capacity <= 4 * 10000);
	buf_done(&buf);
	check(buf.data == NULL && buf.size == 0 && buf.capacity == 0);
	buf_clear(&buf);
	buf_added(&buf, 0);
	check_text(buf_text(&buf), "");
}

static void test_printf(void)
{
	char text[200];

	for (size_t size = 0; size < sizeof(text); size++) {
		auto_buf buf = {0};

		memset(text, 'p', size);
		text[size] = '\0';
		buf_printf(&buf, "%s", text);
		buf_printf(&buf, "-%s-%d", text, 12);
		if (buf.size != 2 * size + 4 || strlen(buf.data) != buf.size ||
		    strcmp(buf.data + buf.size - 3, "-12") != 0)
			check(false);
	}
	check(true);
}

static void test_reserve(void)
{
	auto_buf buf = {0};
	char *room = buf_reserve(&buf, 5);

	check_text(buf_text(&buf), "");
	memcpy(room, "12345", 5);
	buf_added(&buf, 5);
	check_text(buf_text(&buf), "12345");
	check(buf_reserve(&buf, 0) == buf.data + 5);
}

int main(void)
{
	test_append();
	test_printf();
	test_reserve();
	return tap_done();
}
