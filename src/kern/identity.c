/*
 * Who a process is: see kern/identity.h.
 *
 * To setresuid(2) and its relatives (uid_t) -1 means "leave as it is", which would be root:
 * refused (compare GHSA-4vg2-xjqj-7chj). The order is groups, gid, uid, since each step may take
 * away the right to the one before.
 */
#include "kern/identity.h"

#include "base/num.h"
#include "base/own.h"
#include "base/str.h"
#include "kern/compat.h"

#include <errno.h>
#include <grp.h>
#include <sys/personality.h>
#include <sys/prctl.h>

int identity_set_groups(const uint32_t *groups, size_t count, struct err *e)
{
	for (size_t i = 0; i < count; i++) {
		if (groups[i] == UINT32_MAX)
			return refuse(e, EINVAL, "4294967295 is not a group id");
	}
	if (setgroups(count, groups) < 0)
		return fail(e, errno, "set %zu supplementary groups", count);
	return 0;
}

bool identity_groups_denied(void)
{
	char text[8] = "";
	auto_fd int fd = open("/proc/self/setgroups", O_RDONLY | O_CLOEXEC);

	return fd >= 0 && read(fd, text, sizeof(text) - 1) > 0 && str_starts(text, "deny");
}

int identity_set(uint32_t uid, uint32_t gid, struct err *e)
{
	uid_t ruid, euid, suid;
	gid_t rgid, egid, sgid;

	if (uid == UINT32_MAX || gid == UINT32_MAX)
		return refuse(e, EINVAL, "4294967295 is neither a user nor a group id");
	if (setresgid(gid, gid, gid) < 0)
		return fail(e, errno, "become group %u", gid);
	if (setresuid(uid, uid, uid) < 0)
		return fail(e, errno, "become user %u", uid);
	if (getresuid(&ruid, &euid, &suid) < 0 || getresgid(&rgid, &egid, &sgid) < 0)
		return fail(e, errno, "look at own ids");
	if (ruid != uid || euid != uid || suid != uid || rgid != gid || egid != gid || sgid != gid)
		return refuse(e, EPERM, "the kernel did not change the ids to %u:%u", uid, gid);
	return 0;
}

int identity_no_new_privileges(struct err *e)
{
	if (prctl(PR_SET_NO_NEW_PRIVS, 1, 0, 0, 0) < 0)
		return fail(e, errno, "set no_new_privs");
	return 0;
}

int identity_set_dumpable(bool dumpable, struct err *e)
{
	if (prctl(PR_SET_DUMPABLE, dumpable ? 1 : 0, 0, 0, 0) < 0)
		return fail(e, errno, "make the process %sdumpable", dumpable ? "" : "not ");
	return 0;
}

int identity_set_personality(uint64_t persona, struct err *e)
{
	/* 0xffffffff asks for the current one. */
	if (persona >= UINT32_MAX)
		return refuse(e, EINVAL, "0x%llx is not a personality",
			      (unsigned long long)persona);
	if (personality((unsigned long)persona) < 0)
		return fail(e, errno, "set personality 0x%llx", (unsigned long long)persona);
	return 0;
}

/* One line "name:password:uid:gid:comment:home:shell"; the home if the uid is that one. */
static char *home_in_line(struct arena *arena, const char *line, size_t length, uint32_t uid)
{
	struct strv words;
	uint32_t found;

	words = str_split(arena, arena_strndup(arena, line, length), ":", false);
	if (words.count < 6 || num_u32(words.items[2], &found) < 0 || found != uid)
		return NULL;
	return words.items[5][0] == '/' ? words.items[5] : NULL;
}

char *identity_home(struct arena *arena, const char *passwd, uint32_t uid)
{
	auto_arena scratch = {0};

	while (*passwd) {
		size_t length = strcspn(passwd, "\n");
		char *home = home_in_line(&scratch, passwd, length, uid);

		if (home)
			return arena_strdup(arena, home);
		passwd += length + (passwd[length] == '\n');
	}
	return NULL;
}
