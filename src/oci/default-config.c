/*
 * The configuration that `spec` writes: a shell in a read-only root, with the mounts and limits
 * that a program expects. Its rootless form needs no privilege: a user namespace with the
 * caller's own ids, the host's network, /sys bound from the host since a new sysfs belongs to
 * the owner of the network namespace.
 *
 * Without the groups of a full mapping devpts could not set gid 5, so the rootless form leaves
 * uid and gid options out.
 */
#include "oci/features.h"
#include "oci/load.h"

struct mount_row {
	const char *destination;
	const char *type;
	const char *source;
	const char *options; /* separated by spaces */
};

static const struct mount_row root_mounts[] = {
	{"/proc", "proc", "proc", ""},
	{"/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k"},
	{"/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620 gid=5"},
	{"/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev"},
	{"/sys", "sysfs", "sysfs", "nosuid noexec nodev ro"},
	{"/sys/fs/cgroup", "cgroup", "cgroup", "nosuid noexec nodev relatime ro"},
	{NULL, NULL, NULL, NULL},
};

static const struct mount_row rootless_mounts[] = {
	{"/proc", "proc", "proc", ""},
	{"/dev", "tmpfs", "tmpfs", "nosuid strictatime mode=755 size=65536k"},
	{"/dev/pts", "devpts", "devpts", "nosuid noexec newinstance ptmxmode=0666 mode=0620"},
	{"/dev/shm", "tmpfs", "shm", "nosuid noexec nodev mode=1777 size=65536k"},
	{"/dev/mqueue", "mqueue", "mqueue", "nosuid noexec nodev"},
	{"/sys", "none", "/sys", "rbind nosuid noexec nodev ro"},
	{NULL, NULL, NULL, NULL},
};

static const char masked_paths[] =
	"/proc/acpi /proc/asound /proc/kcore /proc/keys /proc/latency_stats /proc/timer_list "
	"/proc/timer_stats /proc/sched_debug /sys/firmware /proc/scsi";
static const char readonly_paths[] = "/proc/bus /proc/fs /proc/irq /proc/sys /proc/sysrq-trigger";

static void write_words(struct json_writer *w, const char *name, const char *words)
{
	auto_arena arena = {0};
	struct strv list = str_split(&arena, words, " ", true);

	json_name(w, name);
	json_begin_array(w);
	for (size_t i = 0; i < list.count; i++)
		json_string(w, list.items[i]);
	json_end_array(w);
}

static void write_process(struct json_writer *w)
{
	static const char capabilities[] = "CAP_AUDIT_WRITE CAP_KILL CAP_NET_BIND_SERVICE";

	json_name(w, "process");
	json_begin_object(w);
	json_member_bool(w, "terminal", true);
	json_name(w, "user");
	json_begin_object(w);
	json_member_u64(w, "uid", 0);
	json_member_u64(w, "gid", 0);
	json_end_object(w);
	write_words(w, "args", "sh");
	write_words(w, "env",
		    "PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin TERM=xterm");
	json_member_string(w, "cwd", "/");
	json_name(w, "capabilities");
	json_begin_object(w);
	write_words(w, "bounding", capabilities);
	write_words(w, "effective", capabilities);
	write_words(w, "permitted", capabilities);
	json_end_object(w);
	json_name(w, "rlimits");
	json_begin_array(w);
	json_begin_object(w);
	json_member_string(w, "type", "RLIMIT_NOFILE");
	json_member_u64(w, "hard", 1024);
	json_member_u64(w, "soft", 1024);
	json_end_object(w);
	json_end_array(w);
	json_member_bool(w, "noNewPrivileges", true);
	json_end_object(w);
}

static void write_mounts(struct json_writer *w, const struct mount_row *rows)
{
	json_name(w, "mounts");
	json_begin_array(w);
	for (; rows->destination; rows++) {
		json_begin_object(w);
		json_member_string(w, "destination", rows->destination);
		json_member_string(w, "type", rows->type);
		json_member_string(w, "source", rows->source);
		if (*rows->options != '\0')
			write_words(w, "options", rows->options);
		json_end_object(w);
	}
	json_end_array(w);
}

static void write_mapping(struct json_writer *w, const char *name, uint32_t host_id)
{
	json_name(w, name);
	json_begin_array(w);
	json_begin_object(w);
	json_member_u64(w, "containerID", 0);
	json_member_u64(w, "hostID", host_id);
	json_member_u64(w, "size", 1);
	json_end_object(w);
	json_end_array(w);
}

static void write_namespaces(struct json_writer *w, const char *types)
{
	auto_arena arena = {0};
	struct strv list = str_split(&arena, types, " ", true);

	json_name(w, "namespaces");
	json_begin_array(w);
	for (size_t i = 0; i < list.count; i++) {
		json_begin_object(w);
		json_member_string(w, "type", list.items[i]);
		json_end_object(w);
	}
	json_end_array(w);
}

/* No device but the default ones. */
static void write_resources(struct json_writer *w)
{
	json_name(w, "resources");
	json_begin_object(w);
	json_name(w, "devices");
	json_begin_array(w);
	json_begin_object(w);
	json_member_bool(w, "allow", false);
	json_member_string(w, "access", "rwm");
	json_end_object(w);
	json_end_array(w);
	json_end_object(w);
}

static void write_linux(struct json_writer *w, bool rootless, uint32_t euid, uint32_t egid)
{
	json_name(w, "linux");
	json_begin_object(w);
	if (rootless) {
		write_mapping(w, "uidMappings", euid);
		write_mapping(w, "gidMappings", egid);
		write_namespaces(w, "pid ipc uts mount cgroup user");
	} else {
		write_resources(w);
		write_namespaces(w, "pid network ipc uts mount cgroup");
	}
	write_words(w, "maskedPaths", masked_paths);
	write_words(w, "readonlyPaths", readonly_paths);
	json_end_object(w);
}

void oci_default_config_write(bool rootless, uint32_t euid, uint32_t egid, struct buf *out)
{
	struct json_writer writer;
	struct json_writer *w = &writer;

	json_writer_init(w, out, 4);
	json_begin_object(w);
	json_member_string(w, "ociVersion", OCI_VERSION_MAX);
	write_process(w);
	json_name(w, "root");
	json_begin_object(w);
	json_member_string(w, "path", "rootfs");
	json_member_bool(w, "readonly", true);
	json_end_object(w);
	json_member_string(w, "hostname", "bulkhead");
	write_mounts(w, rootless ? rootless_mounts : root_mounts);
	write_linux(w, rootless, euid, egid);
	json_end_object(w);
	buf_append_char(out, '\n');
}
