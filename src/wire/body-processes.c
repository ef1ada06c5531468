/* The processes of a container, for ps. */
#include "pack.h"
#include "wire/bodies.h"

enum { PROCESS_LEAST = 60 };

static void walk_process(struct pack *p, struct wire_process *process)
{
	uint8_t state = (uint8_t)process->state;

	pack_u32(p, &process->pid);
	pack_u32(p, &process->ppid);
	pack_u32(p, &process->inner_pid);
	pack_u32(p, &process->uid);
	pack_u32(p, &process->gid);
	pack_u8(p, &state);
	process->state = state >= 'A' && state <= 'z' ? (char)state : '?';
	pack_u32(p, &process->threads);
	pack_i32(p, &process->nice);
	pack_u64(p, &process->started);
	pack_u64(p, &process->cpu_time);
	pack_u64(p, &process->elapsed);
	pack_u64(p, &process->virtual_size);
	pack_u64(p, &process->resident);
	pack_u32(p, &process->tty);
	pack_text(p, &process->comm);
	if (!process->comm)
		process->comm = "?";
	pack_words(p, &process->command);
}

static void walk(struct pack *p, struct wire_processes *body)
{
	body->items = pack_items(p, body->items, &body->count, sizeof(struct wire_process),
				 PROCESS_LEAST);
	for (size_t i = 0; i < body->count; i++)
		walk_process(p, &body->items[i]);
}

void wire_processes_encode(const struct wire_processes *body, struct buf *out)
{
	struct pack p = pack_write(out);
	struct wire_processes copy = *body;

	walk(&p, &copy);
}

int wire_processes_decode(struct arena *arena, const void *bytes, size_t size,
			  struct wire_processes *ret, struct err *e)
{
	struct pack p = pack_read(arena, bytes, size);
	struct wire_processes body = {0};

	p.is_hostile = true;
	walk(&p, &body);
	if (pack_end(&p, "processes", e) < 0)
		return -e->code;
	*ret = body;
	return 0;
}
