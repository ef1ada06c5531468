/* Every code point once, and what is none. */
#include "utf8.h"

#include "tap.h"

#include <stdint.h>

static size_t encode(uint32_t point, char *out)
{
	if (point < 0x80) {
		out[0] = (char)point;
		return 1;
	}
	if (point < 0x800) {
		out[0] = (char)(0xc0 | point >> 6);
		out[1] = (char)(0x80 | (point & 0x3f));
		return 2;
	}
	if (point < 0x10000) {
		out[0] = (char)(0xe0 | point >> 12);
		out[1] = (char)(0x80 | (point >> 6 & 0x3f));
		out[2] = (char)(0x80 | (point & 0x3f));
		return 3;
	}
	out[0] = (char)(0xf0 | point >> 18);
	out[1] = (char)(0x80 | (point >> 12 & 0x3f));
	out[2] = (char)(0x80 | (point >> 6 & 0x3f));
	out[3] = (char)(0x80 | (point & 0x3f));
	return 4;
}

int main(void)
{
	static const char *const wrong[] = {
		"\x80",
		"\xbf",
		"\xc0\x80",
		"\xc1\xbf",
		"\xe0\x80\x80",
		"\xe0\x9f\xbf",
		"\xf0\x80\x80\x80",
		"\xf0\x8f\xbf\xbf",
		"\xf4\x90\x80\x80",
		"\xf5\x80\x80\x80",
		"\xff",
		"\xfe",
		"\xc3(",
		"\xe2\x82(",
		"\xf0\x9f\x98(",
		"\xe2(\xa1",
		"\xf8\x88\x80\x80\x80",
	};
	bool all_right = true;

	for (uint32_t point = 0; point < 0x110000; point++) {
		bool is_surrogate = point >= 0xd800 && point < 0xe000;
		char text[4];
		size_t length = encode(point, text);

		all_right &= utf8_length(text, length) == (is_surrogate ? 0 : length);
		all_right &= utf8_length(text, length - 1) == 0;
	}
	check(all_right);
	for (size_t i = 0; i < sizeof(wrong) / sizeof(wrong[0]); i++)
		check_number(utf8_length(wrong[i], strlen(wrong[i])), 0);
	return tap_done();
}
