/*
 * ociVersion: a semantic version between what the specification's first release promised and the
 * newest minor version that this code knows. Pre-release and build suffixes are accepted, since
 * engines carry the version of the library they were built with ("1.0.2-dev", "1.3.0+dev").
 *
 * Source: semver.org 2.0.0; runtime-spec config.md "Specification version".
 */
#include "check.h"

#include <ctype.h>

enum { MAJOR = 1, MINOR_MAX = 3, DIGITS_MAX = 9 };

/* A number without leading zeros; moves *text behind it. */
static bool read_number(const char **text, unsigned *ret)
{
	size_t length = strspn(*text, "0123456789");
	unsigned number = 0;

	if (length == 0 || length > DIGITS_MAX || (length > 1 && **text == '0'))
		return false;
	for (size_t i = 0; i < length; i++)
		number = number * 10 + (unsigned)(*(*text)++ - '0');
	*ret = number;
	return true;
}

/* Dot-separated identifiers up to `end` or the end of the text. */
static bool skip_identifiers(const char **text, char end, bool zeros_allowed)
{
	for (;;) {
		const char *start = *text;
		bool is_number = true;

		while (isalnum((unsigned char)**text) || **text == '-') {
			if (!isdigit((unsigned char)**text))
				is_number = false;
			(*text)++;
		}
		if (*text == start)
			return false;
		if (is_number && !zeros_allowed && *start == '0' && *text - start > 1)
			return false;
		if (**text == '\0' || (end != '\0' && **text == end))
			return true;
		if (**text != '.')
			return false;
		(*text)++;
	}
}

static bool read_version(const char *text, unsigned numbers[3])
{
	for (int i = 0; i < 3; i++) {
		if (!read_number(&text, &numbers[i]))
			return false;
		if (i < 2 && *text++ != '.')
			return false;
	}
	if (*text == '-') {
		text++;
		if (!skip_identifiers(&text, '+', false))
			return false;
	}
	if (*text == '+') {
		text++;
		if (!skip_identifiers(&text, '\0', true))
			return false;
	}
	return *text == '\0';
}

int check_version(const char *version, struct err *e)
{
	unsigned numbers[3];

	if (!read_version(version, numbers))
		return refuse(e, EINVAL, "ociVersion: must be a SemVer 2.0 version, not '%s'",
			      version);
	if (numbers[0] != MAJOR || numbers[1] > MINOR_MAX)
		return refuse(e, EINVAL, "ociVersion: %s is not supported (1.0.0 to 1.3 are)",
			      version);
	return 0;
}
