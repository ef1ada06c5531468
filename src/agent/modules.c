/*
 * Modules of the initramfs. /modules/list has those that are loaded at once, in the order of what
 * needs what: "FILE" always, "FILE ID" if there is a virtio device of that kind. /modules/aliases
 * has those that are loaded when the kernel asks for them, as "ALIAS FILE...": the kernel's helper
 * is this very program. So a guest does not spend its boot on what its container never uses.
 *
 * One that is built in or there already is fine; one that fails is told on the console, and the
 * host hears soon enough if it was needed.
 */
#include "base/arena.h"
#include "base/fd.h"
#include "base/str.h"
#include "boot.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <linux/virtio_ids.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/syscall.h>

#define DEVICES_DIRECTORY "/sys/bus/virtio/devices"
#define HELPER_FILE	  "/proc/sys/kernel/modprobe"
/* Whatever the root is by then, this leads to our own program. */
#define HELPER "/proc/1/exe"

enum { LIST_SIZE_MAX = 256 * 1024 };

static bool load_one(int directory, const char *name)
{
	auto_fd int fd = openat(directory, name, O_RDONLY | O_CLOEXEC);

	if (fd >= 0 && (syscall(SYS_finit_module, fd, "", 0) == 0 || errno == EEXIST))
		return true;
	(void)fprintf(stderr, "agent: module '%s': %s\n", name, strerror(errno));
	return false;
}

/* Whether there is a virtio device of that kind. */
static bool has_device(unsigned long wanted)
{
	auto_dir DIR *directory = opendir(DEVICES_DIRECTORY);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		char path[320];
		auto_buf text = {0};
		struct err e;

		(void)snprintf(path, sizeof(path), DEVICES_DIRECTORY "/%s/device", entry->d_name);
		if (entry->d_name[0] != '.' &&
		    file_read(AT_FDCWD, path, 64, true, &text, &e) == 0 &&
		    strtoul(buf_text(&text), NULL, 16) == wanted)
			return true;
	}
	return false;
}

static int read_lines(int directory, const char *name, struct arena *arena, struct strv *ret,
		      struct err *e)
{
	auto_buf text = {0};

	if (file_read(directory, name, LIST_SIZE_MAX, false, &text, e) < 0)
		return -e->code;
	*ret = str_split(arena, buf_text(&text), "\n", true);
	return 0;
}

/* The lines for one kind of device; 0: those for every guest, then those for the devices that are
 * there, which the first ones have brought, but not the network's. */
static int load_lines(unsigned long device, struct err *e)
{
	auto_fd int directory = open(MODULES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	struct strv lines;

	if (directory < 0 && errno == ENOENT)
		return 0;
	if (directory < 0)
		return fail(e, errno, "open '%s'", MODULES_DIRECTORY);
	if (read_lines(directory, "list", &arena, &lines, e) < 0)
		return -e->code;
	for (size_t i = 0; i < lines.count; i++) {
		struct strv words = str_split(&arena, lines.items[i], " ", true);
		unsigned long kind = words.count == 2 ? strtoul(words.items[1], NULL, 10) : 0;
		bool is_wanted = device != 0
					 ? kind == device
					 : kind == 0 || (kind != VIRTIO_ID_NET && has_device(kind));

		if (words.count > 0 && is_wanted)
			(void)load_one(directory, words.items[0]);
	}
	return 0;
}

int modules_load_for(unsigned long device, struct err *e)
{
	return load_lines(device, e);
}

int modules_load(struct err *e)
{
	int r = load_lines(0, e);

	/* A kernel without modules has no helper for them. */
	if (r == 0 && access(HELPER_FILE, F_OK) == 0)
		r = file_write_existing(AT_FDCWD, HELPER_FILE, HELPER, e);
	return r;
}

/* Aliases differ in their dashes. */
static bool is_alias(const char *a, const char *b)
{
	for (; *a && *b; a++, b++) {
		if (*a != *b && !((*a == '-' || *a == '_') && (*b == '-' || *b == '_')))
			return false;
	}
	return *a == *b;
}

int modules_help(const char *alias)
{
	auto_fd int directory = open(MODULES_DIRECTORY, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_arena arena = {0};
	bool is_found = false;
	struct strv lines;
	struct err e;

	if (directory < 0 || read_lines(directory, "aliases", &arena, &lines, &e) < 0)
		return EXIT_FAILURE;
	for (size_t i = 0; i < lines.count; i++) {
		struct strv words = str_split(&arena, lines.items[i], " ", true);

		if (words.count < 2 || !is_alias(words.items[0], alias))
			continue;
		is_found = true;
		for (size_t j = 1; j < words.count; j++)
			is_found = load_one(directory, words.items[j]) && is_found;
	}
	return is_found ? EXIT_SUCCESS : EXIT_FAILURE;
}
