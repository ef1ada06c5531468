/* The directories of a checkpoint, for checkpoint and restore. */
#ifndef RUNTIME_IMAGES_H
#define RUNTIME_IMAGES_H

#include "container.h"

/* Opens both, and finds the file of CRIU's options. The descriptors are closed by images_done(). */
int images_open(const struct runtime_images *options, const struct map *annotations, bool make,
		struct arena *arena, struct backend_images *ret, struct err *e) must_check;
void images_done(struct backend_images *images);

#endif
