/* create: everything but the program itself. */
#include "interrupt.h"
#include "make.h"

int runtime_create(const struct runtime *runtime, const struct runtime_create *options,
		   struct err *e)
{
	__attribute__((cleanup(making_done))) struct making making;

	int r;

	if (making_plan(&making, runtime, options, true, e) < 0 || interrupt_begin(e) < 0)
		return -e->code;
	r = making_act(&making, e);
	(void)interrupt_end();
	return r;
}
