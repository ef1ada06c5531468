/* Capabilities, ids, limits, scheduling, keyrings and filters: what one process is and may. */
#include "kern/identity.h"

#include "base/own.h"
#include "base/str.h"
#include "kern/caps.h"
#include "kern/keyring.h"
#include "kern/lsm.h"
#include "kern/proc.h"
#include "kern/rlimit.h"
#include "kern/scheduler.h"
#include "kern/seccomp.h"
#include "test-support.h"

#include <grp.h>
#include <sys/personality.h>
#include <sys/resource.h>
#include <sys/wait.h>

#define BIT(n) (UINT64_C(1) << (n))

static void test_cap_names(void)
{
	check_number(caps_number("CAP_CHOWN"), 0);
	check_number(caps_number("sys_admin"), 21);
	check_number(caps_number("Cap_Sys_Admin"), 21);
	check_number(caps_number("CAP_NOTHING"), -1);
	check_text(caps_name(21), "CAP_SYS_ADMIN");
	check(caps_name(-1) == NULL && caps_name(63) == NULL);
	check(caps_last() >= 37 && caps_last() < 64);
	check(caps_all() & BIT(caps_last()));
	check(!(caps_all() & BIT(caps_last() + 1)));
}

static void test_home(void)
{
	static const char passwd[] = "root:x:0:0:root:/root:/bin/bash\n"
				     "1000:x:0:0::/zero:/bin/sh\n"
				     "bad:x:5:5::relative:/bin/sh\n"
				     "short:x:7\n"
				     "\n"
				     "user:x:1000:1000:A User:/home/user:/bin/sh";
	auto_arena arena = {0};

	check_text(identity_home(&arena, passwd, 1000), "/home/user");
	check_text(identity_home(&arena, passwd, 0), "/root");
	check(identity_home(&arena, passwd, 5) == NULL);
	check(identity_home(&arena, passwd, 7) == NULL);
	check(identity_home(&arena, "", 0) == NULL);
}

static void test_lists(void)
{
	struct number_set set = {.last = 0};
	struct err e;

	check_zero(number_set_parse("0-3,7", &set, &e), &e, "a list");
	check(set.last == 7 && number_set_has(&set, 0) && number_set_has(&set, 3));
	check(!number_set_has(&set, 4) && number_set_has(&set, 7) && !number_set_has(&set, 9999));
	check_zero(number_set_parse(" 64\n", &set, &e), &e, "as the kernel prints it");
	check(set.last == 64 && number_set_has(&set, 64) && !number_set_has(&set, 0));
	check_number(number_set_parse("", &set, &e), -EINVAL);
	check_number(number_set_parse("3-1", &set, &e), -EINVAL);
	check_number(number_set_parse("1,", &set, &e), -EINVAL);
	check_number(number_set_parse("1-", &set, &e), -EINVAL);
	check_number(number_set_parse("a", &set, &e), -EINVAL);
	check_number(number_set_parse("-1", &set, &e), -EINVAL);
	check_number(number_set_parse("99999999999999999999", &set, &e), -EINVAL);
	check_number(number_set_parse("8192", &set, &e), -EINVAL);
	check_zero(number_set_parse("8191", &set, &e), &e, "the last one");
}

static void test_placement(void)
{
	struct scheduler batch = {.policy = SCHED_BATCH, .nice = 5};
	struct err e;

	check_zero(affinity_set(0, "0", &e), &e, "CPU 0");
	check(sched_getcpu() == 0);
	check_number(affinity_set(0, "8000", &e), -EINVAL);
	check_zero(affinity_reset(0, &e), &e, "all CPUs");
	check_zero(scheduler_set(&batch, &e), &e, "batch");
	check_number(sched_getscheduler(0), SCHED_BATCH);
	check_number(getpriority(PRIO_PROCESS, 0), 5);
	batch.policy = 77;
	check_number(scheduler_set(&batch, &e), -EINVAL);
	check_zero(io_priority_set(2 << 13 | 6, &e), &e, "I/O priority");
	check_number(sys_ioprio_get(1, 0), 2 << 13 | 6);
	check_number(io_priority_set(7 << 13, &e), -EINVAL);
	if (access("/sys/devices/system/node/node0", F_OK) == 0) {
		check_zero(memory_policy_set(2, "0", &e), &e, "bind to node 0");
		check_zero(memory_policy_set(0, NULL, &e), &e, "default policy");
		check(memory_policy_set(2, "1000", &e) < 0);
	} else {
		tap_skip("no NUMA nodes here");
	}
	check_zero(identity_set_personality(PER_LINUX | ADDR_NO_RANDOMIZE, &e), &e, "personality");
	check_number(personality(0xffffffff), PER_LINUX | ADDR_NO_RANDOMIZE);
	check_number(identity_set_personality(0xffffffff, &e), -EINVAL);
}

static void test_limits(void)
{
	struct rlimit limit = {0};
	auto_fd int proc = FD_NONE;
	auto_buf text = {0};
	struct err e;

	check_text(rlimit_name(RLIMIT_NOFILE), "RLIMIT_NOFILE");
	check(rlimit_name(99) == NULL && rlimit_name(-1) == NULL);
	check_zero(rlimit_set(RLIMIT_CORE, 0, 4096, &e), &e, "a limit");
	check(getrlimit(RLIMIT_CORE, &limit) == 0 && limit.rlim_cur == 0 && limit.rlim_max == 4096);
	check_number(rlimit_set(RLIMIT_CORE, 5000, 4096, &e), -EINVAL);
	check_zero(proc_open(PROC_PROCESSES, &proc, &e), &e, "procfs");
	check_zero(oom_score_adj_set(proc, 500, &e), &e, "oom_score_adj");
	check_zero(proc_read(proc, "self/oom_score_adj", 100, &text, &e), &e, "read it");
	check_text(buf_text(&text), "500\n");
	check_number(oom_score_adj_set(proc, 1001, &e), -EINVAL);
}

static void test_keyring(void)
{
	struct err e;
	int r = keyring_join_new("_ses.test", &e);

	if (r == KEYRING_MISSING)
		tap_skip("no keyrings here");
	else
		check_zero(r, &e, "a new session keyring");
}

static void test_modules(void)
{
	auto_fd int proc = FD_NONE;
	struct err e;

	check_zero(proc_open(PROC_PROCESSES, &proc, &e), &e, "procfs");
	if (!lsm_apparmor_is_enabled())
		check_number(lsm_apparmor_set_exec(proc, "x", &e), -EOPNOTSUPP);
	if (!lsm_selinux_is_enabled())
		check_number(lsm_selinux_set_exec(proc, "x", &e), -EOPNOTSUPP);
}

/* The last steps before a program is executed, in their order; the step that failed. */
static int become_nobody(void)
{
	static const uint32_t groups[] = {10, 20};
	struct caps caps;
	gid_t now[4];
	struct err e;

	if (caps_keep_bounding(BIT(5) | BIT(10), &e) < 0)
		return 1;
	if (identity_set_groups(groups, 2, &e) < 0 || getgroups(4, now) != 2 || now[1] != 20)
		return 2;
	if (caps_keep_over_setuid(true, &e) < 0 || identity_set(1234, 4321, &e) < 0)
		return 3;
	if (getuid() != 1234 || getegid() != 4321)
		return 4;
	if (caps_set(BIT(10), BIT(5) | BIT(10), BIT(10), &e) < 0)
		return 5;
	if (caps_set_ambient(BIT(10), &e) < 0 || caps_get(&caps, &e) < 0)
		return 6;
	if (caps.bounding != (BIT(5) | BIT(10)) || caps.effective != BIT(10) ||
	    caps.permitted != (BIT(5) | BIT(10)) || caps.inheritable != BIT(10) ||
	    caps.ambient != BIT(10))
		return 7;
	if (caps_set_ambient(BIT(5), &e) != -EPERM || caps_set(BIT(21), BIT(21), 0, &e) != -EPERM)
		return 8;
	if (identity_set_dumpable(false, &e) < 0 || prctl(PR_GET_DUMPABLE, 0, 0, 0, 0) != 0)
		return 9;
	return 0;
}

static int install_filter(void)
{
	const struct sock_filter program[] = {
		BPF_STMT(BPF_LD | BPF_W | BPF_ABS, offsetof(struct seccomp_data, nr)),
		BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, SYS_getppid, 0, 1),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | EXDEV),
		BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ALLOW),
	};
	int listener = 5;
	struct err e;

	if (identity_no_new_privileges(&e) < 0)
		return 1;
	if (seccomp_install(program, 4, UINT64_C(1) << 31, &listener, &e) != -EINVAL)
		return 2;
	if (seccomp_install(program, 4, UINT64_C(1) << 40, &listener, &e) != -EINVAL ||
	    seccomp_install(program, 0, 0, &listener, &e) != -EINVAL)
		return 3;
	if (seccomp_install(program, 4, KERN_SECCOMP_FLAG_LOG, &listener, &e) < 0)
		return 4;
	if (listener != FD_NONE || syscall(SYS_getppid) != -1 || errno != EXDEV)
		return 5;
	if (seccomp_install(program, 4, KERN_SECCOMP_FLAG_NEW_LISTENER, &listener, &e) < 0)
		return 6;
	return listener >= 0 && fcntl(listener, F_GETFD) & FD_CLOEXEC ? 0 : 7;
}

static void in_child(int (*function)(void), const char *what)
{
	int status = -1;
	pid_t pid;

	(void)fflush(stdout);
	pid = fork();
	if (pid == 0)
		_exit(function());
	(void)waitpid(pid, &status, 0);
	tap_check(status == 0, __FILE__, __LINE__, "%s (status %x)", what, (unsigned int)status);
}

int main(void)
{
	struct err e;

	test_cap_names();
	test_home();
	test_lists();
	test_placement();
	test_limits();
	test_keyring();
	test_modules();
	check_number(identity_set(UINT32_MAX, 0, &e), -EINVAL);
	check_number(identity_set_groups((const uint32_t[]){UINT32_MAX}, 1, &e), -EINVAL);
	check(seccomp_is_supported());
	check(seccomp_supported_flags() & KERN_SECCOMP_FLAG_LOG);
	check(seccomp_action_is_supported(SECCOMP_RET_KILL_PROCESS));
	check(!seccomp_action_is_supported(0x12340000));
	in_child(install_filter, "a filter");
	if (is_root())
		in_child(become_nobody, "another identity");
	else
		tap_skip("another identity needs root");
	return tap_done();
}
