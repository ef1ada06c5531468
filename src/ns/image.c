/*
 * The launch program as a sealed file, one for each process that is started; where executable ones
 * are forbidden, as one on a read-only tmpfs of its own.
 *
 * Not even its owner may read it, only execute: the kernel then treats the process as one that
 * nobody without rights over the file may trace or look into, from the first instruction on, and
 * keeps its memory's owner in the user namespace of the file (would_dump() in fs/exec.c).
 */
#include "internal.h"

#include "base/log.h"
#include "kern/memfd.h"
#include "launch-image.h"

#include <sys/stat.h>

int image_open(int *ret_fd, struct err *e)
{
	struct err second;
	int r = memfd_sealed("launch", launch_image, launch_image_size, true, ret_fd, e);

	if (r == -EACCES) {
		if (program_file("launch", launch_image, launch_image_size, ret_fd, &second) == 0)
			return 0;
		log_debug("launch program: %s", second.text);
		return refuse(e, EACCES,
			      "launch program: vm.memfd_noexec=2 on this host forbids executable "
			      "files in memory, and only root may do without");
	}
	if (r < 0)
		return wrap(e, "launch program");
	/* Best effort: sealed it is already, and a file system may refuse. */
	(void)fchmod(*ret_fd, 0111);
	return 0;
}
