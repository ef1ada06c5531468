/*
 * Strict numbers. strtol(3) and relatives skip blanks, take signs for unsigned types and saturate;
 * all of that hides mistakes in configurations, so digits are read here.
 */
#include "base/num.h"

#include <errno.h>
#include <limits.h>
#include <stdbool.h>
#include <string.h>

static bool is_digit(char c)
{
	return c >= '0' && c <= '9';
}

/* Reads the digits at *text (at least one) and moves *text behind them. */
static int digits_read(const char **text, uint64_t *ret)
{
	const char *c = *text;
	uint64_t value = 0;
	bool overflow = false;

	if (!is_digit(*c))
		return -EINVAL;
	for (; is_digit(*c); c++) {
		overflow |= __builtin_mul_overflow(value, 10, &value);
		overflow |= __builtin_add_overflow(value, (uint64_t)(*c - '0'), &value);
	}
	*text = c;
	*ret = value;
	return overflow ? -ERANGE : 0;
}

int num_u64(const char *text, uint64_t *ret)
{
	uint64_t value = 0;
	int r = digits_read(&text, &value);

	if (r == -EINVAL || *text)
		return -EINVAL;
	if (r < 0)
		return r;
	*ret = value;
	return 0;
}

int num_u32(const char *text, uint32_t *ret)
{
	uint64_t value = 0;
	int r = num_u64(text, &value);

	if (r < 0)
		return r;
	if (value > UINT32_MAX)
		return -ERANGE;
	*ret = (uint32_t)value;
	return 0;
}

int num_i64(const char *text, int64_t *ret)
{
	bool negative = *text == '-';
	uint64_t largest = negative ? (uint64_t)INT64_MAX + 1 : (uint64_t)INT64_MAX;
	uint64_t value = 0;
	int r = num_u64(text + negative, &value);

	if (r < 0)
		return r;
	if (value > largest)
		return -ERANGE;
	*ret = negative ? (int64_t)(0 - value) : (int64_t)value;
	return 0;
}

int num_int(const char *text, int *ret)
{
	int64_t value = 0;
	int r = num_i64(text, &value);

	if (r < 0)
		return r;
	if (value < INT_MIN || value > INT_MAX)
		return -ERANGE;
	*ret = (int)value;
	return 0;
}

/* The shift of a size suffix, which must be the whole rest of the text; or -EINVAL. */
static int size_shift(const char *suffix)
{
	static const char letters[] = "kmgt";
	char letter = (char)(*suffix | 0x20);
	const char *found;

	if (!*suffix)
		return 0;
	if (letter == 'b')
		return suffix[1] ? -EINVAL : 0;
	found = strchr(letters, letter);
	if (!found)
		return -EINVAL;
	suffix++;
	if ((*suffix | 0x20) == 'i' && (suffix[1] | 0x20) == 'b')
		suffix += 2;
	else if ((*suffix | 0x20) == 'b')
		suffix++;
	return *suffix ? -EINVAL : (int)(found - letters + 1) * 10;
}

int num_size(const char *text, int64_t *ret)
{
	uint64_t value = 0;
	int shift;
	int r;

	if (strcmp(text, "-1") == 0) {
		*ret = -1;
		return 0;
	}
	r = digits_read(&text, &value);
	if (r == -EINVAL)
		return r;
	shift = size_shift(text);
	if (shift < 0)
		return shift;
	if (r < 0 || value > (uint64_t)INT64_MAX >> shift)
		return -ERANGE;
	*ret = (int64_t)(value << shift);
	return 0;
}

/* The unit at *text in nanoseconds, *text moved behind it; 0 when there is none. */
static uint64_t duration_unit(const char **text)
{
	static const struct {
		const char *name;
		uint64_t nanoseconds;
	} units[] = {
		{"ns", 1},
		{"us", 1000},
		{"\xc2\xb5s", 1000}, /* micro sign */
		{"\xce\xbcs", 1000}, /* Greek mu */
		{"ms", 1000000},
		{"s", 1000000000},
		{"m", 60 * UINT64_C(1000000000)},
		{"h", 3600 * UINT64_C(1000000000)},
	};

	for (size_t i = 0; i < sizeof(units) / sizeof(units[0]); i++) {
		size_t length = strlen(units[i].name);

		if (strncmp(*text, units[i].name, length) == 0) {
			*text += length;
			return units[i].nanoseconds;
		}
	}
	return 0;
}

/* One "1.5s"; digits behind a nanosecond are cut, as Go does. */
static int duration_part(const char **text, uint64_t *ret)
{
	const char *c = *text;
	const char *fraction = NULL;
	bool has_digits = is_digit(*c);
	uint64_t whole = 0;
	uint64_t part = 0;
	uint64_t unit;
	int r = has_digits ? digits_read(&c, &whole) : 0;

	if (*c == '.') {
		fraction = ++c;
		for (; is_digit(*c); c++)
			has_digits = true;
	}
	unit = has_digits ? duration_unit(&c) : 0;
	if (unit == 0)
		return -EINVAL;
	/* scale stays an exact multiple of ten only for the first digits of minutes and hours;
	 * a fraction of a nanosecond is lost there, never more. */
	for (uint64_t scale = unit; fraction && is_digit(*fraction) && scale > 0; fraction++) {
		part += (uint64_t)(*fraction - '0') * scale / 10;
		scale /= 10;
	}
	*text = c;
	if (r < 0 || __builtin_mul_overflow(whole, unit, &whole) ||
	    __builtin_add_overflow(whole, part, ret))
		return -ERANGE;
	return 0;
}

int num_duration(const char *text, uint64_t *ret_nanoseconds)
{
	uint64_t total = 0;
	bool overflow = false;

	if (!*text)
		return -EINVAL;
	while (*text) {
		uint64_t part = 0;
		int r = duration_part(&text, &part);

		if (r == -EINVAL)
			return r;
		overflow |= r < 0 || __builtin_add_overflow(total, part, &total);
	}
	if (overflow || total == 0 || total > INT64_MAX)
		return -ERANGE;
	*ret_nanoseconds = total;
	return 0;
}
