/* Plans as texts inside bodies: JSON by the plan's own field tables, the compiled filter as hex. */
#ifndef WIRE_DOCUMENT_H
#define WIRE_DOCUMENT_H

#include "plan/plan.h"

void document_write_plan(const struct plan *plan, struct buf *out);
int document_read_plan(struct arena *arena, const char *text, struct plan **ret,
		       struct err *e) must_check;
void document_write_process(const struct plan_process *process, struct buf *out);
int document_read_process(struct arena *arena, const char *text, struct plan_process **ret,
			  struct err *e) must_check;
void document_write_limits(const struct plan_limits *limits, struct buf *out);
int document_read_limits(struct arena *arena, const char *text, struct plan_limits **ret,
			 struct err *e) must_check;

#endif
