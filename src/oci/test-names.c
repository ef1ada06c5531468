/* The words of the command line and of single strings. */
#include "oci/load.h"
#include "oci/names.h"
#include "tap.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/mount.h>
#include <signal.h>

static int signal_of(const char *text)
{
	struct err e = {0};
	int number = -1;

	if (oci_signal_parse(text, &number, &e) < 0)
		return -1;
	return number;
}

static void check_signals(void)
{
	struct err e = {0};
	int number;

	check_number(signal_of("TERM"), SIGTERM);
	check_number(signal_of("SIGTERM"), SIGTERM);
	check_number(signal_of("sigterm"), SIGTERM);
	check_number(signal_of("kill"), SIGKILL);
	check_number(signal_of("winch"), SIGWINCH);
	check_number(signal_of("0"), 0);
	check_number(signal_of("15"), 15);
	check_number(signal_of("64"), 64);
	check_number(signal_of("RTMIN"), SIGRTMIN);
	check_number(signal_of("SIGRTMIN+3"), SIGRTMIN + 3);
	check_number(signal_of("rtmax-2"), SIGRTMAX - 2);
	check_number(signal_of("65"), -1);
	check_number(signal_of("-1"), -1);
	check_number(signal_of("SIG"), -1);
	check_number(signal_of("SIG15"), -1);
	check_number(signal_of(""), -1);
	check_number(signal_of("RTMIN+31"), -1);
	check_number(signal_of("RTMIN+"), -1);
	check_number(signal_of("RTMIN-1"), -1);
	check_number(signal_of("RTMAX+1"), -1);
	check(oci_signal_parse("NOPE", &number, &e) == -EINVAL);
	check_text(e.text, "unknown signal \"NOPE\"");
	check_text(enum_name_of(oci_signal_names, SIGABRT), "ABRT");
}

static void check_capabilities(void)
{
	int number = -1;

	check(oci_capability_parse("CAP_CHOWN", &number) == 0 && number == 0);
	check(oci_capability_parse("sys_admin", &number) == 0 && number == 21);
	check(oci_capability_parse("cap_checkpoint_restore", &number) == 0 && number == 40);
	check(oci_capability_parse("CAP_", &number) == -ENOENT);
	check(oci_capability_parse("NOPE", &number) == -ENOENT);
	for (int i = 0; i <= 40; i++)
		check_number(oci_capability_names[i].value, i);
	check(oci_capability_names[41].name == NULL);
}

static void check_mount_options(void)
{
	const struct oci_mount_option *option;

	check(oci_mount_option_find("size=3") == NULL);
	option = oci_mount_option_find("rbind");
	check(option && option->set == 0x5000 && option->kind == OCI_MOUNT_FLAG);
	option = oci_mount_option_find("rw");
	check(option && option->set == 0 && option->clear == MS_RDONLY);
	option = oci_mount_option_find("rslave");
	check(option && option->kind == OCI_MOUNT_PROPAGATION && option->set == 0x84000);
	option = oci_mount_option_find("rnodev");
	check(option && option->kind == OCI_MOUNT_RECURSIVE && option->set == MOUNT_ATTR_NODEV);
	option = oci_mount_option_find("rexec");
	check(option && option->set == 0 && option->clear == MOUNT_ATTR_NOEXEC);
	option = oci_mount_option_find("rnoatime");
	check(option && option->set == MOUNT_ATTR_NOATIME && option->clear == 0x70);
	option = oci_mount_option_find("ridmap");
	check(option && option->kind == OCI_MOUNT_IDMAP && option->set == AT_RECURSIVE);
	option = oci_mount_option_find("tmpcopyup");
	check(option && option->kind == OCI_MOUNT_COPY_UP);
	for (option = oci_mount_options; option->name; option++)
		check(oci_mount_option_find(option->name) == option);
}

static void check_ids(void)
{
	struct err e = {0};
	char long_id[300];

	memset(long_id, 'a', sizeof(long_id));
	long_id[255] = '\0';
	check(oci_id_check("a", &e) == 0);
	check(oci_id_check("Web_1.2+x-y", &e) == 0);
	check(oci_id_check(long_id, &e) == 0);
	long_id[255] = 'a';
	long_id[256] = '\0';
	check(oci_id_check(long_id, &e) == -EINVAL);
	check_contains(e.text, "invalid container ID format");
	check(oci_id_check("", &e) == -EINVAL);
	check_contains(e.text, "invalid container ID format: ''");
	check(oci_id_check(".", &e) == -EINVAL);
	check(oci_id_check("..", &e) == -EINVAL);
	check(oci_id_check(".a", &e) == -EINVAL);
	check(oci_id_check("a/b", &e) == -EINVAL);
	check_contains(e.text, "invalid container ID format: 'a/b'");
	check(oci_id_check("a b", &e) == -EINVAL);
	check(oci_id_check("\xc3\xa4", &e) == -EINVAL);
}

static void check_cpu_list(const char *text, int result, uint64_t bits)
{
	uint8_t set[8] = {0xff};
	uint64_t actual = 0;
	int r = oci_cpu_list_parse(text, set, 64);

	for (int i = 0; i < 64; i++)
		if (set[i / 8] & (1U << (i % 8)))
			actual |= 1ULL << i;
	tap_check(r == result && (r < 0 || actual == bits), __FILE__, __LINE__,
		  "list '%s' gives %d, 0x%llx", text, r, (unsigned long long)actual);
}

static void check_cpu_lists(void)
{
	check_cpu_list("0", 0, 1);
	check_cpu_list("0-3,7", 0, 0x8f);
	check_cpu_list("1, 3", 0, 0xa);
	check_cpu_list("1 3", 0, 0xa);
	check_cpu_list("63", 0, 1ULL << 63);
	check_cpu_list("0-63", 0, UINT64_MAX);
	check_cpu_list("", 0, 0);
	check_cpu_list("5-5,5", 0, 0x20);
	check_cpu_list("64", -EINVAL, 0);
	check_cpu_list("0-64", -EINVAL, 0);
	check_cpu_list("3-1", -EINVAL, 0);
	check_cpu_list("1-", -EINVAL, 0);
	check_cpu_list("-1", -EINVAL, 0);
	check_cpu_list("1-2-3", -EINVAL, 0);
	check_cpu_list("0x1", -EINVAL, 0);
	check_cpu_list("1;2", -EINVAL, 0);
	check_cpu_list("99999999999999999999", -EINVAL, 0);
}

static void check_sysctls(void)
{
	auto_arena arena = {0};

	check_text(oci_sysctl_path(&arena, "net.ipv4.ip_forward"), "net/ipv4/ip_forward");
	check_text(oci_sysctl_path(&arena, "net/ipv4/ip_forward"), "net/ipv4/ip_forward");
	check_text(oci_sysctl_path(&arena, "net.ipv4.conf.eth0/1.forwarding"),
		   "net/ipv4/conf/eth0.1/forwarding");
	check_text(oci_sysctl_path(&arena, "net/ipv4/conf/eth0.1/forwarding"),
		   "net/ipv4/conf/eth0.1/forwarding");
	check(oci_sysctl_path(&arena, "") == NULL);
	check(oci_sysctl_path(&arena, "net..x") == NULL);
	check(oci_sysctl_path(&arena, "net/../x") == NULL);
	check(oci_sysctl_path(&arena, "net.//.x") == NULL);
	check(oci_sysctl_path(&arena, "/net/x") == NULL);
	check(oci_sysctl_path(&arena, "net.x.") == NULL);
}

static void check_users(void)
{
	struct opt_u32 gid = {0};
	struct err e = {0};
	uint32_t uid = 7;

	check(oci_user_parse("1000", &uid, &gid, &e) == 0 && uid == 1000 && !gid.is_set);
	check(oci_user_parse("0:5", &uid, &gid, &e) == 0 && uid == 0 && gid.is_set &&
	      gid.value == 5);
	check(oci_user_parse("4294967294:4294967294", &uid, &gid, &e) == 0);
	check(oci_user_parse("4294967295", &uid, &gid, &e) == -EINVAL);
	check_contains(e.text, "user '4294967295'");
	check(oci_user_parse("0:4294967295", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse("", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse(":1", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse("1:", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse("1:2:3", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse("root", &uid, &gid, &e) == -EINVAL);
	check(oci_user_parse("00000000000000000000001", &uid, &gid, &e) == -EINVAL);
}

int main(void)
{
	check_signals();
	check_capabilities();
	check_mount_options();
	check_ids();
	check_cpu_lists();
	check_sysctls();
	check_users();
	return tap_done();
}
