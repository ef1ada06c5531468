/* What checkpoint and restore may be asked for, as runc's options of the same names; see criu(8).
 */
#ifndef BACKEND_CHECKPOINT_H
#define BACKEND_CHECKPOINT_H

#include "base/err.h"

#include <stdint.h>
#include <sys/types.h>

enum backend_cgroups_mode {
	BACKEND_CGROUPS_SOFT, /* properties of cgroups that had to be made */
	BACKEND_CGROUPS_FULL,
	BACKEND_CGROUPS_STRICT,
	BACKEND_CGROUPS_IGNORE,
};

struct backend_images {
	int images_fd, work_fd;	 /* directories; the log is written in the second */
	const char *work_path;	 /* of the second, for messages */
	const char *config_file; /* of CRIU's own options, NULL = none */
	bool tcp_established, tcp_close, ext_unix_sk, shell_job, file_locks, auto_dedup, lazy_pages;
	uint32_t empty_namespaces; /* CLONE_NEWNET or 0 */
	enum backend_cgroups_mode cgroups_mode;
};

struct backend_checkpoint {
	struct backend_images images;
	const char *parent_path; /* of an earlier pre-dump, relative to the images; NULL = none */
	bool pre_dump, leave_running, tcp_skip_in_flight, link_remap;
	int status_fd;			 /* told when the page server is ready; FD_NONE = none */
	const char *page_server_address; /* NULL = none */
	uint32_t page_server_port;
};

/* Called when the namespaces exist and nothing runs in them yet. */
typedef int backend_namespaces_fn(pid_t pid, void *data, struct err *e);

struct backend_restore {
	struct backend_images images;
	const char *lsm_profile, *lsm_mount_context; /* NULL = as it was */
	backend_namespaces_fn *namespaces_ready;
	void *data;
};

#endif
