/*
 * Limits and the out-of-memory score of a process in the making.
 *
 * Both may need rights in the initial user namespace, which the process gives up, and the process's
 * own uid, which the runtime may lack: so each side does what it can, and the last one checks.
 */
#include "attend.h"

#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"

#include <fcntl.h>
#include <signal.h>
#include <sys/resource.h>
#include <sys/wait.h>

void attend_raise_limits(const struct plan_process *process, pid_t pid)
{
	if (!process)
		return;
	list_each(struct plan_rlimit, wanted, &process->rlimits)
	{
		struct rlimit64 now;
		__rlimit_resource_t type = (__rlimit_resource_t)wanted->type.value;

		if (prlimit64(pid, type, NULL, &now) < 0 || wanted->hard.value <= now.rlim_max)
			continue;
		now.rlim_max = wanted->hard.value;
		(void)prlimit64(pid, type, &now, NULL);
	}
}

static void oom_path(pid_t pid, char *out, size_t size)
{
	if (pid)
		(void)snprintf(out, size, "/proc/%d/oom_score_adj", (int)pid);
	else
		(void)snprintf(out, size, "/proc/self/oom_score_adj");
}

static bool is_score(const char *path, int wanted)
{
	auto_buf text = {0};
	struct err ignored;
	int score;

	if (file_read(AT_FDCWD, path, 64, true, &text, &ignored) < 0)
		return false;
	if (text.size && text.data[text.size - 1] == '\n')
		text.data[--text.size] = '\0';
	return num_int(buf_text(&text), &score) == 0 && score == wanted;
}

static int set_score(pid_t pid, int wanted, struct err *e)
{
	char path[64], text[16];

	oom_path(pid, path, sizeof(path));
	if (is_score(path, wanted))
		return 0;
	(void)snprintf(text, sizeof(text), "%d", wanted);
	return file_write_existing(AT_FDCWD, path, text, e);
}

int attend_oom_score(const struct plan_process *process, pid_t pid, struct err *e)
{
	int r;

	if (!process || !process->oom_score_adj.is_set)
		return 0;
	r = set_score(pid, process->oom_score_adj.value, e);
	return r < 0 ? wrap(e, "process.oomScoreAdj") : 0;
}

void attend_own_oom_score(const struct plan_process *process)
{
	struct err ignored;

	if (process && process->oom_score_adj.is_set)
		(void)!set_score(0, process->oom_score_adj.value, &ignored);
}

/* And stays one until it is waited for, so its pid is nobody else's. */
static bool is_child(pid_t pid)
{
	siginfo_t ignored;

	return pid > 0 &&
	       waitid(P_PID, (id_t)pid, &ignored, WEXITED | WNOHANG | WNOWAIT | __WALL) == 0;
}

int attend_meet(struct handshake *handshake, pid_t pid, struct process *ret, struct err *e)
{
	int status, r;

	/* Whoever may trace the launch program could name anybody, whom we would then signal. */
	if (!is_child(pid))
		return refuse(e, EPROTO, "handshake: the process %d is none of this command's",
			      pid);
	r = process_open(pid, 0, ret, e);
	if (r != PROCESS_GONE)
		return r;
	(void)!process_reap(pid, &status, e);
	r = refuse(e, ECHILD, "the process died before it ran the program");
	handshake_explain(handshake, &PROCESS_NONE, e);
	return r < 0 ? -e->code : r;
}

void attend_abandon(struct process *process, int patience_ms)
{
	struct err ignored;
	int status;

	if (process->pid <= 0)
		return;
	(void)!process_signal(process, SIGKILL, &ignored);
	/* In a frozen v1 cgroup it dies when that is thawed, and is reaped by who has us as child.
	 */
	if (process_wait_gone(process, patience_ms, &ignored) == 0)
		(void)!process_reap(process->pid, &status, &ignored);
	process_done(process);
}
