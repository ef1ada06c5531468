/*
 * What can be asked of the agent, and what it tells. One verb for each operation of the backend
 * table and a few for the guest itself.
 */
#ifndef WIRE_VERBS_H
#define WIRE_VERBS_H

#include "base/err.h"
#include "json/fields.h"

#include <stdint.h>

enum { WIRE_VERSION = 1 };

struct wire_hello {
	uint32_t version;  /* WIRE_VERSION */
	uint32_t reserved; /* 0 */
	char build[64];	   /* build id: must equal the host's */
	char kernel[64];   /* release of the guest's kernel, for messages */
};

enum wire_verb {
	WIRE_CONFIGURE = 1, /* struct wire_configure: clock, seed, share, sysctls of the guest */
	WIRE_NETWORK,	    /* struct wire_network: interfaces, addresses, routes; idempotent */
	WIRE_PREPARE,	    /* container id + plan; reply: -- */
	WIRE_COMMIT,	    /* container id; the process waits for start afterwards */
	WIRE_START,
	WIRE_EXEC,	    /* container id, process id (host's number), plan_process, ... */
	WIRE_SIGNAL,
	WIRE_STATUS,
	WIRE_PAUSE,
	WIRE_RESUME,
	WIRE_UPDATE,
	WIRE_STATS,
	WIRE_PROCESSES, /* what ps shows */
	WIRE_DESTROY,
	WIRE_SHUTDOWN,	/* the guest syncs and ends */
	WIRE_VERBS,
};

/* Process ids on the wire are the host's own numbers: 1 is a container's init, others are exec's.
 * Streams: process number * 4 + 0 stdin, 1 stdout or terminal, 2 stderr. */
enum wire_event {
	WIRE_EVENT_EXIT = 1, /* struct wire_exit */
	WIRE_EVENT_OOM,	     /* u32 container number */
	WIRE_EVENT_LOG,	     /* u32 level, text */
	WIRE_EVENTS,
};

struct wire_exit {
	uint32_t process; /* host's number */
	int32_t code;	  /* 0..255, or -1 */
	int32_t signal;	  /* when it died by one, else 0 */
	uint32_t core;	  /* a core was dumped */
};

const char *wire_verb_name(enum wire_verb verb);

#endif
