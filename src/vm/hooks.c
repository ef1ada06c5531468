/*
 * createContainer hooks of a container in a guest: programs of the host, so they run on the host,
 * in what the container has there: the mount and network namespaces of the monitor. They cannot be
 * in the guest's, where their programs are not.
 *
 * One process joins the namespaces and starts one hook after the other.
 */
#include "internal.h"

#include "base/fd.h"
#include "kern/compat.h"
#include "kern/hook.h"
#include "kern/memfd.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "plan/machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/wait.h>

struct hooking {
	const struct plan *plan;
	int monitor; /* pidfd */
	struct hook_setting setting;
};

static int hook_run(const struct hooking *hooking, const struct plan_hook *hook, struct err *e)
{
	const struct hook_program program = {hook->path, hook->args.items, hook->env.items,
					     hook->timeout.is_set, hook->timeout.value};

	return hook_program_run(&program, &hooking->setting, e);
}

static int hooks_inside(struct hooking *hooking, struct err *e)
{
	size_t index = 0;

	bool is_joined = hooking->plan->machine->sandbox != NULL;

	if (namespace_join_process(hooking->monitor, CLONE_NEWNET | (is_joined ? 0 : CLONE_NEWNS),
				   e) < 0)
		return -e->code;
	/* The monitor has been there before this container's root was mounted. */
	if (is_joined && (namespace_unshare(CLONE_NEWNS, e) < 0 ||
			  mount_propagation_path("/", MS_SLAVE | MS_REC, e) < 0))
		return -e->code;
	hooking->setting.directory = open(hooking->plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (hooking->setting.directory < 0)
		return fail(e, errno, "open '%s'", hooking->plan->rootfs);
	list_each(const struct plan_hook, hook, &hooking->plan->create_hooks)
	{
		if (hook_run(hooking, hook, e) < 0)
			return wrap(e, "error running createContainer hook #%zu '%s'", index,
				    hook->path);
		index++;
	}
	return 0;
}

static int hooks_open(struct hooking *hooking, const struct process *monitor, struct err *e)
{
	const struct plan *plan = hooking->plan;
	auto_buf text = {0};

	buf_printf(&text, "%s%d%s", plan->state_json_head ? plan->state_json_head : "",
		   (int)monitor->pid, plan->state_json_tail ? plan->state_json_tail : "");
	if (memfd_sealed("state", text.data, text.size, false, &hooking->setting.input, e) < 0 ||
	    hook_file_open(plan->hook_stdout, HOOK_STDOUT, &hooking->setting.out, e) < 0 ||
	    hook_file_open(plan->hook_stderr, HOOK_STDERR, &hooking->setting.error, e) < 0)
		return -e->code;
	return 0;
}

static int hooks_fork(struct hooking *hooking, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process helper = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], status, r;
	struct err why;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	r = process_fork(&how, &helper, e);
	if (r == PROCESS_CHILD) {
		r = hooks_inside(hooking, &why);
		if (r < 0)
			(void)!write(ends[1], &why, sizeof(why));
		_exit(r < 0);
	}
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	r = fd_read_full(reader, &why, sizeof(why)) == sizeof(why) ? 1 : 0;
	if (process_reap(helper.pid, &status, e) < 0)
		r = -e->code;
	process_done(&helper);
	if (r == 1) {
		*e = why;
		return -e->code;
	}
	if (r == 0 && status != 0)
		return refuse(e, ECANCELED, "createContainer hooks: their process was killed");
	return r;
}

int vm_hooks_run(const struct plan *plan, const struct process *monitor, struct err *e)
{
	struct hooking hooking = {
		.plan = plan,
		.monitor = monitor->pidfd,
		.setting = {FD_NONE, FD_NONE, FD_NONE, FD_NONE},
	};
	int r;

	if (plan->create_hooks.count == 0)
		return 0;
	r = hooks_open(&hooking, monitor, e);
	if (r == 0)
		r = hooks_fork(&hooking, e);
	fd_close(&hooking.setting.input);
	fd_close(&hooking.setting.out);
	fd_close(&hooking.setting.error);
	return r;
}
