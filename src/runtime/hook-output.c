/*
 * Files for what hooks print, as crun has them: run.oci.hooks.stdout and run.oci.hooks.stderr.
 *
 * The path comes from an annotation, so it can be a user's whose engine passes annotations on; the
 * features document says so. It is only ever appended to, and only a regular file: no link at the
 * end of the path, no terminal that would become ours, no FIFO that would block us.
 */
#include "hook-output.h"

#include "base/fd.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/stat.h>

void hook_output_done(struct hook_output *output)
{
	fd_close(&output->out);
	fd_close(&output->error);
}

static int file_open(const struct oci_config *config, const char *name, int *ret, struct err *e)
{
	const char *path = map_get(&config->annotations, name);
	auto_fd int fd = FD_NONE;
	struct stat status;

	if (!path)
		return 0;
	if (path[0] != '/')
		return refuse(e, EINVAL, "annotations.%s: must be an absolute path, not '%s'", name,
			      path);
	fd = open(path,
		  O_WRONLY | O_APPEND | O_CREAT | O_NOFOLLOW | O_NOCTTY | O_NONBLOCK | O_CLOEXEC,
		  0600);
	if (fd < 0)
		return fail(e, errno, "annotations.%s: open '%s'", name, path);
	if (fstat(fd, &status) < 0)
		return fail(e, errno, "annotations.%s: look at '%s'", name, path);
	if (!S_ISREG(status.st_mode))
		return refuse(e, EINVAL, "annotations.%s: '%s' is no regular file", name, path);
	*ret = take_fd(&fd);
	return 0;
}

int hook_output_open(const struct oci_config *config, struct hook_output *ret, struct err *e)
{
	if (file_open(config, "run.oci.hooks.stdout", &ret->out, e) < 0 ||
	    file_open(config, "run.oci.hooks.stderr", &ret->error, e) < 0)
		return -e->code;
	return 0;
}
