/*
 * The properties of the systemd unit that holds the container.
 *
 * systemd writes to the cgroups it made whenever it likes (reload, another property): every limit
 * it knows a property for must be told to it, or it would undo ours. What it knows nothing of is
 * written to the files directly, after the unit has started.
 *
 * Annotations org.systemd.property.NAME set further properties; their values are GVariant text, of
 * which strings, booleans, numbers and arrays of strings are understood. Times are given in seconds
 * under the name of the unit file ("TimeoutStopSec") and sent in microseconds under D-Bus's.
 *
 * Source: systemd.resource-control(5), org.freedesktop.systemd1(5); GVariant text format.
 */
#include "limits.h"

#include "base/num.h"

#include <ctype.h>

#define ANNOTATION_PREFIX "org.systemd.property."

enum { MICROSECONDS = 1000000, QUOTA_STEP = 10000, DEFAULT_PERIOD = 100000, CPU_BITS = 8192 };

static void property_add(struct limits *l, const char *name, const char *signature,
			 const char *value)
{
	struct plan_unit_property *property =
		list_push(l->arena, &l->to->unit_properties, struct plan_unit_property);

	property->name = name;
	property->signature = signature;
	property->value = value;
}

static void number_add(struct limits *l, const char *name, uint64_t value)
{
	property_add(l, name, "t", text_of_u64(l, value));
}

/* -1 is systemd's "infinity". */
static void limit_add(struct limits *l, const char *name, int64_t value)
{
	number_add(l, name, value < 0 ? UINT64_MAX : (uint64_t)value);
}

/* A list of processors or nodes as the bytes of a bit mask, lowest first. */
static void cpu_list_add(struct limits *l, const char *name, const char *list)
{
	uint8_t bits[CPU_BITS / 8] = {0};
	size_t size = sizeof(bits);
	auto_buf text = {0};

	if (!list || *list == '\0' || oci_cpu_list_parse(list, bits, CPU_BITS) < 0)
		return;
	while (size > 0 && bits[size - 1] == 0)
		size--;
	for (size_t i = 0; i < size; i++)
		buf_printf(&text, "%02x", bits[i]);
	property_add(l, name, "ay", arena_strdup(l->arena, buf_text(&text)));
}

/* A quota of 0 or less: none. A period of 0: what it is now. */
static void quota_add(struct limits *l, int64_t quota, uint64_t period)
{
	uint64_t value = UINT64_MAX;

	if (period != 0)
		number_add(l, "CPUQuotaPeriodUSec", period);
	if (quota > 0) {
		/* systemd keeps whole hundredths of a processor: round up, never to nothing. */
		value = (uint64_t)((unsigned __int128)quota * MICROSECONDS /
				   (period ? period : DEFAULT_PERIOD));
		value = (value + QUOTA_STEP - 1) / QUOTA_STEP * QUOTA_STEP;
	}
	number_add(l, "CPUQuotaPerSecUSec", value);
}

static void cpu_add(struct limits *l, bool is_v2)
{
	const struct oci_cpu *cpu = l->from->cpu;

	if (!cpu)
		return;
	if (is_v2 && cpu->idle.value != 0)
		number_add(l, "CPUWeight", 0);
	else if (is_v2 && cpu->shares.value != 0)
		number_add(l, "CPUWeight", cpu_weight_of_shares(cpu->shares.value));
	else if (cpu->shares.value != 0)
		number_add(l, "CPUShares", cpu->shares.value);
	if (cpu->quota.value != 0 || cpu->period.value != 0)
		quota_add(l, cpu->quota.value, cpu->period.value);
	if (is_v2) {
		cpu_list_add(l, "AllowedCPUs", cpu->cpus);
		cpu_list_add(l, "AllowedMemoryNodes", cpu->mems);
	}
}

static int memory_add(struct limits *l, bool is_v2, struct err *e)
{
	const struct oci_memory *memory = l->from->memory;
	int64_t swap;
	int r;

	if (!memory)
		return 0;
	if (memory->limit.value != 0)
		limit_add(l, is_v2 ? "MemoryMax" : "MemoryLimit", memory->limit.value);
	if (!is_v2)
		return 0;
	if (memory->reservation.value != 0)
		limit_add(l, "MemoryLow", memory->reservation.value);
	r = swap_of_memory_swap(memory->swap.value, memory->limit.value, &swap, e);
	if (r == 0)
		limit_add(l, "MemorySwapMax", swap);
	return r < 0 ? r : 0;
}

static void rest_add(struct limits *l, bool is_v2)
{
	const struct oci_block_io *io = l->from->block_io;

	/* A task limit of 0 does not exist there: the file gets it directly. */
	if (l->from->pids && l->from->pids->limit.is_set)
		limit_add(l, "TasksMax",
			  l->from->pids->limit.value == 0 ? 1 : l->from->pids->limit.value);
	if (io && io->weight.value != 0)
		number_add(l, is_v2 ? "IOWeight" : "BlockIOWeight",
			   is_v2 ? io_weight_of_blkio(io->weight.value) : io->weight.value);
}

/* "max", or a number with one of the kernel's suffixes. */
static bool amount_parse(struct limits *l, const char *text, uint64_t *ret)
{
	static const char suffixes[] = "kmgtpe";
	size_t digits = strspn(text, "0123456789");
	const char *suffix = text[digits] ? strchr(suffixes, text[digits] | 0x20) : NULL;
	unsigned int shift = suffix ? 10 * (unsigned int)(suffix - suffixes + 1) : 0;

	if (str_is(text, "max")) {
		*ret = UINT64_MAX;
		return true;
	}
	if (text[digits] != '\0' && (!suffix || text[digits + 1] != '\0'))
		return false;
	if (num_u64(arena_strndup(l->arena, text, digits), ret) < 0 || *ret > UINT64_MAX >> shift)
		return false;
	*ret <<= shift;
	return true;
}

/* "QUOTA", "QUOTA PERIOD", with "max" for none. */
static void cpu_max_add(struct limits *l, const char *text)
{
	struct strv words = str_split(l->arena, text, " ", true);
	uint64_t quota, period = 0;

	if (words.count < 1 || words.count > 2 || !amount_parse(l, words.items[0], &quota) ||
	    (words.count == 2 && num_u64(words.items[1], &period) < 0))
		return;
	quota_add(l, quota > INT64_MAX ? -1 : (int64_t)quota, period);
}

/* Files of `unified` that systemd has a property for; a value that is wrong is refused when it is
 * written. */
static void unified_add(struct limits *l)
{
	static const struct {
		const char *file, *property;
	} amounts[] = {
		{"cpu.weight", "CPUWeight"},   {"io.weight", "IOWeight"},
		{"memory.min", "MemoryMin"},   {"memory.low", "MemoryLow"},
		{"memory.high", "MemoryHigh"}, {"memory.max", "MemoryMax"},
		{"pids.max", "TasksMax"},      {"memory.swap.max", "MemorySwapMax"},
	};
	uint64_t amount;

	for (size_t i = 0; i < l->from->unified.count; i++) {
		const struct map_entry *entry = &l->from->unified.items[i];
		const char *value = str_after(entry->value, "default ");

		for (size_t k = 0; k < sizeof(amounts) / sizeof(amounts[0]); k++) {
			if (str_is(entry->name, amounts[k].file) &&
			    amount_parse(l, value ? value : entry->value, &amount))
				number_add(l, amounts[k].property, amount);
		}
		if (str_is(entry->name, "cpu.max"))
			cpu_max_add(l, entry->value);
		else if (str_is(entry->name, "cpu.idle") && str_is(entry->value, "1"))
			number_add(l, "CPUWeight", 0);
		else if (str_is(entry->name, "cpuset.cpus"))
			cpu_list_add(l, "AllowedCPUs", entry->value);
		else if (str_is(entry->name, "cpuset.mems"))
			cpu_list_add(l, "AllowedMemoryNodes", entry->value);
	}
}

/* "/dev/char/1:3 rwm", or "char-*" for all; systemd knows no other patterns than a major's. */
static bool device_allow_print(struct buf *lines, const struct plan_device_rule *rule)
{
	const char *kind = *rule->type == 'b' ? "block" : "char";

	if (!rule->allow.value || *rule->type == 'a')
		return false;
	if (rule->major.is_set && rule->minor.is_set)
		buf_printf(lines, "%s/dev/%s/%lld:%lld %s", lines->size ? "\n" : "", kind,
			   (long long)rule->major.value, (long long)rule->minor.value,
			   rule->access);
	else if (!rule->major.is_set && !rule->minor.is_set)
		buf_printf(lines, "%s%s-* %s", lines->size ? "\n" : "", kind, rule->access);
	else if (rule->major.is_set && rule->major.value == 136 && *rule->type == 'c')
		buf_printf(lines, "%schar-pts %s", lines->size ? "\n" : "", rule->access);
	else
		return false;
	return true;
}

/*
 * "Nothing but these" is what systemd can express. Anything else is left to our own rules, with
 * systemd told to stay out of it.
 */
static void devices_add(struct limits *l)
{
	auto_buf lines = {0};
	bool is_strict = false;

	if (!l->to->has_devices.value)
		return;
	list_each(const struct plan_device_rule, rule, &l->to->devices)
	{
		if (!rule->allow.value && *rule->type == 'a') {
			is_strict = true;
			buf_clear(&lines);
		} else if (is_strict && !device_allow_print(&lines, rule)) {
			is_strict = false;
			break;
		}
	}
	property_add(l, "DevicePolicy", "s", is_strict ? "strict" : "auto");
	property_add(l, "DeviceAllow", "a(ss)",
		     is_strict ? arena_strdup(l->arena, buf_text(&lines)) : "");
}

static bool is_property_name(const char *name)
{
	size_t length = 0;

	for (; name[length] != '\0'; length++)
		if (!isalnum((unsigned char)name[length]))
			return false;
	return length >= 3;
}

static const char *skip_spaces(const char *text)
{
	return text + strspn(text, " \t");
}

/* A quoted string at *text; moves behind it. NULL when there is none, or it has a newline. */
static const char *string_parse(struct arena *arena, const char **text)
{
	auto_buf out = {0};
	const char *at = *text;
	char quote = *at;

	if (quote != '\'' && quote != '"')
		return NULL;
	for (at++; *at != quote; at++) {
		if (*at == '\\')
			at++;
		if (*at == '\0' || *at == '\n')
			return NULL;
		buf_append_char(&out, *at);
	}
	*text = at + 1;
	return arena_strdup(arena, buf_text(&out));
}

/* "['a', 'b']", possibly behind "@as". */
static const char *strings_parse(struct arena *arena, const char *text)
{
	struct strv list = {0};

	text = skip_spaces(str_after(text, "@as") ? str_after(text, "@as") : text);
	if (*text++ != '[')
		return NULL;
	for (text = skip_spaces(text); *text != ']';) {
		const char *item = string_parse(arena, &text);

		if (!item)
			return NULL;
		strv_push(&list, arena, item);
		text = skip_spaces(text);
		if (*text == ',')
			text = skip_spaces(text + 1);
		else if (*text != ']')
			return NULL;
	}
	return *skip_spaces(text + 1) == '\0' ? strv_join(arena, &list, "\n") : NULL;
}

/* Seconds, possibly with a fraction, as microseconds. */
static int seconds_parse(const char *text, uint64_t *ret)
{
	size_t digits = strspn(text, "0123456789");
	uint64_t fraction = 0;
	uint64_t scale = MICROSECONDS;
	uint64_t seconds = 0;

	if (digits == 0 || digits > 12)
		return -EINVAL;
	for (size_t i = 0; i < digits; i++)
		seconds = seconds * 10 + (uint64_t)(text[i] - '0');
	text += digits;
	if (*text == '.')
		for (text++; isdigit((unsigned char)*text); text++) {
			scale /= 10;
			fraction += (uint64_t)(*text - '0') * scale;
		}
	if (*text != '\0')
		return -EINVAL;
	*ret = seconds * MICROSECONDS + fraction;
	return 0;
}

static int number_parse(const char *text, struct plan_unit_property *to)
{
	static const struct {
		const char *prefix, *signature;
	} types[] = {
		{"uint64 ", "t"}, {"int64 ", "x"}, {"uint32 ", "u"}, {"int32 ", "i"}, {"", "i"},
	};

	for (size_t i = 0; i < sizeof(types) / sizeof(types[0]); i++) {
		const char *digits = str_after(text, types[i].prefix);
		int64_t number;
		uint64_t natural;

		if (!digits)
			continue;
		digits = skip_spaces(digits);
		to->signature = types[i].signature;
		to->value = digits;
		if (*to->signature == 't')
			return num_u64(digits, &natural);
		if (num_i64(digits, &number) < 0 ||
		    (*to->signature == 'u' && (number < 0 || number > UINT32_MAX)) ||
		    (*to->signature == 'i' && (number < INT32_MIN || number > INT32_MAX)))
			return -EINVAL;
		return 0;
	}
	return -EINVAL;
}

static int value_parse(struct arena *arena, const char *text, struct plan_unit_property *to)
{
	const char *end = text;

	to->value = string_parse(arena, &end);
	if (to->value) {
		to->signature = "s";
		return *skip_spaces(end) == '\0' ? 0 : -EINVAL;
	}
	if (str_is(text, "true") || str_is(text, "false")) {
		to->signature = "b";
		to->value = text;
		return 0;
	}
	to->value = strings_parse(arena, text);
	if (to->value) {
		to->signature = "as";
		return 0;
	}
	return number_parse(text, to);
}

static int annotation_plan(struct limits *l, const char *name, const char *text, struct err *e)
{
	struct plan_unit_property property = {.name = name};
	uint64_t microseconds;

	if (!is_property_name(name))
		return refuse(e, EINVAL, "annotations.%s%s: is no name of a unit property",
			      ANNOTATION_PREFIX, name);
	if (str_ends(name, "Sec") && !str_ends(name, "USec")) {
		const char *number = str_after(text, "uint64 ");

		if (seconds_parse(skip_spaces(number ? number : text), &microseconds) < 0)
			return refuse(e, EINVAL, "annotations.%s%s: must be seconds, not '%s'",
				      ANNOTATION_PREFIX, name, text);
		number_add(l, arena_printf(l->arena, "%.*sUSec", (int)(strlen(name) - 3), name),
			   microseconds);
		return 0;
	}
	if (value_parse(l->arena, skip_spaces(text), &property) < 0)
		return refuse(e, EINVAL,
			      "annotations.%s%s: must be a string, boolean, number or array of "
			      "strings in GVariant's text format, not '%s'",
			      ANNOTATION_PREFIX, name, text);
	*list_push(l->arena, &l->to->unit_properties, struct plan_unit_property) = property;
	return 0;
}

int unit_properties_plan(struct limits *l, const struct map *annotations, struct err *e)
{
	bool is_v2 = l->facts->cgroup_mode == CGROUP_MODE_UNIFIED;
	int r;

	r = memory_add(l, is_v2, e);
	if (r < 0)
		return r;
	cpu_add(l, is_v2);
	rest_add(l, is_v2);
	unified_add(l);
	devices_add(l);
	for (size_t i = 0; annotations && i < annotations->count; i++) {
		const char *name = str_after(annotations->items[i].name, ANNOTATION_PREFIX);

		r = name ? annotation_plan(l, name, annotations->items[i].value, e) : 0;
		if (r < 0)
			return r;
	}
	return 0;
}
