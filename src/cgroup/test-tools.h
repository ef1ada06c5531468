/* What the cgroup tests share: facts of this host or of an invented one, children, handles. */
#ifndef CGROUP_TEST_TOOLS_H
#define CGROUP_TEST_TOOLS_H

#include "base/own.h"
#include "cgroup/cgroup.h"
#include "tap.h"

#include <fcntl.h>
#include <linux/sched.h>
#include <signal.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

static inline bool succeeded(int r, const struct err *e)
{
	char text[1200];

	if (r < 0)
		printf("# %s\n", err_format(e, text, sizeof(text)));
	return r == 0;
}

/* A check that shows the error. */
#define check_ok(call) check(succeeded((call), &e))

static inline const char *message(const struct err *e)
{
	static char text[1200];

	return err_format(e, text, sizeof(text));
}

/* "/bulkhead-PID-<name>", the path of a cgroup of this run's own; two can run side by side. */
static inline const char *own_path(const char *name)
{
	static char paths[8][96];
	static unsigned next;
	static int pid; /* children find the same */
	char *path = paths[next++ % 8];

	if (pid == 0)
		pid = getpid();
	(void)snprintf(path, sizeof(paths[0]), "/bulkhead-%d-%s", pid, name);
	return path;
}

/* The host's v2 tree alone, as if it was a unified host; false when there is none. */
static inline bool facts_unified(const struct facts *host, struct facts *ret)
{
	for (size_t i = 0; i < host->hierarchy_count; i++) {
		if (!host->hierarchies[i].is_v2)
			continue;
		*ret = *host;
		ret->cgroup_mode = CGROUP_MODE_UNIFIED;
		ret->hierarchies = &host->hierarchies[i];
		ret->hierarchy_count = 1;
		return true;
	}
	return false;
}

/* The host's v1 hierarchies without the v2 tree beside them. */
static inline struct facts facts_legacy(const struct facts *host, struct arena *arena)
{
	struct facts facts = *host;

	facts.cgroup_mode = CGROUP_MODE_LEGACY;
	facts.hierarchies = arena_new_array(arena, host->hierarchy_count, struct cgroup_hierarchy);
	facts.hierarchy_count = 0;
	for (size_t i = 0; i < host->hierarchy_count; i++) {
		if (!host->hierarchies[i].is_v2)
			facts.hierarchies[facts.hierarchy_count++] = host->hierarchies[i];
	}
	return facts;
}

/* Whether cgroups can be made here. */
static inline bool can_make(const struct facts *facts)
{
	if (geteuid() != 0 || facts->hierarchy_count == 0)
		return false;
	for (size_t i = 0; i < facts->hierarchy_count; i++) {
		if (access(facts->hierarchies[i].mount_point, W_OK) < 0)
			return false;
	}
	return true;
}

typedef int child_fn(void *data);

/* A child that is in the cgroup by the cheap way before it runs `run`. */
static inline pid_t start_inside(struct cgroup *cgroup, const struct strv *sub, child_fn *run,
				 void *data)
{
	struct cgroup_entry entry;
	struct err e;
	struct clone_args arguments = {.exit_signal = SIGCHLD};
	pid_t pid;

	if (!check_ok(cgroup_entry_open(cgroup, 0, sub, &entry, &e)))
		return -1;
	if (entry.clone_fd >= 0) {
		arguments.flags = CLONE_INTO_CGROUP;
		arguments.cgroup = (uint64_t)entry.clone_fd;
	}
	(void)fflush(stdout);
	pid = (pid_t)syscall(SYS_clone3, &arguments, sizeof(arguments));
	if (pid == 0)
		_exit(cgroup_entry_enter(&entry) < 0 ? 99 : run(data));
	cgroup_entry_done(&entry);
	return pid;
}

static inline int run_for_ever(void *data)
{
	while (data == NULL)
		(void)pause();
	return 0;
}

/* Exit status, or 128 + signal. */
static inline int reap(pid_t pid)
{
	int status;

	if (waitpid(pid, &status, 0) != pid)
		return -1;
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

#endif
