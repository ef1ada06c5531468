/*
 * The monitor: one process, one loop, never blocking. It owns the hypervisor, the file server, the
 * shared directory, the taps and the channel, and is the container to whoever holds its pid.
 */
#ifndef VM_MONITOR_H
#define VM_MONITOR_H

#include "control.h"
#include "net.h"
#include "setup.h"
#include "view.h"
#include "wire/bodies.h"
#include "wire/calls.h"
#include "wire/stream.h"

struct monitor;
struct watch;
typedef void watch_fn(struct monitor *monitor, struct watch *watch, uint32_t events);

/* A descriptor in the loop; embedded as the first member of what it belongs to. */
struct watch {
	int fd; /* not owned; FD_NONE: not in the loop */
	uint32_t events;
	bool is_added;
	bool is_always_ready; /* a regular file: epoll does not take it */
	watch_fn *ready;
};

enum monitor_phase {
	MONITOR_BOOTING,  /* until HELLO */
	MONITOR_READY,	  /* the guest is configured, nothing is in it yet */
	MONITOR_PREPARED, /* waits for the hooks */
	MONITOR_CREATED,
	MONITOR_RUNNING,
	MONITOR_ENDING, /* the guest is being ended */
};

struct member;

/* A further container in the guest: one of the pod whose sandbox the machine was made for. The
 * number is the container's and its first process's. */
struct tenant {
	struct watch listener; /* its control socket */
	struct tenant *next;
	uint32_t number;
	enum monitor_phase phase; /* READY until prepared; ENDING: its rest is being taken away */
	bool is_paused, is_gone;
	struct arena arena;
	struct vm_setup setup;
	int log_fd;
	struct client *owner; /* its process on the host; NULL: gone */
	struct member *init;
	struct wire_exit exit;
	uint64_t oom_kills;
};

/* One end of a stream on the host. */
struct endpoint {
	struct watch watch;
	struct member *member;
	enum stream_number number;
	bool is_socket;
};

/* A process of the container that has streams or somebody who waits for it. */
struct member {
	struct member *next;
	uint32_t process;
	struct tenant *tenant; /* whose process it is; NULL: the first container's */
	struct client *client; /* NULL: the init, or the client has gone */
	uint32_t call;	       /* the request that makes it; 0: not an exec's */
	bool is_made;	       /* its request was answered */
	bool is_terminal;
	struct endpoint ends[3];
	struct stream_sender input;
	struct stream_receiver outputs[2]; /* output, error */
	bool has_exited;
	struct wire_exit exit;
	uint64_t drain_deadline;
};

/* A connection of the control socket. */
struct client {
	struct watch watch;
	struct client *next;
	struct tenant *tenant; /* whose container it is about; NULL: the first */
	bool is_link;	       /* of the creator, before release */
	bool is_watching;      /* wants to know of OOM kills */
	bool is_busy;	       /* a call is outstanding or delayed */
	bool is_delayed;       /* waits for the network */
	enum control_verb verb;
	enum wire_verb wire;
	struct buf body;   /* delayed until the network is ready */
	uint32_t reserved; /* process number; 0: none */
	struct member *member;
};

enum { CONSOLE_KEPT = 4096, CLIENTS_MAX = 128 };

struct monitor {
	struct arena arena;
	struct vm_setup setup;
	const struct plan_machine *machine;
	int state_fd;
	int share_fd;  /* the shared directory */
	int proc_fd;   /* a procfs: that at /proc is the container's word later */
	bool has_view; /* paths are the container's: nothing may be opened by one */
	int stdio[3];  /* the container's; our own lead nowhere */
	int epoll_fd;
	struct watch signals, channel, console, output, listener;
	struct process hypervisor, server;
	uint32_t jail_uid;
	struct net net;

	struct frame_decoder decoder;
	struct frame_lanes lanes;
	struct wire_calls calls;
	enum monitor_phase phase;
	bool is_paused;
	struct client *clients;
	size_t client_count;
	struct member *members;
	struct member *init; /* in members; NULL until prepared */
	uint32_t last_process;
	struct client *preparing; /* the creator waits for the boot with its request */
	struct tenant *tenants;

	uint64_t oom_kills;
	uint64_t started, boot_deadline, heard, pinged, end_deadline;
	uint64_t server_deadline; /* the file server has ended, the hypervisor not yet */
	uint64_t ticks_at_start;  /* of the time stamp counter */
	char console_text[CONSOLE_KEPT];
	size_t console_size; /* so far; the last CONSOLE_KEPT are kept */
	char output_text[CONSOLE_KEPT];
	size_t output_size;

	bool has_failed;
	struct err reason;
	bool has_status; /* the init's */
	struct wire_exit status;
};

enum { CONTAINER_NUMBER = 1, INIT_PROCESS = 1 };

/* ---- monitor.c ---- */
int watch_add(struct monitor *monitor, struct watch *watch, uint32_t events,
	      struct err *e) must_check;
/* Other events; 0 keeps it in the loop for errors only. */
void watch_change(struct monitor *monitor, struct watch *watch, uint32_t events);
/* Out of the loop; the descriptor stays. */
void watch_remove(struct monitor *monitor, struct watch *watch);

/* ---- monitor-boot.c ---- */
/* Everything up to a running hypervisor. */
int monitor_boot(struct monitor *monitor, struct err *e) must_check;
/* Shows the container's files instead of the host's to whoever looks at the monitor. */
int monitor_view(struct monitor *monitor, struct err *e) must_check;
/* Has something done where the shared directory is. */
int monitor_files(struct monitor *monitor, view_work_fn *work, const void *of,
		  struct err *e) must_check;
/* The last lines of the console and of the hypervisor, for messages. */
const char *monitor_last_words(struct monitor *monitor, char *out, size_t size);
void monitor_keep(char *ring, size_t *total, const char *bytes, size_t size);

/* ---- monitor-guest.c ---- */
void channel_ready(struct monitor *monitor, struct watch *watch, uint32_t events);
/* After something was put in the lanes. */
void channel_flush(struct monitor *monitor);
/* A request of the monitor's own; a failure is the guest's end. */
void guest_ask(struct monitor *monitor, enum wire_verb verb, const void *body, size_t size);
/* For the init (0) or another process of the first container (NULL) or another. */
void guest_signal(struct monitor *monitor, const struct tenant *tenant, uint32_t process,
		  int signal);
/* Looks at the interfaces again; 1 when the guest was told something, whose answer then goes on
 * with the clients that are delayed. */
int guest_network(struct monitor *monitor, struct err *e) must_check;

/* ---- monitor-clients.c ---- */
void listener_ready(struct monitor *monitor, struct watch *watch, uint32_t events);
struct client *client_add(struct monitor *monitor, int take_fd, bool is_link, struct err *e);
/* The request of that verb with that body, for the client's container. */
int client_call(struct monitor *monitor, struct client *client, struct buf *body,
		struct err *e) must_check;
void client_fail(struct monitor *monitor, struct client *client, const struct err *e);
void client_reply(struct monitor *monitor, struct client *client, const struct wire_reply *reply);
/* To an exec whose client has gone meanwhile. */
void exec_reply_unclaimed(struct monitor *monitor, const struct wire_reply *reply);
/* The delayed request goes on. */
void client_continue(struct monitor *monitor, struct client *client);
void clients_tell_exit(struct monitor *monitor, struct member *member);
void clients_tell_oom(struct monitor *monitor, const struct tenant *tenant);
void clients_fail_all(struct monitor *monitor, const struct err *e);
/* The creator has not asked yet, and may find nobody to ask: it will read this as its answer. */
void clients_tell_creator(struct monitor *monitor, const struct err *e);
/* Those of one further container. */
void clients_fail(struct monitor *monitor, const struct tenant *tenant, const struct err *e);
enum monitor_phase client_phase(const struct monitor *monitor, const struct client *client);

/* ---- monitor-pod.c ---- */
int tenant_join(struct monitor *monitor, struct client *client, struct control_message *message,
		struct err *e) must_check;
/* Its process has ended, or is to: what is left of it in the guest and of its files goes, then its
 * owner is told. */
void tenant_end(struct monitor *monitor, struct tenant *tenant, const struct wire_exit *exit);
void tenant_kill(struct monitor *monitor, struct tenant *tenant);
/* The answer to what tenant_end() has asked. */
struct tenant *tenant_asking(const struct monitor *monitor, const void *owner);
void tenant_ended(struct monitor *monitor, struct tenant *tenant);
/* The end of the machine: NULL: they end with the sandbox; else they are told why. */
void tenants_end(struct monitor *monitor, const struct err *e);
/* Frees it if it is gone and nobody speaks of it. */
void tenant_forget(struct monitor *monitor, struct tenant *tenant);
struct tenant *tenant_find(const struct monitor *monitor, uint32_t number);

/* ---- monitor-streams.c ---- */
/* `fds` (FD_NONE: no stream) are consumed. */
struct member *member_add(struct monitor *monitor, uint32_t process, const int take_fds[3],
			  bool is_terminal, struct client *client);
void member_drop(struct monitor *monitor, struct member *member);
struct member *member_find(struct monitor *monitor, uint32_t process);
/* Its request was answered: output may come. */
void member_made(struct monitor *monitor, struct member *member);
void member_exited(struct monitor *monitor, const struct wire_exit *exit);
/* DATA, CREDIT, END. */
int members_frame(struct monitor *monitor, const struct frame *frame, struct err *e) must_check;
/* Input flows when there is room in the lanes, and from the start of the container on. */
void members_update(struct monitor *monitor);
/* Whether one of them can be served without waiting. */
bool members_have_work(const struct monitor *monitor);
void members_work(struct monitor *monitor);
/* Gives up on readers that do not read; the next deadline, or 0. */
uint64_t members_deadline(struct monitor *monitor, uint64_t now);
void member_resize(struct monitor *monitor, struct member *member, uint16_t rows, uint16_t columns);

/* ---- monitor-end.c ---- */
/* The machine cannot go on: everybody is told why, and it ends. */
void monitor_fail(struct monitor *monitor, const struct err *e);
/* Somebody wants it gone: the same, without a reason to tell. */
void monitor_stop(struct monitor *monitor);
/* The init has ended and its output is out: the guest is asked to end. */
void monitor_end(struct monitor *monitor);
/* Ends the hypervisor and the file server at once. */
void monitor_kill(struct monitor *monitor);
/* A child has ended. */
void reason_log(int fd, bool is_json, const struct err *e);
void monitor_child_gone(struct monitor *monitor, pid_t pid, int status);
/* Past deadlines; the next one. */
uint64_t monitor_deadlines(struct monitor *monitor, uint64_t now);
bool monitor_is_over(const struct monitor *monitor);
/* As the init did. */
_Noreturn void monitor_leave(struct monitor *monitor);

/* ---- standin.c: a process that ends like another one ---- */
_Noreturn void standin_leave(int code, int signal);
/* All signals blocked and on a descriptor. */
int standin_signals(int *ret_fd, struct err *e) must_check;
/* The container's streams, away from descriptors 0 to 2, which then lead nowhere. */
int standin_stdio(int ret_fds[3], struct err *e) must_check;
/* Own session; the terminal (FD_NONE: none) becomes the controlling one. */
int standin_session(int terminal, struct err *e) must_check;

#endif
