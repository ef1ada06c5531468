/* The well-formed byte sequences of RFC 3629 section 4, by ranges of the first two bytes. */
#include "utf8.h"

#include <stdbool.h>

static bool is_tail(unsigned char byte)
{
	return (byte & 0xc0) == 0x80;
}

size_t utf8_length(const char *text, size_t size)
{
	const unsigned char *byte = (const unsigned char *)text;

	if (size == 0)
		return 0;
	if (byte[0] < 0x80)
		return 1;
	if (byte[0] < 0xc2 || byte[0] > 0xf4 || size < 2 || !is_tail(byte[1]))
		return 0;
	if (byte[0] < 0xe0)
		return 2;
	if (size < 3 || !is_tail(byte[2]))
		return 0;
	if (byte[0] < 0xf0) {
		bool is_overlong = byte[0] == 0xe0 && byte[1] < 0xa0;
		bool is_surrogate = byte[0] == 0xed && byte[1] > 0x9f;

		return is_overlong || is_surrogate ? 0 : 3;
	}
	if (size < 4 || !is_tail(byte[3]))
		return 0;
	if ((byte[0] == 0xf0 && byte[1] < 0x90) || (byte[0] == 0xf4 && byte[1] > 0x8f))
		return 0;
	return 4;
}
