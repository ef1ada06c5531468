/* Processes by pidfd and birth, with and without the calls of new kernels. */
#include "kern/process.h"

#include "kern/idmap.h"
#include "kern/namespaces.h"
#include "test-support.h"

#include <signal.h>
#include <sys/ioctl.h>
#include <sys/wait.h>

static void start(uint64_t flags, struct process *ret)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct err e;
	int r;

	how.flags = flags;
	(void)fflush(stdout);
	r = process_fork(&how, ret, &e);
	if (r == PROCESS_CHILD) {
		(void)pause();
		_exit(0);
	}
	check_zero(r, &e, "make a process");
}

static void test_life(bool has_pidfd)
{
	struct process child = PROCESS_NONE, found = PROCESS_NONE;
	uint64_t born = 0;
	char state = 0;
	int status = 0;
	struct err e;

	start(0, &child);
	check(child.pid > 0 && child.born > 0);
	check((child.pidfd >= 0) == has_pidfd);
	check_number(process_stat(child.pid, &born, &state), 0);
	check_number(born, child.born);
	check_number(process_open(child.pid, born, &found, &e), PROCESS_ALIVE);
	check_number(found.born, born);
	check_number(process_open(child.pid, born + 1, &child, &e), PROCESS_GONE);
	check_number(process_wait_gone(&found, 20, &e), 1);
	check_number(process_signal(&found, 0, &e), 0);
	check_number(process_signal(&found, SIGKILL, &e), 0);
	check_number(process_wait_gone(&found, 5000, &e), 0);
	check_number(process_open(child.pid, 0, &child, &e), PROCESS_GONE);
	check_zero(process_reap(child.pid, &status, &e), &e, "reap");
	check(WIFSIGNALED(status) && WTERMSIG(status) == SIGKILL);
	check_number(process_signal(&found, SIGTERM, &e), PROCESS_GONE);
	check_number(process_stat(child.pid, &born, &state), -ESRCH);
	check_number(process_wait_gone(&found, 0, &e), 0);
	process_done(&found);
	process_done(&child);
	check_number(found.pid, 0);
	check_number(process_signal(&found, SIGKILL, &e), PROCESS_GONE);
	check_number(process_open(0, 0, &found, &e), PROCESS_GONE);
	check_number(process_open(-1, 0, &found, &e), PROCESS_GONE);
}

/* A command name that looks like the rest of the line. */
static void test_strange_name(void)
{
	struct process child = PROCESS_NONE;
	uint64_t born = 0;
	char state = 0;
	int status;
	struct err e;

	check(prctl(PR_SET_NAME, "a) Z 1 (", 0, 0, 0) == 0);
	start(0, &child);
	check_number(process_stat(child.pid, &born, &state), 0);
	check(state != 'Z' && born == child.born && born > 0);
	check_number(process_signal(&child, SIGKILL, &e), 0);
	check_zero(process_reap(child.pid, &status, &e), &e, "reap");
	process_done(&child);
}

static void test_namespaces(void)
{
	struct process child = PROCESS_NONE;
	auto_fd int theirs = FD_NONE;
	auto_fd int ours = FD_NONE;
	bool is_own = true;
	int status;
	struct err e;

	if (!is_root()) {
		tap_skip("namespaces need root");
		return;
	}
	start(CLONE_NEWUTS | CLONE_NEWPID, &child);
	check_zero(namespace_open_process(child.pid, CLONE_NEWUTS, &theirs, &e), &e, "open");
	check_zero(namespace_is_own(theirs, CLONE_NEWUTS, &is_own, &e), &e, "compare");
	check(!is_own);
	check_zero(namespace_open("/proc/self/ns/uts", CLONE_NEWUTS, &ours, &e), &e, "open ours");
	check_zero(namespace_is_own(ours, CLONE_NEWUTS, &is_own, &e), &e, "compare");
	check(is_own);
	check_zero(namespace_join(theirs, CLONE_NEWUTS, &e), &e, "join");
	check_zero(namespace_is_own(theirs, CLONE_NEWUTS, &is_own, &e), &e, "compare");
	check(is_own);
	check_zero(namespace_join(ours, CLONE_NEWUTS, &e), &e, "go back");
	if (child.pidfd >= 0)
		check_zero(namespace_join_process(child.pidfd, CLONE_NEWUTS, &e), &e, "join both");
	check_number(namespace_join(ours, CLONE_NEWNET, &e), -EINVAL);
	check_number(process_signal(&child, SIGKILL, &e), 0);
	check_zero(process_reap(child.pid, &status, &e), &e, "reap");
	process_done(&child);
}

static void test_namespace_types(void)
{
	auto_fd int fd = FD_NONE;
	char text[1200];
	struct err e;

	check_number(namespace_open("/proc/self/ns/uts", CLONE_NEWNET, &fd, &e), -EINVAL);
	(void)err_format(&e, text, sizeof(text));
	check_contains(text, "is a uts namespace, not a net namespace");
	check_number(namespace_open("/etc/passwd", CLONE_NEWNET, &fd, &e), -EINVAL);
	check_number(namespace_open("/nonexistent", CLONE_NEWNET, &fd, &e), -ENOENT);
	check_text(namespace_name(CLONE_NEWNS), "mnt");
	check(namespace_name(CLONE_NEWNS | CLONE_NEWNET) == NULL);
	check_number(namespace_flag("time"), CLONE_NEWTIME);
	check_number(namespace_flag("pid_for_children"), 0);
	check(namespace_supported() & CLONE_NEWNS);
}

static void test_maps(void)
{
	static const struct id_range good[] = {{0, 100000, 1000}, {1000, 0, 1}};
	static const struct id_range bad[] = {{0, 100000, 1000}, {999, 0, 1}};
	static const struct id_range huge[] = {{0, UINT32_MAX - 5, 6}};
	static const struct id_range none[] = {{0, 0, 0}};
	auto_fd int fd = FD_NONE;
	auto_free char *text = idmap_text(&(struct id_map){good, 2});
	uint32_t outside = 0;
	struct err e;

	check_text(text, "0 100000 1000\n1000 0 1\n");
	check_zero(idmap_check(&(struct id_map){good, 2}, &e), &e, "a good map");
	check_number(idmap_check(&(struct id_map){bad, 2}, &e), -EINVAL);
	check_text(e.text, "mapping 1 overlaps mapping 0");
	check_number(idmap_check(&(struct id_map){huge, 1}, &e), -EINVAL);
	check_number(idmap_check(&(struct id_map){none, 1}, &e), -EINVAL);
	check_number(idmap_check(&(struct id_map){good, 0}, &e), -EINVAL);
	check_number(idmap_check(&(struct id_map){good, 341}, &e), -EINVAL);
	check(idmap_outside(&(struct id_map){good, 2}, 7, &outside) && outside == 100007);
	check(!idmap_outside(&(struct id_map){good, 2}, 1001, &outside));
	if (!is_root()) {
		tap_skip("writing maps needs root");
		return;
	}
	check_zero(
		idmap_user_namespace(&(struct id_map){good, 2}, &(struct id_map){good, 1}, &fd, &e),
		&e, "a user namespace without a process");
	check_number(ioctl(fd, _IO(0xb7, 0x3)), CLONE_NEWUSER);
}

static void test_relations(void)
{
	struct err e;
	sigset_t all, now;

	check_zero(process_set_subreaper(true, &e), &e, "subreaper");
	check_zero(process_set_parent_death_signal(SIGKILL, getppid(), &e), &e, "death signal");
	check_number(process_set_parent_death_signal(SIGKILL, 1 << 30, &e), -ESRCH);
	(void)sigfillset(&all);
	check(sigprocmask(SIG_SETMASK, &all, NULL) == 0);
	check(signal(SIGPIPE, SIG_IGN) != SIG_ERR);
	check_zero(process_reset_signals(&e), &e, "reset signals");
	check(sigprocmask(SIG_SETMASK, NULL, &now) == 0 && !sigismember(&now, SIGTERM));
	check(signal(SIGPIPE, SIG_DFL) == SIG_DFL);
}

int main(void)
{
	static const long clone_calls[] = {SYS_clone3};
	static const long calls[] = {SYS_pidfd_open, SYS_pidfd_send_signal};

	test_life(true);
	test_strange_name();
	test_namespace_types();
	test_namespaces();
	test_maps();
	test_relations();
	printf("# without clone3(2)\n");
	check(deny_calls(clone_calls, 1, ENOSYS));
	test_life(true);
	test_namespaces();
	test_maps();
	check(deny_calls(calls, 2, EPERM));
	{
		struct process own = PROCESS_NONE;
		struct err e;

		check_number(process_open(getpid(), 0, &own, &e), PROCESS_ALIVE);
		check(own.pidfd < 0);
		check_number(process_signal(&own, 0, &e), 0);
		check_number(process_wait_gone(&own, 30, &e), 1);
		own.born++;
		check_number(process_signal(&own, SIGKILL, &e), PROCESS_GONE);
		check_number(process_wait_gone(&own, 30, &e), 0);
	}
	return tap_done();
}
