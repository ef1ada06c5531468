/* spec: a configuration to begin with. */
#include "base/fd.h"
#include "cli.h"
#include "oci/features.h"

#include <errno.h>
#include <fcntl.h>

struct options {
	const char *bundle;
	struct opt_bool rootless;
};

static const struct option_row options[] = {
	{.name = "bundle",
	 .letter = 'b',
	 .kind = OPTION_STRING,
	 .offset = offsetof(struct options, bundle),
	 .value = "DIR",
	 .help = "where to write config.json; the working directory"},
	{.name = "rootless",
	 .kind = OPTION_FLAG,
	 .offset = offsetof(struct options, rootless),
	 .help = "for the calling user, without privileges"},
	{.name = NULL},
};

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	const char *bundle = given->bundle ? given->bundle : ".";
	auto_fd int directory = open(bundle, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int fd = FD_NONE;
	auto_buf text = {0};
	int r;

	if (directory < 0)
		return fail(e, errno, "--bundle '%s'", bundle);
	oci_default_config_write(given->rootless.value, geteuid(), getegid(), &text);
	fd = openat(directory, "config.json", O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0666);
	if (fd < 0)
		return fail(e, errno, "make 'config.json' in '%s'", bundle);
	r = fd_write_all(fd, text.data, text.size);
	if (r < 0) {
		(void)unlinkat(directory, "config.json", 0);
		return fail(e, -r, "write 'config.json' in '%s'", bundle);
	}
	return 0;
}

const struct command command_spec = {
	.name = "spec",
	.arguments = "",
	.summary = "write a config.json to begin with",
	.options = options,
	.options_size = sizeof(struct options),
	.needs_no_root = true,
	.run = run,
};
