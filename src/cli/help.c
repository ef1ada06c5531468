/* The table of commands, and the texts that come from the tables. */
#include "cli.h"
#include "oci/load.h"
#include "version.h"

const struct command *const commands[] = {
	&command_create, &command_start,      &command_run,	&command_exec, &command_kill,
	&command_delete, &command_state,      &command_list,	&command_ps,   &command_pause,
	&command_resume, &command_update,     &command_events,	&command_spec, &command_features,
	&command_check,	 &command_checkpoint, &command_restore, NULL,
};

const struct command *command_find(const char *name)
{
	for (size_t i = 0; commands[i]; i++) {
		if (str_is(commands[i]->name, name))
			return commands[i];
	}
	return NULL;
}

void help_program(struct buf *out)
{
	buf_append_str(out, "usage: bulkhead [GLOBAL OPTIONS] COMMAND [OPTIONS] [ID] ...\n\n"
			    "Runs containers as the OCI runtime specification describes them.\n\n"
			    "commands:\n");
	for (size_t i = 0; commands[i]; i++)
		buf_printf(out, "  %-10s %s\n", commands[i]->name, commands[i]->summary);
	buf_append_str(out, "\nglobal options, before or after the command:\n");
	args_help(global_options, out);
}

void help_command(const struct command *command, struct buf *out)
{
	buf_printf(out, "usage: bulkhead [GLOBAL OPTIONS] %s%s %s\n\n%s\n", command->name,
		   command->options->name ? " [OPTIONS]" : "", command->arguments,
		   command->summary);
	if (!command->options->name)
		return;
	buf_append_str(out, "\noptions:\n");
	args_help(command->options, out);
}

/* Callers cut the first line at its second word, and take every line with that word for another
 * program's: it must stand nowhere else. */
void version_text(struct buf *out)
{
	buf_printf(out, "bulkhead version %s\ncommit: %s\nspec: %s\nlibseccomp: %s\n",
		   BULKHEAD_VERSION, BULKHEAD_COMMIT, OCI_VERSION_MAX, runtime_seccomp_version());
}
