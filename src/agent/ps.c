/*
 * The processes of a container as ps(1) would tell of them, from the guest's /proc. A process that
 * ends meanwhile is left out; a zombie has no command line.
 */
#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <time.h>

#define NS_PER_SECOND UINT64_C(1000000000)

enum { FILE_MAX = 64 * 1024, COMMAND_MAX = 128 * 1024 };

/* Fields of /proc/PID/stat by their numbers in proc(5), from the one behind the name. */
enum stat_field {
	STAT_STATE = 3,
	STAT_PPID = 4,
	STAT_TTY = 7,
	STAT_UTIME = 14,
	STAT_STIME = 15,
	STAT_NICE = 19,
	STAT_THREADS = 20,
	STAT_STARTTIME = 22,
	STAT_VSIZE = 23,
	STAT_RSS = 24,
};

static uint64_t clock_ns(clockid_t clock)
{
	struct timespec now = {0};

	(void)clock_gettime(clock, &now);
	return (uint64_t)now.tv_sec * NS_PER_SECOND + (uint64_t)now.tv_nsec;
}

static int read_file(pid_t pid, const char *name, size_t limit, struct buf *buf)
{
	char path[64];
	struct err e;

	(void)snprintf(path, sizeof(path), "/proc/%d/%s", (int)pid, name);
	return file_read(AT_FDCWD, path, limit, true, buf, &e);
}

static const char *field(const struct strv *words, enum stat_field number)
{
	size_t index = (size_t)number - STAT_STATE;

	return index < words->count ? words->items[index] : "0";
}

static uint64_t field_u64(const struct strv *words, enum stat_field number)
{
	uint64_t value;

	return num_u64(field(words, number), &value) < 0 ? 0 : value;
}

static uint64_t ticks_ns(uint64_t ticks)
{
	return ticks * (NS_PER_SECOND / (uint64_t)sysconf(_SC_CLK_TCK));
}

/* The name is in parentheses and may hold some itself. */
static int read_stat(pid_t pid, struct arena *arena, struct wire_process *process)
{
	auto_buf text = {0};
	int r = read_file(pid, "stat", FILE_MAX, &text);
	uint64_t since_boot = clock_ns(CLOCK_BOOTTIME);
	uint64_t start;
	const char *begin, *end;
	struct strv words;
	int64_t nice = 0;

	if (r < 0)
		return r;
	begin = strchr(buf_text(&text), '(');
	end = strrchr(buf_text(&text), ')');
	if (!begin || !end || end < begin)
		return -EBADMSG;
	process->comm = arena_strndup(arena, begin + 1, (size_t)(end - begin - 1));
	words = str_split(arena, end + 1, " \n", true);
	process->state = field(&words, STAT_STATE)[0];
	process->ppid = (uint32_t)field_u64(&words, STAT_PPID);
	process->tty = (uint32_t)field_u64(&words, STAT_TTY);
	process->threads = (uint32_t)field_u64(&words, STAT_THREADS);
	if (num_i64(field(&words, STAT_NICE), &nice) == 0)
		process->nice = (int32_t)nice;
	process->cpu_time = ticks_ns(field_u64(&words, STAT_UTIME) + field_u64(&words, STAT_STIME));
	process->virtual_size = field_u64(&words, STAT_VSIZE);
	process->resident = field_u64(&words, STAT_RSS) * (uint64_t)sysconf(_SC_PAGESIZE);
	start = ticks_ns(field_u64(&words, STAT_STARTTIME));
	process->elapsed = start < since_boot ? since_boot - start : 0;
	process->started = clock_ns(CLOCK_REALTIME) - process->elapsed;
	return 0;
}

/* Word number `index` behind "Name:", or the last one before it. */
static uint32_t status_number(struct arena *arena, const char *text, const char *name, size_t index)
{
	const char *at = strstr(text, name);
	uint32_t value = 0;
	struct strv words;
	const char *line;

	if (!at)
		return 0;
	line = arena_strndup(arena, at + strlen(name), strcspn(at + strlen(name), "\n"));
	words = str_split(arena, line, " \t", true);
	if (words.count == 0)
		return 0;
	if (index >= words.count)
		index = words.count - 1;
	return num_u32(words.items[index], &value) < 0 ? 0 : value;
}

static int read_status(pid_t pid, struct arena *arena, struct wire_process *process)
{
	auto_buf text = {0};
	int r = read_file(pid, "status", FILE_MAX, &text);

	if (r < 0)
		return r;
	/* The effective ones; the pid one namespace below ours. */
	process->uid = status_number(arena, buf_text(&text), "\nUid:", 1);
	process->gid = status_number(arena, buf_text(&text), "\nGid:", 1);
	process->inner_pid = status_number(arena, buf_text(&text), "\nNSpid:", 1);
	return 0;
}

static void read_command(pid_t pid, struct arena *arena, struct wire_process *process)
{
	auto_buf text = {0};
	size_t at = 0;

	if (read_file(pid, "cmdline", COMMAND_MAX, &text) < 0)
		return;
	while (at < text.size) {
		size_t length = strnlen(text.data + at, text.size - at);

		strv_push(&process->command, arena, arena_strndup(arena, text.data + at, length));
		at += length + 1;
	}
}

int ps_list(struct backend *backend, struct arena *arena, struct wire_processes *ret, struct err *e)
{
	struct wire_process *items;
	size_t count, kept = 0;
	pid_t *pids;

	if (backend->ops->pids(backend, arena, &pids, &count, e) < 0)
		return -e->code;
	items = arena_new_array(arena, count, struct wire_process);
	for (size_t i = 0; i < count; i++) {
		struct wire_process *process = &items[kept];

		*process = (struct wire_process){.pid = (uint32_t)pids[i]};
		if (read_stat(pids[i], arena, process) < 0 ||
		    read_status(pids[i], arena, process) < 0)
			continue;
		read_command(pids[i], arena, process);
		kept++;
	}
	*ret = (struct wire_processes){.items = items, .count = kept};
	return 0;
}
