/*
 * Building the jail, before the hypervisor is executed: its own -runas and -chroot do not go
 * together with -sandbox elevateprivileges=deny.
 *
 * The new root is a tmpfs that holds read-only binds of the libraries, the firmware, the kernel and
 * the initramfs. They are needed until the guest runs; then jail_empty() enters the mount namespace
 * and detaches them, so that the guest's first own instruction finds an empty directory around it.
 *
 * The parent-death signal is cleared by a change of credentials, so it is set last; the descriptor
 * of the monitor tells whether it has died meanwhile.
 */
#include "jail.h"

#include "base/fd.h"
#include "kern/caps.h"
#include "kern/compat.h"
#include "kern/identity.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "kern/path.h"
#include "kern/rlimit.h"

#include <errno.h>
#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>

/* What an executable of the distribution needs; what is not there is left out. */
static const char *const needed[] = {
	"/usr/lib", "/usr/lib64", "/usr/share/qemu", "/usr/share/seabios", "/lib", "/lib64",
};

enum { BINDS_MAX = 16, DESCRIPTOR_HIGH = 100, NOFILE = 1024 };

struct bind {
	struct mount mount;
	const char *target;
	bool is_directory, is_device;
};

struct jail_root {
	struct bind binds[BINDS_MAX];
	size_t count;
	char links[8][2][64]; /* name, text */
	size_t link_count;
};

static int bind_add(struct jail_root *root, const char *source, const char *target, struct err *e)
{
	struct bind *bind = &root->binds[root->count];
	struct stat status;

	if (root->count == BINDS_MAX)
		return refuse(e, E2BIG, "the jail has too many parts");
	*bind = (struct bind){.mount = MOUNT_NONE, .target = target};
	if (stat(source, &status) < 0 || mount_clone(AT_FDCWD, source, 0, &bind->mount, e) < 0)
		return fail(e, errno, "'%s' for the hypervisor's jail", source);
	bind->is_directory = S_ISDIR(status.st_mode);
	bind->is_device = S_ISCHR(status.st_mode) || S_ISBLK(status.st_mode);
	root->count++;
	return 0;
}

static int needed_add(struct jail_root *root, const char *path, struct err *e)
{
	struct stat status;
	ssize_t size;

	if (lstat(path, &status) < 0)
		return 0;
	if (!S_ISLNK(status.st_mode))
		return bind_add(root, path, path, e);
	size = readlink(path, root->links[root->link_count][1], 63);
	if (size <= 0)
		return fail(e, errno, "read the link '%s'", path);
	(void)snprintf(root->links[root->link_count][0], 64, "%s", path);
	root->link_count++;
	return 0;
}

/* A node of the hypervisor's own: whom the host lets open its one differs (nobody but root, a
 * group, everybody). */
static int kvm_add(const struct jail *jail, struct jail_root *root, struct err *e)
{
	struct bind *bind = &root->binds[root->count];
	auto_mount nodes = MOUNT_NONE;
	struct stat kvm;

	if (root->count == BINDS_MAX)
		return refuse(e, E2BIG, "the jail has too many parts");
	if (stat("/dev/kvm", &kvm) < 0)
		return refuse(e, errno,
			      "'/dev/kvm': %s; where there is no KVM, --vm-accel=tcg emulates a "
			      "guest",
			      strerror(errno));
	if (!S_ISCHR(kvm.st_mode))
		return refuse(
			e, ENODEV,
			"'/dev/kvm' is no device; --vm-accel=tcg emulates a guest without it");
	if (mount_create("tmpfs", "nodes", MS_NOSUID | MS_NOEXEC, "mode=755,size=64k", &nodes, e) <
	    0)
		return wrap(e, "the jail's '/dev'");
	if (mknodat(nodes.fd, "kvm", S_IFCHR | 0600, kvm.st_rdev) < 0 ||
	    fchownat(nodes.fd, "kvm", jail->uid, jail->uid, AT_SYMLINK_NOFOLLOW) < 0)
		return fail(e, errno, "make the jail's '/dev/kvm'");
	*bind = (struct bind){
		.mount = nodes, .target = "/dev", .is_directory = true, .is_device = true};
	nodes = MOUNT_NONE;
	root->count++;
	return 0;
}

static int root_collect(const struct jail *jail, struct jail_root *root, struct err *e)
{
	int r = 0;

	for (size_t i = 0; r == 0 && i < sizeof(needed) / sizeof(needed[0]); i++)
		r = needed_add(root, needed[i], e);
	if (r == 0)
		r = bind_add(root, jail->program, jail->program, e);
	if (r == 0)
		r = bind_add(root, jail->kernel, JAIL_KERNEL, e);
	if (r == 0)
		r = bind_add(root, jail->initramfs, JAIL_INITRAMFS, e);
	if (r == 0 && jail->needs_kvm)
		r = kvm_add(jail, root, e);
	return r;
}

static int bind_attach(struct bind *bind, int top, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_fd int target = FD_NONE;
	int r = path_make_target(top, bind->target, bind->is_directory, 0, &target, e);

	change.set = MOUNT_ATTR_NOSUID | MOUNT_ATTR_RDONLY |
		     (bind->is_device ? MOUNT_ATTR_NOEXEC : MOUNT_ATTR_NODEV);
	if (r == 0)
		r = mount_change(&bind->mount, &change, e);
	if (r == 0)
		r = mount_attach(&bind->mount, target, top, bind->target, e);
	return r < 0 ? wrap(e, "the jail's '%s'", bind->target) : 0;
}

static int root_build(struct jail_root *root, struct err *e)
{
	struct mount_change change = MOUNT_CHANGE_NONE;
	auto_mount top = MOUNT_NONE;
	auto_fd int place = open("/usr", O_PATH | O_DIRECTORY | O_CLOEXEC);
	int r;

	if (place < 0)
		return fail(e, errno, "open '/usr'");
	r = mount_create("tmpfs", "jail", MS_NOSUID | MS_NODEV, "mode=755,size=64k", &top, e);
	if (r == 0)
		r = mount_attach(&top, place, AT_FDCWD, "/usr", e);
	for (size_t i = 0; r == 0 && i < root->count; i++)
		r = bind_attach(&root->binds[i], top.fd, e);
	for (size_t i = 0; r >= 0 && i < root->link_count; i++)
		r = path_symlink(top.fd, root->links[i][0], root->links[i][1], e);
	if (r < 0)
		return r;
	change.set = MOUNT_ATTR_RDONLY;
	r = mount_change(&top, &change, e);
	return r == 0 ? mount_pivot(top.fd, e) : r;
}

int jail_place_descriptors(const int *fds, size_t count, int output, struct err *e)
{
	int high[JAIL_FDS_MAX], high_output, null;

	null = open("/dev/null", O_RDWR | O_CLOEXEC);
	high_output = fcntl(output, F_DUPFD_CLOEXEC, DESCRIPTOR_HIGH);
	if (null < 0 || high_output < 0)
		return fail(e, errno, "descriptors");
	for (size_t i = 0; i < count; i++) {
		high[i] = fcntl(fds[i], F_DUPFD_CLOEXEC, DESCRIPTOR_HIGH);
		if (high[i] < 0)
			return fail(e, errno, "descriptors");
	}
	if (dup2(null, 0) < 0 || dup2(high_output, 1) < 0 || dup2(high_output, 2) < 0)
		return fail(e, errno, "descriptors");
	for (size_t i = 0; i < count; i++)
		if (dup2(high[i], 3 + (int)i) < 0)
			return fail(e, errno, "descriptors");
	return fd_cloexec_from(3 + (int)count, e);
}

static int limits_set(const struct jail *jail, struct err *e)
{
	const struct {
		int type;
		uint64_t value;
	} limits[] = {
		{RLIMIT_FSIZE, jail->file_size},
		{RLIMIT_NOFILE, NOFILE},
		{RLIMIT_CORE, 0},
		{RLIMIT_MEMLOCK, 0},
		{RLIMIT_NPROC, jail->threads},
		{RLIMIT_MSGQUEUE, 0},
	};

	for (size_t i = 0; i < sizeof(limits) / sizeof(limits[0]); i++)
		if (rlimit_set(limits[i].type, limits[i].value, limits[i].value, e) < 0)
			return -e->code;
	return 0;
}

static int privileges_drop(const struct jail *jail, struct err *e)
{
	if (caps_keep_bounding(0, e) < 0 || caps_set_ambient(0, e) < 0 ||
	    identity_set_groups(NULL, 0, e) < 0 || identity_set(jail->uid, jail->uid, e) < 0 ||
	    caps_set(0, 0, 0, e) < 0)
		return -e->code;
	return identity_no_new_privileges(e);
}

/* 3 is a socket whose other end only the monitor has. */
static int parent_tie(struct err *e)
{
	struct pollfd peer = {.fd = 3, .events = 0};

	if (prctl(PR_SET_PDEATHSIG, SIGKILL) < 0)
		return fail(e, errno, "set the parent-death signal");
	if (poll(&peer, 1, 0) > 0 && (peer.revents & (POLLHUP | POLLERR)))
		return refuse(e, ESRCH, "the monitor has gone");
	return 0;
}

static int jail_enter(const struct jail *jail, struct err *e)
{
	struct jail_root root = {.count = 0};
	int r;

	/* First, since what is opened later must not be where they go. */
	r = jail_place_descriptors(jail->fds, jail->fd_count, jail->output, e);
	if (r == 0)
		r = mount_propagation_path("/", MS_PRIVATE | MS_REC, e);
	if (r == 0)
		r = root_collect(jail, &root, e);
	if (r == 0)
		r = root_build(&root, e);
	if (r == 0)
		r = limits_set(jail, e);
	if (r == 0)
		r = privileges_drop(jail, e);
	return r == 0 ? parent_tie(e) : r;
}

static _Noreturn void jail_child(const struct jail *jail, int failure)
{
	static char *no_environment[] = {NULL};
	struct err e;
	int high = fcntl(failure, F_DUPFD_CLOEXEC, 2 * DESCRIPTOR_HIGH);

	(void)setsid();
	if (process_reset_signals(&e) == 0 && jail_enter(jail, &e) == 0) {
		(void)execve(jail->program, jail->argv, no_environment);
		(void)fail(&e, errno, "execute '%s'", jail->program);
	}
	(void)!write(high, &e, sizeof(e));
	_exit(127);
}

int jail_start(const struct jail *jail, struct process *ret, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], status, r;
	struct err why, ignored;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	how.flags = CLONE_NEWNS | CLONE_NEWPID | CLONE_NEWIPC | CLONE_NEWUTS | CLONE_NEWNET |
		    CLONE_NEWCGROUP | CLONE_CLEAR_SIGHAND;
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD)
		jail_child(jail, ends[1]);
	fd_close(&ends[1]);
	if (r < 0)
		return wrap(e, "the hypervisor's jail");
	if (fd_read_full(reader, &why, sizeof(why)) == sizeof(why)) {
		(void)!process_reap(process.pid, &status, &ignored);
		process_done(&process);
		*e = why;
		return wrap(e, "the hypervisor's jail");
	}
	*ret = process;
	return 0;
}

static int mounts_detach(const char *program)
{
	(void)umount2(program, MNT_DETACH | UMOUNT_NOFOLLOW);
	for (size_t i = 0; i < sizeof(needed) / sizeof(needed[0]); i++)
		(void)umount2(needed[i], MNT_DETACH | UMOUNT_NOFOLLOW);
	(void)umount2(JAIL_KERNEL, MNT_DETACH);
	(void)umount2(JAIL_INITRAMFS, MNT_DETACH);
	(void)umount2("/dev", MNT_DETACH);
	/* Gone, or never there. */
	return umount2("/usr/lib", MNT_DETACH) < 0 && (errno == EINVAL || errno == ENOENT) ? 0 : 1;
}

int jail_empty(const struct process *process, const char *program, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process helper = PROCESS_NONE;
	auto_fd int namespace = FD_NONE;
	int status, r;

	if (namespace_open_process(process->pid, CLONE_NEWNS, &namespace, e) < 0)
		return -e->code;
	how.no_birth = true;
	how.no_signal = true;
	r = process_fork(&how, &helper, e);
	if (r == PROCESS_CHILD)
		_exit(namespace_join(namespace, CLONE_NEWNS, e) < 0 ? 1 : mounts_detach(program));
	if (r < 0)
		return r;
	r = process_reap(helper.pid, &status, e);
	process_done(&helper);
	if (r == 0 && status != 0)
		return refuse(e, EBUSY, "the hypervisor's jail cannot be emptied");
	return r;
}
