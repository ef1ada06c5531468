/*
 * Modules of the initramfs, in the order of /modules/list, which the builder has sorted by what
 * needs what. One that is built in or there already is fine; one that fails is told on the console
 * and the guest goes on, since the host hears soon enough if it was needed.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/syscall.h>

#define MODULES_DIRECTORY "/modules"

enum { LIST_SIZE_MAX = 64 * 1024 };

static void load_one(int directory, const char *name)
{
	auto_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || (syscall(SYS_finit_module, fd, "", 0) < 0 && errno != EEXIST))
		(void)fprintf(stderr, "agent: module '%s': %s\n", name, strerror(errno));
	/* Its memory is better used otherwise. */
	(void)unlinkat(directory, name, 0);
}

int modules_load(struct err *e)
{
	auto_fd int directory = open(MODULES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	auto_buf list = {0};
	struct strv names;

	if (directory < 0 && errno == ENOENT)
		return 0;
	if (directory < 0)
		return fail(e, errno, "open '%s'", MODULES_DIRECTORY);
	if (file_read(directory, "list", LIST_SIZE_MAX, false, &list, e) < 0)
		return -e->code;
	names = str_split(&arena, buf_text(&list), "\n", true);
	for (size_t i = 0; i < names.count; i++)
		load_one(directory, names.items[i]);
	return 0;
}
