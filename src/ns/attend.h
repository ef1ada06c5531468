/* What the runtime does to a process it is making, for create and exec alike. */
#ifndef NS_ATTEND_H
#define NS_ATTEND_H

#include "internal.h"

/* Hard limits above the inherited ones, which the process itself may not raise. What is refused
 * here shows when the process sets its limits. */
void attend_raise_limits(const struct plan_process *process, pid_t pid);
/* Sees to it that the score is the planned one. */
int attend_oom_score(const struct plan_process *process, pid_t pid, struct err *e) must_check;
/* The process's own try: lowering its permission to be looked at must come after this. */
void attend_own_oom_score(const struct plan_process *process);
/* Takes over a child that was announced by pid; one that is dead already is reaped, and the failure
 * is what it said last. */
int attend_meet(struct handshake *handshake, pid_t pid, struct process *ret,
		struct err *e) must_check;
/* Kills, and reaps what is gone within that time (-1: whenever). */
void attend_abandon(struct process *process, int patience_ms);

#endif
