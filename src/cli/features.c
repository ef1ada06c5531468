/* features: what this runtime supports, for callers that ask before they use it. */
#include "cli.h"
#include "version.h"

static const struct option_row no_options[] = {{.name = NULL}};

static int run(struct call *call, struct err *e)
{
	auto_buf text = {0};

	(void)call;
	if (runtime_features(BULKHEAD_VERSION, BULKHEAD_COMMIT, &text, e) < 0)
		return -e->code;
	return output_write(&text, e);
}

const struct command command_features = {
	.name = "features",
	.arguments = "",
	.summary = "print what this runtime supports",
	.options = no_options,
	.needs_no_root = true,
	.run = run,
};
