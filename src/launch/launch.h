/* The parts of the launch program: report.c, settings.c, identity.c, program.c, hooks.c, launch.c.
 */
#ifndef LAUNCH_H
#define LAUNCH_H

#include "launch/blob.h"
#include "launch/message.h"
#include "system.h"

struct launch {
	struct launch_blob *blob;
	bool is_ready;	     /* the runtime has gone its way: failures go to the starter */
	const char *program; /* what will be executed, found by program_find() */
};

static inline char *blob_text(const struct launch *launch, uint32_t offset)
{
	return offset ? (char *)launch->blob + offset : NULL;
}

static inline void *blob_data(const struct launch *launch, uint32_t offset)
{
	return (char *)launch->blob + offset;
}

/* ---- report.c ---- */

unsigned int text_length(const char *text);
bool text_is(const char *a, const char *b);
/* An error's text in the making; too much is cut. */
void error_text(struct launch_error *error, const char *text);
void error_number(struct launch_error *error, long number);

#define EXIT_FAILED	  1
#define EXIT_NOT_RUNNABLE 126
#define EXIT_NOT_FOUND	  127

/* Tell the runtime, or the starter once it is ready, and leave. `code` is a positive errno or the
 * negative result of a system call; launch_fail shows its meaning, launch_refuse does not. */
_Noreturn void launch_fail(const struct launch *launch, long code, const char *what,
			   const char *object);
_Noreturn void launch_refuse(const struct launch *launch, long code, const char *what,
			     const char *object);
_Noreturn void launch_give_up(const struct launch *launch, struct launch_error *error);
_Noreturn void launch_exit(int status);
void launch_warn(const struct launch *launch, const char *text, long number);
/* Tells the starter that the program is next: a hang-up means execve from now on. */
void launch_announce(const struct launch *launch);
/* A message without text; dies with the runtime. */
void launch_send(const struct launch *launch, enum launch_message_kind kind, long number);
/* The next message of the runtime; its end is ours. */
enum launch_message_kind launch_receive(const struct launch *launch);

/* ---- settings.c: what the kernel keeps for a process and exec hands on ---- */

void settings_terminal(const struct launch *launch);
void settings_own_stdio(const struct launch *launch);
void settings_labels(const struct launch *launch);
void settings_scheduling(const struct launch *launch);
void settings_limits(const struct launch *launch);
/* Installs the filter, hands a listener to the runtime. */
void settings_filter(const struct launch *launch);
/* Default dispositions; as pid 1 the deadly signals end us, as they would end any other. */
void settings_signals(void);

/* ---- identity.c ---- */

void identity_drop_bounding(const struct launch *launch);
void identity_become(const struct launch *launch);

/* ---- program.c ---- */

/* Changes to the working directory; false: not permitted yet, try again with the other identity. */
bool program_enter_directory(const struct launch *launch, bool is_last_try);
void program_find(struct launch *launch);
_Noreturn void program_execute(const struct launch *launch);

/* ---- hooks.c ---- */

void hooks_run(const struct launch *launch);

#endif
