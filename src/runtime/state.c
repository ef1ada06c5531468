/*
 * state, list and the pids of ps: looking without a lock.
 *
 * The record is replaced atomically, so a reader always sees a whole one; what disappears while
 * `list` looks at it was simply not there.
 */
#include "container.h"
#include "store.h"

#include <errno.h>
#include <pwd.h>

/* Copies out of the container, which is about to be closed. */
static void state_copy(struct arena *arena, const struct oci_state *from, struct oci_state *ret)
{
	const struct map *annotations = from->annotations;
	struct map *map = arena_new(arena, struct map);

	map->items = arena_new_array(arena, annotations->count, struct map_entry);
	map->count = annotations->count;
	for (size_t i = 0; i < map->count; i++) {
		map->items[i].name = arena_strdup(arena, annotations->items[i].name);
		map->items[i].value = arena_strdup(arena, annotations->items[i].value);
	}
	*ret = *from;
	ret->id = arena_strdup(arena, from->id);
	ret->bundle = arena_strdup(arena, from->bundle);
	ret->rootfs = arena_strdup(arena, from->rootfs);
	ret->created = arena_strdup(arena, from->created);
	ret->annotations = map;
}

int runtime_state(const struct runtime *runtime, struct arena *arena, const char *id,
		  struct oci_state *ret, struct err *e)
{
	auto_container *container = NULL;
	struct oci_state state;

	if (container_find(runtime, id, CONTAINER_LOOK, &container, e) < 0 ||
	    container_refresh(container, e) < 0)
		return -e->code;
	container_describe(container, phase_name(container->phase), true, &state);
	state_copy(arena, &state, ret);
	return 0;
}

static const char *owner_name(struct arena *arena, uint32_t uid)
{
	const struct passwd *user = getpwuid(uid);

	return user ? arena_strdup(arena, user->pw_name) : arena_printf(arena, "#%u", uid);
}

/* `last` is the state before, whose owner is probably the same. */
static int list_one(struct container *container, struct arena *arena, uint32_t *last_uid,
		    const char **last_name, struct oci_state *ret, struct err *e)
{
	uint32_t uid;
	struct oci_state state;
	int r = container_enter(container, CONTAINER_LOOK, e);

	if (r != CONTAINER_FOUND)
		return r;
	if (container_refresh(container, e) < 0)
		return -e->code;
	container_describe(container, phase_name(container->phase), true, &state);
	state_copy(arena, &state, ret);
	uid = container->record.owner.value;
	if (!*last_name || *last_uid != uid) {
		*last_name = owner_name(arena, uid);
		*last_uid = uid;
	}
	ret->owner = *last_name;
	return CONTAINER_FOUND;
}

struct listing {
	struct arena *arena;
	const struct facts *facts;
	uint32_t last_uid;
	const char *last_name;
};

static int list_id(const struct runtime *runtime, struct listing *listing, const char *id,
		   struct oci_state *ret, struct err *e)
{
	auto_container *container = NULL;

	if (container_new(runtime, id, &container, e) < 0)
		return -e->code;
	container->facts = listing->facts;
	return list_one(container, listing->arena, &listing->last_uid, &listing->last_name, ret, e);
}

int runtime_list(const struct runtime *runtime, struct arena *arena, runtime_broken_fn *broken,
		 void *data, struct oci_state **ret, size_t *ret_count, struct err *e)
{
	struct listing listing = {.arena = arena};
	auto_fd int root_fd = FD_NONE;
	struct strv ids = {0};
	size_t count = 0;
	int r = store_root_open(runtime, false, &root_fd, e);

	*ret = NULL;
	*ret_count = 0;
	if (r < 0)
		return r;
	if (r == STORE_ABSENT) {
		if (runtime->root_is_default)
			return 0;
		return fail(e, ENOENT, "open the state root '%s'", runtime->root);
	}
	if (store_ids(root_fd, arena, &ids, e) < 0 ||
	    (ids.count > 0 && runtime_facts(runtime, arena, &listing.facts, e) < 0))
		return -e->code;
	*ret = arena_new_array(arena, ids.count, struct oci_state);
	for (size_t i = 0; i < ids.count; i++) {
		r = list_id(runtime, &listing, ids.items[i], &(*ret)[count], e);
		if (r == CONTAINER_FOUND)
			count++;
		else if (r < 0)
			broken(ids.items[i], e, data);
	}
	*ret_count = count;
	return 0;
}

int runtime_pids(const struct runtime *runtime, struct arena *arena, const char *id, pid_t **ret,
		 size_t *ret_count, struct err *e)
{
	auto_container *container = NULL;

	*ret = NULL;
	*ret_count = 0;
	if (container_find(runtime, id, CONTAINER_LOOK, &container, e) < 0 ||
	    container_refresh(container, e) < 0)
		return -e->code;
	if (container->phase == PHASE_STOPPED)
		return 0;
	if (container_backend(container, e) < 0)
		return -e->code;
	return container->backend->ops->pids(container->backend, arena, ret, ret_count, e);
}

int runtime_tasks(const struct runtime *runtime, struct arena *arena, const char *id,
		  struct backend_task **ret, size_t *ret_count, struct err *e)
{
	auto_container *container = NULL;

	*ret = NULL;
	*ret_count = 0;
	if (container_find(runtime, id, CONTAINER_LOOK, &container, e) < 0 ||
	    container_refresh(container, e) < 0 || container_backend(container, e) < 0)
		return -e->code;
	if (container->phase == PHASE_STOPPED)
		return container->backend->ops->has_machine ? 0 : BACKEND_TASKS_ON_HOST;
	return container->backend->ops->tasks(container->backend, arena, ret, ret_count, e);
}
