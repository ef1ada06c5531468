/* What CRIU answers: it is another program. */
#include "message.h"

#include <stdint.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct message_answer answer;
	struct err e;

	(void)!message_parse(data, size, &answer, &e);
	return 0;
}
