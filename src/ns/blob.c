/*
 * The orders of the launch program (launch/blob.h), made from a plan's process: everything it will
 * need, in one piece, with offsets instead of pointers.
 */
#include "child.h"

#include "base/buf.h"
#include "base/str.h"
#include "kern/rlimit.h"
#include "kern/scheduler.h"
#include "launch/blob.h"

#include <stddef.h>

#define ALIGNMENT 8U

static uint32_t put(struct buf *out, const void *bytes, size_t size)
{
	static const char zeros[ALIGNMENT];
	uint32_t offset;

	buf_append(out, zeros, (ALIGNMENT - out->size % ALIGNMENT) % ALIGNMENT);
	offset = (uint32_t)out->size;
	buf_append(out, bytes, size);
	return offset;
}

static uint32_t put_text(struct buf *out, const char *text)
{
	return text ? put(out, text, strlen(text) + 1) : 0;
}

/* A list ended by 0, with one more text at its end when `extra` is given. */
static uint32_t put_texts(struct buf *out, const struct strv *texts, const char *extra)
{
	auto_buf offsets = {0};
	uint64_t offset;

	for (size_t i = 0; i < texts->count; i++) {
		offset = put_text(out, texts->items[i]);
		buf_append(&offsets, &offset, sizeof(offset));
	}
	if (extra) {
		offset = put_text(out, extra);
		buf_append(&offsets, &offset, sizeof(offset));
	}
	offset = 0;
	buf_append(&offsets, &offset, sizeof(offset));
	return put(out, offsets.data, offsets.size);
}

static void put_program(struct buf *out, const struct plan_process *process, const char *home,
			struct launch_blob *blob)
{
	auto_free char *extra = home ? xasprintf("HOME=%s", home) : NULL;
	struct strv env = {0};
	auto_free char **items = xcalloc(process->env.count + 1, sizeof(*items));

	/* An empty HOME makes way for the added one. */
	for (size_t i = 0; i < process->env.count; i++) {
		const char *path = str_after(process->env.items[i], "PATH=");

		if (home && str_starts(process->env.items[i], "HOME="))
			continue;
		items[env.count++] = process->env.items[i];
		if (path)
			blob->search_path = put_text(out, path);
	}
	env.items = items;
	blob->argv = put_texts(out, &process->args, NULL);
	blob->envp = put_texts(out, &env, extra);
	blob->cwd = put_text(out, process->cwd);
}

static void put_identity(struct buf *out, const struct plan_process *process,
			 struct launch_blob *blob)
{
	blob->uid = process->uid.value;
	blob->gid = process->gid.value;
	if (process->groups.is_set) {
		blob->flags |= LAUNCH_SET_GROUPS;
		blob->group_count = (uint32_t)process->groups.count;
		blob->groups =
			put(out, process->groups.values, process->groups.count * sizeof(uint32_t));
	}
	if (process->bounding.is_set) {
		blob->flags |= LAUNCH_SET_BOUNDING;
		blob->bounding = process->bounding.value;
	}
	if (process->effective.is_set || process->permitted.is_set || process->inheritable.is_set) {
		blob->flags |= LAUNCH_SET_CAPS;
		blob->effective = process->effective.value;
		blob->permitted = process->permitted.value;
		blob->inheritable = process->inheritable.value;
	}
	blob->ambient = process->ambient.value;
	blob->apparmor = put_text(out, process->apparmor_profile);
	blob->selinux = put_text(out, process->selinux_label);
	if (process->no_new_privileges.value)
		blob->flags |= LAUNCH_NO_NEW_PRIVS;
}

static void put_limits(struct buf *out, const struct plan_process *process,
		       struct launch_blob *blob)
{
	size_t count = process->rlimits.count, i = 0;
	auto_free struct launch_rlimit *limits = xcalloc(count + 1, sizeof(*limits));

	list_each(struct plan_rlimit, from, &process->rlimits)
	{
		limits[i++] = (struct launch_rlimit){
			.type = (uint32_t)from->type.value,
			.name = put_text(out, rlimit_name(from->type.value)),
			.soft = from->soft.value,
			.hard = from->hard.value,
		};
	}
	blob->rlimit_count = (uint32_t)count;
	blob->rlimits = put(out, limits, count * sizeof(*limits));
}

static int put_set(struct buf *out, const char *list, uint32_t *ret_offset, uint32_t *ret_bits,
		   struct err *e)
{
	struct number_set set;
	int r = number_set_parse(list, &set, e);
	size_t words;

	if (r < 0)
		return r;
	words = (size_t)(set.last + 1) / (8 * sizeof(unsigned long)) + 1;
	if (words > sizeof(set.words) / sizeof(set.words[0]))
		words = sizeof(set.words) / sizeof(set.words[0]);
	*ret_offset = put(out, set.words, words * sizeof(unsigned long));
	*ret_bits = (uint32_t)(words * 8 * sizeof(unsigned long));
	return 0;
}

static int put_scheduling(struct buf *out, const struct plan_process *process,
			  struct launch_blob *blob, struct err *e)
{
	const struct plan_scheduler *from = process->scheduler;
	uint32_t bits;
	int r = 0;

	if (from) {
		struct launch_scheduler to = {
			.size = sizeof(to),
			.policy = (uint32_t)from->policy.value,
			.flags = from->flags.value,
			.nice = from->nice.value,
			.priority = from->priority.value,
			.runtime = from->runtime.value,
			.deadline = from->deadline.value,
			.period = from->period.value,
		};

		blob->scheduler = put(out, &to, sizeof(to));
	}
	if (process->io_priority.is_set) {
		blob->flags |= LAUNCH_SET_IO_PRIORITY;
		blob->io_priority = process->io_priority.value;
	}
	if (process->personality.is_set) {
		blob->flags |= LAUNCH_SET_PERSONALITY;
		blob->personality = process->personality.value;
	}
	if (process->affinity_final && *process->affinity_final) {
		r = put_set(out, process->affinity_final, &blob->affinity, &bits, e);
		blob->affinity_size = bits / 8;
	} else if (!process->affinity_initial || !*process->affinity_initial) {
		blob->flags |= LAUNCH_RESET_AFFINITY;
	}
	if (r == 0 && process->memory_policy) {
		const struct plan_memory_policy *policy = process->memory_policy;

		blob->flags |= LAUNCH_SET_MEMORY_POLICY;
		blob->memory_mode = policy->mode.value;
		if (policy->nodes && *policy->nodes) {
			r = put_set(out, policy->nodes, &blob->nodes, &bits, e);
			/* set_mempolicy(2) counts one bit less than it is told. */
			blob->node_bits = bits + 1;
		}
	}
	return r;
}

static void put_hooks(struct buf *out, const struct plan_process *process, struct launch_blob *blob)
{
	static const struct strv empty;
	size_t count = process->start_hooks.count, i = 0;
	auto_free struct launch_hook *hooks = xcalloc(count + 1, sizeof(*hooks));

	list_each(struct plan_hook, from, &process->start_hooks)
	{
		uint64_t seconds = from->timeout.is_set ? (uint64_t)from->timeout.value : 0;

		hooks[i] = (struct launch_hook){
			.path = put_text(out, from->path),
			.argv = put_texts(out, &from->args, NULL),
			.index = (uint32_t)i,
			/* More than this is for ever. */
			.timeout_ns = seconds < 1000000000ULL ? seconds * 1000000000ULL : 0,
		};
		if (from->has_env.value)
			hooks[i].envp = put_texts(out, from->env.items ? &from->env : &empty, NULL);
		i++;
	}
	blob->hook_count = (uint32_t)count;
	blob->hooks = put(out, hooks, count * sizeof(*hooks));
}

static void put_filter(struct buf *out, const struct plan_seccomp *seccomp,
		       struct launch_blob *blob)
{
	if (!seccomp || !seccomp->instruction_count)
		return;
	blob->filter = put(out, seccomp->program, seccomp->instruction_count * 8);
	blob->filter_count = (uint32_t)seccomp->instruction_count;
	blob->filter_flags = seccomp->flags;
}

static int put_process(struct buf *out, const struct plan_process *process, const char *home,
		       struct launch_blob *blob, struct err *e)
{
	blob->flags |= LAUNCH_OWN_STDIO;
	if (process->terminal.value && blob->stdio[0] >= 0)
		blob->flags |= LAUNCH_TERMINAL;
	put_program(out, process, home, blob);
	put_identity(out, process, blob);
	put_limits(out, process, blob);
	put_hooks(out, process, blob);
	put_filter(out, process->seccomp, blob);
	return put_scheduling(out, process, blob, e);
}

int blob_build(const struct plan_process *process, const struct launch_fds *fds, const char *home,
	       mode_t umask, struct buf *ret, struct err *e)
{
	struct launch_blob blob = {
		.magic = LAUNCH_MAGIC,
		.flags = LAUNCH_SET_UMASK,
		.sync_fd = fds->sync,
		.start_fd = fds->start,
		.result_fd = fds->result,
		.proc_fd = fds->proc,
		.hook_input_fd = fds->hook_input,
		.stdio = {fds->stdio[0], fds->stdio[1], fds->stdio[2]},
		.umask = process && process->umask.is_set ? process->umask.value : umask,
	};
	int r = 0;

	buf_append(ret, &blob, sizeof(blob));
	if (fds->is_forked)
		blob.flags |= LAUNCH_FORK;
	if (fds->start >= 0)
		blob.flags |= LAUNCH_WAIT_START;
	if (process)
		r = put_process(ret, process, home, &blob, e);
	if (r < 0)
		return r;
	if (ret->size > LAUNCH_SIZE_MAX)
		return refuse(e, E2BIG, "process: arguments and environment are too large");
	blob.size = (uint32_t)ret->size;
	memcpy(ret->data, &blob, sizeof(blob));
	return 0;
}
