/*
 * exec: a further process in a container.
 *
 * No lock is taken: a process in the foreground may run for days, and joining a container that is
 * being deleted fails by itself. The process object is the configuration's with what the command
 * line changes, or a file's; the rest (namespaces, filter, cgroup) is the container's.
 */
#include "caller.h"
#include "exec-process.h"
#include "foreground.h"
#include "interrupt.h"
#include "kern/memfd.h"
#include "planner/build.h"
#include "planner/machine.h"
#include "side.h"
#include "store.h"

#include <errno.h>
#include <signal.h>

struct execution {
	const struct runtime *runtime;
	const struct runtime_exec *options;
	struct container *container;
	uint32_t listen_fds;
	const struct plan_process *plan;
	struct backend_process process;
	bool has_pid_file;
};

static void execution_done(struct execution *execution)
{
	fd_close(&execution->process.console_fd);
	fd_close(&execution->process.seccomp_fd);
	process_done(&execution->process.process);
	container_close(execution->container);
}

static int phase_allows(const struct execution *execution, struct err *e)
{
	const struct container *container = execution->container;

	if (container->phase == PHASE_PAUSED && execution->options->ignore_paused)
		return 0;
	return phase_check(container->phase, VERB_EXEC, container->id, e);
}

/* As in create: where others see this program by its process, it must be a sealed copy. */
static int exposure_check(const struct execution *execution, struct err *e)
{
	const struct runtime *runtime = execution->runtime;

	if (execution->container->backend->ops->has_machine ||
	    !execution->container->record.shares_pid_namespace.value)
		return 0;
	return process_reexec_sealed(runtime->argv, runtime->envp, e);
}

static int execution_plan(struct execution *execution, struct err *e)
{
	const struct runtime_exec *options = execution->options;
	struct container *container = execution->container;
	auto_fd int cache_fd = FD_NONE;
	struct planner_options planner = {
		.id = container->id,
		.bundle = container->record.bundle,
		.systemd_cgroup = container->record.systemd_cgroup.value,
		.preserve_fds = options->preserve_fds,
		.listen_fds = execution->listen_fds,
		.seccomp_cache_fd = FD_NONE,
	};
	const struct oci_config *config;
	const struct oci_process *process;
	struct planner_caller caller;

	if (container_config(container, &config, e) < 0)
		return -e->code;
	if (config->linux_ && config->linux_->seccomp)
		planner.seccomp_cache_fd = cache_fd = store_seccomp_cache(container->root_fd);
	if (exec_process_make(&container->arena, config, options, &process, e) < 0 ||
	    side_check_console(process->terminal.value, options->detach, options->console_socket,
			       e) < 0)
		return -e->code;
	if (container->backend->ops->has_machine) {
		caller_look(&container->arena, &caller);
		planner.caller = &caller;
		return planner_exec_machine(&container->arena, config, process, container->facts,
					    &planner, &execution->plan, e);
	}
	return planner_exec(&container->arena, config, process, container->facts, &planner,
			    &execution->plan, e);
}

static int execution_start(struct execution *execution, struct err *e)
{
	const struct runtime_exec *options = execution->options;
	struct backend *backend = execution->container->backend;
	struct backend_stdio stdio = {.fds = {FD_NONE, FD_NONE, FD_NONE}};
	const struct backend_exec exec = {
		.process = execution->plan,
		.cgroup = options->cgroups.count > 0 ? &options->cgroups : NULL,
		.ignore_paused = options->ignore_paused,
		.interrupt_fd = interrupt_fd(),
	};

	return backend->ops->exec(backend, &exec, &stdio, &execution->process, e);
}

static int execution_tell(struct execution *execution, struct err *e)
{
	const struct runtime_exec *options = execution->options;
	const struct container *container = execution->container;
	struct backend_process *process = &execution->process;
	struct oci_state state;

	if (process->seccomp_fd >= 0) {
		container_describe(container, phase_name(container->phase), false, &state);
		if (side_send_seccomp(execution->plan->seccomp, process->seccomp_fd,
				      process->process.pid, &state, e) < 0)
			return -e->code;
		fd_close(&process->seccomp_fd);
	}
	if (options->console_socket) {
		if (side_send_console(options->console_socket, process->console_fd, e) < 0)
			return -e->code;
		fd_close(&process->console_fd);
	}
	if (options->pidfd_socket &&
	    side_send_pidfd(options->pidfd_socket, &process->process, "setns", e) < 0)
		return -e->code;
	if (options->pid_file) {
		if (side_write_pid(options->pid_file, process->process.pid, e) < 0)
			return -e->code;
		execution->has_pid_file = true;
	}
	return interrupt_check(e);
}

static void execution_undo(struct execution *execution)
{
	struct err ignored;
	int status;

	if (execution->has_pid_file)
		(void)unlink(execution->options->pid_file);
	if (execution->process.process.pid > 0 &&
	    process_signal(&execution->process.process, SIGKILL, &ignored) >= 0)
		(void)!process_reap(execution->process.process.pid, &status, &ignored);
}

static int execution_begin(struct execution *execution, struct err *e)
{
	int r;

	if (interrupt_begin(e) < 0)
		return -e->code;
	if (execution_start(execution, e) < 0)
		return interrupt_blame(e);
	interrupt_kill(execution->process.process.pidfd);
	r = execution_tell(execution, e);
	interrupt_kill(FD_NONE);
	if (r < 0)
		execution_undo(execution);
	return r;
}

int runtime_exec(const struct runtime *runtime, const struct runtime_exec *options, int *ret_status,
		 struct err *e)
{
	__attribute__((cleanup(execution_done))) struct execution execution = {
		.runtime = runtime,
		.options = options,
		.process = {.process = PROCESS_NONE, .console_fd = FD_NONE, .seccomp_fd = FD_NONE},
	};
	int console;

	*ret_status = 0;
	if (side_take_fds(options->preserve_fds, &execution.listen_fds, e) < 0 ||
	    container_find(runtime, options->id, CONTAINER_LOOK, &execution.container, e) < 0 ||
	    container_refresh(execution.container, e) < 0 || phase_allows(&execution, e) < 0 ||
	    exposure_check(&execution, e) < 0 || execution_plan(&execution, e) < 0 ||
	    execution_begin(&execution, e) < 0)
		return -e->code;
	if (options->detach)
		return 0;
	console = take_fd(&execution.process.console_fd);
	return foreground_wait(&execution.process.process, console, ret_status, e);
}
