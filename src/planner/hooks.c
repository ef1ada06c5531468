/*
 * The hooks that run on the container's side, and the state document they read.
 *
 * The document is made here, since the side that runs them knows no OCI words. It is cut where the
 * pid goes, which nobody knows yet; the status comes behind it, because createContainer hooks see
 * "creating" and startContainer hooks "created". The order of members has no meaning.
 *
 * Source: runtime-spec 1.3 config.md "POSIX-platform Hooks"; runtime.md "State".
 */
#include "planning.h"

void hooks_plan(struct planning *p, enum oci_hook_kind kind, struct list *ret)
{
	list_each(const struct oci_hook, from, oci_hooks_of(p->config, kind))
	{
		struct plan_hook *to = list_push(p->arena, ret, struct plan_hook);

		to->path = from->path;
		to->args = from->args;
		if (to->args.count == 0) {
			to->args = (struct strv){0};
			strv_push(&to->args, p->arena, from->path);
		}
		to->has_env = opt_bool_if(from->env.items != NULL);
		to->env = from->env;
		to->timeout = from->timeout;
	}
}

void state_document_plan(struct planning *p)
{
	const struct map *annotations = &p->config->annotations;
	struct json_writer w;
	auto_buf text = {0};

	json_writer_init(&w, &text, 0);
	json_begin_object(&w);
	json_member_string(&w, "ociVersion", OCI_VERSION_MAX);
	json_member_string(&w, "id", p->plan->id);
	json_member_string(&w, "bundle", p->plan->bundle);
	if (annotations->count > 0) {
		json_name(&w, "annotations");
		json_begin_object(&w);
		for (size_t i = 0; i < annotations->count; i++)
			json_member_string(&w, annotations->items[i].name,
					   annotations->items[i].value);
		json_end_object(&w);
	}
	json_name(&w, "pid");
	p->plan->state_json_head = arena_strdup(p->arena, buf_text(&text));
	p->plan->state_json_tail = ",\"status\":\"creating\"}";
	p->plan->start_state_json_tail = ",\"status\":\"created\"}";
}
