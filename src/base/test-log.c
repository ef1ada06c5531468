/* Levels and sinks. */
#include "base/log.h"

#include "base/fd.h"

#include "tap.h"

#include <fcntl.h>
#include <sys/mman.h>

struct memory {
	int count;
	enum log_level level;
	char text[8192];
};

static void sink_memory(enum log_level level, const char *text, void *data)
{
	struct memory *memory = data;

	memory->count++;
	memory->level = level;
	(void)snprintf(memory->text, sizeof(memory->text), "%s", text);
	errno = EBADF;
}

static void test_levels(void)
{
	struct memory memory = {0};
	char large[6000];

	check_number(log_get_level(), LOG_LEVEL_WARNING);
	log_set_sink(sink_memory, &memory);
	log_info("quiet");
	log_debug("quiet");
	check_number(memory.count, 0);
	errno = ENOENT;
	log_warning("careful %d", 1);
	check_number(errno, ENOENT);
	check_number(memory.count, 1);
	check_number(memory.level, LOG_LEVEL_WARNING);
	check_text(memory.text, "careful 1");
	log_error("bad");
	check_number(memory.level, LOG_LEVEL_ERROR);
	log_set_level(LOG_LEVEL_DEBUG);
	check_number(log_get_level(), LOG_LEVEL_DEBUG);
	log_debug("deep");
	check_text(memory.text, "deep");
	log_info("news");
	check_number(memory.level, LOG_LEVEL_INFO);
	log_record(LOG_LEVEL_DEBUG, "100%s");
	check_text(memory.text, "100%s");

	memset(large, 'y', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	log_error("%s", large);
	check_number(strlen(memory.text), 4095);
	check_text(memory.text + 4091, "y...");
	log_set_level(LOG_LEVEL_WARNING);
	log_record(LOG_LEVEL_DEBUG, "hidden");
	check(strcmp(memory.text, "hidden") != 0);
}

static void test_stderr(void)
{
	auto_fd int file = memfd_create("stderr", MFD_CLOEXEC);
	auto_fd int saved = fcntl(STDERR_FILENO, F_DUPFD_CLOEXEC, 3);
	auto_buf buf = {0};
	char large[6000];

	memset(large, 'z', sizeof(large) - 1);
	large[sizeof(large) - 1] = '\0';
	check(dup2(file, STDERR_FILENO) >= 0);
	log_set_sink(NULL, NULL);
	log_warning("w");
	log_error("e");
	log_set_level(LOG_LEVEL_DEBUG);
	log_info("i");
	log_debug("d");
	log_record(LOG_LEVEL_ERROR, large);
	log_record((enum log_level) - 1, "?");
	check(dup2(saved, STDERR_FILENO) >= 0);
	check_number(lseek(file, 0, SEEK_SET), 0);
	check_number(fd_read_all(file, 1 << 20, &buf), 0);
	check_number(
		strncmp(buf_text(&buf), "warning: w\nerror: e\ninfo: i\ndebug: d\nerror: zz", 46),
		0);
	check_contains(buf_text(&buf), "z\n");
}

int main(void)
{
	test_levels();
	test_stderr();
	return tap_done();
}
