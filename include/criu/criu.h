/*
 * CRIU, which saves processes to files and makes them again from there: its request and its
 * answers, spoken over a socket with a `criu swrk` of our own. criu.org/RPC; the message's fields
 * are those of rpc.proto, which CRIU promises never to change.
 */
#ifndef CRIU_CRIU_H
#define CRIU_CRIU_H

#include "base/arena.h"
#include "base/err.h"
#include "json/fields.h"

#include <sys/types.h>

enum criu_kind { CRIU_DUMP = 1, CRIU_RESTORE = 2, CRIU_PRE_DUMP = 13 };

enum criu_cgroups {
	CRIU_CGROUPS_IGNORE = 0,
	CRIU_CGROUPS_SOFT = 3,
	CRIU_CGROUPS_FULL,
	CRIU_CGROUPS_STRICT
};

/* A mount that is not CRIU's to save: dump gives it a name, restore says what to mount there. */
struct criu_mount {
	const char *key, *value;
};
/* A descriptor of ours in the place of something outside ("pipe:[123]", "extRootNetNS"). */
struct criu_inherited {
	const char *key;
	int fd;
};
struct criu_joined {
	const char *kind, *path; /* "ipc", "uts" */
};

/* Absent is NULL, FD_NONE, 0 or an empty list. */
struct criu_request {
	enum criu_kind kind;
	pid_t pid;
	int images_fd, work_fd; /* of this process */
	const char *work_path;	/* for messages */
	const char *log_file;
	const char *config_file, *parent_images, *root, *freeze_cgroup;
	const char *lsm_profile, *lsm_mount_context;
	const char *page_server_address;
	uint32_t page_server_port;
	int status_fd;
	uint32_t empty_namespaces;
	enum criu_cgroups cgroups;
	const char *cgroup_root; /* where the container's cgroup is now */
	bool leave_running, ext_unix_sk, tcp_established, tcp_skip_in_flight, tcp_close, shell_job,
		file_locks, track_memory, auto_dedup, link_remap, lazy_pages, orphan_terminal;
	struct list mounts;    /* struct criu_mount */
	struct list inherited; /* struct criu_inherited */
	struct list joined;    /* struct criu_joined */
	struct strv external;  /* "net[4026531840]:extRootNetNS" */
};

/* What CRIU tells on its way. fd: the master of the container's terminal, or FD_NONE; the
 * receiver's if it takes it (sets it to FD_NONE). */
struct criu_notice {
	const char *script; /* "setup-namespaces", "orphan-pts-master", ... */
	pid_t pid;
	int fd;
};
/* An answer < 0 makes CRIU give up; the error is then the call's. */
typedef int criu_notice_fn(struct criu_notice *notice, void *data, struct err *e);

/* Runs CRIU and waits for it. A failure tells the last error of its log, and where that is. With
 * CRIU_RESTORE *ret_pid is the first process, a child of the caller's. */
int criu_call(const struct criu_request *request, criu_notice_fn *notice, void *data,
	      pid_t *ret_pid, struct err *e) must_check;

/* Whether `criu` is where programs usually are. */
bool criu_is_installed(void);
/* Whether this CRIU and kernel can fetch pages lazily. */
int criu_has_lazy_pages(bool *ret, struct err *e) must_check;

#endif
