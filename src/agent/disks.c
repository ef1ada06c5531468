/*
 * Block devices of the host that the plan names are disks of this guest under numbers that only its
 * kernel knows. They are told apart by their serials, and the plan's device nodes and device rules
 * get the guest's numbers.
 */
#include "base/fd.h"
#include "base/num.h"
#include "base/str.h"
#include "worker.h"

#include <dirent.h>
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <sys/stat.h>

#define BLOCK_DIRECTORY "/sys/block"

struct numbers {
	uint32_t major, minor;
};

static bool has_serial(const char *name, const char *serial)
{
	auto_buf text = {0};
	char path[320];
	struct err e;

	(void)snprintf(path, sizeof(path), BLOCK_DIRECTORY "/%s/serial", name);
	return file_read(AT_FDCWD, path, 256, true, &text, &e) == 0 &&
	       str_is(buf_text(&text), serial);
}

static int read_numbers(const char *name, struct arena *arena, struct numbers *ret, struct err *e)
{
	auto_buf text = {0};
	char path[320];
	struct strv words;

	(void)snprintf(path, sizeof(path), BLOCK_DIRECTORY "/%s/dev", name);
	if (file_read(AT_FDCWD, path, 64, true, &text, e) < 0)
		return -e->code;
	words = str_split(arena, buf_text(&text), ":\n", true);
	if (words.count != 2 || num_u32(words.items[0], &ret->major) < 0 ||
	    num_u32(words.items[1], &ret->minor) < 0)
		return refuse(e, EBADMSG, "'%s' does not tell a device number", path);
	return 0;
}

static int find_disk(const struct wire_disk *disk, struct arena *arena, struct numbers *ret,
		     struct err *e)
{
	auto_dir DIR *directory = opendir(BLOCK_DIRECTORY);
	struct dirent *entry;

	while (directory && (entry = readdir(directory))) {
		if (entry->d_name[0] != '.' && has_serial(entry->d_name, disk->serial))
			return read_numbers(entry->d_name, arena, ret, e);
	}
	return refuse(e, ENODEV, "the guest has no disk for the block device %u:%u", disk->major,
		      disk->minor);
}

static void change_nodes(struct list *ops, const struct wire_disk *disk,
			 const struct numbers *numbers, struct arena *arena)
{
	list_each(struct plan_op, op, ops)
	{
		struct plan_device *device;

		if (!op->device || (op->device->mode.value & S_IFMT) != S_IFBLK ||
		    op->device->major.value != disk->major ||
		    op->device->minor.value != disk->minor)
			continue;
		device = arena_memdup(arena, op->device, sizeof(*device));
		device->major.value = numbers->major;
		device->minor.value = numbers->minor;
		op->device = device;
	}
}

static void change_rules(struct list *rules, const struct wire_disk *disk,
			 const struct numbers *numbers)
{
	list_each(struct plan_device_rule, rule, rules)
	{
		if (!str_is(rule->type, "b") || rule->major.value != disk->major ||
		    rule->minor.value != disk->minor)
			continue;
		rule->major.value = numbers->major;
		rule->minor.value = numbers->minor;
	}
}

static struct list list_copy(const struct list *list, size_t size, struct arena *arena)
{
	return (struct list){
		.items = list->count ? arena_memdup(arena, list->items, list->count * size) : NULL,
		.count = list->count};
}

/* The original's numbers decide, so that one disk's new number is never taken for another's. */
int disks_apply(const struct wire_prepare *body, struct arena *arena, const struct plan **ret,
		struct err *e)
{
	struct plan_limits *limits = NULL;
	struct plan *plan;

	*ret = body->plan;
	if (body->disk_count == 0)
		return 0;
	plan = arena_memdup(arena, body->plan, sizeof(*plan));
	plan->ops = list_copy(&plan->ops, sizeof(struct plan_op), arena);
	if (plan->limits) {
		limits = arena_memdup(arena, plan->limits, sizeof(*limits));
		limits->devices =
			list_copy(&limits->devices, sizeof(struct plan_device_rule), arena);
		plan->limits = limits;
	}
	for (size_t i = 0; i < body->disk_count; i++) {
		struct numbers numbers;

		if (find_disk(&body->disks[i], arena, &numbers, e) < 0)
			return -e->code;
		change_nodes(&plan->ops, &body->disks[i], &numbers, arena);
		if (limits)
			change_rules(&limits->devices, &body->disks[i], &numbers);
	}
	*ret = plan;
	return 0;
}
