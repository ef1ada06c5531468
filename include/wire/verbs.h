/*
 * What can be asked of the agent, and what it tells. One verb for each operation of the backend
 * table and a few for the guest itself. Their bodies are in wire/bodies.h.
 */
#ifndef WIRE_VERBS_H
#define WIRE_VERBS_H

#include "base/err.h"

#include <stdint.h>

enum { WIRE_VERSION = 1, WIRE_LOG_MAX = 1000 };

/* The virtserialport's name. */
#define WIRE_PORT_NAME "dev.bulkhead.agent"

struct wire_hello {
	uint32_t version;  /* WIRE_VERSION */
	uint32_t reserved; /* 0 */
	char build[64];	   /* build id: must equal the host's */
	char kernel[64];   /* release of the guest's kernel, for messages */
};

/* What both ends must have in common: a digest of everything that says what goes over the wire. */
const char *wire_build_id(void);

enum wire_verb {
	WIRE_CONFIGURE = 1, /* struct wire_configure; reply: empty */
	WIRE_NETWORK,	    /* struct wire_network: idempotent; reply: empty */
	WIRE_PREPARE,	    /* struct wire_prepare; reply: struct wire_made */
	WIRE_COMMIT,	    /* struct wire_target; commit and release: the init waits for start */
	WIRE_START,	    /* struct wire_target; reply after execve */
	WIRE_EXEC,	    /* struct wire_exec; reply after execve: struct wire_made */
	WIRE_SIGNAL,	    /* struct wire_signal */
	WIRE_STATUS,	    /* struct wire_target; reply: struct wire_status */
	WIRE_PAUSE,	    /* struct wire_target */
	WIRE_RESUME,	    /* struct wire_target */
	WIRE_UPDATE,	    /* struct wire_update */
	WIRE_STATS,	    /* struct wire_target; reply: struct stats */
	WIRE_PROCESSES,	    /* struct wire_target; reply: struct wire_processes */
	WIRE_DESTROY,	    /* struct wire_target; from any half-made state, as often as asked */
	WIRE_SHUTDOWN,	    /* empty; the guest syncs, replies and reboots, which ends QEMU */
	WIRE_VERBS,
};

/*
 * Containers have numbers that the host chose, above 0. So have processes, unique in the guest,
 * above 0 and at most STREAM_PROCESS_MAX; numbers are not used again. EXIT comes once for each
 * process whose PREPARE or EXEC has succeeded: after its last output and behind it in the channel,
 * and never before the reply that made it. Nothing about a process (EXIT, DATA, CREDIT) comes
 * before that reply; frames for the streams of a process may follow its request at once, and are
 * ignored when it has ended. A process that ends by itself is not reported before a reader that
 * stopped has taken its output; SIGKILL, even to a process that has ended, cuts that short.
 */
enum wire_event {
	WIRE_EVENT_EXIT = 1, /* struct wire_exit */
	WIRE_EVENT_OOM,	     /* struct wire_oom */
	WIRE_EVENT_LOG,	     /* u32 level, text */
	WIRE_EVENTS,
};

struct wire_exit {
	uint32_t process; /* host's number */
	int32_t code;	  /* 0..255, or -1 when it died by a signal */
	int32_t signal;	  /* when it died by one, else 0 */
	uint32_t core;	  /* a core was dumped */
};

struct wire_oom {
	uint32_t container;
	uint64_t kills; /* so far */
};

const char *wire_verb_name(enum wire_verb verb); /* "prepare"; "unknown" for others */

#endif
