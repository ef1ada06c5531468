/*
 * Making the container: steps 2 to 5 of the lifecycle in runtime.md.
 *
 * The record of intent is on disk before the first thing that would outlive us, and the init ends
 * with us until the record has its pid and says `created`. So
 * whoever kills this process leaves what `delete --force` can find. An error, and a signal that
 * asks us to end, undo everything.
 */
#include "base/clock.h"
#include "base/log.h"
#include "hooks.h"
#include "interrupt.h"
#include "make.h"
#include "notify.h"
#include "oci/load.h"
#include "side.h"
#include "store.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>

static bool has_hooks(const struct oci_config *config, enum oci_hook_kind kind)
{
	const struct list *hooks = oci_hooks_of(config, kind);

	return hooks && hooks->count > 0;
}

static bool has_create_hooks(const struct making *making)
{
	return has_hooks(making->config, OCI_HOOK_PRESTART) ||
	       has_hooks(making->config, OCI_HOOK_CREATE_RUNTIME);
}

static void record_fill(const struct making *making)
{
	struct container *container = making->container;
	const struct oci_config *config = making->config;
	char created[32];

	clock_rfc3339(created, sizeof(created));
	container->record = (struct record){
		.id = container->id,
		.bundle = making->bundle,
		.rootfs = making->plan->rootfs,
		.created = arena_strdup(&container->arena, created),
		.owner = {true, (uint32_t)geteuid()},
		.phase = {true, PHASE_CREATING},
		.isolation = making->isolation,
		.boot_id = container->facts->boot_id,
		.shares_pid_namespace = {true,
					 (making->plan->new_namespaces.value & CLONE_NEWPID) == 0},
		.cgroup = making->plan->cgroup,
		.intel_rdt = making->plan->intel_rdt,
		.has_process = {true, making->plan->process != NULL},
		.has_poststart = {true, has_hooks(config, OCI_HOOK_POSTSTART)},
		.has_poststop = {true, has_hooks(config, OCI_HOOK_POSTSTOP)},
		.systemd_cgroup = {true, making->runtime->systemd_cgroup},
		.annotations = config->annotations,
	};
}

/* Needs no fsync: after a crash of the machine there is nothing left to join or start. */
static int config_save(const struct making *making, struct err *e)
{
	auto_fd int fd = openat(making->container->state_fd, "config.json",
				O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW | O_CLOEXEC, 0600);
	int r = fd < 0 ? -errno
		       : fd_write_all(fd, making->config_text.data, making->config_text.size);

	if (r < 0)
		return fail(e, -r, "keep a copy of the configuration in '%s/%s'",
			    making->runtime->root, making->container->id);
	return 0;
}

/* The directory, the lock, what later commands need, and last the intent. */
static int directory_make(struct making *making, struct err *e)
{
	struct container *container = making->container;
	int r;

	if (store_make(container->root_fd, container->id, &container->state_fd, e) < 0)
		return e->code == EEXIST ? -e->code : wrap(e, "%s", making->runtime->root);
	r = store_lock(container->root_fd, container->id, container->state_fd,
		       clock_now() + CONTAINER_LOCK_SECONDS * 1000000000ULL, &container->lock_fd,
		       e);
	if (r > 0)
		r = refuse(e, ECANCELED, "container '%s' was deleted while it was created",
			   container->id);
	if (r < 0) {
		/* Only if it is empty, which that of somebody else is not. */
		(void)unlinkat(container->root_fd, container->id, AT_REMOVEDIR);
		return r;
	}
	container_become(container, PHASE_CREATING);
	record_fill(making);
	if (config_save(making, e) < 0)
		return -e->code;
	if (notify_host_socket() && !making->has_machine && notify_make(container->state_fd, e) < 0)
		return -e->code;
	return record_save(container->state_fd, &container->record, e);
}

static void init_record(struct making *making)
{
	const struct process *init = &making->process.process;

	interrupt_kill(init->pidfd);
	making->container->record.pid = (struct opt_i32){true, init->pid};
	making->container->record.born = (struct opt_u64){true, init->born};
}

static int init_prepare(struct making *making, struct err *e)
{
	struct container *container = making->container;
	struct backend_stdio stdio = {.fds = {FD_NONE, FD_NONE, FD_NONE}};

	if (container_backend(container, e) < 0 || interrupt_check(e) < 0)
		return -e->code;
	if (container->backend->ops->prepare(container->backend, making->plan, &stdio,
					     &making->process, e) < 0)
		return -e->code;
	init_record(making);
	/* Until it is released the init ends with us: only hooks, which may ask for the state, and
	 * a machine's monitor make it worth writing already. */
	if (!making->has_machine && !has_create_hooks(making))
		return 0;
	return record_save(container->state_fd, &container->record, e);
}

static int create_hooks_run(struct making *making, struct err *e)
{
	struct oci_state state;

	container_describe(making->container, phase_name(PHASE_CREATING), false, &state);
	if (hooks_run(making->config, OCI_HOOK_PRESTART, &state, e) < 0)
		return -e->code;
	return hooks_run(making->config, OCI_HOOK_CREATE_RUNTIME, &state, e);
}

/* Terminal, listener and pidfd go to those who wait for them. */
static int descriptors_send(struct making *making, struct err *e)
{
	const struct runtime_create *options = making->options;
	struct backend_process *process = &making->process;
	struct oci_state state;

	if (process->seccomp_fd >= 0) {
		container_describe(making->container, phase_name(PHASE_CREATING), false, &state);
		if (side_send_seccomp(making->plan->process->seccomp, process->seccomp_fd,
				      process->process.pid, &state, e) < 0)
			return -e->code;
		fd_close(&process->seccomp_fd);
	}
	if (options->console_socket) {
		if (side_send_console(options->console_socket, process->console_fd, e) < 0)
			return -e->code;
		fd_close(&process->console_fd);
	}
	if (options->pidfd_socket)
		return side_send_pidfd(options->pidfd_socket, &process->process, "standard", e);
	return 0;
}

/* From here the container outlives us; the pid file is what callers wait for. */
static int creation_tell(struct making *making, struct err *e)
{
	struct container *container = making->container;
	const char *pid_file = making->options->pid_file;

	container->record.phase.value = PHASE_CREATED;
	if (record_save(container->state_fd, &container->record, e) < 0)
		return -e->code;
	if (pid_file) {
		if (side_write_pid(pid_file, container->record.pid.value, e) < 0)
			return -e->code;
		making->has_pid_file = true;
	}
	if (interrupt_check(e) < 0)
		return -e->code;
	return making->restore ? 0 : container->backend->ops->release(container->backend, e);
}

/* start, poststart and the wait use the same init. */
static void init_take(struct making *making, enum phase phase)
{
	container_become(making->container, phase);
	making->container->init = making->process.process;
	making->process.process = PROCESS_NONE;
}

static int creation_run(struct making *making, struct err *e)
{
	struct container *container = making->container;

	if (init_prepare(making, e) < 0 || create_hooks_run(making, e) < 0 ||
	    interrupt_check(e) < 0)
		return -e->code;
	if (container->backend->ops->commit(container->backend, &making->process, e) < 0 ||
	    descriptors_send(making, e) < 0 || creation_tell(making, e) < 0)
		return -e->code;
	init_take(making, PHASE_CREATED);
	return 0;
}

/* The hooks of create, when there are namespaces again and nothing runs in them yet. */
static int restored_namespaces(pid_t pid, void *data, struct err *e)
{
	struct making *making = data;
	struct record *record = &making->container->record;
	uint64_t born;
	char state;

	if (!has_create_hooks(making))
		return 0;
	if (process_stat(pid, &born, &state) < 0)
		return refuse(e, ESRCH, "the container ended while it was restored");
	record->pid = (struct opt_i32){true, pid};
	record->born = (struct opt_u64){true, born};
	if (record_save(making->container->state_fd, record, e) < 0)
		return -e->code;
	return create_hooks_run(making, e);
}

static int restoration_run(struct making *making, struct err *e)
{
	struct container *container = making->container;
	struct backend_restore restore = *making->restore;

	restore.namespaces_ready = restored_namespaces;
	restore.data = making;
	if (container_backend(container, e) < 0 || interrupt_check(e) < 0 ||
	    container->backend->ops->restore(container->backend, making->plan, &restore,
					     &making->process, e) < 0)
		return -e->code;
	init_record(making);
	if (descriptors_send(making, e) < 0 || creation_tell(making, e) < 0)
		return -e->code;
	init_take(making, PHASE_CREATED);
	container_become(container, PHASE_RUNNING);
	return container_poststart(container, e);
}

/* Leaves nothing; if even that fails, the record stays for `delete --force`. */
static void creation_undo(struct making *making)
{
	if (making->has_pid_file)
		(void)unlink(making->options->pid_file);
	fd_close(&making->process.console_fd);
	fd_close(&making->process.seccomp_fd);
	container_undo(making->container);
}

int making_act(struct making *making, struct err *e)
{
	struct container *container = making->container;
	int r;

	r = directory_make(making, e);
	if (r == 0)
		r = making->restore ? restoration_run(making, e) : creation_run(making, e);
	if (r == 0)
		return 0;
	r = interrupt_blame(e);
	/* Or the hooks that follow would be interrupted too. */
	(void)interrupt_end();
	if (container->lock_fd >= 0)
		creation_undo(making);
	return r;
}

int making_restore(struct making *making, const struct backend_restore *restore, struct err *e)
{
	making->restore = restore;
	return making_act(making, e);
}
