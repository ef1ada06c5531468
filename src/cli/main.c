/*
 * bulkhead: the entry point. Parses, calls the command, tells the error, exits: the only place
 * that does the latter two.
 */
#include "base/fd.h"
#include "cli.h"
#include "vm/vm.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

#define GLOBAL(kind_, member, name_, letter_, value_, help_, words_)                        \
	{                                                                                   \
		.name = name_, .letter = letter_, .kind = kind_,                            \
		.offset = offsetof(struct globals, member), .value = value_, .help = help_, \
		.words = words_                                                             \
	}

static const char *const format_words[] = {"text", "json", NULL};
static const char *const level_words[] = {"error", "warning", "info", "debug", NULL};
static const char *const manager_words[] = {"systemd", "cgroupfs", "disabled", NULL};
static const char *const rootless_words[] = {"true", "false", "auto", NULL};
static const char *const isolation_words[] = {"process", "vm", NULL};
static const char *const accel_words[] = {"kvm", "tcg", NULL};

const struct option_row global_options[] = {
	GLOBAL(OPTION_STRING, root, "root", 0, "DIR", "where the state of containers is kept",
	       NULL),
	GLOBAL(OPTION_STRING, log, "log", 0, "FILE", "also append the error there", NULL),
	GLOBAL(OPTION_WORD, log_format, "log-format", 0, "FORMAT", "text or json", format_words),
	GLOBAL(OPTION_WORD, log_level, "log-level", 0, "LEVEL", "error, warning, info or debug",
	       level_words),
	GLOBAL(OPTION_FLAG, debug, "debug", 0, NULL, "tell every step", NULL),
	GLOBAL(OPTION_FLAG, systemd_cgroup, "systemd-cgroup", 0, NULL,
	       "let systemd make cgroups (cgroupsPath is SLICE:PREFIX:NAME)", NULL),
	GLOBAL(OPTION_WORD, cgroup_manager, "cgroup-manager", 0, "WORD",
	       "systemd, cgroupfs or disabled", manager_words),
	GLOBAL(OPTION_WORD, rootless, "rootless", 0, "BOOL",
	       "true, false or auto: forgive missing rights on cgroups", rootless_words),
	GLOBAL(OPTION_WORD, isolation, "isolation", 0, "LEVEL", "process or vm", isolation_words),
	GLOBAL(OPTION_WORD, vm_accel, "vm-accel", 0, "WORD", "of the vm level: kvm or tcg",
	       accel_words),
	GLOBAL(OPTION_STRING, vm_guest, "vm-guest", 0, "DIR",
	       "of the vm level: kernel and initramfs", NULL),
	GLOBAL(OPTION_STRING, config, "config", 0, "FILE", "defaults of the vm level", NULL),
	GLOBAL(OPTION_FLAG, help, "help", 'h', NULL, "this text", NULL),
	GLOBAL(OPTION_FLAG, version, "version", 'v', NULL, "what this program is", NULL),
	{.name = NULL},
};

struct program {
	struct arena arena;
	struct globals globals;
	const struct command *command;
	struct call call;
};

/* 0-2 must be something, or the first file we open becomes a stream of the container. */
static int streams_check(struct err *e)
{
	struct stat status;

	for (int fd = 0; fd <= 2; fd++) {
		if (fstat(fd, &status) == 0)
			continue;
		if (open("/dev/null", O_RDWR) != fd)
			return fail(e, errno, "open '/dev/null' for descriptor %d", fd);
	}
	return 0;
}

static bool is_vm_name(const char *program)
{
	const char *slash = strrchr(program, '/');

	return str_is(slash ? slash + 1 : program, "bulkhead-vm");
}

static int root_choose(struct program *program, struct err *e)
{
	struct runtime *runtime = &program->call.runtime;
	const char *root = program->globals.root;
	char directory[4096];

	if (program->command->needs_no_root)
		return 0;
	if (!root) {
		runtime->root_is_default = true;
		return runtime_default_root(&program->arena, &runtime->root,
					    &runtime->root_is_sticky, e);
	}
	if (!*root)
		return refuse(e, EINVAL, "--root: must not be empty");
	if (root[0] != '/') {
		if (!getcwd(directory, sizeof(directory)))
			return fail(e, errno, "--root '%s': find the working directory", root);
		root = path_join(&program->arena, directory, root);
	}
	runtime->root = path_clean(&program->arena, root);
	if (str_is(runtime->root, "/"))
		return refuse(e, EINVAL, "--root: must not be '/'");
	return 0;
}

/* Whether they lead anywhere only the vm level needs to know: callers set them for all containers.
 */
static int vm_options_check(const struct globals *globals, struct err *e)
{
	if (globals->vm_guest && !*globals->vm_guest)
		return refuse(e, EINVAL, "--vm-guest: must not be empty");
	if (globals->config && !*globals->config)
		return refuse(e, EINVAL, "--config: must not be empty");
	return 0;
}

static int runtime_set(struct program *program, char **argv, char **envp, struct err *e)
{
	const struct globals *globals = &program->globals;
	struct runtime *runtime = &program->call.runtime;
	const char *manager = globals->cgroup_manager;
	const char *rootless = globals->rootless;

	runtime->argv = argv;
	runtime->envp = envp;
	runtime->find_backend = backend_find;
	runtime->systemd_cgroup = globals->systemd_cgroup.value;
	runtime->vm_config = globals->config;
	runtime->vm_guest = globals->vm_guest;
	runtime->vm_accel = globals->vm_accel;
	runtime->log_fd = report_log_fd();
	runtime->log_is_json = report_is_json();
	if (manager) {
		if (globals->systemd_cgroup.is_set &&
		    globals->systemd_cgroup.value != str_is(manager, "systemd"))
			return refuse(e, EINVAL,
				      "--cgroup-manager %s: contradicts --systemd-cgroup", manager);
		runtime->systemd_cgroup = str_is(manager, "systemd");
		runtime->no_cgroup = str_is(manager, "disabled");
	}
	if (rootless && !str_is(rootless, "auto"))
		runtime->rootless = (struct opt_bool){true, str_is(rootless, "true")};
	/* The stricter of the two. */
	runtime->isolation = is_vm_name(argv[0]) ? "vm" : globals->isolation;
	if (vm_options_check(globals, e) < 0)
		return -e->code;
	return root_choose(program, e);
}

enum outcome { OUTCOME_RUN = 0, OUTCOME_TOLD = 1 };

static int tell(const struct command *command, bool is_version, struct err *e)
{
	auto_buf text = {0};

	if (is_version)
		version_text(&text);
	else if (command)
		help_command(command, &text);
	else
		help_program(&text);
	return output_write(&text, e) < 0 ? -e->code : OUTCOME_TOLD;
}

/* "help [COMMAND]". */
static int tell_help(char *const *words, size_t count, struct err *e)
{
	const struct command *command = count > 0 ? command_find(words[0]) : NULL;

	if (count > 0 && !command)
		return refuse(e, EINVAL, "unknown command '%s'", words[0]);
	return tell(command, false, e);
}

static int words_count(const struct command *command, const struct strv *words, struct err *e)
{
	if (words->count < command->words_min)
		return refuse(e, EINVAL, "%s: needs %s", command->name, command->arguments);
	if (words->count > command->words_max)
		return refuse(e, EINVAL, "%s: takes no more than %s, not '%s'", command->name,
			      command->arguments, words->items[command->words_max]);
	return 0;
}

static int command_parse(struct program *program, int argc, char **argv, int index, struct err *e)
{
	const struct command *command = program->command;
	void *options = arena_alloc(&program->arena, command->options_size);
	const struct option_set sets[] = {{command->options, options},
					  {global_options, &program->globals}};

	if (args_parse(&program->arena, sets, 2, argv, argc, &index, command->stop_at_first,
		       &program->call.words, e) < 0)
		return wrap(e, "%s", command->name);
	if (program->globals.help.value)
		return tell(command, false, e);
	program->call.options = options;
	return words_count(command, &program->call.words, e);
}

static int program_parse(struct program *program, int argc, char **argv, struct err *e)
{
	const struct option_set global = {global_options, &program->globals};
	struct strv words = {0};
	int index = 1;

	if (args_parse(&program->arena, &global, 1, argv, argc, &index, true, &words, e) < 0)
		return -e->code;
	if (program->globals.version.value)
		return tell(NULL, true, e);
	if (words.count > 0 && str_is(words.items[0], "help"))
		return tell_help(words.items + 1, words.count - 1, e);
	if (words.count == 0) {
		if (program->globals.help.value)
			return tell(NULL, false, e);
		return refuse(e, EINVAL, "a command is required; see 'bulkhead --help'");
	}
	program->command = command_find(words.items[0]);
	if (!program->command)
		return refuse(e, EINVAL, "unknown command '%s'; see 'bulkhead --help'",
			      words.items[0]);
	return command_parse(program, argc, argv, index + 1, e);
}

static int program_run(struct program *program, int argc, char **argv, char **envp, struct err *e)
{
	struct err log_error;
	int r;

	if (streams_check(e) < 0)
		return -e->code;
	r = program_parse(program, argc, argv, e);
	/* Also a wrong option belongs into the log, if that much was understood. */
	if (r != OUTCOME_TOLD && report_open(&program->globals, &log_error) < 0 && r == 0) {
		*e = log_error;
		r = -e->code;
	}
	if (r != 0)
		return r;
	if (runtime_set(program, argv, envp, e) < 0)
		return -e->code;
	r = program->command->run(&program->call, e);
	if (r < 0)
		program->call.exit_code = program->command->error_code;
	return r;
}

int main(int argc, char **argv, char **envp)
{
	struct program program = {0};
	struct err e;
	int exit_code = EXIT_SUCCESS;

	program.call.arena = &program.arena;
	program.call.globals = &program.globals;
	if (argc < 1)
		return EXIT_FAILURE;
	if (vm_is_hidden_program(argv[0]))
		vm_hidden_program(argc, argv);
	if (program_run(&program, argc, argv, envp, &e) < 0) {
		report_error(&e);
		exit_code = EXIT_FAILURE;
	}
	if (program.call.exit_code)
		exit_code = program.call.exit_code;
	arena_done(&program.arena);
	return exit_code;
}
