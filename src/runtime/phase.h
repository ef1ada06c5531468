/* Phases of a container: which follow which, and what may be done in each. */
#ifndef RUNTIME_PHASE_H
#define RUNTIME_PHASE_H

#include "base/err.h"

enum phase {
	PHASE_NEW, /* nothing on disk yet */
	PHASE_CREATING,
	PHASE_CREATED,
	PHASE_RUNNING,
	PHASE_PAUSED,
	PHASE_STOPPED,
	PHASE_GONE,
	PHASES,
};

/* What the commands ask leave for. */
enum verb {
	VERB_START,
	VERB_EXEC,
	VERB_KILL,
	VERB_PAUSE,
	VERB_RESUME,
	VERB_UPDATE,
	VERB_EVENTS,
	VERB_CHECKPOINT,
	VERB_DELETE,
	VERBS,
};

const char *phase_name(enum phase phase); /* as the state document has it: "created" */
bool phase_may_become(enum phase from, enum phase to);

/* Refused with the words that engines look for. */
int phase_check(enum phase phase, enum verb verb, const char *id, struct err *e) must_check;

#endif
