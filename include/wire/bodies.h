/*
 * The bodies of requests and replies. Each has an _encode, which appends to a buffer, and a
 * _decode, which checks every length and count and takes all memory from the arena; what is decoded
 * borrows nothing from the bytes. Both ends use the same functions.
 *
 * On the wire: little-endian numbers, texts as length and bytes, lists as count and items; plans go
 * as JSON by their own field tables inside a text. Strings are NULL when absent.
 */
#ifndef WIRE_BODIES_H
#define WIRE_BODIES_H

#include "kern/rtnl.h"
#include "plan/plan.h"
#include "plan/stats.h"
#include "wire/verbs.h"

/* ---- the guest ---- */

enum { WIRE_SEED_SIZE = 64 };

struct wire_configure {
	uint64_t realtime;	      /* CLOCK_REALTIME, ns */
	uint8_t seed[WIRE_SEED_SIZE]; /* from getrandom(2) */
	const char *share_tag;	      /* virtiofs tag to mount at WIRE_SHARE_PATH; NULL: none */
	const char *hostname;	      /* of the guest's own UTS namespace; NULL: leave */
	uint32_t log_level;	      /* enum log_level: what comes as LOG events */
	uint64_t memory_reserve;      /* bytes of the guest's memory that containers cannot have */
	struct map sysctls;	      /* path below /proc/sys with slashes -> value */
};

#define WIRE_SHARE_PATH "/run/share"

struct wire_interface {
	uint8_t device[6]; /* finds the device: its address at first */
	uint8_t mac[6];	   /* what it is given; a device that has it already is the one */
	char name[IFNAMSIZ];
	uint32_t mtu;
	bool is_up;
	struct rtnl_address *addresses;
	size_t address_count;
	struct rtnl_route *routes; /* in the order of adding */
	size_t route_count;
	struct rtnl_neighbour *neighbours;
	size_t neighbour_count;
};

/* What should be there; what is already is left alone, nothing is removed. */
struct wire_network {
	struct wire_interface *interfaces;
	size_t count;
};

/* ---- containers ---- */

struct wire_target {
	uint32_t container;
};

/* A block device of the plan (host numbers in `ops` and `limits`) is a disk of the guest, found by
 * its virtio serial. */
struct wire_disk {
	uint32_t major, minor;
	const char *serial;
};

/* Which of stdin, stdout, stderr are streams; the others are /dev/null. With a terminal in the plan
 * input and output are streams whatever is said here, and there is no error stream. */
struct wire_stdio {
	bool is_stream[3];
};

struct wire_prepare {
	uint32_t container;
	uint32_t process; /* the init's number */
	struct wire_stdio stdio;
	const struct plan *plan;
	struct wire_disk *disks;
	size_t disk_count;
};

struct wire_made {
	uint32_t pid; /* in the guest's root pid namespace */
};

struct wire_exec {
	uint32_t container;
	uint32_t process;
	struct wire_stdio stdio;
	const struct plan_process *plan;
	bool has_cgroup;
	struct strv cgroup; /* exec --cgroup, when has_cgroup */
	bool ignore_paused;
};

struct wire_signal {
	uint32_t container;
	uint32_t process; /* 0: the container's init */
	uint32_t signal;
	bool all; /* every process of the container; `process` is 0 then */
};

struct wire_update {
	uint32_t container;
	const struct plan_limits *limits;
};

struct wire_status {
	uint32_t status; /* enum backend_status */
	uint32_t pid;	 /* 0 when absent */
	uint64_t oom_kills;
};

/* What ps(1) shows. */
struct wire_process {
	uint32_t pid, ppid; /* in the guest's root pid namespace */
	uint32_t inner_pid; /* in the container's */
	uint32_t uid, gid;
	char state; /* R, S, D, ... */
	uint32_t threads;
	int32_t nice;
	uint64_t started;		 /* ns since the epoch, by the guest's clock */
	uint64_t cpu_time;		 /* ns, user and system */
	uint64_t elapsed;		 /* ns */
	uint64_t virtual_size, resident; /* bytes */
	uint32_t tty;			 /* device number as in /proc/PID/stat; 0: none */
	const char *comm;
	struct strv command; /* argv; empty: a kernel thread or a zombie */
};

struct wire_processes {
	struct wire_process *items;
	size_t count;
};

void wire_configure_encode(const struct wire_configure *body, struct buf *out);
int wire_configure_decode(struct arena *arena, const void *bytes, size_t size,
			  struct wire_configure *ret, struct err *e) must_check;
void wire_network_encode(const struct wire_network *body, struct buf *out);
int wire_network_decode(struct arena *arena, const void *bytes, size_t size,
			struct wire_network *ret, struct err *e) must_check;
void wire_target_encode(const struct wire_target *body, struct buf *out);
int wire_target_decode(const void *bytes, size_t size, struct wire_target *ret,
		       struct err *e) must_check;
void wire_prepare_encode(const struct wire_prepare *body, struct buf *out);
int wire_prepare_decode(struct arena *arena, const void *bytes, size_t size,
			struct wire_prepare *ret, struct err *e) must_check;
void wire_made_encode(const struct wire_made *body, struct buf *out);
int wire_made_decode(const void *bytes, size_t size, struct wire_made *ret,
		     struct err *e) must_check;
void wire_exec_encode(const struct wire_exec *body, struct buf *out);
int wire_exec_decode(struct arena *arena, const void *bytes, size_t size, struct wire_exec *ret,
		     struct err *e) must_check;
void wire_signal_encode(const struct wire_signal *body, struct buf *out);
int wire_signal_decode(const void *bytes, size_t size, struct wire_signal *ret,
		       struct err *e) must_check;
void wire_update_encode(const struct wire_update *body, struct buf *out);
int wire_update_decode(struct arena *arena, const void *bytes, size_t size, struct wire_update *ret,
		       struct err *e) must_check;
void wire_status_encode(const struct wire_status *body, struct buf *out);
int wire_status_decode(const void *bytes, size_t size, struct wire_status *ret,
		       struct err *e) must_check;
void wire_stats_encode(const struct stats *body, struct buf *out);
int wire_stats_decode(struct arena *arena, const void *bytes, size_t size, struct stats *ret,
		      struct err *e) must_check;
void wire_processes_encode(const struct wire_processes *body, struct buf *out);
int wire_processes_decode(struct arena *arena, const void *bytes, size_t size,
			  struct wire_processes *ret, struct err *e) must_check;

#endif
