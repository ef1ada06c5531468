/*
 * Which namespaces are made, which are joined and in which order, and who is who in a new user
 * namespace.
 *
 * Joining a user namespace gives up the rights over all that its owner does not own: with root's
 * rights it comes last, without them first, because only it gives the rights to join the others.
 * The mount namespace is joined after the others.
 *
 * A map other than "this id, once" needs CAP_SETUID or CAP_SETGID over the parent namespace; who
 * lacks them goes through newuidmap and newgidmap. Without CAP_SETGID the kernel takes a gid map
 * only after setgroups(2) has been denied: a group may be what keeps somebody out of a file.
 *
 * Source: runtime-spec 1.3 config-linux.md "Namespaces"; user_namespaces(7).
 */
#include "planning.h"

#include "base/log.h"
#include "kern/compat.h"

enum { CAPABILITY_SETGID = 6, CAPABILITY_SETUID = 7, CAPABILITY_SYS_ADMIN = 21 };
enum { JOIN_RANKS = 3 };

uint64_t planning_namespace_flag(enum oci_namespace_type type)
{
	static const uint64_t flags[OCI_NS_TYPES] = {
		[OCI_NS_PID] = CLONE_NEWPID,	   [OCI_NS_NETWORK] = CLONE_NEWNET,
		[OCI_NS_MOUNT] = CLONE_NEWNS,	   [OCI_NS_IPC] = CLONE_NEWIPC,
		[OCI_NS_UTS] = CLONE_NEWUTS,	   [OCI_NS_USER] = CLONE_NEWUSER,
		[OCI_NS_CGROUP] = CLONE_NEWCGROUP, [OCI_NS_TIME] = CLONE_NEWTIME,
	};

	return flags[type];
}

void id_maps_copy(struct arena *arena, const struct list *mappings, struct list *ret)
{
	list_each(const struct oci_id_mapping, from, mappings)
	{
		struct plan_id_map *to = list_push(arena, ret, struct plan_id_map);

		to->inside = from->container_id;
		to->outside = from->host_id;
		to->size = from->size;
	}
}

bool id_to_host(const struct list *mappings, uint32_t id, uint32_t *ret)
{
	list_each(const struct oci_id_mapping, mapping, mappings)
	{
		uint32_t first = mapping->container_id.value;

		if (id >= first && id - first < mapping->size.value) {
			*ret = mapping->host_id.value + (id - first);
			return true;
		}
	}
	return false;
}

static bool is_self_map(const struct list *mappings, uint32_t id)
{
	const struct oci_id_mapping *mapping = mappings->items;

	return mappings->count == 1 && mapping->size.value == 1 && mapping->host_id.value == id;
}

static bool can(const struct planning *p, int capability)
{
	return (p->facts->capabilities_effective >> capability & 1) != 0;
}

static bool maps_self(const struct planning *p)
{
	return is_self_map(&p->linux_->uid_mappings, p->facts->euid) &&
	       is_self_map(&p->linux_->gid_mappings, p->facts->egid);
}

bool is_setgroups_denied(const struct planning *p)
{
	const struct oci_namespace *user = oci_namespace_find(p->config, OCI_NS_USER);

	return user && !user->path && maps_self(p) && !can(p, CAPABILITY_SETGID);
}

static int user_namespace_plan(struct planning *p, struct err *e)
{
	const struct list *uids = &p->linux_->uid_mappings;
	const struct list *gids = &p->linux_->gid_mappings;
	bool is_able = can(p, CAPABILITY_SETUID) && can(p, CAPABILITY_SETGID);

	if (uids->count == 0)
		return refuse(e, EINVAL, "linux.uidMappings: is required by a new user namespace");
	if (gids->count == 0)
		return refuse(e, EINVAL, "linux.gidMappings: is required by a new user namespace");
	id_maps_copy(p->arena, uids, &p->plan->uid_map);
	id_maps_copy(p->arena, gids, &p->plan->gid_map);
	p->plan->use_map_helpers = opt_bool_if(!is_able && !maps_self(p));
	p->plan->deny_setgroups = opt_bool_if(is_setgroups_denied(p));
	return 0;
}

static void join_add(struct planning *p, size_t index)
{
	const struct oci_namespace *namespace =
		list_at(struct oci_namespace, &p->linux_->namespaces, index);
	struct plan_join *join = list_push(p->arena, &p->plan->joins, struct plan_join);

	join->flag = opt_u64_of(
		planning_namespace_flag((enum oci_namespace_type) namespace->type.value));
	join->path = namespace->path;
	join->origin = arena_printf(p->arena, "linux.namespaces[%zu].path", index);
}

/* The place of a kind of namespace in the order of joining. */
static int join_rank(const struct planning *p, enum oci_namespace_type type)
{
	bool is_root = p->facts->euid == 0;

	if (type == OCI_NS_USER)
		return is_root ? JOIN_RANKS - 1 : 0;
	return (is_root ? 0 : 1) + (type == OCI_NS_MOUNT);
}

/* Before anything is made: the kernel would only say that it is not permitted. */
static int rights_check(const struct planning *p, struct err *e)
{
	if (p->facts->euid == 0 || can(p, CAPABILITY_SYS_ADMIN) ||
	    oci_namespace_find(p->config, OCI_NS_USER))
		return 0;
	return refuse(e, EPERM,
		      "linux.namespaces: has no user namespace, without which user %u may not make "
		      "a container: add one with uidMappings and gidMappings, as 'bulkhead spec "
		      "--rootless' writes them",
		      p->facts->euid);
}

int namespaces_plan(struct planning *p, struct err *e)
{
	const struct list *namespaces = &p->linux_->namespaces;
	uint64_t new_flags = 0;

	if (rights_check(p, e) < 0)
		return -e->code;
	for (size_t i = 0; i < namespaces->count; i++) {
		const struct oci_namespace *namespace =
			list_at(struct oci_namespace, namespaces, i);
		enum oci_namespace_type type = (enum oci_namespace_type) namespace->type.value;
		uint64_t flag = planning_namespace_flag(type);

		if (!(p->facts->namespaces & flag))
			return refuse(e, EINVAL,
				      "linux.namespaces[%zu].type: this kernel has no %s "
				      "namespaces",
				      i, enum_name_of(oci_namespace_names, type));
		if (!namespace->path)
			new_flags |= flag;
	}
	for (int rank = 0; rank < JOIN_RANKS; rank++)
		for (size_t i = 0; i < namespaces->count; i++) {
			const struct oci_namespace *namespace =
				list_at(struct oci_namespace, namespaces, i);

			if (namespace->path &&
			    join_rank(p, (enum oci_namespace_type) namespace->type.value) == rank)
				join_add(p, i);
		}
	p->plan->new_namespaces = opt_u64_of(new_flags);
	if (new_flags & CLONE_NEWUSER) {
		int r = user_namespace_plan(p, e);

		if (r < 0)
			return r;
	} else if (p->linux_->uid_mappings.count > 0) {
		log_debug("linux.uidMappings: the joined user namespace has its own");
	}
	list_each(const struct oci_time_offset, offset, &p->linux_->time_offsets)
	{
		struct plan_time_offset *to =
			list_push(p->arena, &p->plan->time_offsets, struct plan_time_offset);

		to->clock = offset->clock;
		to->secs = offset->secs;
		to->nanosecs = offset->nanosecs;
	}
	return 0;
}
