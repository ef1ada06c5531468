/* A setting with the place it is written to; apply and update share it. */
#ifndef CGROUP_SETTINGS_H
#define CGROUP_SETTINGS_H

#include "internal.h"

struct setting_place {
	const struct plan_setting *setting;
	int dirfd; /* borrowed of the hierarchy */
	const char *file;
	const char *value;
	bool tried; /* some of it may be written */
	bool done;
};

/* Settings whose controller or file may be absent, and is, are left out. */
int settings_find(const struct cgroup *cgroup, const struct plan_limits *limits,
		  struct arena *arena, struct setting_place **ret, size_t *ret_count,
		  struct err *e) must_check;
/* Writes all, in an order that the kernel takes. `tried` says how far it came. */
int settings_write(const struct cgroup *cgroup, struct setting_place *places, size_t count,
		   struct err *e) must_check;
/* Each line of `value` with a write of its own. 0 or -errno. */
int setting_write(int dirfd, const char *file, const char *value) must_check;
/* What to write to `file`, whose content was `old`, to undo writing `value`. */
const char *setting_undo(struct arena *arena, const char *file, const char *old, const char *value);

#endif
