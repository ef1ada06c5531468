/*
 * Counters of network devices from the text of /proc/PID/net/dev: two lines of headings, then
 * "name: 8 numbers received, 8 numbers sent". A name may be followed by its first number without a
 * space, and may hold anything but "/", ":" and white space.
 */
#include "base/num.h"
#include "base/str.h"
#include "kern/rtnl.h"

#define NUMBER_COUNT 16

static bool parse_line(char *line, struct net_counters *ret)
{
	char *colon = strrchr(line, ':');
	uint64_t numbers[NUMBER_COUNT];
	const char *name = line + strspn(line, " ");
	size_t count = 0;
	char *rest;
	char *word;

	if (!colon)
		return false;
	*colon = '\0';
	rest = colon + 1;
	while (count < NUMBER_COUNT && (word = strsep(&rest, " "))) {
		if (*word && num_u64(word, &numbers[count++]) < 0)
			return false;
	}
	if (count < NUMBER_COUNT || *name == '\0' || strlen(name) >= sizeof(ret->name))
		return false;
	*ret = (struct net_counters){
		.rx_bytes = numbers[0],
		.rx_packets = numbers[1],
		.rx_errors = numbers[2],
		.rx_dropped = numbers[3],
		.tx_bytes = numbers[8],
		.tx_packets = numbers[9],
		.tx_errors = numbers[10],
		.tx_dropped = numbers[11],
	};
	memcpy(ret->name, name, strlen(name) + 1);
	return true;
}

void net_counters_parse(const char *text, struct arena *arena, struct net_counters **ret,
			size_t *ret_count)
{
	char *rest = arena_strdup(arena, text);
	struct net_counters *all;
	size_t lines = 1;
	size_t count = 0;
	char *line;

	for (const char *c = text; *c; c++)
		lines += *c == '\n';
	all = arena_new_array(arena, lines, struct net_counters);
	while ((line = strsep(&rest, "\n"))) {
		if (parse_line(line, &all[count]))
			count++;
	}
	*ret = all;
	*ret_count = count;
}
