/* What checkpoint and restore tell CRIU alike. */
#ifndef NS_IMAGES_H
#define NS_IMAGES_H

#include "backend/checkpoint.h"
#include "criu/criu.h"
#include "internal.h"

/* CRIU's names for namespaces that are not the container's own. */
#define IMAGES_NET_KEY "extRootNetNS"
#define IMAGES_PID_KEY "extRootPidNS"
/* Names of what descriptors 0, 1, 2 were, an array of strings, as other runtimes write it. */
#define IMAGES_STDIO_FILE "descriptors.json"

/* Adds one to a list of the arena's; filled with zeros. */
void *images_add(struct arena *arena, struct list *list, size_t size);
#define IMAGES_ADD(arena, list, type) ((type *)images_add((arena), (list), sizeof(type)))

/* Everything but what differs. */
int images_request(struct ns_backend *ns, const struct plan *plan,
		   const struct backend_images *images, struct criu_request *ret,
		   struct err *e) must_check;

/* Whether the operation binds something of the host into the container. */
bool images_is_external(const struct plan_op *op);

#endif
