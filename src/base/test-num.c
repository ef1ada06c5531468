/* Strict numbers, sizes and durations. */
#include "base/num.h"

#include "tap.h"

#include <errno.h>
#include <inttypes.h>

static const char *const never_numbers[] = {
	"",    " ",   "1 ",  " 1",  "+1", "-",	  "--1", "0x10", "1e3",
	"1.0", "one", "1\n", "1_0", "०",  "\xff", "1-",	 "-+1",
};

static void test_refused(void)
{
	for (size_t i = 0; i < sizeof(never_numbers) / sizeof(never_numbers[0]); i++) {
		const char *text = never_numbers[i];
		uint32_t u32 = 77;
		uint64_t u64 = 77;
		int64_t i64 = 77;
		int number = 77;

		check_number(num_u32(text, &u32), -EINVAL);
		check_number(num_u64(text, &u64), -EINVAL);
		check_number(num_i64(text, &i64), -EINVAL);
		check_number(num_int(text, &number), -EINVAL);
		check(u32 == 77 && u64 == 77 && i64 == 77 && number == 77);
	}
}

static void test_ranges(void)
{
	uint32_t u32 = 0;
	uint64_t u64 = 0;
	int64_t i64 = 0;
	int number = 0;

	check(num_u32("4294967295", &u32) == 0 && u32 == UINT32_MAX);
	check_number(num_u32("4294967296", &u32), -ERANGE);
	check_number(num_u32("-1", &u32), -EINVAL);
	check(num_u64("18446744073709551615", &u64) == 0 && u64 == UINT64_MAX);
	check(num_u64("00000000000000000000000007", &u64) == 0 && u64 == 7);
	check_number(num_u64("18446744073709551616", &u64), -ERANGE);
	check_number(num_u64("99999999999999999999999999", &u64), -ERANGE);
	check_number(num_u64("99999999999999999999999999x", &u64), -EINVAL);
	check_number(num_u64("-0", &u64), -EINVAL);
	check(num_i64("9223372036854775807", &i64) == 0 && i64 == INT64_MAX);
	check(num_i64("-9223372036854775808", &i64) == 0 && i64 == INT64_MIN);
	check_number(num_i64("9223372036854775808", &i64), -ERANGE);
	check_number(num_i64("-9223372036854775809", &i64), -ERANGE);
	check(num_i64("-0", &i64) == 0 && i64 == 0);
	check(num_int("2147483647", &number) == 0 && number == INT32_MAX);
	check(num_int("-2147483648", &number) == 0 && number == INT32_MIN);
	check_number(num_int("2147483648", &number), -ERANGE);
	check_number(num_int("-2147483649", &number), -ERANGE);
}

static void test_sizes(void)
{
	static const struct {
		const char *text;
		int64_t value; /* or a negative errno, but -1 */
	} rows[] = {
		{"0", 0},
		{"-1", -1},
		{"100", 100},
		{"1k", 1024},
		{"2K", 2048},
		{"1kb", 1024},
		{"1KiB", 1024},
		{"1kib", 1024},
		{"3m", 3 << 20},
		{"1g", 1 << 30},
		{"1T", INT64_C(1) << 40},
		{"5b", 5},
		{"5B", 5},
		{"1ki", -EINVAL},
		{"1bb", -EINVAL},
		{"k", -EINVAL},
		{"", -EINVAL},
		{"-2", -EINVAL},
		{"1.5k", -EINVAL},
		{"1 k", -EINVAL},
		{"1kbx", -EINVAL},
		{"1x", -EINVAL},
		{"+1", -EINVAL},
		{"9223372036854775807", INT64_MAX},
		{"9223372036854775808", -ERANGE},
		{"8388607t", INT64_C(8388607) << 40},
		{"8388608t", -ERANGE},
		{"99999999999999999999999k", -ERANGE},
		{"99999999999999999999999q", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		int64_t value = 0;
		int r = num_size(rows[i].text, &value);

		tap_check((r < 0 ? r : value) == rows[i].value, __FILE__, __LINE__,
			  "'%s' is %d, %" PRId64, rows[i].text, r, value);
	}
}

static void test_durations(void)
{
	static const struct {
		const char *text;
		int64_t value;
	} rows[] = {
		{"1ns", 1},
		{"1us", 1000},
		{"1\xc2\xb5s", 1000},
		{"1\xce\xbcs", 1000},
		{"300ms", 300000000},
		{"1s", 1000000000},
		{"1.5s", 1500000000},
		{".5s", 500000000},
		{"1.s", 1000000000},
		{"0.000000001s", 1},
		{"0.0000000019s", 1},
		{"1m30s", INT64_C(90000000000)},
		{"2h", INT64_C(7200000000000)},
		{"1h0.5m", INT64_C(3630000000000)},
		{"2562047h47m16.854775807s", INT64_MAX},
		{"2562047h47m16.854775808s", -ERANGE},
		{"9999999999h", -ERANGE},
		{"99999999999999999999999s", -ERANGE},
		{"0s", -ERANGE},
		{"0", -EINVAL},
		{"", -EINVAL},
		{"5", -EINVAL},
		{"s", -EINVAL},
		{".s", -EINVAL},
		{"-1s", -EINVAL},
		{"+1s", -EINVAL},
		{"1 s", -EINVAL},
		{"1s ", -EINVAL},
		{"1d", -EINVAL},
		{"1s2", -EINVAL},
		{"1.5.5s", -EINVAL},
	};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint64_t value = 0;
		int r = num_duration(rows[i].text, &value);

		tap_check((r < 0 ? r : (int64_t)value) == rows[i].value, __FILE__, __LINE__,
			  "'%s' is %d, %" PRIu64, rows[i].text, r, value);
	}
}

int main(void)
{
	test_refused();
	test_ranges();
	test_sizes();
	test_durations();
	return tap_done();
}
