/*
 * The working directory and the program of the container, as its user sees them.
 *
 * The search is execvp(3)'s, the words of its failures are those that engines look for to tell
 * "not found" (exit status 127) from "cannot run" (126).
 */
#include "launch.h"

#include <linux/errno.h>
#include <linux/fcntl.h>
#include <linux/stat.h>

#define PATH_SIZE 4096

static bool is_escaped(const char *path)
{
	return path[0] != '/';
}

bool program_enter_directory(const struct launch *launch, bool is_last_try)
{
	const char *directory = blob_text(launch, launch->blob->cwd);
	static char real[PATH_SIZE];
	long result = SYS(__NR_chdir, directory);

	if (result == -EACCES && !is_last_try)
		return false;
	if (result < 0)
		launch_fail(launch, result, "process.cwd: change to", directory);
	/* A directory that the root does not reach is reported as "(unreachable)/...": the caller
	 * has handed in a descriptor of the host (CVE-2024-21626). */
	result = SYS(__NR_getcwd, real, sizeof(real));
	if (result < 0)
		launch_fail(launch, result, "process.cwd: find out where it is", directory);
	if (is_escaped(real))
		launch_refuse(launch, EPERM,
			      "process.cwd: is outside of the container's root directory",
			      directory);
	return true;
}

static long check_executable(const char *path)
{
	struct statx info;
	long result = SYS(__NR_statx, SYSTEM_AT_FDCWD, path, 0, STATX_TYPE, &info);

	if (result < 0)
		return result;
	if (S_ISDIR(info.stx_mode))
		return -EISDIR;
	result = SYS(__NR_faccessat2, SYSTEM_AT_FDCWD, path, 1 /* X_OK */, 0x200 /* AT_EACCESS */);
	if (result == -ENOSYS)
		result = SYS(__NR_faccessat, SYSTEM_AT_FDCWD, path, 1);
	return result;
}

static _Noreturn void not_runnable(const struct launch *launch, const char *name, long code,
				   bool show_stat)
{
	struct launch_error error = {.code = (int32_t)-code, .show_errno = 1};

	error_text(&error, "exec: \"");
	error_text(&error, name);
	error_text(&error, "\"");
	if (show_stat) {
		error_text(&error, ": stat ");
		error_text(&error, name);
	}
	/* Engines know a program that cannot be executed by the words for EACCES alone. */
	if (error.code == EISDIR) {
		error_text(&error, ": is a directory");
		error.code = EACCES;
	}
	launch_give_up(launch, &error);
}

static _Noreturn void not_found(const struct launch *launch, const char *name)
{
	struct launch_error error = {.code = ENOENT};

	error_text(&error, "exec: \"");
	error_text(&error, name);
	error_text(&error, "\": executable file not found in $PATH");
	launch_give_up(launch, &error);
}

static bool has_slash(const char *name)
{
	for (; *name; name++)
		if (*name == '/')
			return true;
	return false;
}

/* The next directory of the list joined with the name. False: too long to be anything. */
static bool join(char *out, const char **list, const char *name)
{
	unsigned int at = 0;

	for (; **list && **list != ':'; (*list)++)
		if (at < PATH_SIZE)
			out[at++] = **list;
	if (at && at < PATH_SIZE)
		out[at++] = '/';
	for (; *name; name++)
		if (at < PATH_SIZE)
			out[at++] = *name;
	if (at >= PATH_SIZE)
		return false;
	out[at] = '\0';
	return true;
}

void program_find(struct launch *launch)
{
	static char path[PATH_SIZE];
	char **argv = blob_data(launch, launch->blob->argv);
	const char *name = argv[0], *list = blob_text(launch, launch->blob->search_path);
	long result;

	if (has_slash(name)) {
		result = check_executable(name);
		if (result < 0)
			not_runnable(launch, name, result, result != -EACCES && result != -EISDIR);
		launch->program = name;
		return;
	}
	if (!list)
		list = "/bin:/usr/bin";
	for (; *name; list++) {
		if (join(path, &list, name) && check_executable(path) == 0) {
			launch->program = path;
			return;
		}
		if (!*list)
			break;
	}
	not_found(launch, name);
}

_Noreturn void program_execute(const struct launch *launch)
{
	const struct launch_blob *blob = launch->blob;
	struct launch_error error = {.show_errno = 1};
	long result;

	launch_announce(launch);
	result = SYS(__NR_execve, launch->program, blob_data(launch, blob->argv),
		     blob_data(launch, blob->envp));

	error.code = (int32_t)-result;
	error_text(&error, "exec ");
	error_text(&error, launch->program);
	launch_give_up(launch, &error);
}
