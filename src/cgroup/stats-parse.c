/*
 * The formats of cgroup statistics.
 *
 * All come from the kernel, but kernels differ and fields are added, so what is not understood is
 * skipped, never an error.
 */
#include "stats.h"

#include "base/num.h"

#include <fcntl.h>
#include <stdio.h>

/* Copies the next line into `line` (cut when too long) and steps over it; false at the end. */
static bool next_line(const char **text, char *line, size_t size)
{
	size_t length = strcspn(*text, "\n");
	size_t copied = length < size ? length : size - 1;

	if (**text == '\0')
		return false;
	memcpy(line, *text, copied);
	line[copied] = '\0';
	*text += length;
	*text += **text == '\n';
	return true;
}

static size_t count_lines(const char *text)
{
	size_t count = 1;

	for (; *text; text++)
		count += *text == '\n';
	return count;
}

uint64_t stats_key(const char *text, const char *key)
{
	char line[256];
	uint64_t value;

	while (next_line(&text, line, sizeof(line))) {
		const char *rest = str_after(line, key);

		if (rest && rest[0] == ' ' && num_u64(rest + 1, &value) == 0)
			return value;
	}
	return 0;
}

struct map stats_map(struct arena *arena, const char *text)
{
	struct map map = {.items = arena_new_array(arena, count_lines(text), struct map_entry)};
	char line[256];

	while (next_line(&text, line, sizeof(line))) {
		char *space = strchr(line, ' ');
		uint64_t value;

		if (!space || space == line || num_u64(space + 1, &value) < 0)
			continue;
		*space = '\0';
		map.items[map.count].name = arena_strdup(arena, line);
		map.items[map.count++].value = arena_strdup(arena, space + 1);
	}
	return map;
}

void stats_numbers(struct arena *arena, const char *text, uint64_t **ret, size_t *ret_count)
{
	struct strv words = str_split(arena, text, " \n\t", true);
	size_t count = 0;

	*ret = arena_new_array(arena, words.count, uint64_t);
	for (size_t i = 0; i < words.count; i++) {
		if (num_u64(words.items[i], &(*ret)[count]) == 0)
			count++;
	}
	*ret_count = count;
}

void stats_usage_all(struct arena *arena, const char *text, struct stats *stats)
{
	size_t capacity = count_lines(text), count = 0;
	char line[256];

	stats->cpu_per_user = arena_new_array(arena, capacity, uint64_t);
	stats->cpu_per_kernel = arena_new_array(arena, capacity, uint64_t);
	while (next_line(&text, line, sizeof(line))) {
		unsigned long long cpu, user, kernel;

		if (sscanf(line, "%llu %llu %llu", &cpu, &user, &kernel) != 3)
			continue;
		stats->cpu_per_user[count] = user;
		stats->cpu_per_kernel[count++] = kernel;
	}
	/* All three lists have one length: they are read at different moments of CPU hotplug. */
	if (count < stats->cpu_per_count || stats->cpu_per_count == 0)
		stats->cpu_per_count = count;
}

/* "8:0" and what follows; false when it is none. */
static bool parse_device(const char *line, uint64_t *major, uint64_t *minor, const char **rest)
{
	char number[32];
	const char *colon = strchr(line, ':');
	const char *space = strchr(line, ' ');

	if (!colon || !space || space < colon || (size_t)(space - line) >= sizeof(number))
		return false;
	memcpy(number, line, (size_t)(space - line));
	number[colon - line] = '\0';
	number[space - line] = '\0';
	if (num_u64(number, major) < 0 || num_u64(number + (colon - line) + 1, minor) < 0)
		return false;
	*rest = space + 1;
	return true;
}

void stats_blkio(struct arena *arena, const char *text, struct stats_io_list *list)
{
	char line[256];

	list->items = arena_new_array(arena, count_lines(text), struct stats_io_entry);
	list->count = 0;
	while (next_line(&text, line, sizeof(line))) {
		struct stats_io_entry *entry = &list->items[list->count];
		const char *rest, *space;

		if (!parse_device(line, &entry->major, &entry->minor, &rest))
			continue;
		space = strchr(rest, ' ');
		if (num_u64(space ? space + 1 : rest, &entry->value) < 0)
			continue;
		entry->op = space ? arena_strndup(arena, rest, (size_t)(space - rest)) : "";
		list->count++;
	}
}

static void io_add(struct stats_io_list *list, uint64_t major, uint64_t minor, const char *op,
		   uint64_t value)
{
	list->items[list->count++] = (struct stats_io_entry){major, minor, op, value};
}

void stats_io(struct arena *arena, const char *text, struct stats_io_list *bytes,
	      struct stats_io_list *serviced)
{
	static const struct {
		const char *key, *op;
		bool is_bytes;
	} known[] = {
		{"rbytes=", "Read", true},
		{"wbytes=", "Write", true},
		{"rios=", "Read", false},
		{"wios=", "Write", false},
	};
	size_t capacity = 2 * count_lines(text);
	char line[1024];

	*bytes = (struct stats_io_list){arena_new_array(arena, capacity, struct stats_io_entry), 0};
	*serviced =
		(struct stats_io_list){arena_new_array(arena, capacity, struct stats_io_entry), 0};
	while (next_line(&text, line, sizeof(line))) {
		uint64_t major, minor, value;
		const char *rest;

		if (!parse_device(line, &major, &minor, &rest))
			continue;
		for (size_t i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			const char *at = strstr(rest, known[i].key);
			char digits[32];
			size_t length;

			if (!at || (at != rest && at[-1] != ' '))
				continue;
			at += strlen(known[i].key);
			length = strcspn(at, " ");
			if (length >= sizeof(digits))
				continue;
			memcpy(digits, at, length);
			digits[length] = '\0';
			if (num_u64(digits, &value) == 0)
				io_add(known[i].is_bytes ? bytes : serviced, major, minor,
				       known[i].op, value);
		}
	}
}

void stats_pressure_parse(const char *text, struct stats_pressure *ret)
{
	char line[256];

	while (next_line(&text, line, sizeof(line))) {
		double avg10, avg60, avg300;
		unsigned long long total;
		char kind[8];

		if (sscanf(line, "%7s avg10=%lf avg60=%lf avg300=%lf total=%llu", kind, &avg10,
			   &avg60, &avg300, &total) != 5)
			continue;
		ret->is_set = true;
		if (str_is(kind, "some")) {
			ret->some_avg10 = avg10;
			ret->some_avg60 = avg60;
			ret->some_avg300 = avg300;
			ret->some_total = total;
		} else if (str_is(kind, "full")) {
			ret->full_avg10 = avg10;
			ret->full_avg60 = avg60;
			ret->full_avg300 = avg300;
			ret->full_total = total;
		}
	}
}

void stats_page_sizes(int fd, struct arena *arena, struct strv *ret)
{
	int copy = openat(fd, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	auto_dir DIR *directory = copy < 0 ? NULL : fdopendir(copy);
	struct dirent *entry;

	*ret = (struct strv){0};
	if (!directory) {
		fd_close(&copy);
		return;
	}
	while ((entry = readdir(directory))) {
		const char *rest = str_after(entry->d_name, "hugetlb.");
		const char *dot = rest ? strchr(rest, '.') : NULL;
		char *size;

		if (!dot)
			continue;
		size = arena_strndup(arena, rest, (size_t)(dot - rest));
		if (str_ends(size, "B") && !strv_has(ret, size))
			strv_push(ret, arena, size);
	}
}

int stats_text(int fd, const char *file, struct buf *buf, const char **ret)
{
	int r;

	buf_clear(buf);
	r = control_read_all(fd, file, buf);
	/* Files come and go with kernel options; EOPNOTSUPP is how some say that they are off. */
	if (r == -ENOENT || r == -EOPNOTSUPP)
		buf_clear(buf);
	else if (r < 0)
		return r;
	*ret = buf_text(buf);
	return 0;
}

uint64_t stats_number(int fd, const char *file)
{
	uint64_t value;

	return control_read_u64(fd, file, &value) == 0 ? value : 0;
}
