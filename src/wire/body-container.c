/* What containers and their processes are told, and the short answers. */
#include "document.h"
#include "pack.h"
#include "wire/bodies.h"

enum { DISK_LEAST = 12 };

static void walk_stdio(struct pack *p, struct wire_stdio *stdio)
{
	for (int i = 0; i < 3; i++)
		pack_bool(p, &stdio->is_stream[i]);
}

void wire_target_encode(const struct wire_target *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_target copy = *body;

	pack_u32(&p, &copy.container);
}

int wire_target_decode(const void *bytes, size_t size, struct wire_target *ret, struct err *e)
{
	struct pack p = pack_read(NULL, bytes, size);

	pack_u32(&p, &ret->container);
	return pack_end(&p, "target", e);
}

static void walk_prepare(struct pack *p, struct wire_prepare *body, const char **document)
{
	pack_u32(p, &body->container);
	pack_u32(p, &body->process);
	walk_stdio(p, &body->stdio);
	pack_text(p, document);
	body->disks =
		pack_items(p, body->disks, &body->disk_count, sizeof(struct wire_disk), DISK_LEAST);
	for (size_t i = 0; i < body->disk_count; i++) {
		pack_u32(p, &body->disks[i].major);
		pack_u32(p, &body->disks[i].minor);
		pack_text(p, &body->disks[i].serial);
		if (!body->disks[i].serial)
			p->is_wrong = true;
	}
}

void wire_prepare_encode(const struct wire_prepare *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_prepare copy = *body;
	/* The machine is no business of who runs inside it. */
	struct plan plan = *body->plan;
	auto_buf document = {0};
	const char *text;

	plan.machine = NULL;
	document_write_plan(&plan, &document);
	text = buf_text(&document);
	walk_prepare(&p, &copy, &text);
}

int wire_prepare_decode(struct arena *arena, const void *bytes, size_t size,
			struct wire_prepare *ret, struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct wire_prepare body = {0};
	struct plan *plan = NULL;
	const char *text = NULL;
	int r;

	walk_prepare(&p, &body, &text);
	r = pack_end(&p, "prepare", e);
	if (r == 0)
		r = document_read_plan(arena, text, &plan, e);
	if (r < 0)
		return r;
	*ret = body;
	ret->plan = plan;
	return 0;
}

void wire_made_encode(const struct wire_made *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_made copy = *body;

	pack_u32(&p, &copy.pid);
}

int wire_made_decode(const void *bytes, size_t size, struct wire_made *ret, struct err *e)
{
	struct pack p = pack_read(NULL, bytes, size);

	pack_u32(&p, &ret->pid);
	return pack_end(&p, "made", e);
}

static void walk_exec(struct pack *p, struct wire_exec *body, const char **document)
{
	pack_u32(p, &body->container);
	pack_u32(p, &body->process);
	walk_stdio(p, &body->stdio);
	pack_text(p, document);
	pack_bool(p, &body->has_cgroup);
	if (body->has_cgroup)
		pack_words(p, &body->cgroup);
	pack_bool(p, &body->ignore_paused);
}

void wire_exec_encode(const struct wire_exec *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_exec copy = *body;
	auto_buf document = {0};
	const char *text;

	document_write_process(body->plan, &document);
	text = buf_text(&document);
	walk_exec(&p, &copy, &text);
}

int wire_exec_decode(struct arena *arena, const void *bytes, size_t size, struct wire_exec *ret,
		     struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct plan_process *process = NULL;
	struct wire_exec body = {0};
	const char *text = NULL;
	int r;

	walk_exec(&p, &body, &text);
	r = pack_end(&p, "exec", e);
	if (r == 0)
		r = document_read_process(arena, text, &process, e);
	if (r < 0)
		return r;
	*ret = body;
	ret->plan = process;
	return 0;
}

static void walk_signal(struct pack *p, struct wire_signal *body)
{
	pack_u32(p, &body->container);
	pack_u32(p, &body->process);
	pack_u32(p, &body->signal);
	pack_bool(p, &body->all);
}

void wire_signal_encode(const struct wire_signal *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_signal copy = *body;

	walk_signal(&p, &copy);
}

int wire_signal_decode(const void *bytes, size_t size, struct wire_signal *ret, struct err *e)
{
	struct pack p = pack_read(NULL, bytes, size);

	walk_signal(&p, ret);
	return pack_end(&p, "signal", e);
}

void wire_update_encode(const struct wire_update *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_update copy = *body;
	auto_buf document = {0};
	const char *text;

	document_write_limits(body->limits, &document);
	text = buf_text(&document);
	pack_u32(&p, &copy.container);
	pack_text(&p, &text);
}

int wire_update_decode(struct arena *arena, const void *bytes, size_t size, struct wire_update *ret,
		       struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct plan_limits *limits = NULL;
	const char *text = NULL;
	uint32_t container;
	int r;

	pack_u32(&p, &container);
	pack_text(&p, &text);
	r = pack_end(&p, "update", e);
	if (r == 0)
		r = document_read_limits(arena, text, &limits, e);
	if (r < 0)
		return r;
	*ret = (struct wire_update){.container = container, .limits = limits};
	return 0;
}

static void walk_status(struct pack *p, struct wire_status *body)
{
	pack_u32(p, &body->status);
	pack_u32(p, &body->pid);
	pack_u64(p, &body->oom_kills);
}

void wire_status_encode(const struct wire_status *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_status copy = *body;

	walk_status(&p, &copy);
}

int wire_status_decode(const void *bytes, size_t size, struct wire_status *ret, struct err *e)
{
	struct pack p = pack_read(NULL, bytes, size);

	walk_status(&p, ret);
	return pack_end(&p, "status", e);
}
