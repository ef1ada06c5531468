/* The streams of one process. */
#ifndef AGENT_STREAMS_H
#define AGENT_STREAMS_H

#include "agent.h"

void streams_init(struct proc *proc);
/* The descriptors are there: begins with those that are. */
void streams_open(struct agent *agent, struct proc *proc);
/* Says END on whatever is open. */
void streams_end(struct agent *agent, struct proc *proc);
void streams_close(struct agent *agent, struct proc *proc);
void streams_settle(struct agent *agent, struct proc *proc);
int streams_frame(struct agent *agent, struct proc *proc, const struct frame *frame,
		  struct err *e) must_check;

#endif
