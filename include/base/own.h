/*
 * Ownership made visible: automatic clean-up attributes and explicit hand-over.
 * "No descriptor" is FD_NONE, so that a forgotten initialisation is an error, not stdin.
 */
#ifndef BASE_OWN_H
#define BASE_OWN_H

#include <dirent.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#define FD_NONE (-EBADF)

static inline void own_free(void *pointer)
{
	free(*(void **)pointer);
}

/* Closes *fd unless it is none, leaves FD_NONE there, keeps errno. */
static inline void fd_close(int *fd)
{
	if (*fd >= 0) {
		int saved = errno;

		(void)close(*fd);
		errno = saved;
	}
	*fd = FD_NONE;
}

static inline void own_fclose(FILE **file)
{
	if (*file)
		(void)fclose(*file);
}

static inline void own_closedir(DIR **directory)
{
	if (*directory)
		(void)closedir(*directory);
}

#define auto_free __attribute__((cleanup(own_free)))
#define auto_fd	  __attribute__((cleanup(fd_close)))
#define auto_file __attribute__((cleanup(own_fclose)))
#define auto_dir  __attribute__((cleanup(own_closedir)))

static inline int take_fd(int *fd)
{
	int taken = *fd;

	*fd = FD_NONE;
	return taken;
}

#define take_ptr(pointer)                                      \
	({                                                     \
		__typeof__(pointer) taken_pointer = (pointer); \
		(pointer) = NULL;                              \
		taken_pointer;                                 \
	})

#endif
