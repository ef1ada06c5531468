/* What the commands share: the global options, and the table of commands. */
#ifndef CLI_CLI_H
#define CLI_CLI_H

#include "args.h"
#include "runtime/runtime.h"

struct globals {
	const char *root, *log, *log_format, *log_level;
	struct opt_bool debug, systemd_cgroup, help, version;
	const char *cgroup_manager, *rootless, *isolation;
	const char *vm_accel, *vm_guest, *config;
};

extern const struct option_row global_options[];

/* What a command is run with. */
struct call {
	struct arena *arena;
	struct runtime runtime;
	const struct globals *globals;
	const void *options; /* the command's struct, filled */
	struct strv words;   /* positional, counted already */
	int exit_code;	     /* set by the command when it succeeds with another than 0 */
};

struct command {
	const char *name;      /* NULL ends the table */
	const char *arguments; /* for the help: "ID [SIGNAL]" */
	const char *summary;
	const struct option_row *options;
	size_t options_size;
	size_t words_min, words_max;
	bool stop_at_first; /* words behind the first positional one are not ours */
	bool needs_no_root; /* state root is of no concern */
	int error_code;	    /* exit code of a failure; 0 = 1 */
	int (*run)(struct call *call, struct err *e);
};

extern const struct command command_create, command_start, command_run, command_exec, command_kill,
	command_delete, command_state, command_list, command_ps, command_pause, command_resume,
	command_update, command_events, command_spec, command_features, command_checkpoint,
	command_restore, command_check;

/* All commands, in the order of the help; NULL ends. */
extern const struct command *const commands[];
const struct command *command_find(const char *name);

/* The registry of backends; runtime_find_backend_fn. */
int backend_find(const char *name, const struct backend_ops **ret, struct err *e);

/* Writes to standard output; a failure (a full disk, a closed pipe) is an error. */
int output_write(const struct buf *text, struct err *e) must_check;

/* ---- help.c ---- */
void help_program(struct buf *out);
void help_command(const struct command *command, struct buf *out);
void version_text(struct buf *out);

/* ---- report.c ---- */
/* Sets up where diagnostics go. */
int report_open(const struct globals *globals, struct err *e) must_check;
/* Of --log, 0: none; and the form of its records. */
int report_log_fd(void);
bool report_is_json(void);
/* Tells the one error: on standard error, and in the log. */
void report_error(const struct err *e);

#endif
