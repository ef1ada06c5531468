/*
 * Times programs for the benchmark: many short runs of several contenders, taken in turn so that
 * whatever else the machine does falls on all of them alike.
 *
 * Standard input has one contender a line, four fields separated by tabs:
 *
 *	NAME	BEFORE	TIMED	AFTER
 *
 * Each of the last three is a sequence of commands separated by " ; ", words separated by single
 * spaces (no quoting); BEFORE and AFTER may be empty. Only TIMED is measured. Every "@N@" in a word
 * becomes the number of the round. Output, one line a contender, separated by tabs: name, smallest
 * and median time in microseconds, largest resident set of a timed command in KiB.
 *
 * The program is linked statically and starts children by vfork: a child's peak memory begins with
 * that of the process that started it, so this one has to be smaller than anything it measures. A
 * timed command that fails ends the contender, whose line then reads "failed".
 */
#include <errno.h>
#include <fcntl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

enum { MAX_CONTENDERS = 16, MAX_WORDS = 64, MAX_LINE = 8192, MAX_ROUNDS = 10000 };

struct contender {
	char *name, *before, *timed, *after;
	double *times;
	long peak;
	int count;
	bool failed;
};

static int null_fd;

static double now(void)
{
	struct timespec t;

	clock_gettime(CLOCK_MONOTONIC, &t);
	return (double)t.tv_sec * 1e6 + (double)t.tv_nsec / 1e3;
}

static void run_child(char **words, bool quiet)
{
	dup2(null_fd, 0);
	dup2(null_fd, 1);
	if (quiet)
		dup2(null_fd, 2);
	execv(words[0], words);
	_exit(127);
}

/* Runs one command; false when it did not exit with 0. */
static bool run_command(char **words, bool quiet, long *ret_peak)
{
	struct rusage usage;
	int status;
	pid_t pid = vfork();

	if (pid < 0)
		return false;
	if (pid == 0)
		run_child(words, quiet);
	while (wait4(pid, &status, 0, &usage) < 0)
		if (errno != EINTR)
			return false;
	if (ret_peak && usage.ru_maxrss > *ret_peak)
		*ret_peak = usage.ru_maxrss;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0;
}

static void put_round(char *target, size_t size, const char *word, int round)
{
	const char *mark = strstr(word, "@N@");

	if (mark)
		snprintf(target, size, "%.*s%d%s", (int)(mark - word), word, round, mark + 3);
	else
		snprintf(target, size, "%s", word);
}

/* Runs a sequence of commands. */
static bool run_sequence(const char *text, int round, bool quiet, long *ret_peak)
{
	static char copy[MAX_LINE], expanded[MAX_WORDS][1024];
	char *words[MAX_WORDS + 1], *save = NULL;
	int count = 0;
	bool good = true;

	snprintf(copy, sizeof(copy), "%s", text);
	for (char *word = strtok_r(copy, " ", &save);; word = strtok_r(NULL, " ", &save)) {
		if (word && strcmp(word, ";") != 0 && count < MAX_WORDS) {
			put_round(expanded[count], sizeof(expanded[0]), word, round);
			words[count] = expanded[count];
			count++;
			continue;
		}
		words[count] = NULL;
		if (count > 0 && !run_command(words, quiet, ret_peak))
			good = false;
		count = 0;
		if (!word)
			return good;
	}
}

static void run_round(struct contender *c, int round)
{
	double start;
	bool good;

	if (c->failed)
		return;
	run_sequence(c->before, round, false, NULL);
	start = now();
	good = run_sequence(c->timed, round, false, &c->peak);
	c->times[c->count] = now() - start;
	run_sequence(c->after, round, true, NULL);
	if (good)
		c->count++;
	else
		c->failed = true;
}

static int compare(const void *a, const void *b)
{
	double x = *(const double *)a, y = *(const double *)b;

	return (x > y) - (x < y);
}

static void report(struct contender *c)
{
	if (c->failed || c->count == 0) {
		printf("%s\tfailed\tfailed\tfailed\n", c->name);
		return;
	}
	qsort(c->times, (size_t)c->count, sizeof(c->times[0]), compare);
	printf("%s\t%.0f\t%.0f\t%ld\n", c->name, c->times[0], c->times[c->count / 2], c->peak);
}

static int read_contenders(struct contender *all, int rounds)
{
	static char lines[MAX_CONTENDERS][MAX_LINE];
	int count = 0;

	while (count < MAX_CONTENDERS && fgets(lines[count], MAX_LINE, stdin)) {
		struct contender *c = &all[count];
		char *rest = lines[count];

		rest[strcspn(rest, "\n")] = '\0';
		c->name = strsep(&rest, "\t");
		c->before = strsep(&rest, "\t");
		c->timed = strsep(&rest, "\t");
		c->after = rest;
		c->times = calloc((size_t)rounds, sizeof(c->times[0]));
		if (!c->after || !c->times) {
			fprintf(stderr, "measure: line %d: four fields are needed\n", count + 1);
			exit(2);
		}
		count++;
	}
	return count;
}

int main(int argc, char **argv)
{
	static struct contender all[MAX_CONTENDERS];
	char *end = NULL;
	long rounds = argc == 2 ? strtol(argv[1], &end, 10) : 0;
	int count;

	if (!end || *end || rounds < 1 || rounds > MAX_ROUNDS) {
		fprintf(stderr, "usage: measure ROUNDS < CONTENDERS\n");
		return 2;
	}
	null_fd = open("/dev/null", O_RDWR | O_CLOEXEC);
	if (null_fd < 0) {
		perror("measure: /dev/null");
		return 2;
	}
	count = read_contenders(all, (int)rounds);
	for (int round = 0; round < rounds; round++)
		for (int i = 0; i < count; i++)
			run_round(&all[(round + i) % count], round);
	for (int i = 0; i < count; i++)
		report(&all[i]);
	return 0;
}
