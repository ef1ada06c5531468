/*
 * Inside the cgroup layer: one handle over all hierarchies.
 *
 * A hierarchy's directory is opened lazily and kept. Outcomes: 0, CGROUP_ABSENT when the directory
 * (or its mount) is not there, or a failure.
 */
#ifndef CGROUP_INTERNAL_H
#define CGROUP_INTERNAL_H

#include "base/buf.h"
#include "base/own.h"
#include "base/str.h"
#include "cgroup/cgroup.h"

enum { CGROUP_ABSENT = 1 };

/* How long kill, freeze and remove go on trying. */
#define CGROUP_PATIENCE_NS (10ULL * 1000 * 1000 * 1000)

struct hierarchy {
	const struct cgroup_hierarchy *info;
	int mount_fd;  /* O_PATH, checked to be a cgroup file system; FD_NONE until used */
	int fd;	       /* the cgroup's directory; FD_NONE until opened */
	int parent_fd; /* the directory above, kept by the handle that made the cgroup; FD_NONE */
	bool made;     /* by this handle */
	bool denied;   /* optional, and not permitted: left out */
};

struct cgroup {
	const struct plan_cgroup *where;
	const struct facts *facts;
	struct arena arena;
	const char *path;  /* clean, absolute */
	struct strv parts; /* its components */
	struct hierarchy *hierarchies;
	size_t count;
	struct hierarchy *v2; /* NULL on a legacy layout */
	bool is_unified;
	bool is_none; /* driver none: every call does nothing */
	bool is_systemd;
	bool is_foreign; /* create found it in use: remove must not touch it */
};

#define hierarchy_each(h, cgroup)                         \
	for (struct hierarchy *h = (cgroup)->hierarchies; \
	     h < (cgroup)->hierarchies + (cgroup)->count; h++)

/* Tests set it to work on ordinary directories. */
extern bool hierarchy_accepts_any_file_system;

/* ---- hierarchy.c ---- */

/* Opens the mount point. CGROUP_ABSENT: not mounted any more. */
int hierarchy_open_mount(struct hierarchy *h, struct err *e) must_check;
/* Opens the cgroup's directory into h->fd. */
int hierarchy_open(const struct cgroup *cgroup, struct hierarchy *h, struct err *e) must_check;
/* A descriptor of the parent directory of the cgroup, owned by the caller. */
int hierarchy_open_parent(const struct cgroup *cgroup, struct hierarchy *h, int *ret_fd,
			  struct err *e) must_check;
void hierarchy_close(struct hierarchy *h);
/* Opens from/parts[0..count) one by one, following nothing. The result is a new descriptor. */
int hierarchy_walk(int from, const struct strv *parts, size_t count, int *ret_fd,
		   struct err *e) must_check;
/* Whether the v1 hierarchy has this controller, or the v2 tree may have it. */
bool hierarchy_has(const struct hierarchy *h, const char *controller);
/* The hierarchy of a controller: v1 first; NULL when there is none. */
struct hierarchy *cgroup_find(const struct cgroup *cgroup, const char *controller);
/* Where processes are listed: v2 when unified, else freezer, devices, pids, any. Opened. */
int cgroup_primary(const struct cgroup *cgroup, struct hierarchy **ret, struct err *e) must_check;

/* Whole content of dirfd/file, at most size - 1 bytes, NUL-terminated, last newline cut.
 * Length, or -errno. */
ssize_t control_read(int dirfd, const char *file, char *out, size_t size);
/* The same for files of any size. 0 or -errno. */
int control_read_all(int dirfd, const char *file, struct buf *buf) must_check;
/* One write(2). 0 or -errno. */
int control_write(int dirfd, const char *file, const char *text) must_check;
/* A single number; "max" is UINT64_MAX. 0 or -errno. */
int control_read_u64(int dirfd, const char *file, uint64_t *ret) must_check;
/* The number behind `key` in a file of "key number" lines; -ENOENT when there is no such line. */
int control_read_key(int dirfd, const char *file, const char *key, uint64_t *ret) must_check;

/* ---- walk.c: the cgroup and everything below it ---- */

/* `fd` is the directory of a cgroup, `depth` 0 for the top one. A positive result ends the walk and
 * is returned. */
typedef int walk_fn(int fd, size_t depth, void *data, struct err *e);
/* Parents first. What vanishes meanwhile is skipped. */
int walk_cgroups(int top, walk_fn *visit, void *data, struct err *e) must_check;
/* Removes parent/name and all below, leaves first. 0, -errno of the last rmdir that failed (EBUSY:
 * try again later). */
int walk_remove(int parent, const char *name) must_check;

/* ---- make.c ---- */

int make_directories(struct cgroup *cgroup, const struct plan_limits *limits,
		     struct err *e) must_check;
/* Marks the cgroup as made by a runtime of this kind, and asks for the mark. */
void make_mark(struct cgroup *cgroup);
bool make_is_marked(struct cgroup *cgroup);

/* ---- remove.c ---- */

/* One hierarchy's directory, which is empty. 0: gone. -EBUSY: something is in it. */
int remove_plain(struct cgroup *cgroup, struct hierarchy *h, struct err *e) must_check;

/* ---- procs.c ---- */

struct pid_list {
	pid_t *items;
	size_t count, capacity;
};

void pid_list_done(struct pid_list *list);
/* Processes of the cgroup at `fd` and below; sorted, unique. */
int procs_list(int fd, struct pid_list *list, struct err *e) must_check;
/* Kills everything in one hierarchy's cgroup until it is empty or `deadline`. -EBUSY: not empty. */
int procs_kill(struct cgroup *cgroup, struct hierarchy *h, uint64_t deadline,
	       struct err *e) must_check;

/* ---- freeze.c ---- */

/* Asks for it without waiting; absent is fine. 0 or -errno. */
int freeze_request(struct cgroup *cgroup, bool frozen);

/* ---- devices.c ---- */

int devices_apply(struct cgroup *cgroup, const struct plan_limits *limits,
		  struct err *e) must_check;

/* ---- stats-*.c ---- */

int stats_read_v1(struct cgroup *cgroup, struct arena *arena, struct stats *stats,
		  struct err *e) must_check;
int stats_read_v2(struct cgroup *cgroup, struct arena *arena, struct stats *stats,
		  struct err *e) must_check;

#endif
