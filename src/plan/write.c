/*
 * A plan as JSON: {"plan": {...}, "seccomp": {...}}. Everything but the compiled filter goes by the
 * field tables; the filter is written as hexadecimal, sixteen digits an instruction, in the byte
 * order of this machine, as the kernel would read it.
 */
#include "plan/plan.h"

enum { INSTRUCTION_SIZE = 8 };

static void program_write(const struct plan_seccomp *seccomp, struct json_writer *w)
{
	static const char digits[] = "0123456789abcdef";
	const unsigned char *bytes = seccomp->program;
	auto_buf text = {0};
	size_t size = seccomp->instruction_count * INSTRUCTION_SIZE;
	char *out = buf_reserve(&text, size * 2);

	for (size_t i = 0; i < size; i++) {
		out[2 * i] = digits[bytes[i] >> 4];
		out[2 * i + 1] = digits[bytes[i] & 15];
	}
	buf_added(&text, size * 2);
	json_member_string(w, "program", buf_text(&text));
}

static void seccomp_write(const struct plan_seccomp *seccomp, struct json_writer *w)
{
	json_begin_object(w);
	json_member_u64(w, "flags", seccomp->flags);
	if (seccomp->listener_path)
		json_member_string(w, "listenerPath", seccomp->listener_path);
	if (seccomp->listener_metadata)
		json_member_string(w, "listenerMetadata", seccomp->listener_metadata);
	json_member_u64(w, "instructionCount", seccomp->instruction_count);
	program_write(seccomp, w);
	json_end_object(w);
}

void plan_write(const struct plan *plan, struct json_writer *w)
{
	json_begin_object(w);
	json_name(w, "plan");
	fields_encode(plan_fields, plan, w);
	if (plan->process && plan->process->seccomp) {
		json_name(w, "seccomp");
		seccomp_write(plan->process->seccomp, w);
	}
	json_end_object(w);
}
