/* exec: a further process in a container. */
#include "cli.h"

#define ROW(kind_, member, name_, letter_, value_, help_)                                  \
	{                                                                                  \
		.name = name_, .letter = letter_, .kind = kind_,                           \
		.offset = offsetof(struct options, member), .value = value_, .help = help_ \
	}

struct options {
	const char *process, *pid_file, *console_socket, *pidfd_socket;
	const char *cwd, *user, *apparmor, *process_label;
	struct strv env, groups, capabilities, cgroups;
	struct opt_bool detach, tty, no_new_privs, ignore_paused;
	struct opt_u32 preserve_fds;
};

static const struct option_row options[] = {
	ROW(OPTION_STRING, process, "process", 'p', "FILE",
	    "the process object; takes the place of the options about it"),
	ROW(OPTION_FLAG, detach, "detach", 'd', NULL, "return when the program runs"),
	ROW(OPTION_STRING, pid_file, "pid-file", 0, "FILE", "write the process's pid there"),
	ROW(OPTION_STRING, console_socket, "console-socket", 0, "SOCKET",
	    "send the terminal there"),
	ROW(OPTION_STRING, pidfd_socket, "pidfd-socket", 0, "SOCKET", "send a pidfd there"),
	ROW(OPTION_FLAG, tty, "tty", 't', NULL, "give the process a terminal"),
	ROW(OPTION_STRING, cwd, "cwd", 0, "DIR", "working directory"),
	ROW(OPTION_STRINGS, env, "env", 'e', "NAME=VALUE", "add to the environment; repeatable"),
	ROW(OPTION_STRING, user, "user", 'u', "UID[:GID]", "user and group"),
	ROW(OPTION_STRINGS, groups, "additional-gids", 'g', "GID", "add a group; repeatable"),
	ROW(OPTION_STRINGS, capabilities, "cap", 'c', "CAP", "add a capability; repeatable"),
	ROW(OPTION_FLAG, no_new_privs, "no-new-privs", 0, NULL, "set no_new_privs"),
	ROW(OPTION_STRING, apparmor, "apparmor", 0, "PROFILE", "AppArmor profile"),
	ROW(OPTION_STRING, process_label, "process-label", 0, "LABEL", "SELinux label"),
	ROW(OPTION_U32, preserve_fds, "preserve-fds", 0, "N",
	    "pass N descriptors behind 2 to the program"),
	ROW(OPTION_STRINGS, cgroups, "cgroup", 0, "[CTRL[,CTRL]:]PATH",
	    "a cgroup below the container's; repeatable"),
	ROW(OPTION_FLAG, ignore_paused, "ignore-paused", 0, NULL,
	    "in a paused container too: wait for its resume"),
	{.name = NULL},
};

static int run(struct call *call, struct err *e)
{
	const struct options *given = call->options;
	struct runtime_exec exec = {
		.id = call->words.items[0],
		.process_file = given->process,
		.env = given->env,
		.additional_gids = given->groups,
		.capabilities = given->capabilities,
		.cgroups = given->cgroups,
		.cwd = given->cwd,
		.user = given->user,
		.apparmor = given->apparmor,
		.selinux_label = given->process_label,
		.tty = given->tty,
		.no_new_privileges = given->no_new_privs,
		.detach = given->detach.value,
		.ignore_paused = given->ignore_paused.value,
		.pid_file = given->pid_file,
		.console_socket = given->console_socket,
		.pidfd_socket = given->pidfd_socket,
		.preserve_fds = given->preserve_fds.value,
	};
	size_t first = 1;

	/* "exec ID -- COMMAND" is common. */
	if (call->words.count > 1 && str_is(call->words.items[1], "--"))
		first++;
	for (size_t i = first; i < call->words.count; i++)
		strv_push(&exec.args, call->arena, call->words.items[i]);
	return runtime_exec(&call->runtime, &exec, &call->exit_code, e);
}

const struct command command_exec = {
	.name = "exec",
	.arguments = "ID COMMAND [ARG ...]",
	.summary = "run a further process in a container",
	.options = options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = SIZE_MAX,
	.stop_at_first = true,
	.error_code = 255,
	.run = run,
};
