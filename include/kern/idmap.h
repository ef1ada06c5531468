/*
 * Id mappings of user namespaces (user_namespaces(7)): writing them, with or without the setuid
 * helpers newuidmap and newgidmap, and user namespaces that exist only to id-map mounts.
 */
#ifndef KERN_IDMAP_H
#define KERN_IDMAP_H

#include "base/err.h"
#include "base/own.h"

#include <stdint.h>
#include <sys/types.h>

#define IDMAP_LINES_MAX 340 /* of the kernel since 4.15 */

struct id_range {
	uint32_t inside, outside, size;
};

struct id_map {
	const struct id_range *ranges;
	size_t count;
};

enum id_kind { ID_USERS, ID_GROUPS };

/* Lines, sizes, overflow and overlap; the message says which line ("mapping 2: ..."). */
int idmap_check(const struct id_map *map, struct err *e) must_check;
/* The id that `inside` has outside. false: not mapped. */
bool idmap_outside(const struct id_map *map, uint32_t inside, uint32_t *ret);
/* The text for uid_map; the caller frees. */
char *idmap_text(const struct id_map *map);

/* Writes /proc/<pid>/uid_map or gid_map; `with_helper`: newuidmap, newgidmap, looked up in the
 * fixed directories of the system and run with an empty environment. */
int idmap_write(pid_t pid, enum id_kind kind, const struct id_map *map, bool with_helper,
		struct err *e) must_check;
/* "deny" to /proc/<pid>/setgroups: needed before an unprivileged gid_map. */
int idmap_deny_setgroups(pid_t pid, struct err *e) must_check;

/* A user namespace with these mappings and no process in it, for MOUNT_ATTR_IDMAP. */
int idmap_user_namespace(const struct id_map *users, const struct id_map *groups, int *ret_fd,
			 struct err *e) must_check;

#endif
