/* create: everything but the program itself. */
#include "make.h"

int runtime_create(const struct runtime *runtime, const struct runtime_create *options,
		   struct err *e)
{
	__attribute__((cleanup(making_done))) struct making making;

	if (making_plan(&making, runtime, options, true, e) < 0)
		return -e->code;
	return making_act(&making, e);
}
