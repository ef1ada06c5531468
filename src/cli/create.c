/* create, and run, which takes its options and some more. */
#include "cli.h"

#define ROW(kind_, member, name_, letter_, value_, help_)                                  \
	{                                                                                  \
		.name = name_, .letter = letter_, .kind = kind_,                           \
		.offset = offsetof(struct options, member), .value = value_, .help = help_ \
	}

struct options {
	const char *bundle, *pid_file, *console_socket, *pidfd_socket;
	struct opt_bool no_pivot, no_new_keyring, detach, keep, no_subreaper;
	struct opt_u32 preserve_fds;
};

#define CREATE_ROWS                                                                                \
	ROW(OPTION_STRING, bundle, "bundle", 'b', "DIR", "the bundle; the working directory"),     \
		ROW(OPTION_STRING, console_socket, "console-socket", 0, "SOCKET",                  \
		    "send the terminal there"),                                                    \
		ROW(OPTION_STRING, pid_file, "pid-file", 0, "FILE", "write the init's pid there"), \
		ROW(OPTION_STRING, pidfd_socket, "pidfd-socket", 0, "SOCKET",                      \
		    "send a pidfd of the init there"),                                             \
		ROW(OPTION_FLAG, no_pivot, "no-pivot", 0, NULL,                                    \
		    "chroot instead of pivot_root: for a root on a ramdisk, less safe"),           \
		ROW(OPTION_FLAG, no_new_keyring, "no-new-keyring", 0, NULL,                        \
		    "keep the session keyring of the caller"),                                     \
		ROW(OPTION_U32, preserve_fds, "preserve-fds", 0, "N",                              \
		    "pass N descriptors behind 2 to the program")

static const struct option_row create_options[] = {CREATE_ROWS, {.name = NULL}};

static const struct option_row run_options[] = {
	CREATE_ROWS,
	ROW(OPTION_FLAG, detach, "detach", 'd', NULL, "return when the program runs"),
	ROW(OPTION_FLAG, keep, "keep", 0, NULL, "do not delete the container at its end"),
	ROW(OPTION_FLAG, no_subreaper, "no-subreaper", 0, NULL,
	    "do not adopt orphans of the container"),
	{.name = NULL},
};

static struct runtime_create options_of(const struct call *call)
{
	const struct options *options = call->options;

	return (struct runtime_create){
		.id = call->words.items[0],
		.bundle = options->bundle,
		.pid_file = options->pid_file,
		.console_socket = options->console_socket,
		.pidfd_socket = options->pidfd_socket,
		.no_pivot = options->no_pivot.value,
		.no_new_keyring = options->no_new_keyring.value,
		.preserve_fds = options->preserve_fds.value,
		.detach = options->detach.value,
		.keep = options->keep.value,
		.no_subreaper = options->no_subreaper.value,
	};
}

static int create_run(struct call *call, struct err *e)
{
	const struct runtime_create options = options_of(call);

	return runtime_create(&call->runtime, &options, e);
}

static int run_run(struct call *call, struct err *e)
{
	const struct runtime_create options = options_of(call);

	return runtime_run(&call->runtime, &options, &call->exit_code, e);
}

const struct command command_create = {
	.name = "create",
	.arguments = "ID",
	.summary = "make a container, ready to be started",
	.options = create_options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = create_run,
};

const struct command command_run = {
	.name = "run",
	.arguments = "ID",
	.summary = "make a container, start it, wait for it and delete it",
	.options = run_options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = run_run,
};
