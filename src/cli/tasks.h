/* The table of ps for processes that the host's ps(1) cannot see. */
#ifndef CLI_TASKS_H
#define CLI_TASKS_H

#include "backend/backend.h"

/* `arguments` are those of ps: -e -A -f -o FORMAT and the like, ax, aux. */
int tasks_table(struct arena *arena, const struct backend_task *tasks, size_t count,
		const struct strv *arguments, struct buf *out, struct err *e) must_check;

#endif
