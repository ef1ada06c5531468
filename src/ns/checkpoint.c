/*
 * checkpoint: CRIU saves the container's processes into a directory.
 *
 * CRIU freezes, looks, and on success kills them, unless it is asked to leave them running; after
 * an error it lets them go on as they were.
 */
#include "images.h"

#include "base/fd.h"
#include "kern/namespaces.h"
#include "kern/path.h"

#include <fcntl.h>
#include <limits.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

enum { END_MS = 10000 };

/* The mount that a descriptor of the init is on, 0: unknown. */
static unsigned long stdio_mount(pid_t pid, int fd)
{
	auto_buf text = {0};
	struct err ignored;
	char path[64];
	const char *at;
	unsigned long id = 0;

	(void)snprintf(path, sizeof(path), "/proc/%d/fdinfo/%d", (int)pid, fd);
	if (file_read(AT_FDCWD, path, 65536, true, &text, &ignored) < 0)
		return 0;
	at = strstr(buf_text(&text), "mnt_id:");
	return at && sscanf(at, "mnt_id:%lu", &id) == 1 ? id : 0;
}

/* Whether the container has that mount itself. */
static bool has_mount(pid_t pid, unsigned long id)
{
	auto_buf text = {0};
	struct err ignored;
	char path[64], start[32];

	(void)snprintf(path, sizeof(path), "/proc/%d/mountinfo", (int)pid);
	(void)snprintf(start, sizeof(start), "\n%lu ", id);
	if (file_read(AT_FDCWD, path, 16 * 1024 * 1024, true, &text, &ignored) < 0)
		return true;
	return strncmp(buf_text(&text), start + 1, strlen(start + 1)) == 0 ||
	       strstr(buf_text(&text), start) != NULL;
}

/* CRIU's name for a file of the host's that a descriptor is; NULL: it is none. */
static const char *stdio_external(pid_t pid, int fd, struct arena *arena)
{
	unsigned long mount = stdio_mount(pid, fd);
	struct stat st;
	char link[64];

	(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)pid, fd);
	if (mount == 0 || stat(link, &st) < 0 || !(S_ISREG(st.st_mode) || S_ISCHR(st.st_mode)) ||
	    has_mount(pid, mount))
		return NULL;
	return arena_printf(arena, "file[%lx:%llx]", mount, (unsigned long long)st.st_ino);
}

/* Which pipes and files of the host they were, so that restore can put others in their place. */
static int stdio_save(const struct ns_backend *ns, struct criu_request *request,
		      struct arena *arena, struct err *e)
{
	auto_buf text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	json_begin_array(&w);
	for (int i = 0; i < 3; i++) {
		const char *external = stdio_external(ns->init.pid, i, arena);
		char link[64], name[PATH_MAX];
		ssize_t length;

		(void)snprintf(link, sizeof(link), "/proc/%d/fd/%d", (int)ns->init.pid, i);
		length = readlink(link, name, sizeof(name) - 1);
		name[length > 0 ? length : 0] = '\0';
		if (external)
			strv_push(&request->external, arena, external);
		json_string(&w, external ? external : name);
	}
	json_end_array(&w);
	return file_replace(request->images_fd, IMAGES_STDIO_FILE, text.data, text.size, 0600, e);
}

static void mount_add(struct criu_request *request, struct arena *arena, const char *target,
		      const char *name)
{
	*IMAGES_ADD(arena, &request->mounts, struct criu_mount) = (struct criu_mount){target, name};
}

/* A masked file is the null device over it; a directory has a file system of its own there. */
static void mounts_add(const struct plan *plan, int root, struct criu_request *request,
		       struct arena *arena)
{
	list_each(struct plan_op, op, &plan->ops)
	{
		auto_fd int fd = FD_NONE;
		struct err ignored;

		if (images_is_external(op))
			mount_add(request, arena, op->target, op->target);
		if (op->kind.value == PLAN_OP_MASK_PATH &&
		    path_open(root, op->target, O_PATH | O_NOFOLLOW, 0, &fd, &ignored) == 0 &&
		    fd_is_device(fd, S_IFCHR, 1, 3))
			mount_add(request, arena, op->target, "/dev/null");
	}
}

/* Joined ones are named by their inode; of the other kinds CRIU asks only at restore. */
static int namespaces_add(const struct ns_backend *ns, const struct plan *plan,
			  struct criu_request *request, struct arena *arena, struct err *e)
{
	list_each(struct plan_join, join, &plan->joins)
	{
		bool is_net = join->flag.value == CLONE_NEWNET;
		auto_fd int fd = FD_NONE;
		struct stat st;

		if (!is_net && join->flag.value != CLONE_NEWPID)
			continue;
		if (namespace_open_process(ns->init.pid, join->flag.value, &fd, e) < 0)
			return -e->code;
		if (fstat(fd, &st) < 0)
			return fail(e, errno, "look at the container's namespace");
		strv_push(&request->external, arena,
			  arena_printf(arena, "%s[%llu]:%s", is_net ? "net" : "pid",
				       (unsigned long long)st.st_ino,
				       is_net ? IMAGES_NET_KEY : IMAGES_PID_KEY));
	}
	return 0;
}

static int root_open(const struct ns_backend *ns, int *ret, struct err *e)
{
	char path[64];
	int fd;

	(void)snprintf(path, sizeof(path), "/proc/%d/root", (int)ns->init.pid);
	fd = open(path, O_PATH | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open the container's root");
	*ret = fd;
	return 0;
}

static int request_make(struct ns_backend *ns, const struct plan *plan,
			const struct backend_checkpoint *checkpoint, struct arena *arena,
			struct criu_request *ret, struct err *e)
{
	auto_fd int root = FD_NONE;

	if (images_request(ns, plan, &checkpoint->images, ret, e) < 0 ||
	    root_open(ns, &root, e) < 0)
		return -e->code;
	ret->kind = checkpoint->pre_dump ? CRIU_PRE_DUMP : CRIU_DUMP;
	ret->pid = ns->init.pid;
	ret->log_file = "dump.log";
	ret->root = NULL;
	ret->parent_images = checkpoint->parent_path;
	ret->track_memory = checkpoint->pre_dump || checkpoint->parent_path;
	ret->leave_running = checkpoint->leave_running;
	ret->tcp_skip_in_flight = checkpoint->tcp_skip_in_flight;
	ret->link_remap = checkpoint->link_remap;
	ret->status_fd = checkpoint->status_fd;
	ret->page_server_address = checkpoint->page_server_address;
	ret->page_server_port = checkpoint->page_server_port;
	if (ns->cgroup)
		ret->freeze_cgroup = cgroup_freezer_path(ns->cgroup, arena);
	mounts_add(plan, root, ret, arena);
	return namespaces_add(ns, plan, ret, arena, e);
}

int ns_checkpoint(struct backend *backend, const struct plan *plan,
		  const struct backend_checkpoint *checkpoint, struct err *e)
{
	struct ns_backend *ns = ns_of(backend);
	auto_arena arena = {0};
	struct criu_request request;
	int r = ns_find_init(ns, e);

	if (r == PROCESS_GONE)
		return refuse(e, ESRCH, "container not running");
	if (r == 0)
		r = ns_open_cgroup(ns, e);
	if (r == 0)
		r = request_make(ns, plan, checkpoint, &arena, &request, e);
	if (r == 0)
		r = stdio_save(ns, &request, &arena, e);
	if (r == 0)
		r = criu_call(&request, NULL, NULL, NULL, e);
	if (r < 0 || checkpoint->pre_dump || checkpoint->leave_running)
		return r;
	r = process_wait_gone(&ns->init, END_MS, e);
	return r == 1 ? refuse(e, EBUSY, "the container's init does not end after its checkpoint")
		      : r;
}
