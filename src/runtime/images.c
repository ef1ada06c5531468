/*
 * The directories of a checkpoint: that of the images, and that of CRIU's log. Only their owner may
 * look into them: they hold the memory of the container.
 */
#include "images.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <limits.h>
#include <stdlib.h>
#include <unistd.h>

static int directory_open(const char *option, const char *path, bool make, int *ret, struct err *e)
{
	int fd;

	if (make && dir_make_all(path, 0700, e) < 0)
		return wrap(e, "%s", option);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "%s: open '%s'", option, path);
	*ret = fd;
	return 0;
}

/* The annotation's file, where "" means none; else the first of the usual ones that is there. */
static const char *config_find(const struct map *annotations)
{
	static const char *const usual[] = {"/etc/criu/bulkhead.conf", "/etc/criu/runc.conf"};
	const char *asked = map_get(annotations, "org.criu.config");

	if (asked)
		return asked[0] ? asked : NULL;
	for (size_t i = 0; i < sizeof(usual) / sizeof(usual[0]); i++) {
		if (access(usual[i], R_OK) == 0)
			return usual[i];
	}
	return NULL;
}

int images_open(const struct runtime_images *options, const struct map *annotations, bool make,
		struct arena *arena, struct backend_images *ret, struct err *e)
{
	const char *image_path = options->image_path ? options->image_path : "checkpoint";
	const char *work_path = options->work_path ? options->work_path : image_path;
	char absolute[PATH_MAX];

	*ret = options->images;
	ret->images_fd = ret->work_fd = FD_NONE;
	if (directory_open("--image-path", image_path, make, &ret->images_fd, e) < 0)
		return -e->code;
	if (directory_open("--work-path", work_path, true, &ret->work_fd, e) < 0) {
		images_done(ret);
		return -e->code;
	}
	ret->work_path = arena_strdup(arena, realpath(work_path, absolute) ? absolute : work_path);
	ret->config_file = config_find(annotations);
	return 0;
}

void images_done(struct backend_images *images)
{
	fd_close(&images->images_fd);
	fd_close(&images->work_fd);
}
