/*
 * createContainer hooks: programs of the host that run in the container's namespaces before the
 * root changes, with the rootfs as working directory.
 *
 * They run as a child of the container's first process, so they are in its cgroup and end with its
 * pid namespace.
 */
#include "child.h"

#include "kern/hook.h"
#include "kern/memfd.h"

int hook_input(const struct plan *plan, const char *tail, int *ret_fd, struct err *e)
{
	auto_buf text = {0};

	buf_printf(&text, "%s%d%s", plan->state_json_head ? plan->state_json_head : "",
		   (int)getpid(), tail ? tail : "");
	return memfd_sealed("state", text.data, text.size, false, ret_fd, e);
}

static int hook_run(const struct child *child, const struct plan_hook *hook, int input,
		    struct err *e)
{
	const struct hook_program program = {hook->path, hook->args.items, hook->env.items,
					     hook->timeout.is_set, hook->timeout.value};
	const struct hook_setting setting = {child->root, input, child->handover->hook_out,
					     child->handover->hook_error};

	return hook_program_run(&program, &setting, e);
}

int hooks_run_create(struct child *child, struct err *e)
{
	const struct plan *plan = child->plan;
	auto_fd int input = FD_NONE;
	size_t index = 0;
	int r = 0;

	if (plan->create_hooks.count)
		r = hook_input(plan, plan->state_json_tail, &input, e);
	list_each(struct plan_hook, hook, &plan->create_hooks)
	{
		if (r < 0)
			return r;
		r = hook_run(child, hook, input, e);
		if (r < 0)
			r = wrap(e, "error running createContainer hook #%zu '%s'", index,
				 hook->path);
		index++;
	}
	return r;
}
