/*
 * The terminal of the container's init: a pair in the container's own devpts, of which the runtime
 * gets the master and /dev/console is a bind of the slave.
 *
 * The slave comes from the master by TIOCGPTPEER and is bound from its descriptor, so that no path
 * of the container is trusted on the way, and /dev/console is never opened through a link
 * (CVE-2025-52565, CVE-2026-88264).
 */
#include "child.h"

#include "kern/path.h"
#include "kern/tty.h"

static int bind_console(struct child *child, const struct plan_op *op, int peer, struct err *e)
{
	auto_fd int target = FD_NONE;
	auto_mount mount = MOUNT_NONE;
	int r = path_make_target(child->root, op->target, false, PATH_NO_FOLLOW, &target, e);

	if (r < 0)
		return r;
	if (fd_is_symlink(target) || fd_is_directory(target))
		return refuse(e, EPERM, "'%s' is a link or a directory", op->target);
	r = mount_clone(peer, NULL, 0, &mount, e);
	if (r == 0)
		r = child_attach(child, &mount, target, op->target, NULL, e);
	return r;
}

int op_console(struct child *child, const struct plan_op *op, struct err *e)
{
	const struct plan_process *process = child->plan->process;
	auto_fd int master = FD_NONE, peer = FD_NONE;
	int r;

	if (!process)
		return 0;
	/* Not before all device rules are in force: on v1 everything is denied first. */
	r = handshake_wait(child->handshake, MESSAGE_IN_CGROUP, e);
	if (r == 0)
		r = tty_open_pair(child->root, &master, &peer, e);
	if (r == 0 && process->console_height.is_set && process->console_width.is_set)
		r = tty_set_size(master, (uint16_t)process->console_height.value,
				 (uint16_t)process->console_width.value, e);
	if (r == 0 && op->flags.value != 1)
		r = bind_console(child, op, peer, e);
	if (r == 0)
		r = handshake_send(child->handshake, MESSAGE_CONSOLE, 0, master, e);
	if (r < 0)
		return wrap(e, "terminal");
	child->console_peer = take_fd(&peer);
	return 0;
}
