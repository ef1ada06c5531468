/*
 * Opening containers and finding out in which phase they are.
 *
 * The record says what was reached, the kernel says what is left: the init must still be the
 * process that was recorded, born at the recorded time since the recorded boot. A record in phase
 * `creating` is believed only while its creator lives, which the lock tells.
 */
#include "container.h"

#include "base/clock.h"
#include "base/log.h"
#include "oci/load.h"
#include "oci/names.h"
#include "store.h"

#include <assert.h>
#include <errno.h>
#include <fcntl.h>

int container_new(const struct runtime *runtime, const char *id, struct container **ret,
		  struct err *e)
{
	struct container *container;

	if (oci_id_check(id, e) < 0)
		return -e->code;
	container = xcalloc(1, sizeof(*container));
	container->runtime = runtime;
	container->root_fd = container->state_fd = container->lock_fd = FD_NONE;
	container->init = PROCESS_NONE;
	container->id = arena_strdup(&container->arena, id);
	*ret = container;
	return 0;
}

void container_close(struct container *container)
{
	if (!container)
		return;
	if (container->backend)
		container->backend->ops->close(container->backend);
	process_done(&container->init);
	fd_close(&container->lock_fd);
	fd_close(&container->state_fd);
	fd_close(&container->root_fd);
	arena_done(&container->arena);
	free(container);
}

void container_become(struct container *container, enum phase phase)
{
	assert(phase_may_become(container->phase, phase));
	container->phase = phase;
}

/* Reads the record; damage is kept, and what the copy has is used instead. */
static int container_read(struct container *container, struct err *e)
{
	struct err copy_error;
	int r = record_load(container->state_fd, container->id, &container->arena,
			    &container->record, e);

	if (r == RECORD_READ)
		return 0;
	if (r == RECORD_ABSENT)
		(void)refuse(e, ENOENT,
			     "container '%s': its record is missing; 'delete --force' "
			     "removes what is left",
			     container->id);
	container->damage = *e;
	r = record_load_copy(container->state_fd, container->id, &container->arena,
			     &container->record, &copy_error);
	if (r != RECORD_READ)
		container->record = (struct record){.id = container->id};
	if (r < 0)
		log_debug("the copy of the record is of no use either: %s", copy_error.text);
	return -e->code;
}

static int container_lock(struct container *container, enum container_access access, struct err *e)
{
	uint64_t deadline = clock_now() + CONTAINER_LOCK_SECONDS * 1000000000ULL;
	int r = store_lock(container->root_fd, container->id, container->state_fd, deadline,
			   &container->lock_fd, e);

	/* Where there is no room even for the lock there is nobody who holds it. */
	if (access == CONTAINER_END && (r == -ENOSPC || r == -EDQUOT || r == -EROFS))
		return STORE_FOUND;
	return r;
}

int container_enter(struct container *container, enum container_access access, struct err *e)
{
	int r = store_root_open(container->runtime, false, &container->root_fd, e);

	if (r != STORE_FOUND)
		return r;
	r = store_open(container->root_fd, container->id, &container->state_fd, e);
	if (r == STORE_FOUND && access != CONTAINER_LOOK)
		r = container_lock(container, access, e);
	if (r != STORE_FOUND)
		return r;
	if (container_read(container, e) < 0 && access != CONTAINER_END)
		return -e->code;
	return access == CONTAINER_CHANGE ? container_refresh(container, e) : 0;
}

int container_open(const struct runtime *runtime, const char *id, enum container_access access,
		   struct container **ret, struct err *e)
{
	auto_container *container = NULL;
	int r;

	if (container_new(runtime, id, &container, e) < 0)
		return -e->code;
	r = container_enter(container, access, e);
	if (r == CONTAINER_FOUND || (access == CONTAINER_END && r == CONTAINER_ABSENT))
		*ret = take_ptr(container);
	return r;
}

int container_find(const struct runtime *runtime, const char *id, enum container_access access,
		   struct container **ret, struct err *e)
{
	auto_container *container = NULL;
	int r = container_open(runtime, id, access, &container, e);

	if (r < 0)
		return r;
	if (r == CONTAINER_ABSENT)
		return refuse(e, ENOENT, "container does not exist: '%s'", id);
	*ret = take_ptr(container);
	return 0;
}

int runtime_facts(const struct runtime *runtime, struct arena *arena, const struct facts **ret,
		  struct err *e)
{
	struct facts *facts = arena_new(arena, struct facts);

	if (facts_probe(arena, facts, e) < 0)
		return wrap(e, "find out what this host can do");
	if (runtime->rootless.is_set)
		facts->is_rootless = runtime->rootless.value;
	*ret = facts;
	return 0;
}

int container_facts(struct container *container, struct err *e)
{
	if (container->facts)
		return 0;
	return runtime_facts(container->runtime, &container->arena, &container->facts, e);
}

/* Finds the recorded init, if it is still there. */
static int init_find(struct container *container, struct err *e)
{
	const struct record *record = &container->record;

	if (container->init.pid != 0 || !record->pid.is_set)
		return PROCESS_GONE;
	if (!record->boot_id || !str_is(record->boot_id, container->facts->boot_id))
		return PROCESS_GONE; /* the machine was started anew since */
	return process_open(record->pid.value, record->born.value, &container->init, e);
}

int container_backend(struct container *container, struct err *e)
{
	const struct record *record = &container->record;
	struct backend_context context = {
		.id = container->id,
		.state_fd = container->state_fd,
		.cgroup = record->cgroup,
		.intel_rdt = record->intel_rdt,
		.shares_pid_namespace = record->shares_pid_namespace.value,
		.log_fd = container->runtime->log_fd,
		.log_is_json = container->runtime->log_is_json,
	};
	const struct backend_ops *ops;

	if (container->backend)
		return 0;
	if (container_facts(container, e) < 0 || init_find(container, e) < 0)
		return -e->code;
	context.facts = container->facts;
	context.init = container->init;
	if (container->runtime->find_backend(record->isolation, &ops, e) < 0)
		return -e->code;
	return ops->open(&context, &container->backend, e);
}

static enum phase phase_of(enum backend_status status)
{
	switch (status) {
	case BACKEND_ABSENT:
		return PHASE_STOPPED;
	case BACKEND_CREATED:
		return PHASE_CREATED;
	case BACKEND_RUNNING:
		return PHASE_RUNNING;
	case BACKEND_PAUSED:
		return PHASE_PAUSED;
	}
	return PHASE_STOPPED;
}

int container_refresh(struct container *container, struct err *e)
{
	enum backend_status status;
	bool is_locked_by_us = container->lock_fd >= 0;

	if (container->record.phase.value == PHASE_CREATING) {
		bool is_alive = !is_locked_by_us && store_is_locked(container->state_fd);

		container->phase = is_alive ? PHASE_CREATING : PHASE_STOPPED;
		return 0;
	}
	if (container_backend(container, e) < 0)
		return -e->code;
	container->phase = PHASE_STOPPED;
	if (container->init.pid == 0)
		return 0;
	if (container->backend->ops->status(container->backend, &status, e) < 0)
		return wrap(e, "find out the state of container '%s'", container->id);
	container->phase = phase_of(status);
	return 0;
}

int container_config(struct container *container, const struct oci_config **ret, struct err *e)
{
	if (oci_config_load(&container->arena, container->state_fd, "config.json", ret, NULL, e) <
	    0)
		return wrap(e, "the private configuration of container '%s'", container->id);
	return 0;
}

void container_describe(const struct container *container, const char *status, bool details,
			struct oci_state *ret)
{
	const struct record *record = &container->record;
	bool is_stopped = str_is(status, phase_name(PHASE_STOPPED));

	*ret = (struct oci_state){
		.id = container->id,
		.status = status,
		.pid = is_stopped ? 0 : record->pid.value,
		.bundle = record->bundle,
		.rootfs = details ? record->rootfs : NULL,
		.created = details ? record->created : NULL,
		.annotations = &record->annotations,
	};
}
