/*
 * ps: the processes of a container.
 *
 * As a table this is ps(1) of the host, whose lines are kept where the column PID names one of
 * the container's processes.
 */
#include "base/fd.h"
#include "base/num.h"
#include "cli.h"
#include "tasks.h"

#include <errno.h>
#include <fcntl.h>
#include <spawn.h>
#include <sys/wait.h>

enum { PS_OUTPUT_MAX = 64 * 1024 * 1024 };

struct options {
	const char *format;
};

static const char *const format_words[] = {"table", "json", NULL};

static const struct option_row options[] = {
	{.name = "format",
	 .letter = 'f',
	 .kind = OPTION_WORD,
	 .offset = offsetof(struct options, format),
	 .value = "FORMAT",
	 .help = "table or json",
	 .words = format_words},
	{.name = NULL},
};

static void write_json(const pid_t *pids, size_t count, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_begin_array(&w);
	for (size_t i = 0; i < count; i++)
		json_i64(&w, pids[i]);
	json_end_array(&w);
	buf_append_char(out, '\n');
}

/* Runs "ps ARGS" and takes what it prints. */
static int ps_run(char **argv, char **envp, struct buf *out, struct err *e)
{
	posix_spawn_file_actions_t actions;
	auto_fd int reader = FD_NONE;
	int ends[2];
	int status;
	pid_t pid;
	int r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	if (posix_spawn_file_actions_init(&actions) != 0 ||
	    posix_spawn_file_actions_adddup2(&actions, ends[1], STDOUT_FILENO) != 0)
		return fail(e, ENOMEM, "prepare ps");
	r = posix_spawnp(&pid, "ps", &actions, NULL, argv, envp);
	(void)posix_spawn_file_actions_destroy(&actions);
	fd_close(&ends[1]);
	if (r != 0)
		return fail(e, r, "execute 'ps'");
	r = fd_read_all(reader, PS_OUTPUT_MAX, out);
	fd_close(&reader);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (r < 0)
		return fail(e, -r, "read the output of ps");
	if (!WIFEXITED(status) || WEXITSTATUS(status) != 0)
		return refuse(e, ECANCELED, "ps failed");
	return 0;
}

/* The word number `column` of a line. */
static const char *word_at(struct arena *arena, const char *line, size_t column)
{
	struct strv words = str_split(arena, line, " \t", true);

	return column < words.count ? words.items[column] : "";
}

static int pid_column(struct arena *arena, const char *heading, size_t *ret, struct err *e)
{
	struct strv words = str_split(arena, heading, " \t", true);

	for (size_t i = 0; i < words.count; i++) {
		if (str_is(words.items[i], "PID")) {
			*ret = i;
			return 0;
		}
	}
	return refuse(e, EINVAL, "ps: its output has no column PID");
}

static int table_filter(struct arena *arena, const struct buf *table, const pid_t *pids,
			size_t count, struct buf *out, struct err *e)
{
	struct strv lines = str_split(arena, buf_text(table), "\n", true);
	size_t column = 0;

	if (lines.count == 0)
		return refuse(e, EINVAL, "ps: prints nothing");
	if (pid_column(arena, lines.items[0], &column, e) < 0)
		return -e->code;
	buf_printf(out, "%s\n", lines.items[0]);
	for (size_t i = 1; i < lines.count; i++) {
		uint32_t pid;

		if (num_u32(word_at(arena, lines.items[i], column), &pid) < 0)
			continue;
		for (size_t j = 0; j < count; j++) {
			if ((uint32_t)pids[j] == pid)
				buf_printf(out, "%s\n", lines.items[i]);
		}
	}
	return 0;
}

/* Of a container whose processes are not this host's. */
static int tasks_shown(struct call *call, struct buf *out, struct err *e)
{
	struct strv arguments = {0};
	struct backend_task *tasks;
	size_t count;
	int r = runtime_tasks(&call->runtime, call->arena, call->words.items[0], &tasks, &count, e);

	if (r != BACKEND_TASKS)
		return r;
	for (size_t i = 1; i < call->words.count; i++)
		strv_push(&arguments, call->arena, call->words.items[i]);
	return tasks_table(call->arena, tasks, count, &arguments, out, e);
}

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	struct strv argv = {0};
	auto_buf table = {0};
	auto_buf text = {0};
	pid_t *pids;
	size_t count;

	if (!given->format || !str_is(given->format, "json")) {
		int r = tasks_shown(call, &text, e);

		if (r != BACKEND_TASKS_ON_HOST)
			return r < 0 ? r : output_write(&text, e);
	}
	if (runtime_pids(&call->runtime, call->arena, call->words.items[0], &pids, &count, e) < 0)
		return -e->code;
	if (given->format && str_is(given->format, "json")) {
		write_json(pids, count, &text);
		return output_write(&text, e);
	}
	strv_push(&argv, call->arena, "ps");
	for (size_t i = 1; i < call->words.count; i++)
		strv_push(&argv, call->arena, call->words.items[i]);
	if (argv.count == 1)
		strv_push(&argv, call->arena, "-ef");
	if (ps_run(argv.items, call->runtime.envp, &table, e) < 0 ||
	    table_filter(call->arena, &table, pids, count, &text, e) < 0)
		return -e->code;
	return output_write(&text, e);
}

const struct command command_ps = {
	.name = "ps",
	.arguments = "ID [PS ARGUMENT ...]",
	.summary = "list the processes of a container",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = SIZE_MAX,
	.stop_at_first = true,
	.run = run,
};
