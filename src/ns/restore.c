/*
 * restore: CRIU makes the container's processes anew.
 *
 * They are born where CRIU is: so a helper process first enters the container's cgroup, which is
 * made and limited as at create, and a mount namespace of its own, in which the rootfs is a mount
 * that nobody else sees. CRIU makes the container's first process a child of the helper; when that
 * ends the process is ours, since we are the nearest subreaper. Whoever kills us leaves everything
 * in the cgroup that the record names.
 */
#include "attend.h"
#include "images.h"

#include "base/fd.h"
#include "kern/namespaces.h"
#include "kern/path.h"
#include "kern/sock.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <unistd.h>

enum word_kind {
	WORD_GO,	 /* to the helper: go on */
	WORD_STOP,	 /* to the helper: give up, whatever for is known */
	WORD_NAMESPACES, /* from it: they exist; number: the first process */
	WORD_RESTORED,	 /* from it: all is there, and waits; number: the first process */
	WORD_CONSOLE,	 /* with the master of the terminal */
	WORD_DONE,	 /* number: the first process */
	WORD_FAILED,
};

struct word {
	int kind, number;
	struct err error;
};

struct restoring {
	struct ns_backend *ns;
	const struct plan *plan;
	const struct backend_restore *restore;
	struct arena arena;
	struct criu_request request;
	struct cgroup_entry entry;
	bool has_entry, was_subreaper;
	int sock; /* of this side */
	struct process helper;
	int console_fd;
};

static int word_send(int sock, enum word_kind kind, int number, const struct err *error, int fd,
		     struct err *e)
{
	struct word word = {.kind = (int)kind, .number = number};

	if (error)
		word.error = *error;
	return sock_send(sock, &word, sizeof(word), &fd, fd >= 0 ? 1 : 0, 0, e);
}

/* The other side's end is one too. */
static int word_receive(int sock, struct word *ret, int *ret_fd, struct err *e)
{
	size_t size, count = 0;
	int fd = FD_NONE;
	int r = sock_receive(sock, ret, sizeof(*ret), &size, &fd, 1, &count, 0, e);

	if (r == SOCK_END)
		return refuse(e, EPIPE, "the process that restores has ended");
	if (r == 0 && size != sizeof(*ret))
		r = refuse(e, EPROTO, "the process that restores makes no sense");
	*ret_fd = count ? fd : FD_NONE;
	return r;
}

/* ---- the helper ---- */

/* The same directory in this mount namespace: CRIU mounts there, which a descriptor of another one
 * does not allow. */
static int directory_reopen(int *fd, struct err *e)
{
	char link[64], path[PATH_MAX];
	auto_fd int again = FD_NONE;
	ssize_t length;

	(void)snprintf(link, sizeof(link), "/proc/self/fd/%d", *fd);
	length = readlink(link, path, sizeof(path) - 1);
	if (length < 0)
		return fail(e, errno, "read '%s'", link);
	path[length] = '\0';
	again = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (again < 0 || !fd_is_same(again, *fd))
		return fail(e, again < 0 ? errno : ESTALE, "open '%s' again", path);
	*fd = take_fd(&again);
	return 0;
}

static int root_mount(const struct plan *plan, struct err *e)
{
	if (namespace_unshare(CLONE_NEWNS, e) < 0)
		return -e->code;
	/* What is mounted here stays here; what the host mounts still comes in, as it may for the
	 * container. */
	if (mount(NULL, "/", NULL, MS_REC | MS_SLAVE, NULL) < 0)
		return fail(e, errno, "keep mounts from the host");
	if (mount(plan->rootfs, plan->rootfs, NULL, MS_BIND | MS_REC, NULL) < 0)
		return fail(e, errno, "root.path: bind '%s' on itself", plan->rootfs);
	return 0;
}

/* Below a file system that CRIU restores, what is mounted on comes with that. */
static bool is_below_mount(const struct plan *plan, const struct plan_op *wanted)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		size_t length;

		if (op == wanted)
			return false;
		if (op->kind.value != PLAN_OP_MOUNT && !images_is_external(op))
			continue;
		length = strlen(op->target);
		if (strncmp(op->target, wanted->target, length) == 0 &&
		    wanted->target[length] == '/')
			return true;
	}
	return false;
}

static bool is_directory_mount(const struct plan_op *op)
{
	auto_fd int fd = FD_NONE;

	if (op->kind.value != PLAN_OP_BIND)
		return op->kind.value != PLAN_OP_DEVICE;
	fd = open(op->mount->source, O_PATH | O_CLOEXEC);
	return fd >= 0 && fd_is_directory(fd);
}

/* On another host the root filesystem may lack what create had made. */
static int targets_make(const struct plan *plan, struct err *e)
{
	auto_fd int root = open(plan->rootfs, O_PATH | O_DIRECTORY | O_CLOEXEC);

	if (root < 0)
		return fail(e, errno, "root.path: open '%s'", plan->rootfs);
	list_each(struct plan_op, op, &plan->ops)
	{
		auto_fd int target = FD_NONE;
		bool is_mount = op->kind.value == PLAN_OP_MOUNT ||
				op->kind.value == PLAN_OP_CGROUP || images_is_external(op);

		if (!is_mount || is_below_mount(plan, op))
			continue;
		if (path_make_target(root, op->target, is_directory_mount(op), 0, &target, e) < 0)
			return wrap(e, "%s", op->origin ? op->origin : op->target);
	}
	return 0;
}

static int notice_take(struct criu_notice *notice, void *data, struct err *e)
{
	struct restoring *restoring = data;
	enum word_kind kind = WORD_NAMESPACES;
	struct word word;
	int fd;

	if (str_is(notice->script, "orphan-pts-master") && notice->fd >= 0)
		return word_send(restoring->sock, WORD_CONSOLE, 0, NULL, notice->fd, e);
	if (str_is(notice->script, "post-restore"))
		kind = WORD_RESTORED;
	else if (!str_is(notice->script, "setup-namespaces"))
		return 0;
	if (word_send(restoring->sock, kind, notice->pid, NULL, FD_NONE, e) < 0 ||
	    word_receive(restoring->sock, &word, &fd, e) < 0)
		return -e->code;
	fd_close(&fd);
	return word.kind == WORD_GO ? 0 : refuse(e, ECANCELED, "the restore was given up");
}

static int helper_work(struct restoring *restoring, pid_t *ret_pid, struct err *e)
{
	struct word word;
	int fd = FD_NONE;
	int r;

	if (restoring->has_entry) {
		r = cgroup_entry_enter(&restoring->entry);
		if (r < 0)
			return fail(e, -r, "enter the container's cgroup");
	}
	if (word_receive(restoring->sock, &word, &fd, e) < 0)
		return -e->code;
	fd_close(&fd);
	if (root_mount(restoring->plan, e) < 0 || targets_make(restoring->plan, e) < 0 ||
	    directory_reopen(&restoring->request.images_fd, e) < 0 ||
	    directory_reopen(&restoring->request.work_fd, e) < 0)
		return -e->code;
	return criu_call(&restoring->request, notice_take, restoring, ret_pid, e);
}

static _Noreturn void helper_run(struct restoring *restoring, pid_t parent)
{
	struct err e, ignored;
	pid_t pid = 0;

	if (process_set_parent_death_signal(SIGKILL, parent, &ignored) < 0)
		_exit(1);
	if (helper_work(restoring, &pid, &e) < 0)
		(void)!word_send(restoring->sock, WORD_FAILED, 0, &e, FD_NONE, &ignored);
	else
		(void)!word_send(restoring->sock, WORD_DONE, pid, NULL, FD_NONE, &ignored);
	_exit(0);
}

/* ---- the request ---- */

static void mounts_add(struct restoring *restoring)
{
	list_each(struct plan_op, op, &restoring->plan->ops)
	{
		struct criu_mount mount = {op->target, op->target};

		if (!images_is_external(op))
			continue;
		if (op->kind.value == PLAN_OP_BIND)
			mount.value = op->mount->source;
		*IMAGES_ADD(&restoring->arena, &restoring->request.mounts, struct criu_mount) =
			mount;
	}
	*IMAGES_ADD(&restoring->arena, &restoring->request.mounts, struct criu_mount) =
		(struct criu_mount){"/dev/null", "/dev/null"};
}

static void inherited_add(struct restoring *restoring, const char *key, int fd)
{
	*IMAGES_ADD(&restoring->arena, &restoring->request.inherited, struct criu_inherited) =
		(struct criu_inherited){key, fd};
}

/* The caller's descriptors in the place of the pipes and files that those were. */
static int stdio_add(struct restoring *restoring, struct err *e)
{
	auto_buf text = {0};
	const struct json *names;

	if (file_read(restoring->restore->images.images_fd, IMAGES_STDIO_FILE, 65536, false, &text,
		      e) < 0)
		return wrap(e, "--image-path");
	if (json_read(&restoring->arena, buf_text(&text), text.size, &names, e) < 0)
		return wrap(e, "--image-path: '" IMAGES_STDIO_FILE "'");
	for (size_t i = 0; names->kind == JSON_ARRAY && i < names->count && i < 3; i++) {
		const struct json *name = &names->items[i];

		if (name->kind == JSON_STRING &&
		    (strncmp(name->text, "pipe:", 5) == 0 || strncmp(name->text, "file[", 5) == 0))
			inherited_add(restoring, name->text, (int)i);
	}
	return 0;
}

static int namespaces_add(struct restoring *restoring, struct err *e)
{
	list_each(struct plan_join, join, &restoring->plan->joins)
	{
		uint64_t flag = join->flag.value;
		int fd;

		if (flag & (CLONE_NEWIPC | CLONE_NEWUTS)) {
			*IMAGES_ADD(&restoring->arena, &restoring->request.joined,
				    struct criu_joined) =
				(struct criu_joined){namespace_name(flag), join->path};
			continue;
		}
		if (!(flag & (CLONE_NEWNET | CLONE_NEWPID)))
			continue;
		/* Stays open until the helper has it: this process ends soon after. */
		if (namespace_open(join->path, flag, &fd, e) < 0)
			return wrap(e, "%s", join->origin);
		inherited_add(restoring, flag == CLONE_NEWNET ? IMAGES_NET_KEY : IMAGES_PID_KEY,
			      fd);
	}
	return 0;
}

static int request_make(struct restoring *restoring, struct err *e)
{
	const struct backend_restore *restore = restoring->restore;
	struct criu_request *request = &restoring->request;

	if (images_request(restoring->ns, restoring->plan, &restore->images, request, e) < 0)
		return -e->code;
	request->kind = CRIU_RESTORE;
	request->log_file = "restore.log";
	request->root = restoring->plan->rootfs;
	request->lsm_profile = restore->lsm_profile;
	request->lsm_mount_context = restore->lsm_mount_context;
	if (restoring->ns->cgroup && request->cgroups != CRIU_CGROUPS_IGNORE)
		request->cgroup_root = cgroup_path(restoring->ns->cgroup);
	mounts_add(restoring);
	if (stdio_add(restoring, e) < 0)
		return -e->code;
	return namespaces_add(restoring, e);
}

static void request_done(struct restoring *restoring)
{
	list_each(struct criu_inherited, inherited, &restoring->request.inherited)
	{
		if (inherited->fd > 2)
			(void)close(inherited->fd);
	}
	arena_done(&restoring->arena);
}

/* ---- this side ---- */

static int subreaper_become(struct restoring *restoring, struct err *e)
{
	int was = 0;

	if (prctl(PR_GET_CHILD_SUBREAPER, &was, 0, 0, 0) < 0)
		return fail(e, errno, "ask whether orphans are adopted");
	restoring->was_subreaper = was != 0;
	return process_set_subreaper(true, e);
}

static int helper_start(struct restoring *restoring, struct err *e)
{
	struct ns_backend *ns = restoring->ns;
	struct process_fork how = PROCESS_FORK_PLAIN;
	const struct plan_limits *limits = restoring->plan->limits;
	auto_fd int ours = FD_NONE;
	auto_fd int theirs = FD_NONE;
	pid_t self = getpid();
	int r = sock_pair(&ours, &theirs, e);

	if (r == 0 && ns->cgroup) {
		r = cgroup_create(ns->cgroup, limits, e);
		if (r == 0)
			r = cgroup_entry_open(ns->cgroup, 0, NULL, &restoring->entry, e);
		restoring->has_entry = r == CGROUP_ENTRY_READY;
	}
	if (r >= 0)
		r = subreaper_become(restoring, e);
	if (r == 0)
		r = enter_fork(&how, &restoring->entry, &restoring->has_entry, &restoring->helper,
			       e);
	if (r == PROCESS_CHILD) {
		restoring->sock = theirs;
		helper_run(restoring, self);
	}
	if (r < 0)
		return r;
	restoring->sock = take_fd(&ours);
	if (ns->cgroup && !restoring->has_entry)
		r = cgroup_add(ns->cgroup, restoring->helper.pid, limits, e);
	return r == 0 ? word_send(restoring->sock, WORD_GO, 0, NULL, FD_NONE, e) : r;
}

/* What create does to an init, at the two times when CRIU waits for us. */
static int stage_attend(struct restoring *restoring, const struct word *word, struct err *e)
{
	const struct backend_restore *restore = restoring->restore;
	const struct plan *plan = restoring->plan;
	struct cgroup *cgroup = restoring->ns->cgroup;

	if (word->kind == WORD_NAMESPACES) {
		if (plan->net_devices.count && restore->images.empty_namespaces &&
		    net_devices_move(plan, word->number, e) < 0)
			return -e->code;
		return restore->namespaces_ready(word->number, restore->data, e);
	}
	if (word->kind != WORD_RESTORED)
		return refuse(e, EPROTO, "the process that restores makes no sense");
	/* Not before: CRIU itself may need more than the container is allowed. */
	if (cgroup && cgroup_apply(cgroup, plan->limits, e) < 0)
		return -e->code;
	return plan->intel_rdt ? resctrl_apply(plan->intel_rdt, plan->id, word->number, e) : 0;
}

/* *ret: the container's first process. */
static int helper_follow(struct restoring *restoring, pid_t *ret, struct err *e)
{
	for (;;) {
		struct word word;
		int fd = FD_NONE;
		int r = word_receive(restoring->sock, &word, &fd, e);

		if (r == 0 && word.kind == WORD_CONSOLE) {
			fd_close(&restoring->console_fd);
			restoring->console_fd = take_fd(&fd);
			continue;
		}
		fd_close(&fd);
		if (r < 0)
			return r;
		if (word.kind == WORD_DONE) {
			*ret = word.number;
			return 0;
		}
		if (word.kind == WORD_FAILED) {
			*e = word.error;
			return e->code > 0 ? -e->code : refuse(e, EPROTO, "restore failed");
		}
		r = stage_attend(restoring, &word, e);
		if (r < 0) {
			struct err ignored;

			(void)!word_send(restoring->sock, WORD_STOP, 0, NULL, FD_NONE, &ignored);
			return r;
		}
		if (word_send(restoring->sock, WORD_GO, 0, NULL, FD_NONE, e) < 0)
			return -e->code;
	}
}

static int init_meet(struct restoring *restoring, pid_t pid, struct backend_process *ret,
		     struct err *e)
{
	struct ns_backend *ns = restoring->ns;
	struct process init, mine;
	int status;
	int r = process_reap(restoring->helper.pid, &status, e);

	if (r < 0)
		return r;
	process_done(&restoring->helper);
	/* It is ours now; whether its orphans are to be is the caller's to say. */
	r = process_set_subreaper(restoring->was_subreaper, e);
	if (r == 0)
		r = process_open(pid, 0, &init, e);
	if (r == PROCESS_GONE)
		return refuse(e, ECHILD, "the container ended as soon as it was restored");
	if (r < 0)
		return r;
	r = process_open(pid, init.born, &mine, e);
	if (r == 0) {
		process_done(&ns->init);
		ns->init = mine;
	}
	*ret = (struct backend_process){.process = init,
					.console_fd = take_fd(&restoring->console_fd),
					.seccomp_fd = FD_NONE};
	return 0;
}

int ns_restore(struct backend *backend, const struct plan *plan,
	       const struct backend_restore *restore, struct backend_process *ret, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	struct restoring restoring = {
		.ns = ns,
		.plan = plan,
		.restore = restore,
		.entry = {.clone_fd = FD_NONE},
		.sock = FD_NONE,
		.helper = PROCESS_NONE,
		.console_fd = FD_NONE,
	};
	pid_t pid = 0;
	int r = ns_open_cgroup(ns, e);

	if (r == 0)
		r = request_make(&restoring, e);
	if (r == 0)
		r = helper_start(&restoring, e);
	if (r == 0)
		r = helper_follow(&restoring, &pid, e);
	if (r == 0)
		r = init_meet(&restoring, pid, ret, e);
	fd_close(&restoring.sock);
	cgroup_entry_done(&restoring.entry);
	if (r < 0)
		attend_abandon(&restoring.helper, -1);
	fd_close(&restoring.console_fd);
	request_done(&restoring);
	return r;
}
