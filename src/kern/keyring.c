/*
 * Session keyrings: see kern/keyring.h.
 *
 * A container must not see the keys of whoever started it. Joining by name makes a new keyring or
 * finds an existing one of that name whose owner may search it; hence the permission that is added
 * for the owner, without which exec could not enter the keyring of its container.
 */
#include "kern/keyring.h"

#include "base/log.h"
#include "kern/compat.h"

#include <errno.h>
#include <linux/keyctl.h>
#include <stdlib.h>
#include <string.h>

#define OWNER_MAY_SEARCH 0x00080000U

/* Permissions from "type;uid;gid;perm;description". */
static int get_permissions(unsigned long key, unsigned long *ret)
{
	char text[512];
	long size = sys_keyctl(KEYCTL_DESCRIBE, key, (unsigned long)text, sizeof(text) - 1, 0);
	char *rest = text;
	char *word = NULL;

	if (size < 0)
		return -errno;
	if ((size_t)size > sizeof(text) - 1)
		return -EMSGSIZE;
	text[size] = '\0';
	for (int i = 0; i < 4; i++)
		word = rest ? strsep(&rest, ";") : NULL;
	if (!word)
		return -EINVAL;
	*ret = strtoul(word, NULL, 16);
	return 0;
}

int keyring_join_new(const char *name, struct err *e)
{
	unsigned long permissions = 0;
	long key = sys_keyctl(KEYCTL_JOIN_SESSION_KEYRING, (unsigned long)name, 0, 0, 0);
	int r;

	if (key < 0 && (errno == ENOSYS || errno == EDQUOT)) {
		log_debug("no session keyring '%s': %s", name, strerror(errno));
		return KEYRING_MISSING;
	}
	if (key < 0)
		return fail(e, errno, "join session keyring '%s'", name);
	r = get_permissions((unsigned long)key, &permissions);
	if (r < 0)
		return fail(e, -r, "look at session keyring '%s'", name);
	if (sys_keyctl(KEYCTL_SETPERM, (unsigned long)key, permissions | OWNER_MAY_SEARCH, 0, 0) <
	    0)
		return fail(e, errno, "set permissions of session keyring '%s'", name);
	return KEYRING_JOINED;
}
