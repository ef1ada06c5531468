/*
 * A further process in a running container.
 *
 * A child of ours joins the namespaces of the init, found through a /proc directory that the
 * init's pidfd vouches for, and becomes the launch program. That program forks into the pid
 * namespace, so the only thing of ours that the container's processes ever see is the sealed
 * launch program, which cannot be traced and holds nothing of the runtime's (CVE-2016-9962,
 * CVE-2019-5736). Where the pid namespace is shared there is no fork, and the caller has gone on
 * from a sealed copy of itself.
 *
 * execve has happened when the handshake socket, close-on-exec in the new process, ends.
 *
 * In a paused container the new process is frozen from the moment it is in the cgroup: the runtime
 * waits for it until the container is resumed, or a signal asks it to end.
 */
#include "attend.h"
#include "child.h"
#include "join.h"

#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "kern/identity.h"
#include "kern/keyring.h"
#include "kern/lsm.h"
#include "kern/namespaces.h"
#include "kern/proc.h"
#include "kern/scheduler.h"
#include "kern/tty.h"

#include <fcntl.h>
#include <sys/prctl.h>
#include <sys/stat.h>

#define KINDS_MAX	   8
#define PATIENCE_PAUSED_MS 1000

struct entering {
	struct ns_backend *ns;
	const struct backend_exec *exec;
	struct join joins[KINDS_MAX];
	size_t join_count;
	int user_index; /* of the user namespace in joins; -1: ours */
	bool has_pid_namespace;
	int root; /* the init's root, where its mount namespace is ours; FD_NONE */
	int image_fd;
	int stdio[3];
	mode_t umask;
	struct handshake parent_end, child_end;
	struct process first, process;
	struct accepted accepted;
	struct cgroup_entry entry;
	bool has_entry;
};

/* ---- the new process's side ---- */

static int enter_user_namespace(void *data, struct err *e)
{
	struct entering *entering = data;
	static const struct plan no_plan;
	int fd = entering->joins[entering->user_index].fd;
	int r = namespace_join(fd, CLONE_NEWUSER, e);

	if (r == 0)
		r = child_become_root(&no_plan, e);
	/* Root need not be mapped there. */
	return r == -EINVAL ? 0 : r;
}

static int enter_root(const struct entering *entering, struct err *e)
{
	if (entering->root >= 0 && (fchdir(entering->root) < 0 || chroot(".") < 0))
		return fail(e, errno, "change to the container's root directory");
	if (chdir("/") < 0)
		return fail(e, errno, "change to '/'");
	return 0;
}

static int join_keyring(const struct plan_process *process, int proc, struct err *e)
{
	int r = 0;

	if (!process->new_keyring.value)
		return 0;
	if (process->selinux_label)
		r = lsm_selinux_set_key_create(proc, process->selinux_label, e);
	if (r == 0)
		r = keyring_join_new(process->keyring_name, e);
	if (r >= 0 && process->selinux_label)
		r = lsm_selinux_set_key_create(proc, "", e);
	return r < 0 ? r : 0;
}

static int make_terminal(struct entering *entering, int *ret_peer, struct err *e)
{
	const struct plan_process *process = entering->exec->process;
	auto_fd int root = FD_NONE, master = FD_NONE, peer = FD_NONE;
	int r;

	if (!process->terminal.value)
		return 0;
	root = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (root < 0)
		return fail(e, errno, "open '/'");
	r = tty_open_pair(root, &master, &peer, e);
	if (r == 0 && process->console_height.is_set && process->console_width.is_set)
		r = tty_set_size(master, (uint16_t)process->console_height.value,
				 (uint16_t)process->console_width.value, e);
	if (r == 0)
		r = handshake_send(&entering->child_end, MESSAGE_CONSOLE, 0, master, e);
	if (r < 0)
		return wrap(e, "terminal");
	*ret_peer = take_fd(&peer);
	return 0;
}

static int enter(struct entering *entering, int proc, struct err *e)
{
	int r;

	attend_own_oom_score(entering->exec->process);
	/* The runtime moves us while we are where it can. */
	r = handshake_wait(&entering->child_end, MESSAGE_IN_CGROUP, e);
	if (r == 0)
		r = identity_set_dumpable(false, e);
	if (r == 0 && setsid() < 0)
		r = fail(e, errno, "setsid");
	(void)umask(022);
	if (r == 0)
		r = join_all(entering->joins, entering->join_count,
			     entering->user_index >= 0 ? enter_user_namespace : NULL, entering, e);
	if (r == 0)
		r = enter_root(entering, e);
	if (r == 0)
		r = identity_set_dumpable(false, e);
	/* A change of credentials has cleared it. */
	if (r == 0 && prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		r = fail(e, errno, "set the parent-death signal");
	return r == 0 ? join_keyring(entering->exec->process, proc, e) : r;
}

static _Noreturn void entering_run(struct entering *entering)
{
	const struct plan_process *process = entering->exec->process;
	struct arena arena = {0};
	struct finish finish = {
		.process = process,
		.handshake = &entering->child_end,
		.image_fd = entering->image_fd,
		.start_fd = FD_NONE,
		.result_fd = FD_NONE,
		.proc = FD_NONE,
		.is_forked = entering->has_pid_namespace,
		.hook_input = FD_NONE,
		.console_peer = FD_NONE,
		.stdio = {entering->stdio[0], entering->stdio[1], entering->stdio[2]},
		.umask = entering->umask,
	};
	struct err e;
	int r = 0;

	child_begin(&entering->child_end, entering->has_entry ? &entering->entry : NULL);
	if (process->apparmor_profile || process->selinux_label)
		r = proc_open(PROC_PROCESSES, &finish.proc, &e);
	if (r == 0)
		r = enter(entering, finish.proc, &e);
	if (r == 0)
		r = make_terminal(entering, &finish.console_peer, &e);
	if (r == 0)
		(void)!finish_launch(&finish, &arena, &e);
	handshake_give_up(&entering->child_end, &e);
}

/* ---- the runtime's side ---- */

static int open_namespaces(struct entering *entering, struct err *e)
{
	const struct process *init = &entering->ns->init;
	bool has_mount = false;
	char path[40];

	for (size_t i = 0; i < namespace_kind_count; i++) {
		struct join *join = &entering->joins[entering->join_count];
		uint64_t flag = namespace_kinds[i].flag;
		bool is_own = false;
		int r;

		if (!(entering->ns->context.facts->namespaces & flag))
			continue;
		r = namespace_open_process(init->pid, flag, &join->fd, e);
		if (r == 0)
			r = namespace_is_own(join->fd, flag, &is_own, e);
		if (r < 0)
			return r;
		if (is_own) {
			fd_close(&join->fd);
			continue;
		}
		join->flag = flag;
		join->origin = namespace_kinds[i].name;
		has_mount = has_mount || flag == CLONE_NEWNS;
		entering->has_pid_namespace = entering->has_pid_namespace || flag == CLONE_NEWPID;
		if (flag == CLONE_NEWUSER)
			entering->user_index = (int)entering->join_count;
		entering->join_count++;
	}
	if (has_mount)
		return 0;
	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)init->pid);
	entering->root = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	return entering->root < 0 ? fail(e, errno, "open '%s'", path) : 0;
}

/* What was opened by its pid was the init's if the init is still there. */
static int check_init(struct entering *entering, struct err *e)
{
	int r = process_wait_gone(&entering->ns->init, 0, e);

	if (r == 0)
		return refuse(e, ESRCH, "container not running");
	return r < 0 ? r : 0;
}

static int check_paused(struct entering *entering, struct err *e)
{
	bool is_frozen = false;
	int r = 0;

	if (entering->ns->cgroup && !entering->exec->ignore_paused)
		r = cgroup_is_frozen(entering->ns->cgroup, &is_frozen, e);
	if (r == 0 && is_frozen)
		return refuse(e, EBUSY, "cannot exec in a paused container (use --ignore-paused)");
	return r;
}

static int open_all(struct entering *entering, struct backend_stdio *take_stdio, struct err *e)
{
	int r = ns_find_init(entering->ns, e);

	for (int i = 0; i < 3; i++)
		entering->stdio[i] = take_fd(&take_stdio->fds[i]);
	if (r == PROCESS_GONE)
		return refuse(e, ESRCH, "container not running");
	/* What the caller left open. Here, where /proc is ours. */
	if (r == 0)
		r = fd_cloexec_from(3, e);
	if (r == 0)
		r = ns_open_cgroup(entering->ns, e);
	if (r == 0)
		r = check_paused(entering, e);
	if (r == 0)
		r = open_namespaces(entering, e);
	if (r == 0)
		r = check_init(entering, e);
	if (r == 0)
		r = image_open(&entering->image_fd, e);
	if (r == 0)
		r = handshake_pair(&entering->parent_end, &entering->child_end, e);
	entering->parent_end.interrupt_fd = entering->exec->interrupt_fd;
	entering->umask = umask(022);
	(void)umask(entering->umask);
	return r;
}

/* The initial affinity is that of a process outside: then the runtime moves it after setting. */
static int open_cgroup(struct entering *entering, struct err *e)
{
	struct ns_backend *ns = entering->ns;
	const char *initial = entering->exec->process->affinity_initial;
	int r;

	if (!ns->cgroup || (initial && *initial))
		return 0;
	r = cgroup_entry_open(ns->cgroup, ns->init.pid, entering->exec->cgroup, &entering->entry,
			      e);
	entering->has_entry = r == CGROUP_ENTRY_READY;
	return r < 0 ? r : 0;
}

static int fork_first(struct entering *entering, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	int r = open_cgroup(entering, e);

	if (r < 0)
		return r;
	r = enter_fork(&how, &entering->entry, &entering->has_entry, &entering->first, e);
	if (r == PROCESS_CHILD) {
		handshake_done(&entering->parent_end);
		entering_run(entering);
	}
	handshake_done(&entering->child_end);
	return r < 0 ? r : 0;
}

static int attend(struct entering *entering, struct err *e)
{
	struct ns_backend *ns = entering->ns;
	const struct plan_process *process = entering->exec->process;
	pid_t pid = entering->first.pid;
	int r = 0;

	if (process->affinity_initial && *process->affinity_initial)
		r = affinity_set(pid, process->affinity_initial, e);
	if (r < 0)
		return wrap(e, "process.execCPUAffinity.initial");
	if (ns->cgroup && !entering->has_entry)
		r = cgroup_join(ns->cgroup, pid, ns->init.pid, entering->exec->cgroup, e);
	if (r == 0 && ns->context.intel_rdt)
		r = resctrl_join(ns->context.intel_rdt, pid, e);
	if (r == 0)
		r = attend_oom_score(process, pid, e);
	if (r < 0)
		return r;
	attend_raise_limits(process, pid);
	return handshake_send(&entering->parent_end, MESSAGE_IN_CGROUP, 0, FD_NONE, e);
}

/* The process that will run the program: the first one, or its sibling. */
static int meet_process(struct entering *entering, struct err *e)
{
	int status, r;

	if (!entering->has_pid_namespace) {
		entering->process = entering->first;
		entering->first = PROCESS_NONE;
		return 0;
	}
	for (;;) {
		struct handshake_message message;

		r = handshake_receive(&entering->parent_end, &entering->first, 0, &message, e);
		if (r < 0)
			return r;
		if (message.kind == MESSAGE_CONSOLE) {
			fd_close(&entering->accepted.console_fd);
			entering->accepted.console_fd = message.fd;
			continue;
		}
		fd_close(&message.fd);
		if (message.kind != MESSAGE_PID)
			return refuse(e, EPROTO, "handshake: '%s' is out of turn",
				      handshake_kind_name(message.kind));
		r = attend_meet(&entering->parent_end, message.number, &entering->process, e);
		break;
	}
	if (r == 0)
		r = process_reap(entering->first.pid, &status, e);
	if (r == 0)
		process_done(&entering->first);
	return r;
}

/* Messages come until execve; the end of the socket is what it does. */
static int await_execve(struct entering *entering, struct err *e)
{
	struct handshake_message message;
	struct process nobody = PROCESS_NONE;
	int r = handshake_send(&entering->parent_end, MESSAGE_COMMITTED, 0, FD_NONE, e);

	if (r < 0)
		return r;
	r = handshake_receive(&entering->parent_end, &nobody, 0, &message, e);
	if (r == -ECHILD && e->code == ECHILD)
		return 0;
	if (r < 0)
		return r;
	fd_close(&message.fd);
	return refuse(e, EPROTO, "handshake: '%s' is out of turn",
		      handshake_kind_name(message.kind));
}

static int make_process(struct entering *entering, struct err *e)
{
	int r = fork_first(entering, e);

	if (r < 0)
		return r;
	r = attend(entering, e);
	if (r < 0) {
		handshake_explain(&entering->parent_end, &entering->first, e);
		return -e->code;
	}
	r = meet_process(entering, e);
	if (r == 0)
		r = ns_accept_until_ready(&entering->parent_end, &entering->process,
					  &entering->accepted, e);
	return r == 0 ? await_execve(entering, e) : r;
}

static void entering_done(struct entering *entering)
{
	int patience_ms = entering->exec->ignore_paused ? PATIENCE_PAUSED_MS : -1;

	for (size_t i = 0; i < KINDS_MAX; i++)
		fd_close(&entering->joins[i].fd);
	fd_close(&entering->root);
	fd_close(&entering->image_fd);
	cgroup_entry_done(&entering->entry);
	for (int i = 0; i < 3; i++)
		fd_close(&entering->stdio[i]);
	handshake_done(&entering->parent_end);
	handshake_done(&entering->child_end);
	attend_abandon(&entering->first, patience_ms);
	attend_abandon(&entering->process, patience_ms);
	fd_close(&entering->accepted.console_fd);
	fd_close(&entering->accepted.seccomp_fd);
}

int ns_exec(struct backend *backend, const struct backend_exec *exec,
	    struct backend_stdio *take_stdio, struct backend_process *ret, struct err *e)
{
	struct entering entering = {
		.ns = ns_of(backend),
		.exec = exec,
		.user_index = -1,
		.root = FD_NONE,
		.image_fd = FD_NONE,
		.stdio = {FD_NONE, FD_NONE, FD_NONE},
		.parent_end = HANDSHAKE_NONE,
		.child_end = HANDSHAKE_NONE,
		.first = PROCESS_NONE,
		.process = PROCESS_NONE,
		.accepted = {FD_NONE, FD_NONE},
		.entry = {.clone_fd = FD_NONE},
	};
	int r;

	for (size_t i = 0; i < KINDS_MAX; i++)
		entering.joins[i].fd = FD_NONE;
	r = open_all(&entering, take_stdio, e);
	if (r == 0)
		r = make_process(&entering, e);
	if (r == 0) {
		*ret = (struct backend_process){
			.process = entering.process,
			.console_fd = take_fd(&entering.accepted.console_fd),
			.seccomp_fd = take_fd(&entering.accepted.seccomp_fd),
		};
		entering.process = PROCESS_NONE;
	}
	entering_done(&entering);
	return r < 0 ? -e->code : 0;
}
