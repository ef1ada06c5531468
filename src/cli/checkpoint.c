/* checkpoint and restore, whose options are CRIU's as runc names them. */
#include "base/num.h"
#include "cli.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

#define ROW(kind_, member, name_, letter_, value_, help_)                                  \
	{                                                                                  \
		.name = name_, .letter = letter_, .kind = kind_,                           \
		.offset = offsetof(struct options, member), .value = value_, .help = help_ \
	}

struct options {
	const char *image_path, *work_path, *cgroups_mode;
	struct opt_bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup,
		lazy_pages;
	struct strv empty_namespaces;
	/* checkpoint */
	const char *parent_path, *page_server;
	struct opt_bool leave_running, pre_dump, tcp_skip_in_flight, link_remap;
	struct opt_u32 status_fd;
	/* restore */
	const char *bundle, *pid_file, *console_socket, *lsm_profile, *lsm_mount_context;
	struct opt_bool detach, keep, no_subreaper, no_pivot;
};

static const char *const cgroups_modes[] = {"soft", "full", "strict", "ignore", NULL};

#define IMAGES_ROWS                                                                               \
	ROW(OPTION_STRING, image_path, "image-path", 0, "DIR", "the images; ./checkpoint"),       \
		ROW(OPTION_STRING, work_path, "work-path", 0, "DIR",                              \
		    "for CRIU's log; that of the images"),                                        \
		ROW(OPTION_FLAG, tcp_established, "tcp-established", 0, NULL,                     \
		    "keep TCP connections"),                                                      \
		ROW(OPTION_FLAG, ext_unix_sk, "ext-unix-sk", 0, NULL,                             \
		    "allow Unix sockets whose other end is outside"),                             \
		ROW(OPTION_FLAG, shell_job, "shell-job", 0, NULL,                                 \
		    "allow a terminal that is the caller's"),                                     \
		ROW(OPTION_FLAG, file_locks, "file-locks", 0, NULL, "keep file locks"),           \
		ROW(OPTION_FLAG, auto_dedup, "auto-dedup", 0, NULL,                               \
		    "free pages of an earlier image that are in a later one"),                    \
		ROW(OPTION_FLAG, lazy_pages, "lazy-pages", 0, NULL,                               \
		    "fetch memory when it is touched, from criu lazy-pages"),                     \
		ROW(OPTION_STRINGS, empty_namespaces, "empty-ns", 0, "network",                   \
		    "leave the network namespace empty"),                                         \
	{                                                                                         \
		.name = "manage-cgroups-mode", .kind = OPTION_WORD,                               \
		.offset = offsetof(struct options, cgroups_mode), .value = "MODE",                \
		.words = cgroups_modes, .help = "of cgroups inside: soft, full, strict or ignore" \
	}

static const struct option_row checkpoint_options[] = {
	IMAGES_ROWS,
	ROW(OPTION_STRING, parent_path, "parent-path", 0, "DIR",
	    "images of an earlier --pre-dump, relative to --image-path"),
	ROW(OPTION_FLAG, pre_dump, "pre-dump", 0, NULL, "save only memory, and leave it running"),
	ROW(OPTION_FLAG, leave_running, "leave-running", 0, NULL, "do not end the container"),
	ROW(OPTION_FLAG, tcp_skip_in_flight, "tcp-skip-in-flight", 0, NULL,
	    "leave out TCP connections that are being made"),
	ROW(OPTION_FLAG, link_remap, "link-remap", 0, NULL,
	    "keep open files that have been removed by links beside them"),
	ROW(OPTION_STRING, page_server, "page-server", 0, "HOST:PORT",
	    "send memory to criu page-server"),
	ROW(OPTION_U32, status_fd, "status-fd", 0, "FD",
	    "write a NUL there when lazy pages can be asked for"),
	{.name = NULL},
};

static const struct option_row restore_options[] = {
	IMAGES_ROWS,
	ROW(OPTION_STRING, bundle, "bundle", 'b', "DIR", "the bundle; the working directory"),
	ROW(OPTION_STRING, console_socket, "console-socket", 0, "SOCKET",
	    "send the terminal there"),
	ROW(OPTION_STRING, pid_file, "pid-file", 0, "FILE", "write the init's pid there"),
	ROW(OPTION_FLAG, detach, "detach", 'd', NULL, "return when the container runs"),
	ROW(OPTION_FLAG, keep, "keep", 0, NULL, "do not delete the container at its end"),
	ROW(OPTION_FLAG, no_subreaper, "no-subreaper", 0, NULL,
	    "do not adopt orphans of the container"),
	ROW(OPTION_FLAG, no_pivot, "no-pivot", 0, NULL,
	    "for callers of runc: no difference, CRIU changes the root"),
	ROW(OPTION_FLAG, tcp_close, "tcp-close", 0, NULL, "close TCP connections"),
	ROW(OPTION_STRING, lsm_profile, "lsm-profile", 0, "TYPE:NAME",
	    "another profile than before: apparmor:NAME or selinux:LABEL"),
	ROW(OPTION_STRING, lsm_mount_context, "lsm-mount-context", 0, "CONTEXT",
	    "another SELinux context of mounts than before"),
	{.name = NULL},
};

static enum backend_cgroups_mode mode_of(const char *word)
{
	for (int i = 0; word && cgroups_modes[i]; i++) {
		if (str_is(word, cgroups_modes[i]))
			return (enum backend_cgroups_mode)i;
	}
	return BACKEND_CGROUPS_SOFT;
}

static int images_of(const struct options *options, struct runtime_images *ret, struct err *e)
{
	*ret = (struct runtime_images){
		.image_path = options->image_path,
		.work_path = options->work_path,
		.images =
			{
				.tcp_established = options->tcp_established.value,
				.tcp_close = options->tcp_close.value,
				.ext_unix_sk = options->ext_unix_sk.value,
				.shell_job = options->shell_job.value,
				.file_locks = options->file_locks.value,
				.auto_dedup = options->auto_dedup.value,
				.lazy_pages = options->lazy_pages.value,
				.cgroups_mode = mode_of(options->cgroups_mode),
			},
	};
	for (size_t i = 0; i < options->empty_namespaces.count; i++) {
		if (!str_is(options->empty_namespaces.items[i], "network"))
			return refuse(e, EINVAL,
				      "--empty-ns: only 'network' can be empty, not '%s'",
				      options->empty_namespaces.items[i]);
		ret->images.empty_namespaces = CLONE_NEWNET;
	}
	return 0;
}

static int page_server_of(struct arena *arena, const char *text, struct backend_checkpoint *ret,
			  struct err *e)
{
	const char *colon = text ? strrchr(text, ':') : NULL;

	if (!text)
		return 0;
	if (!colon || colon == text || num_u32(colon + 1, &ret->page_server_port) < 0 ||
	    ret->page_server_port == 0 || ret->page_server_port > UINT16_MAX)
		return refuse(e, EINVAL, "--page-server: must be HOST:PORT, not '%s'", text);
	ret->page_server_address = arena_printf(arena, "%.*s", (int)(colon - text), text);
	return 0;
}

static int checkpoint_run(struct call *call, struct err *e)
{
	const struct options *options = call->options;
	struct runtime_checkpoint checkpoint = {
		.id = call->words.items[0],
		.checkpoint =
			{
				.parent_path = options->parent_path,
				.pre_dump = options->pre_dump.value,
				.leave_running = options->leave_running.value,
				.tcp_skip_in_flight = options->tcp_skip_in_flight.value,
				.link_remap = options->link_remap.value,
				.status_fd = options->status_fd.is_set
						     ? (int)options->status_fd.value
						     : FD_NONE,
			},
	};

	if (images_of(options, &checkpoint.images, e) < 0 ||
	    page_server_of(call->arena, options->page_server, &checkpoint.checkpoint, e) < 0)
		return -e->code;
	return runtime_checkpoint(&call->runtime, &checkpoint, e);
}

static int restore_run(struct call *call, struct err *e)
{
	const struct options *options = call->options;
	struct runtime_restore restore = {
		.create =
			{
				.id = call->words.items[0],
				.bundle = options->bundle,
				.pid_file = options->pid_file,
				.console_socket = options->console_socket,
				.detach = options->detach.value,
				.keep = options->keep.value,
				.no_subreaper = options->no_subreaper.value,
				.no_pivot = options->no_pivot.value,
			},
		.lsm_profile = options->lsm_profile,
		.lsm_mount_context = options->lsm_mount_context,
	};

	if (images_of(options, &restore.images, e) < 0)
		return -e->code;
	return runtime_restore(&call->runtime, &restore, &call->exit_code, e);
}

const struct command command_checkpoint = {
	.name = "checkpoint",
	.arguments = "ID",
	.summary = "save a running container as files, by CRIU",
	.options = checkpoint_options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = checkpoint_run,
};

const struct command command_restore = {
	.name = "restore",
	.arguments = "ID",
	.summary = "make a container from the files of a checkpoint",
	.options = restore_options,
	.options_size = sizeof(struct options),
	.words_min = 1,
	.words_max = 1,
	.run = restore_run,
};
