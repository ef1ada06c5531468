/* What the two halves of the probe share. */
#ifndef PROBE_H
#define PROBE_H

#include <stdio.h>

struct probe_command {
	const char *name;
	/* argv[0] is the command's name; the exit status of the program. */
	int (*run)(int argc, char **argv, FILE *out);
	const char *usage;
	int in_all; /* part of `probe all` */
};

extern const struct probe_command probe_seen[];
extern const struct probe_command probe_looks[];
extern const struct probe_command probe_acts[];

/* Prints the failed call's errno by name; always 1. */
int probe_failed(FILE *out, const char *what);
/* A whole decimal, octal or hexadecimal number; exits with 2 when it is none. */
long probe_number(const char *text);

#endif
