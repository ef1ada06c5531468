/* events: statistics and out-of-memory kills, one JSON document a line. */
#include "base/fd.h"
#include "base/num.h"
#include "cli.h"

#include <errno.h>

struct options {
	const char *interval;
	struct opt_bool stats;
};

static const struct option_row options[] = {
	{.name = "interval",
	 .kind = OPTION_STRING,
	 .offset = offsetof(struct options, interval),
	 .value = "DURATION",
	 .help = "between statistics: 5s, 100ms"},
	{.name = "stats",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct options, stats),
	 .help = "print statistics once"},
	{.name = NULL},
};

#define DEFAULT_INTERVAL 5000000000ULL

static int print(const char *line, size_t size, void *data, struct err *e)
{
	int r = fd_write_all(STDOUT_FILENO, line, size);

	(void)data;
	return r < 0 ? fail(e, -r, "write to standard output") : 0;
}

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	uint64_t interval = DEFAULT_INTERVAL;

	if (given->interval && num_duration(given->interval, &interval) < 0)
		return refuse(e, EINVAL, "--interval: '%s' is no duration like 5s or 100ms",
			      given->interval);
	return runtime_events(&call->runtime, call->words.items[0], interval, given->stats.value,
			      print, NULL, e);
}

const struct command command_events = {
	.name = "events",
	.arguments = "ID",
	.summary = "print statistics and out-of-memory kills as they come",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = run,
};
