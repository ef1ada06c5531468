/* The names of the verbs, and what both ends must have been built from. */
#include "wire/verbs.h"

#include "wire-build-id.h"

#include <string.h>

static const char *const names[WIRE_VERBS] = {
	[WIRE_CONFIGURE] = "configure", [WIRE_NETWORK] = "network", [WIRE_PREPARE] = "prepare",
	[WIRE_COMMIT] = "commit",	[WIRE_START] = "start",	    [WIRE_EXEC] = "exec",
	[WIRE_SIGNAL] = "signal",	[WIRE_STATUS] = "status",   [WIRE_PAUSE] = "pause",
	[WIRE_RESUME] = "resume",	[WIRE_UPDATE] = "update",   [WIRE_STATS] = "stats",
	[WIRE_PROCESSES] = "processes", [WIRE_DESTROY] = "destroy", [WIRE_SHUTDOWN] = "shutdown",
};

const char *wire_verb_name(enum wire_verb verb)
{
	return (unsigned int)verb < WIRE_VERBS && names[verb] ? names[verb] : "unknown";
}

/* contrib/guest/build finds it in the agent's file by what stands before it. */
static const char build_id[] = "bulkhead-wire-build:" WIRE_BUILD_ID;

const char *wire_build_id(void)
{
	return strchr(build_id, ':') + 1;
}
