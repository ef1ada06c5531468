/*
 * Plans as JSON: plan_write() writes them, this reads them back. The strict reader checks the
 * text, the field tables check types and ranges; the filter's instructions are counted, and the
 * kernel verifies them when they are loaded.
 */
#include "document.h"

#include "base/num.h"

#include <errno.h>
#include <linux/filter.h>

enum { INSTRUCTION_SIZE = sizeof(struct sock_filter), DIGITS_EACH = 2 * INSTRUCTION_SIZE };

static int digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	return c >= 'a' && c <= 'f' ? c - 'a' + 10 : -1;
}

static int read_program(struct arena *arena, const struct json *value, struct plan_seccomp *seccomp,
			struct err *e)
{
	uint8_t *bytes;

	if (!value || value->kind != JSON_STRING || value->count == 0 ||
	    value->count % DIGITS_EACH != 0 || value->count / DIGITS_EACH > BPF_MAXINSNS)
		return refuse(e, EBADMSG, "seccomp.program: is no filter");
	bytes = arena_alloc(arena, value->count / 2);
	for (size_t i = 0; i < value->count; i += 2) {
		int high = digit(value->text[i]), low = digit(value->text[i + 1]);

		if (high < 0 || low < 0)
			return refuse(e, EBADMSG, "seccomp.program: is not hexadecimal");
		bytes[i / 2] = (uint8_t)(high << 4 | low);
	}
	seccomp->program = bytes;
	seccomp->instruction_count = value->count / DIGITS_EACH;
	return 0;
}

struct seccomp_head {
	struct opt_u64 flags;
	const char *listener_path, *listener_metadata;
};

static const struct field seccomp_head_fields[] = {
	FIELD(FIELD_U64, struct seccomp_head, flags, "flags", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct seccomp_head, listener_path, "listenerPath", 0),
	FIELD(FIELD_STRING, struct seccomp_head, listener_metadata, "listenerMetadata", 0),
	{0},
};

static int read_seccomp(struct arena *arena, const struct json *value, struct plan_process *process,
			struct err *e)
{
	struct plan_seccomp *seccomp = arena_new(arena, struct plan_seccomp);
	struct seccomp_head head = {0};
	int r;

	if (!value)
		return 0;
	if (!process)
		return refuse(e, EBADMSG, "seccomp: there is no process");
	r = fields_decode(seccomp_head_fields, arena, value, "seccomp", &head, e);
	if (r == 0)
		r = read_program(arena, json_get(value, "program"), seccomp, e);
	if (r < 0)
		return r;
	seccomp->flags = head.flags.value;
	seccomp->listener_path = head.listener_path;
	seccomp->listener_metadata = head.listener_metadata;
	process->seccomp = seccomp;
	return 0;
}

/* Parses the text and decodes one of its members. */
static int read_member(struct arena *arena, const char *text, const char *name,
		       const struct field *fields, void *object, const struct json **ret_document,
		       struct err *e)
{
	const struct json *member;
	int r = text ? json_read(arena, text, strlen(text), ret_document, e)
		     : refuse(e, EBADMSG, "%s: is missing", name);

	if (r < 0)
		return r;
	member = json_get(*ret_document, name);
	if (!member)
		return refuse(e, EBADMSG, "%s: is missing", name);
	return fields_decode(fields, arena, member, name, object, e);
}

void document_write_plan(const struct plan *plan, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	plan_write(plan, &w);
}

int document_read_plan(struct arena *arena, const char *text, struct plan **ret, struct err *e)
{
	struct plan *plan = arena_new(arena, struct plan);
	const struct json *document;
	int r = read_member(arena, text, "plan", plan_fields, plan, &document, e);

	if (r == 0)
		r = read_seccomp(arena, json_get(document, "seccomp"), plan->process, e);
	if (r == 0)
		*ret = plan;
	return r;
}

/* In the form of a plan, so that there is one writer of filters. */
void document_write_process(const struct plan_process *process, struct buf *out)
{
	struct plan plan = {.id = "", .rootfs = "", .bundle = ""};
	struct plan_process copy = *process;

	plan.process = &copy;
	document_write_plan(&plan, out);
}

int document_read_process(struct arena *arena, const char *text, struct plan_process **ret,
			  struct err *e)
{
	struct plan *plan;
	int r = document_read_plan(arena, text, &plan, e);

	if (r == 0 && !plan->process)
		return refuse(e, EBADMSG, "plan.process: is missing");
	if (r == 0)
		*ret = plan->process;
	return r;
}

void document_write_limits(const struct plan_limits *limits, struct buf *out)
{
	struct json_writer w;

	json_writer_init(&w, out, 0);
	json_begin_object(&w);
	json_name(&w, "limits");
	fields_encode(plan_limits_fields, limits, &w);
	json_end_object(&w);
}

int document_read_limits(struct arena *arena, const char *text, struct plan_limits **ret,
			 struct err *e)
{
	struct plan_limits *limits = arena_new(arena, struct plan_limits);
	const struct json *document;
	int r = read_member(arena, text, "limits", plan_limits_fields, limits, &document, e);

	if (r == 0)
		*ret = limits;
	return r;
}
