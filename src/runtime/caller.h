/* What a container has from whoever calls us, when it is not our descendant. */
#ifndef RUNTIME_CALLER_H
#define RUNTIME_CALLER_H

#include "planner/build.h"

void caller_look(struct arena *arena, struct planner_caller *ret);

#endif
