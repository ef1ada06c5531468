/*
 * The tables of phases.
 *
 * Engines tell "already gone" from "failed" by the words of the refusal (spec/errors.md), so the
 * words stand in one table, with the phase they belong to.
 */
#include "phase.h"

#include <assert.h>
#include <errno.h>

static const char *const names[PHASES] = {
	[PHASE_NEW] = "new",	     [PHASE_CREATING] = "creating", [PHASE_CREATED] = "created",
	[PHASE_RUNNING] = "running", [PHASE_PAUSED] = "paused",	    [PHASE_STOPPED] = "stopped",
	[PHASE_GONE] = "gone",
};

#define BIT(phase) (1U << (phase))

/* runtime.md "State"; a created container that is frozen may only be thawed, or end. */
static const unsigned int moves[PHASES] = {
	[PHASE_NEW] = BIT(PHASE_CREATING),
	[PHASE_CREATING] = BIT(PHASE_CREATED) | BIT(PHASE_STOPPED),
	[PHASE_CREATED] = BIT(PHASE_RUNNING) | BIT(PHASE_PAUSED) | BIT(PHASE_STOPPED),
	[PHASE_RUNNING] = BIT(PHASE_PAUSED) | BIT(PHASE_STOPPED),
	[PHASE_PAUSED] = BIT(PHASE_CREATED) | BIT(PHASE_RUNNING) | BIT(PHASE_STOPPED),
	[PHASE_STOPPED] = BIT(PHASE_GONE),
};

struct permission {
	unsigned int allowed;
	const char *refusal[PHASES]; /* NULL: "cannot <verb> container 'ID' ...: PHASE" */
	const char *otherwise;	     /* the refusal for all other phases */
};

#define ALIVE (BIT(PHASE_CREATED) | BIT(PHASE_RUNNING) | BIT(PHASE_PAUSED))

static const struct permission permissions[VERBS] = {
	[VERB_START] = {.allowed = BIT(PHASE_CREATED),
			.refusal = {[PHASE_RUNNING] = "cannot start an already running container",
				    [PHASE_STOPPED] = "cannot start a container that has stopped",
				    [PHASE_PAUSED] = "cannot start a paused container",
				    [PHASE_CREATING] =
					    "cannot start a container that is being created"}},
	[VERB_EXEC] = {.allowed = BIT(PHASE_CREATED) | BIT(PHASE_RUNNING),
		       .refusal = {[PHASE_STOPPED] = "cannot exec in a stopped container",
				   [PHASE_PAUSED] = "cannot exec in a paused container "
						    "(use --ignore-paused to override)",
				   [PHASE_CREATING] =
					   "cannot exec in a container that is being created"}},
	[VERB_KILL] = {.allowed = ALIVE, .otherwise = "container not running"},
	[VERB_PAUSE] = {.allowed = BIT(PHASE_CREATED) | BIT(PHASE_RUNNING),
			.refusal = {[PHASE_PAUSED] = "container already paused"},
			.otherwise = "container not running"},
	[VERB_RESUME] = {.allowed = BIT(PHASE_PAUSED), .otherwise = "container not paused"},
	[VERB_UPDATE] = {.allowed = ALIVE, .otherwise = "container not running"},
	[VERB_EVENTS] = {.allowed = ALIVE, .otherwise = "container not running"},
	[VERB_CHECKPOINT] = {.allowed = BIT(PHASE_RUNNING) | BIT(PHASE_PAUSED),
			     .otherwise = "only a running container can be checkpointed"},
	[VERB_DELETE] = {.allowed = BIT(PHASE_CREATED) | BIT(PHASE_STOPPED)},
};

const char *phase_name(enum phase phase)
{
	return names[phase];
}

bool phase_may_become(enum phase from, enum phase to)
{
	return from == to || (moves[from] & BIT(to)) != 0;
}

int phase_check(enum phase phase, enum verb verb, const char *id, struct err *e)
{
	const struct permission *permission = &permissions[verb];
	const char *words = permission->refusal[phase];

	if (permission->allowed & BIT(phase))
		return 0;
	if (!words)
		words = permission->otherwise;
	if (!words)
		return refuse(e, EBUSY, "cannot delete container %s that is not stopped: %s", id,
			      names[phase]);
	return refuse(e, EINVAL, "%s: '%s' is %s", words, id, names[phase]);
}
