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
 */
#include <errno.h>
#include <seccomp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

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

static void deny_add(scmp_filter_ctx filter, char *rule)
{
	char *error = strchr(rule, '='), *rest = NULL;

	if (!error) {
		fprintf(stderr, "deny: '%s' is not NAME[,NAME...]=ERROR\n", rule);
		exit(USAGE);
	}
	*error++ = '\0';
	for (char *name = strtok_r(rule, ",", &rest); name; name = strtok_r(NULL, ",", &rest)) {
		int status = seccomp_rule_add(filter, SCMP_ACT_ERRNO((uint32_t)error_number(error)),
					      call_number(name), 0);
		if (status < 0) {
			fprintf(stderr, "deny: %s: %s\n", name, strerror(-status));
			exit(CANNOT);
		}
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
	seccomp_attr_set(filter, SCMP_FLTATR_CTL_NNP, geteuid() != 0);
	status = seccomp_load(filter);
	if (status < 0) {
		fprintf(stderr, "deny: cannot load the filter: %s\n", strerror(-status));
		return CANNOT;
	}
	seccomp_release(filter);
	execvp(words[at + 1], words + at + 1);
	fprintf(stderr, "deny: %s: %s\n", words[at + 1], strerror(errno));
	return CANNOT_RUN;
}
