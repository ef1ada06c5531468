/*
 * The program that tests run inside containers. What it sees is in probe-see.c, by system calls
 * where possible, so that neither a missing /proc nor a hostile image changes the answer; what it
 * finds by walking about in probe-look.c; what it can do in probe-act.c. Linked statically, without
 * anything from the image.
 *
 * usage: probe COMMAND [ARGUMENT...]; `probe all` prints one JSON object; `probe help` lists.
 */
#include "probe.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

int probe_failed(FILE *out, const char *what)
{
	fprintf(out, "%s: %s\n", what, strerrorname_np(errno));
	return 1;
}

long probe_number(const char *text)
{
	char *end;
	long number = text ? strtol(text, &end, 0) : 0;

	if (!text || !*text || *end) {
		fprintf(stderr, "probe: '%s' is no number\n", text ? text : "");
		exit(2);
	}
	return number;
}

static void print_json_string(const char *text)
{
	putchar('"');
	for (; *text; text++) {
		unsigned char c = (unsigned char)*text;

		if (c == '"' || c == '\\')
			printf("\\%c", c);
		else if (c < 0x20 || c >= 0x7f)
			printf("\\u%04x", c);
		else
			putchar(c);
	}
	putchar('"');
}

static void print_each(const struct probe_command *table, const char **separator)
{
	char *none[] = {NULL, NULL};

	for (const struct probe_command *c = table; c->name; c++) {
		char *text = NULL;
		size_t size = 0;
		FILE *memory;

		if (!c->in_all)
			continue;
		memory = open_memstream(&text, &size);
		c->run(1, none, memory);
		fclose(memory);
		if (size && text[size - 1] == '\n')
			text[size - 1] = '\0';
		printf("%s", *separator);
		print_json_string(c->name);
		printf(": ");
		print_json_string(text);
		*separator = ",\n ";
		free(text);
	}
}

static int print_all(void)
{
	const char *separator = "{";

	print_each(probe_seen, &separator);
	print_each(probe_looks, &separator);
	printf("}\n");
	return 0;
}

static int run_from(const struct probe_command *table, int argc, char **argv, int *ret_status)
{
	for (; table->name; table++) {
		if (strcmp(table->name, argv[0]) != 0)
			continue;
		*ret_status = table->run(argc, argv, stdout);
		fflush(stdout);
		return 1;
	}
	return 0;
}

int main(int argc, char **argv)
{
	int status = 2;

	if (argc > 1 && strcmp(argv[1], "all") == 0)
		return print_all();
	if (argc > 1 && (run_from(probe_seen, argc - 1, argv + 1, &status) ||
			 run_from(probe_looks, argc - 1, argv + 1, &status) ||
			 run_from(probe_acts, argc - 1, argv + 1, &status)))
		return status;
	for (const struct probe_command *c = probe_seen; c->name; c++)
		printf("%s %s\n", c->name, c->usage);
	for (const struct probe_command *c = probe_looks; c->name; c++)
		printf("%s %s\n", c->name, c->usage);
	for (const struct probe_command *c = probe_acts; c->name; c++)
		printf("%s %s\n", c->name, c->usage);
	return 2;
}
