/*
 * The processes that the host has numbered, from their pipes to their exit.
 *
 * EXIT follows the last byte: what the process had written when it ended is owed to its reader,
 * however slow that is; a grandchild that holds the pipe open gets one second. Only SIGKILL cuts
 * this short, so that a kill is seen at once behind a reader that has stopped.
 */
#include "base/clock.h"
#include "base/log.h"
#include "kern/tty.h"
#include "streams.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

struct proc *proc_find(struct agent *agent, uint32_t number)
{
	struct proc *proc = agent->procs;

	while (proc && proc->number != number)
		proc = proc->next;
	return proc;
}

struct proc *proc_find_pid(struct agent *agent, pid_t pid)
{
	struct proc *proc = agent->procs;

	while (proc && proc->pid != pid)
		proc = proc->next;
	return proc;
}

/* One of stdin, stdout, stderr: a pipe, whose other end is *ret_ours, or /dev/null. */
static int make_end(bool is_stream, bool is_input, int *ret_child, int *ret_ours, struct err *e)
{
	int ends[2];

	if (!is_stream) {
		*ret_child = open("/dev/null", O_RDWR | O_CLOEXEC);
		return *ret_child < 0 ? fail(e, errno, "open '/dev/null'") : 0;
	}
	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	*ret_child = ends[is_input ? 0 : 1];
	*ret_ours = ends[is_input ? 1 : 0];
	if (fcntl(*ret_ours, F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "prepare a pipe");
	return 0;
}

static int make_ends(struct proc *proc, const struct wire_stdio *stdio, struct err *e)
{
	int *const ours[] = {&proc->input.source.fd, &proc->outputs[0].source.fd,
			     &proc->outputs[1].source.fd};

	for (int i = 0; i < 3; i++) {
		if (make_end(stdio->is_stream[i], i == 0, &proc->child_fds[i], ours[i], e) < 0)
			return -e->code;
	}
	return 0;
}

int proc_add(struct agent *agent, uint32_t number, uint32_t container,
	     const struct wire_stdio *stdio, bool is_terminal, struct proc **ret, struct err *e)
{
	struct proc *proc = xcalloc(1, sizeof(*proc));

	*proc = (struct proc){
		.next = agent->procs,
		.number = number,
		.container = container,
		.is_terminal = is_terminal,
		.child_fds = {FD_NONE, FD_NONE, FD_NONE},
		.console_fd = FD_NONE,
	};
	agent->procs = proc;
	streams_init(proc);
	if (!is_terminal && make_ends(proc, stdio, e) < 0) {
		proc_forget(agent, proc);
		return -e->code;
	}
	*ret = proc;
	return 0;
}

void proc_forget(struct agent *agent, struct proc *proc)
{
	struct proc **place = &agent->procs;

	while (*place != proc)
		place = &(*place)->next;
	*place = proc->next;
	streams_close(agent, proc);
	for (int i = 0; i < 3; i++)
		fd_close(&proc->child_fds[i]);
	fd_close(&proc->console_fd);
	agent_discard(agent, proc);
}

void proc_begin(struct agent *agent, struct proc *proc, pid_t pid)
{
	proc->pid = pid;
	proc->is_running = true;
	for (int i = 0; i < 3; i++)
		fd_close(&proc->child_fds[i]);
	if (!proc->is_terminal)
		streams_open(agent, proc);
}

void proc_take_console(struct agent *agent, struct proc *proc, int take_fd)
{
	proc->console_fd = take_fd;
	proc->input.source.fd = fcntl(take_fd, F_DUPFD_CLOEXEC, 3);
	proc->outputs[0].source.fd = fcntl(take_fd, F_DUPFD_CLOEXEC, 3);
	/* One open file: this is for all three. */
	(void)fcntl(take_fd, F_SETFL, O_RDWR | O_NONBLOCK);
	streams_open(agent, proc);
}

static bool is_drained(const struct proc *proc)
{
	return !proc->outputs[0].is_open && !proc->outputs[1].is_open;
}

/* Nothing of the process itself is on its way any more. */
static bool is_paid(const struct proc *proc)
{
	for (int i = 0; i < 2; i++) {
		if (proc->outputs[i].is_open && proc->outputs[i].owed > 0)
			return proc->was_killed;
	}
	return true;
}

void proc_reaped(struct agent *agent, struct proc *proc, int status)
{
	struct container *container = container_find(agent, proc->container);

	proc->pid = 0;
	proc->has_exited = true;
	proc->status = status;
	for (int i = 0; i < 2; i++) {
		int size = 0;

		if (proc->outputs[i].is_open &&
		    ioctl(proc->outputs[i].source.fd, FIONREAD, &size) == 0 && size > 0)
			proc->outputs[i].owed = (size_t)size;
	}
	proc->deadline = clock_now() + (proc->was_killed ? DRAIN_KILLED_NS : DRAIN_NS);
	if (!container)
		return;
	/* Before EXIT, which the host may take for the end of the story. */
	container_check_oom(agent, container);
	if (proc->number == container->init_number)
		container->init = PROCESS_NONE;
}

void proc_killed(struct agent *agent, struct proc *proc)
{
	uint64_t soon = clock_now() + DRAIN_KILLED_NS;

	(void)agent;
	proc->was_killed = true;
	if (proc->has_exited && proc->deadline > soon)
		proc->deadline = soon;
}

void procs_killed(struct agent *agent, uint32_t container)
{
	for (struct proc *proc = agent->procs; proc; proc = proc->next) {
		if (proc->container == container)
			proc_killed(agent, proc);
	}
}

static void tell_exit(struct agent *agent, const struct proc *proc)
{
	struct wire_exit exit = {.process = proc->number, .code = -1};

	if (WIFSIGNALED(proc->status)) {
		exit.signal = WTERMSIG(proc->status);
		exit.core = WCOREDUMP(proc->status) ? 1 : 0;
	} else {
		exit.code = WEXITSTATUS(proc->status);
	}
	wire_event_exit(&agent->lanes, &exit);
}

void procs_settle(struct agent *agent)
{
	struct proc *next;

	for (struct proc *proc = agent->procs; proc; proc = next) {
		next = proc->next;
		if (!proc->is_running)
			continue;
		streams_settle(agent, proc);
		if (!proc->has_exited)
			continue;
		if (!is_drained(proc) && (clock_now() < proc->deadline || !is_paid(proc)))
			continue;
		streams_end(agent, proc);
		tell_exit(agent, proc);
		proc_forget(agent, proc);
	}
}

uint64_t procs_deadline(const struct agent *agent)
{
	uint64_t earliest = 0;

	for (const struct proc *proc = agent->procs; proc; proc = proc->next) {
		/* What is owed goes with events, not with time. */
		if (proc->is_running && proc->has_exited && is_paid(proc) &&
		    (earliest == 0 || proc->deadline < earliest))
			earliest = proc->deadline;
	}
	return earliest;
}

int proc_frame(struct agent *agent, const struct frame *frame, struct err *e)
{
	struct proc *proc = proc_find(agent, frame->id / STREAMS_PER_PROCESS);

	if (!proc)
		return 0;
	if (frame->kind != FRAME_RESIZE)
		return streams_frame(agent, proc, frame, e);
	if (proc->console_fd < 0)
		return 0;
	return tty_set_size(proc->console_fd, frame_u16(frame, 0), frame_u16(frame, 2), e);
}
