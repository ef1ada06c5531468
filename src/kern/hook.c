/*
 * Programs as hooks: see kern/hook.h.
 *
 * Output goes to a file in memory, whose end is shown when the hook fails, so nobody waits for
 * those who hold it open.
 */
#include "kern/hook.h"

#include "base/clock.h"
#include "base/fd.h"
#include "kern/memfd.h"
#include "kern/process.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

enum { OUTPUT_SHOWN = 600 };

#define SECOND	    1000000000ULL
#define TIMEOUT_MAX 1000000000LL /* seconds */

static _Noreturn void execute(const struct hook_program *program,
			      const struct hook_setting *setting, int output, int failure)
{
	int out = setting->out >= 0 ? setting->out : output;
	int error = setting->error >= 0 ? setting->error : output;
	char *no_environment[] = {NULL};
	struct err ignored;
	int code;

	(void)setpgid(0, 0);
	(void)!process_reset_signals(&ignored);
	if (dup2(setting->input, 0) >= 0 && dup2(out, 1) >= 0 && dup2(error, 2) >= 0 &&
	    (setting->directory < 0 || fchdir(setting->directory) == 0) &&
	    fd_cloexec_from(3, &ignored) == 0)
		(void)execve(program->path, program->argv,
			     program->envp ? program->envp : no_environment);
	code = errno;
	(void)!write(failure, &code, sizeof(code));
	_exit(127);
}

/* The last part of what it has written. */
static void add_output(int output, struct err *e)
{
	char text[OUTPUT_SHOWN + 1];
	off_t size = lseek(output, 0, SEEK_END);
	off_t start = size > OUTPUT_SHOWN ? size - OUTPUT_SHOWN : 0;
	ssize_t length = pread(output, text, OUTPUT_SHOWN, start);
	size_t used = strlen(e->text);

	while (length > 0 && text[length - 1] == '\n')
		length--;
	if (length <= 0)
		return;
	text[length] = '\0';
	(void)snprintf(e->text + used, sizeof(e->text) - used, ", output: %s", text);
}

static int judge(int status, struct err *e)
{
	if (WIFEXITED(status) && WEXITSTATUS(status) == 0)
		return 0;
	if (WIFSIGNALED(status))
		return refuse(e, ECANCELED, "killed by signal %d", WTERMSIG(status));
	return refuse(e, ECANCELED, "exit status %d", WEXITSTATUS(status));
}

static int wait_for(const struct hook_program *program, const struct process *process,
		    struct err *e)
{
	bool is_limited = program->has_timeout && program->timeout < TIMEOUT_MAX;
	int status = 0, r;
	struct err ignored;

	r = process_wait_gone(
		process,
		is_limited ? clock_left_ms(clock_now() + (uint64_t)program->timeout * SECOND) : -1,
		e);
	if (r == 1) {
		(void)kill(-process->pid, SIGKILL);
		r = refuse(e, ETIMEDOUT, "timed out after %lld s, killed",
			   (long long)program->timeout);
	}
	if (r < 0) {
		(void)!process_signal(process, SIGKILL, &ignored);
		(void)!process_reap(process->pid, &status, &ignored);
		return r;
	}
	r = process_reap(process->pid, &status, e);
	return r == 0 ? judge(status, e) : r;
}

static int output_open(int *ret_fd, struct err *e)
{
	int r = memfd_open("hook-output", ret_fd, e);

	if (r == 0 && fcntl(*ret_fd, F_SETFL, O_APPEND) < 0)
		r = fail(e, errno, "set up the hook's output");
	return r;
}

int hook_program_run(const struct hook_program *program, const struct hook_setting *setting,
		     struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int output = FD_NONE, failure_read = FD_NONE, failure_write = FD_NONE;
	int failure[2], code = 0, status, r;
	struct err ignored;

	/* The visible /proc may be another pid namespace's than ours. */
	how.no_birth = true;
	if (output_open(&output, e) < 0)
		return -e->code;
	if (pipe2(failure, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	failure_read = failure[0];
	failure_write = failure[1];
	if (lseek(setting->input, 0, SEEK_SET) < 0)
		return fail(e, errno, "rewind the state document");
	r = process_fork(&how, &process, e);
	if (r < 0)
		return r;
	if (r == PROCESS_CHILD)
		execute(program, setting, output, failure_write);
	(void)setpgid(process.pid, process.pid);
	fd_close(&failure_write);
	if (fd_read_full(failure_read, &code, sizeof(code)) == sizeof(code)) {
		(void)!process_reap(process.pid, &status, &ignored);
		r = fail(e, code, "execute");
	} else {
		r = wait_for(program, &process, e);
		if (r < 0)
			add_output(output, e);
	}
	process_done(&process);
	return r;
}

int hook_file_open(const char *path, const char *name, int *ret_fd, struct err *e)
{
	auto_fd int fd = FD_NONE;
	struct stat status;

	if (!path)
		return 0;
	if (path[0] != '/')
		return refuse(e, EINVAL, "annotations.%s: must be an absolute path, not '%s'", name,
			      path);
	/* No terminal that would become ours, no FIFO that would block us. */
	fd = open(path,
		  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return fail(e, errno, "annotations.%s: open '%s'", name, path);
	if (fstat(fd, &status) < 0)
		return fail(e, errno, "annotations.%s: look at '%s'", name, path);
	if (!S_ISREG(status.st_mode))
		return refuse(e, EINVAL, "annotations.%s: '%s' is no regular file", name, path);
	*ret_fd = take_fd(&fd);
	return 0;
}
