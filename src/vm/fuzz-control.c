/* Requests of the control socket: any bytes, any number of descriptors. */
#include "control.h"

#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct control_request request;
	struct err e;

	if (size == 0)
		return 0;
	if (control_request_check(data + 1, size - 1, data[0] % 8, &request, &e) == 0 &&
	    (request.verb >= CONTROL_VERBS || request.wire >= WIRE_VERBS || request.streams > 63))
		__builtin_trap();
	return 0;
}
