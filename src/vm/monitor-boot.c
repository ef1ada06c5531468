/*
 * From a setup to a running hypervisor. All of this is local and quick, and done in order: network
 * namespace, shared directory, taps, file server, hypervisor. What takes time, the boot of the
 * guest, is waited for in the loop.
 */
#include "monitor.h"

#include "base/clock.h"
#include "jail.h"
#include "kern/compat.h"
#include "kern/mount.h"
#include "kern/namespaces.h"
#include "kern/path.h"
#include "kern/proc.h"
#include "kern/scheduler.h"
#include "kern/ticks.h"
#include "machine.h"
#include "share.h"

#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <sys/sysmacros.h>

/* Each guest's hypervisor is another user than anybody on the host: pids are at most 2^22. */
#define JAIL_UID_FIRST 2000000000U

enum {
	TICKS_MS_MIN = 4,
	THREADS = 96, /* of the hypervisor, besides its vcpus */
	BOOT_SECONDS_KVM = 10,
	BOOT_SECONDS_TCG = 180,
};

void monitor_keep(char *ring, size_t *total, const char *bytes, size_t size)
{
	for (size_t i = 0; i < size; i++)
		ring[(*total + i) % CONSOLE_KEPT] = bytes[i];
	*total += size;
}

static size_t ring_text(const char *ring, size_t total, char text[CONSOLE_KEPT + 1])
{
	size_t kept = total < CONSOLE_KEPT ? total : CONSOLE_KEPT;

	for (size_t i = 0; i < kept; i++)
		text[i] = ring[(total - kept + i) % CONSOLE_KEPT];
	while (kept > 0 && (text[kept - 1] == '\n' || text[kept - 1] == '\r'))
		kept--;
	text[kept] = '\0';
	return kept;
}

/* A kernel that panics says why before it lists what it was doing. */
static bool panic_line(const char *ring, size_t total, struct buf *out)
{
	char text[CONSOLE_KEPT + 1];
	const char *line;

	/* Words of the guest: a byte of zero may hide what follows, no more. */
	(void)ring_text(ring, total, text);
	line = strstr(text, "Kernel panic");
	if (line)
		buf_append(out, line, strcspn(line, "\r\n"));
	return line != NULL;
}

/* The last lines of a ring, joined. */
static void ring_tail(const char *ring, size_t total, struct buf *out)
{
	size_t lines = 0;
	char text[CONSOLE_KEPT + 1];
	char *start = text + ring_text(ring, total, text);

	while (start > text && !(start[-1] == '\n' && ++lines == 4))
		start--;
	for (; *start; start++) {
		if (*start == '\n')
			buf_append_str(out, " | ");
		else if (*start != '\r')
			buf_append_char(out, *start);
	}
}

const char *monitor_last_words(struct monitor *monitor, char *out, size_t size)
{
	auto_buf text = {0};

	if (!panic_line(monitor->console_text, monitor->console_size, &text)) {
		ring_tail(monitor->output_text, monitor->output_size, &text);
		if (text.size > 0 && monitor->console_size > 0)
			buf_append_str(&text, "; console: ");
		ring_tail(monitor->console_text, monitor->console_size, &text);
	}
	wire_text_copy(out, size, buf_text(&text), text.size);
	return out;
}

/* Also nobody reads it on, it must be read, or the guest would wait. */
static void console_ready(struct monitor *monitor, struct watch *watch, uint32_t events)
{
	char bytes[4096];
	ssize_t got = read(watch->fd, bytes, sizeof(bytes));

	(void)events;
	if (got < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (got <= 0) {
		watch_remove(monitor, watch);
		return;
	}
	if (watch == &monitor->console)
		monitor_keep(monitor->console_text, &monitor->console_size, bytes, (size_t)got);
	else
		monitor_keep(monitor->output_text, &monitor->output_size, bytes, (size_t)got);
}

static int pair_open(struct watch *watch, watch_fn *ready, int *ret_other, struct err *e)
{
	int ends[2];

	if (socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, ends) < 0)
		return fail(e, errno, "make a socket pair");
	*ret_other = ends[1];
	watch->fd = ends[0];
	watch->ready = ready;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "make a socket non-blocking");
	return 0;
}

static int output_open(struct monitor *monitor, int *ret_writer, struct err *e)
{
	int ends[2];

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	*ret_writer = ends[1];
	monitor->output.fd = ends[0];
	monitor->output.ready = console_ready;
	if (fcntl(ends[0], F_SETFL, O_NONBLOCK) < 0)
		return fail(e, errno, "make a pipe non-blocking");
	return watch_add(monitor, &monitor->output, EPOLLIN, e);
}

/* Nodes of our own: the host's /dev need not have one of that number, nor need it be what it says.
 */
static int disk_open(const struct plan_disk *disk, int nodes, int *ret_fd, struct err *e)
{
	dev_t number = makedev(disk->major.value, disk->minor.value);
	auto_fd int fd = FD_NONE;

	(void)unlinkat(nodes, "disk", 0);
	if (mknodat(nodes, "disk", S_IFBLK | 0600, number) < 0)
		return fail(e, errno, "%s: make a node for the block device %u:%u", disk->origin,
			    disk->major.value, disk->minor.value);
	fd = openat(nodes, "disk", (disk->read_only.value ? O_RDONLY : O_RDWR) | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "%s: open the block device %u:%u", disk->origin,
			    disk->major.value, disk->minor.value);
	*ret_fd = take_fd(&fd);
	return 0;
}

static int disks_open(const struct plan_machine *machine, struct jail *jail, struct err *e)
{
	auto_mount nodes = MOUNT_NONE;

	if (machine->disks.count == 0)
		return 0;
	if (mount_create("tmpfs", "nodes", 0, "size=64k", &nodes, e) < 0)
		return wrap(e, "nodes of disks");
	list_each(const struct plan_disk, disk, &machine->disks)
	{
		if (jail->fd_count == JAIL_FDS_MAX)
			return refuse(e, E2BIG, "%s: too many disks", disk->origin);
		if (disk_open(disk, nodes.fd, &jail->fds[jail->fd_count], e) < 0)
			return -e->code;
		jail->fd_count++;
	}
	return 0;
}

/* How fast the time stamp counter runs, measured over what the start has taken. */
static uint64_t tsc_khz(struct monitor *monitor)
{
	uint64_t elapsed;

	if (!cpu_has_ticks())
		return 0;
	while ((elapsed = clock_now() - monitor->started) < TICKS_MS_MIN * 1000000ULL)
		(void)usleep(500);
	return (uint64_t)((double)(cpu_ticks() - monitor->ticks_at_start) * 1e6 / (double)elapsed);
}

static int hypervisor_start(struct monitor *monitor, struct jail *jail, struct err *e)
{
	uint8_t macs[NET_TAPS_MAX][6];
	struct machine_line line = {
		.machine = monitor->machine,
		.macs = (const uint8_t(*)[6])macs,
		.interface_count = monitor->net.count,
	};
	auto_arena arena = {0};
	struct strv argv;

	for (size_t i = 0; i < monitor->net.count; i++)
		memcpy(macs[i], monitor->net.taps[i].mac, 6);
	if (monitor->machine->accel.value == PLAN_ACCEL_TCG)
		line.tsc_khz = tsc_khz(monitor);
	argv = machine_argv(&arena, &line);
	jail->argv = argv.items;
	monitor->jail_uid = jail->uid;
	return jail_start(jail, &monitor->hypervisor, e);
}

static int processes_start(struct monitor *monitor, struct err *e)
{
	const struct plan_machine *machine = monitor->machine;
	auto_fd int channel = FD_NONE, share = FD_NONE, console = FD_NONE, output = FD_NONE;
	struct jail jail = {
		.program = machine->hypervisor,
		.kernel = machine->kernel,
		.initramfs = machine->initramfs,
		.needs_kvm = machine->accel.value == PLAN_ACCEL_KVM,
		.uid = JAIL_UID_FIRST + (uint32_t)getpid(),
		.file_size = machine->memory.value,
		.threads = THREADS + machine->vcpus.value,
	};
	size_t own;
	int r;

	if (share_make(monitor->state_fd, machine, &monitor->share_fd, e) < 0 ||
	    net_open(&monitor->net, machine, e) < 0 || output_open(monitor, &output, e) < 0 ||
	    share_serve(monitor->share_fd, monitor->state_fd, machine, output, &monitor->server,
			&share, e) < 0 ||
	    pair_open(&monitor->channel, channel_ready, &channel, e) < 0 ||
	    pair_open(&monitor->console, console_ready, &console, e) < 0)
		return -e->code;
	jail.output = output;
	jail.fds[jail.fd_count++] = channel;
	jail.fds[jail.fd_count++] = share;
	jail.fds[jail.fd_count++] = console;
	for (size_t i = 0; i < monitor->net.count; i++)
		jail.fds[jail.fd_count++] = monitor->net.taps[i].fd;
	own = jail.fd_count;
	r = disks_open(machine, &jail, e);
	if (r == 0)
		r = hypervisor_start(monitor, &jail, e);
	while (jail.fd_count > own)
		fd_close(&jail.fds[--jail.fd_count]);
	net_close_taps(&monitor->net);
	return r;
}

/* The state directory as it is in our own mount namespace: mounts can be made only there. */
static int state_reopen(struct monitor *monitor, struct err *e)
{
	char link[PROC_FD_PATH_SIZE], path[PATH_MAX];
	auto_fd int fd = FD_NONE;
	ssize_t size;

	if (proc_fd_path(MONITOR_STATE_FD, link, e) < 0)
		return -e->code;
	size = readlink(link, path, sizeof(path) - 1);
	if (size <= 0)
		return fail(e, errno, "the state directory's path");
	path[size] = '\0';
	fd = open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	if (!fd_is_same(fd, MONITOR_STATE_FD))
		return refuse(e, ESTALE, "'%s' is another directory by now", path);
	monitor->state_fd = take_fd(&fd);
	return 0;
}

/* The hypervisor and the file server, who touch the machine's memory first, inherit it. */
static int memory_policy_apply(const struct plan_memory_policy *policy, struct err *e)
{
	if (!policy)
		return 0;
	if (memory_policy_set(policy->mode.value, policy->nodes, e) < 0)
		return wrap(e, "linux.memoryPolicy");
	return 0;
}

int monitor_view(struct monitor *monitor, struct err *e)
{
	auto_fd int files = FD_NONE;
	int r = namespace_open("/proc/self/ns/mnt", CLONE_NEWNS, &files, e);

	if (r == 0)
		r = view_enter(monitor->machine, monitor->share_fd, e);
	if (r < 0)
		return r;
	monitor->has_view = r == VIEW_ENTERED;
	if (dup3(files, MONITOR_FILES_FD, O_CLOEXEC) < 0)
		return fail(e, errno, "keep the mount namespace of the files");
	return 0;
}

int monitor_files(struct monitor *monitor, view_work_fn *work, const void *of, struct err *e)
{
	return monitor->has_view ? view_outside(MONITOR_FILES_FD, work, of, e) : work(of, e);
}

int monitor_boot(struct monitor *monitor, struct err *e)
{
	bool is_kvm = monitor->machine->accel.value == PLAN_ACCEL_KVM;
	uint32_t seconds = monitor->machine->boot_seconds.value;

	if (seconds == 0)
		seconds = is_kvm ? BOOT_SECONDS_KVM : BOOT_SECONDS_TCG;
	if (memory_policy_apply(monitor->machine->memory_policy, e) < 0 ||
	    net_enter(monitor->machine, e) < 0 || namespace_unshare(CLONE_NEWNS, e) < 0 ||
	    mount_propagation_path("/", MS_SLAVE | MS_REC, e) < 0 || state_reopen(monitor, e) < 0 ||
	    processes_start(monitor, e) < 0 ||
	    watch_add(monitor, &monitor->channel, EPOLLIN, e) < 0 ||
	    watch_add(monitor, &monitor->console, EPOLLIN, e) < 0)
		return -e->code;
	monitor->boot_deadline = clock_now() + seconds * 1000000000ULL;
	return 0;
}
