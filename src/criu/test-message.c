/* The bytes of CRIU's messages, compared with what protoc makes of the same values. */
#include "message.h"

#include "tap.h"

#include <errno.h>
#include <string.h>

static bool has(const struct buf *buf, const char *bytes, size_t size)
{
	return memmem(buf->data, buf->size, bytes, size) != NULL;
}

#define HAS(buf, literal) check(has(buf, literal, sizeof(literal) - 1))

static void test_request(void)
{
	struct criu_mount mounts[] = {{"/etc/hosts", "/h"}};
	struct criu_inherited inherited[] = {{"pipe:[5]", 1}};
	struct criu_request request = {
		.kind = CRIU_DUMP,
		.pid = 300,
		.images_fd = 7,
		.work_fd = 8,
		.status_fd = -1,
		.log_file = "dump.log",
		.leave_running = true,
		.cgroups = CRIU_CGROUPS_SOFT,
		.mounts = {mounts, 1},
		.inherited = {inherited, 1},
	};
	auto_buf out = {0};

	message_request(&request, &out);
	check(out.size > 4 && memcmp(out.data, "\x08\x01\x12", 3) == 0);
	HAS(&out, "\x08\x07\x10\xac\x02\x18\x01"); /* images, pid, leave running */
	HAS(&out, "\x52\x08"
		  "dump.log");
	HAS(&out, "\xba\x01\x10\x0a\x0a/etc/hosts\x12\x02/h"); /* field 23 */
	HAS(&out, "\xda\x01\x0c\x0a\x08pipe:[5]\x10\x01");     /* field 27 */
	HAS(&out, "\x90\x02\x03");			       /* field 34: soft */
	check(!has(&out, "\x88\x03", 2));		       /* no status descriptor */
}

static void test_answer(void)
{
	static const char restored[] = "\x08\x02\x10\x01\x22\x03\x08\xac\x02";
	static const char notice[] = "\x08\x06\x10\x01\x2a\x07\x0a\x03x\ny\x10\x05";
	static const char failed[] = "\x08\x01\x10\x00\x38\x16\x4a\x02no\xf8\x01\x01";
	struct message_answer answer;
	struct err e;

	check(message_parse(restored, sizeof(restored) - 1, &answer, &e) == 0);
	check(answer.kind == CRIU_RESTORE && answer.is_success && answer.pid == 300);
	check(message_parse(notice, sizeof(notice) - 1, &answer, &e) == 0);
	check(answer.kind == MESSAGE_NOTIFY && answer.pid == 5);
	check_text(answer.script, "x?y");
	check(message_parse(failed, sizeof(failed) - 1, &answer, &e) == 0);
	check(!answer.is_success && answer.error == 22);
	check_text(answer.text, "no");
	for (size_t cut = 1; cut < sizeof(restored) - 1; cut++) {
		int r = message_parse(restored, cut, &answer, &e);

		check(r == 0 || r == -EPROTO);
	}
	check(message_parse("\x22\x7f", 2, &answer, &e) == -EPROTO);
	check(message_parse("\x0b\x01", 2, &answer, &e) == -EPROTO);
	check(message_parse("", 0, &answer, &e) == 0 && !answer.is_success);
}

int main(void)
{
	test_request();
	test_answer();
	return tap_done();
}
