/*
 * Where state directories are by default: /run for root, else the user's run directory.
 *
 * Root inside a user namespace usually cannot write to /run, so it is treated as the user it is
 * outside, unless it claims to be root there too ($USER), as in containers.
 */
#include "base/fd.h"
#include "runtime/runtime.h"

#include <errno.h>
#include <fcntl.h>
#include <unistd.h>

#define NAME "bulkhead"

/* Whether uid 0 here is uid 0 of the machine: the map of the initial namespace is the identity. */
static bool is_initial_user_namespace(void)
{
	auto_buf text = {0};
	struct err ignored;
	unsigned int inside;
	unsigned int outside;
	unsigned int count;

	if (file_read(AT_FDCWD, "/proc/self/uid_map", 4096, true, &text, &ignored) < 0)
		return true;
	return sscanf(buf_text(&text), "%u %u %u", &inside, &outside, &count) == 3 && inside == 0 &&
	       outside == 0 && count == UINT32_MAX;
}

static bool is_ordinary_user(void)
{
	const char *user = getenv("USER");

	if (geteuid() != 0)
		return true;
	if (!getenv("XDG_RUNTIME_DIR") || (user && str_is(user, "root")))
		return false;
	return !is_initial_user_namespace();
}

int runtime_default_root(struct arena *arena, const char **ret, bool *ret_sticky, struct err *e)
{
	const char *directory = getenv("XDG_RUNTIME_DIR");

	*ret_sticky = false;
	if (!is_ordinary_user()) {
		*ret = "/run/" NAME;
		return 0;
	}
	if (!directory || directory[0] != '/')
		return refuse(e, ENOENT,
			      "XDG_RUNTIME_DIR is not an absolute path: set it, or use --root DIR");
	*ret = path_join(arena, directory, NAME);
	*ret_sticky = true;
	return 0;
}
