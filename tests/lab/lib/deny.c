/*
 * Runs a program for which chosen system calls fail.
 *
 *	deny NAME[,NAME...]=ERROR... -- COMMAND [ARGUMENT...]
 *
 * ERROR is ENOSYS (a kernel without the call), EPERM (a seccomp profile around us), EINVAL (a
 * kernel that knows the call but not this use of it) or any other name or number that the filter
 * can return. It is a seccomp filter, so it holds for all that the command starts, containers
 * included. It is loaded without no_new_privs, which would change what is tested, unless the
 * caller is an ordinary user, who has no choice.
 *
 * "clone3-into-cgroup" is clone3 with CLONE_INTO_CGROUP alone. A filter cannot read what the
 * call's argument points to, so the kernel asks a process of ours, which is there as long as
 * anybody has the filter and holds nothing else open.
 */
#include <errno.h>
#include <fcntl.h>
#include <linux/sched.h>
#include <poll.h>
#include <seccomp.h>
#include <signal.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

#define INTO_CGROUP "clone3-into-cgroup"

enum { USAGE = 2, CANNOT = 125, CANNOT_RUN = 127 };

/* Calls that older libseccomp does not know by name. */
static const struct {
	const char *name;
	int number;
} late_calls[] = {
#ifdef SYS_open_tree_attr
	{"open_tree_attr", SYS_open_tree_attr},
#endif
	{"fchmodat2", 452},
	{"statmount", 457},
	{"listmount", 458},
};

static const struct {
	const char *name;
	int number;
} errors[] = {
	{"EPERM", EPERM},   {"ENOENT", ENOENT}, {"EACCES", EACCES},	    {"EBUSY", EBUSY},
	{"EINVAL", EINVAL}, {"ENOSYS", ENOSYS}, {"EOPNOTSUPP", EOPNOTSUPP}, {"E2BIG", E2BIG},
};

static int call_number(const char *name)
{
	int number = seccomp_syscall_resolve_name(name);

	for (size_t i = 0; number < 0 && i < sizeof(late_calls) / sizeof(late_calls[0]); i++)
		if (strcmp(late_calls[i].name, name) == 0)
			number = late_calls[i].number;
	if (number < 0) {
		fprintf(stderr, "deny: no system call '%s' here\n", name);
		exit(CANNOT);
	}
	return number;
}

static int error_number(const char *name)
{
	for (size_t i = 0; i < sizeof(errors) / sizeof(errors[0]); i++)
		if (strcmp(errors[i].name, name) == 0)
			return errors[i].number;
	int number = atoi(name);
	if (number <= 0 || number > 4095) {
		fprintf(stderr, "deny: '%s' is no error\n", name);
		exit(USAGE);
	}
	return number;
}

/* What clone3 into a cgroup fails with; 0: it is let through without a question. */
static int into_cgroup_error;

static void deny_add(scmp_filter_ctx filter, char *rule)
{
	char *error = strchr(rule, '='), *rest = NULL;

	if (!error) {
		fprintf(stderr, "deny: '%s' is not NAME[,NAME...]=ERROR\n", rule);
		exit(USAGE);
	}
	*error++ = '\0';
	for (char *name = strtok_r(rule, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		bool is_asked = strcmp(name, INTO_CGROUP) == 0;
		if (is_asked)
			into_cgroup_error = error_number(error);
		int status = seccomp_rule_add(
			filter,
			is_asked ? SCMP_ACT_NOTIFY : SCMP_ACT_ERRNO((uint32_t)error_number(error)),
			call_number(is_asked ? "clone3" : name), 0);
		if (status < 0) {
			fprintf(stderr, "deny: %s: %s\n", name, strerror(-status));
			exit(CANNOT);
		}
	}
}

static bool is_into_cgroup(const struct seccomp_notif *asked)
{
	uint64_t flags = 0;
	struct iovec here = {.iov_base = &flags, .iov_len = sizeof(flags)};
	struct iovec there = {.iov_base = (void *)(uintptr_t)asked->data.args[0],
			      .iov_len = sizeof(flags)};

	return process_vm_readv((pid_t)asked->pid, &here, 1, &there, 1, 0) == sizeof(flags) &&
	       (flags & CLONE_INTO_CGROUP);
}

/* Until the last who has the filter is gone. */
static void questions_answer(int fd)
{
	struct pollfd polled = {.fd = fd, .events = POLLIN};
	struct seccomp_notif *asked;
	struct seccomp_notif_resp *answer;

	if (seccomp_notify_alloc(&asked, &answer) != 0)
		return;
	while (poll(&polled, 1, -1) >= 0 || errno == EINTR) {
		if (polled.revents & (POLLHUP | POLLERR | POLLNVAL))
			return;
		memset(asked, 0, sizeof(*asked));
		if (!(polled.revents & POLLIN) || seccomp_notify_receive(fd, asked) != 0)
			continue;
		bool is_refused = is_into_cgroup(asked);
		*answer = (struct seccomp_notif_resp){
			.id = asked->id,
			.error = is_refused ? -into_cgroup_error : 0,
			.flags = is_refused ? 0 : SECCOMP_USER_NOTIF_FLAG_CONTINUE,
		};
		seccomp_notify_respond(fd, answer);
	}
}

/*
 * The process that answers is made before the filter, which it would keep alive, and fetches its
 * descriptor then. It is nobody's child, without a name that tests look for, and has nothing open
 * that somebody waits to be closed.
 */
static void answerer_run(pid_t asker, int requests, int ready)
{
	int fd, asker_fd = (int)syscall(SYS_pidfd_open, asker, 0);

	if (read(requests, &fd, sizeof(fd)) != sizeof(fd))
		_exit(0);
	fd = (int)syscall(SYS_pidfd_getfd, asker_fd, fd, 0);
	if (fd < 0 || write(ready, "", 1) != 1)
		_exit(CANNOT);
	dup2(fd, 0);
	closefrom(1);
	questions_answer(0);
	_exit(0);
}

struct answerer {
	int requests, ready;
};

static struct answerer answerer_start(char **words)
{
	int requests[2], ready[2];
	pid_t asker = getpid(), child;
	int spare;

	/* libseccomp takes no descriptor 0; what is closed here is closed for the program again. */
	while ((spare = open("/dev/null", O_RDWR | O_CLOEXEC)) >= 0 && spare <= STDERR_FILENO)
		;
	close(spare);
	if (pipe2(requests, O_CLOEXEC) < 0 || pipe2(ready, O_CLOEXEC) < 0 || (child = fork()) < 0) {
		perror("deny");
		exit(CANNOT);
	}
	if (child == 0) {
		if (fork() != 0)
			_exit(0);
		close(requests[1]);
		close(ready[0]);
		setsid();
		for (int i = 0; words[i]; i++)
			memset(words[i], 0, strlen(words[i]));
		if (chdir("/") == 0)
			answerer_run(asker, requests[0], ready[1]);
		_exit(0);
	}
	waitpid(child, NULL, 0);
	close(requests[0]);
	close(ready[1]);
	return (struct answerer){.requests = requests[1], .ready = ready[0]};
}

static void answerer_use(struct answerer answerer, int fd)
{
	char byte;

	if (write(answerer.requests, &fd, sizeof(fd)) != sizeof(fd) ||
	    read(answerer.ready, &byte, 1) != 1) {
		fputs("deny: nobody answers for " INTO_CGROUP "\n", stderr);
		exit(CANNOT);
	}
}

int main(int count, char **words)
{
	int at = 1, status;
	scmp_filter_ctx filter = seccomp_init(SCMP_ACT_ALLOW);

	if (!filter)
		return CANNOT;
	for (; at < count && strcmp(words[at], "--") != 0; at++)
		deny_add(filter, words[at]);
	if (at < 2 || at + 1 >= count) {
		fputs("usage: deny NAME[,NAME...]=ERROR... -- COMMAND [ARGUMENT...]\n", stderr);
		return USAGE;
	}
	struct answerer answerer = {.requests = -1};
	if (into_cgroup_error != 0)
		answerer = answerer_start(words);
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	status = seccomp_load(filter);
	if (status < 0) {
		fprintf(stderr, "deny: cannot load the filter: %s\n", strerror(-status));
		return CANNOT;
	}
	if (into_cgroup_error != 0)
		answerer_use(answerer, seccomp_notify_fd(filter));
	seccomp_release(filter);
	execvp(words[at + 1], words + at + 1);
	fprintf(stderr, "deny: %s: %s\n", words[at + 1], strerror(errno));
	return CANNOT_RUN;
}
