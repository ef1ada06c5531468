/*
 * ps(1) for processes of another kernel: its columns and the ways in which callers ask for them.
 * What selects processes (-e, -A, a, x) is accepted and changes nothing, since all of the
 * container's are shown; what is not understood is an error.
 */
#include "tasks.h"

#include <ctype.h>
#include <errno.h>
#include <grp.h>
#include <pwd.h>
#include <sys/sysmacros.h>
#include <time.h>

#define SECOND 1000000000ULL

enum { COLUMNS_MAX = 32, TEXT_SIZE = 64 };

typedef void write_fn(const struct backend_task *task, struct buf *out);

static void write_user(const struct backend_task *task, struct buf *out)
{
	const struct passwd *user = getpwuid(task->uid);

	if (user)
		buf_append_str(out, user->pw_name);
	else
		buf_printf(out, "%u", task->uid);
}

static void write_group(const struct backend_task *task, struct buf *out)
{
	const struct group *group = getgrgid(task->gid);

	if (group)
		buf_append_str(out, group->gr_name);
	else
		buf_printf(out, "%u", task->gid);
}

#define WRITE_NUMBER(name, member)                                                 \
	static void write_##name(const struct backend_task *task, struct buf *out) \
	{                                                                          \
		buf_printf(out, "%lld", (long long)(task->member));                \
	}

WRITE_NUMBER(uid, uid)
WRITE_NUMBER(gid, gid)
WRITE_NUMBER(pid, pid)
WRITE_NUMBER(ppid, ppid)
WRITE_NUMBER(inner_pid, inner_pid)
WRITE_NUMBER(threads, threads)
WRITE_NUMBER(nice, nice)
WRITE_NUMBER(virtual_size, virtual_size / 1024)
WRITE_NUMBER(resident, resident / 1024)
WRITE_NUMBER(elapsed_seconds, elapsed / SECOND)

static uint64_t tenths_of_cpu(const struct backend_task *task)
{
	return task->elapsed ? task->cpu_time * 1000 / task->elapsed : 0;
}

static void write_cpu(const struct backend_task *task, struct buf *out)
{
	uint64_t tenths = tenths_of_cpu(task);

	buf_printf(out, "%llu", (unsigned long long)(tenths / 10));
}

static void write_cpu_tenths(const struct backend_task *task, struct buf *out)
{
	uint64_t tenths = tenths_of_cpu(task);

	buf_printf(out, "%llu.%llu", (unsigned long long)(tenths / 10),
		   (unsigned long long)(tenths % 10));
}

static void write_state(const struct backend_task *task, struct buf *out)
{
	buf_append_char(out, isalpha((unsigned char)task->state) ? task->state : '?');
}

static void write_started(const struct backend_task *task, struct buf *out)
{
	time_t started = (time_t)(task->started / SECOND);
	time_t now = time(NULL);
	char text[TEXT_SIZE] = "?";
	struct tm fields;

	if (localtime_r(&started, &fields))
		(void)strftime(text, sizeof(text), now - started < 24 * 3600 ? "%H:%M" : "%b%d",
			       &fields);
	buf_append_str(out, text);
}

static void write_long_started(const struct backend_task *task, struct buf *out)
{
	time_t started = (time_t)(task->started / SECOND);
	char text[TEXT_SIZE] = "?";
	struct tm fields;

	if (localtime_r(&started, &fields))
		(void)strftime(text, sizeof(text), "%a %b %e %H:%M:%S %Y", &fields);
	buf_append_str(out, text);
}

static void write_tty(const struct backend_task *task, struct buf *out)
{
	if (major(task->tty) >= 136 && major(task->tty) <= 143)
		buf_printf(out, "pts/%u", (major(task->tty) - 136) * 256 + minor(task->tty));
	else
		buf_append_char(out, '?');
}

static void write_time(const struct backend_task *task, struct buf *out)
{
	unsigned long long seconds = task->cpu_time / SECOND;

	buf_printf(out, "%02llu:%02llu:%02llu", seconds / 3600, seconds / 60 % 60, seconds % 60);
}

static void write_elapsed(const struct backend_task *task, struct buf *out)
{
	unsigned long long seconds = task->elapsed / SECOND;

	if (seconds >= 86400)
		buf_printf(out, "%llu-", seconds / 86400);
	if (seconds >= 3600)
		buf_printf(out, "%02llu:", seconds / 3600 % 24);
	buf_printf(out, "%02llu:%02llu", seconds / 60 % 60, seconds % 60);
}

static void write_comm(const struct backend_task *task, struct buf *out)
{
	buf_append_str(out, task->comm);
}

static void write_command(const struct backend_task *task, struct buf *out)
{
	buf_append_str(out, task->command);
}

struct column {
	const char *names; /* separated by commas */
	const char *heading;
	write_fn *write;
	bool is_left;
};

static const struct column columns[] = {
	{"user,uname,euser,ruser", "USER", write_user, true},
	{"uid,euid,ruid", "UID", write_uid, false},
	{"group,egroup,rgroup", "GROUP", write_group, true},
	{"gid,egid,rgid", "GID", write_gid, false},
	{"pid,tgid", "PID", write_pid, false},
	{"ppid", "PPID", write_ppid, false},
	{"nspid", "NSPID", write_inner_pid, false},
	{"c", "C", write_cpu, false},
	{"pcpu,%cpu", "%CPU", write_cpu_tenths, false},
	{"s,state", "S", write_state, true},
	{"stat", "STAT", write_state, true},
	{"stime,start_time,start,bsdstart", "STIME", write_started, true},
	{"lstart", "STARTED", write_long_started, true},
	{"tty,tt,tname", "TTY", write_tty, true},
	{"time,cputime,bsdtime", "TIME", write_time, false},
	{"etime", "ELAPSED", write_elapsed, false},
	{"etimes", "ELAPSED", write_elapsed_seconds, false},
	{"vsz,vsize", "VSZ", write_virtual_size, false},
	{"rss,rssize,rsz", "RSS", write_resident, false},
	{"ni,nice", "NI", write_nice, false},
	{"nlwp,thcount", "NLWP", write_threads, false},
	{"comm,ucmd,ucomm", "COMMAND", write_comm, true},
	{"cmd", "CMD", write_command, true},
	{"args,command", "COMMAND", write_command, true},
};

struct chosen {
	const struct column *column;
	const char *heading;
};

struct table {
	struct chosen chosen[COLUMNS_MAX];
	size_t count;
};

static const struct column *column_find(struct arena *arena, const char *name)
{
	for (size_t i = 0; i < sizeof(columns) / sizeof(columns[0]); i++) {
		struct strv names = str_split(arena, columns[i].names, ",", true);

		if (strv_has(&names, name))
			return &columns[i];
	}
	return NULL;
}

static int column_add(struct table *table, struct arena *arena, const char *name,
		      const char *heading, struct err *e)
{
	const struct column *column = column_find(arena, name);

	if (!column)
		return refuse(e, EINVAL, "ps: the column '%s' is not known for a guest's processes",
			      name);
	if (table->count == COLUMNS_MAX)
		return refuse(e, E2BIG, "ps: too many columns");
	table->chosen[table->count++] =
		(struct chosen){column, heading ? heading : column->heading};
	return 0;
}

/* "pid,user=WHO,args": a heading takes the rest. */
static int format_add(struct table *table, struct arena *arena, const char *format, struct err *e)
{
	struct strv names = str_split(arena, format, ", ", true);

	for (size_t i = 0; i < names.count; i++) {
		char *heading = strchr(names.items[i], '=');

		if (heading)
			*heading++ = '\0';
		if (column_add(table, arena, names.items[i], heading, e) < 0)
			return -e->code;
	}
	return 0;
}

static int names_add(struct table *table, struct arena *arena, const char *const (*names)[2],
		     struct err *e)
{
	for (size_t i = 0; names[i][0]; i++)
		if (column_add(table, arena, names[i][0], names[i][1], e) < 0)
			return -e->code;
	return 0;
}

static const char *const full[][2] = {
	{"user", "UID"}, {"pid", NULL},	 {"ppid", NULL}, {"c", NULL},  {"stime", NULL},
	{"tty", NULL},	 {"time", NULL}, {"cmd", NULL},	 {NULL, NULL},
};
static const char *const plain[][2] = {
	{"pid", NULL}, {"tty", NULL}, {"time", NULL}, {"comm", "CMD"}, {NULL, NULL},
};
static const char *const bsd[][2] = {
	{"pid", NULL}, {"tty", NULL}, {"stat", NULL}, {"time", NULL}, {"args", NULL}, {NULL, NULL},
};
static const char *const bsd_user[][2] = {
	{"user", NULL}, {"pid", NULL},	{"pcpu", NULL}, {"vsz", NULL},
	{"rss", NULL},	{"tty", NULL},	{"stat", NULL}, {"start", "START"},
	{"time", NULL}, {"args", NULL}, {NULL, NULL},
};

struct asked {
	bool is_full, is_bsd, is_user;
};

/* The letters of one word. *ret_rest is what follows an "o" in it, NULL: no "o". */
static int letters_take(const char *word, struct asked *asked, const char **ret_rest, struct err *e)
{
	bool is_bsd = *word != '-';

	*ret_rest = NULL;
	for (const char *at = is_bsd ? word : word + 1; *at; at++) {
		if (*at == 'o') {
			*ret_rest = at + 1;
			return 0;
		}
		if (is_bsd && !strchr("axuwf", *at))
			return refuse(e, EINVAL, "ps: '%s' is not known for a guest's processes",
				      word);
		if (!is_bsd && !strchr("eAafwdF", *at))
			return refuse(e, EINVAL, "ps: '%s' is not known for a guest's processes",
				      word);
		asked->is_bsd = asked->is_bsd || (is_bsd && *at == 'x');
		asked->is_user = asked->is_user || (is_bsd && *at == 'u');
		asked->is_full = asked->is_full || (!is_bsd && (*at == 'f' || *at == 'F'));
	}
	return 0;
}

static int arguments_take(struct table *table, struct arena *arena, const struct strv *arguments,
			  struct err *e)
{
	struct asked asked = {.is_full = arguments->count == 0};

	for (size_t i = 0; i < arguments->count; i++) {
		const char *rest = str_after(arguments->items[i], "--format=");

		if (!rest && letters_take(arguments->items[i], &asked, &rest, e) < 0)
			return -e->code;
		if (rest && *rest == '\0') {
			if (++i == arguments->count)
				return refuse(e, EINVAL, "ps: -o needs a list of columns");
			rest = arguments->items[i];
		}
		if (rest && format_add(table, arena, rest, e) < 0)
			return -e->code;
	}
	if (table->count > 0)
		return 0;
	return names_add(table, arena,
			 asked.is_user	 ? bsd_user
			 : asked.is_bsd	 ? bsd
			 : asked.is_full ? full
					 : plain,
			 e);
}

static size_t width_of(const struct chosen *chosen, const struct backend_task *tasks, size_t count)
{
	size_t width = strlen(chosen->heading);

	for (size_t i = 0; i < count; i++) {
		auto_buf text = {0};

		chosen->column->write(&tasks[i], &text);
		if (text.size > width)
			width = text.size;
	}
	return width;
}

static void cell_add(struct buf *out, const struct chosen *chosen, const char *text, size_t width,
		     bool is_last)
{
	if (chosen->column->is_left)
		buf_printf(out, "%-*s", is_last ? 0 : (int)width, text);
	else
		buf_printf(out, "%*s", (int)width, text);
	buf_append_char(out, is_last ? '\n' : ' ');
}

/* A table that does not tell which process a line means is refused at the process level, too. */
static bool has_pid(const struct table *table)
{
	for (size_t i = 0; i < table->count; i++)
		if (str_is(table->chosen[i].heading, "PID"))
			return true;
	return false;
}

int tasks_table(struct arena *arena, const struct backend_task *tasks, size_t count,
		const struct strv *arguments, struct buf *out, struct err *e)
{
	struct table table = {.count = 0};
	size_t widths[COLUMNS_MAX];

	if (arguments_take(&table, arena, arguments, e) < 0)
		return -e->code;
	if (!has_pid(&table))
		return refuse(e, EINVAL, "ps: its output has no column PID");
	for (size_t i = 0; i < table.count; i++)
		widths[i] = width_of(&table.chosen[i], tasks, count);
	for (size_t i = 0; i < table.count; i++)
		cell_add(out, &table.chosen[i], table.chosen[i].heading, widths[i],
			 i + 1 == table.count);
	for (size_t row = 0; row < count; row++)
		for (size_t i = 0; i < table.count; i++) {
			auto_buf text = {0};

			table.chosen[i].column->write(&tasks[row], &text);
			cell_add(out, &table.chosen[i], buf_text(&text), widths[i],
				 i + 1 == table.count);
		}
	return 0;
}
