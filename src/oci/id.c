/*
 * The small grammars of texts that come from the command line or from single strings of the
 * configuration: container ids, users, lists of processors.
 */
#include "base/num.h"
#include "oci/names.h"

#include <ctype.h>
#include <errno.h>

enum {
	ID_LENGTH_MAX = 255,	 /* NAME_MAX: the id names a directory */
	LIST_LENGTH_MAX = 65536, /* bounds the time; every second of 8192 processors takes 20 KB */
};

static bool is_id_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
	       c == '_' || c == '+' || c == '.' || c == '-';
}

int oci_id_check(const char *id, struct err *e)
{
	if (*id == '\0')
		return refuse(e, EINVAL, "invalid container ID format: '': must not be empty");
	if (strlen(id) > ID_LENGTH_MAX)
		return refuse(e, EINVAL,
			      "invalid container ID format: '%.40s...': longer than %d bytes", id,
			      ID_LENGTH_MAX);
	if (*id == '.')
		return refuse(e, EINVAL,
			      "invalid container ID format: '%s': must not start with a dot", id);
	for (const char *c = id; *c != '\0'; c++)
		if (!is_id_character(*c))
			return refuse(e, EINVAL,
				      "invalid container ID format: '%s': only letters, digits and "
				      "'_', '+', '.', '-' are allowed",
				      id);
	return 0;
}

/* Reads a number of at most nine digits and moves *text behind it. */
static int list_number(const char **text, size_t *ret)
{
	const char *start = *text;
	size_t number = 0;

	while (**text >= '0' && **text <= '9' && *text - start < 9)
		number = number * 10 + (size_t)(*(*text)++ - '0');
	if (*text == start || (**text >= '0' && **text <= '9'))
		return -EINVAL;
	*ret = number;
	return 0;
}

int oci_cpu_list_parse(const char *text, uint8_t *bits, size_t size)
{
	memset(bits, 0, (size + 7) / 8);
	if (strlen(text) > LIST_LENGTH_MAX)
		return -EINVAL;
	for (;;) {
		size_t first;
		size_t last;

		text += strspn(text, ", ");
		if (*text == '\0')
			return 0;
		if (list_number(&text, &first) < 0)
			return -EINVAL;
		last = first;
		if (*text == '-') {
			text++;
			if (list_number(&text, &last) < 0)
				return -EINVAL;
		}
		if (*text != '\0' && *text != ',' && *text != ' ')
			return -EINVAL;
		if (last < first || last >= size)
			return -EINVAL;
		for (size_t bit = first; bit <= last; bit++)
			bits[bit / 8] |= (uint8_t)(1U << (bit % 8));
	}
}

int oci_user_parse(const char *text, uint32_t *ret_uid, struct opt_u32 *ret_gid, struct err *e)
{
	const char *colon = strchr(text, ':');
	size_t length = colon ? (size_t)(colon - text) : strlen(text);
	struct opt_u32 gid = {0};
	char digits[16] = "";
	uint32_t uid;

	if (length < sizeof(digits))
		memcpy(digits, text, length);
	if (num_u32(digits, &uid) < 0 || uid == UINT32_MAX)
		return refuse(e, EINVAL,
			      "user '%s': must be UID or UID:GID in decimal, below 4294967295",
			      text);
	if (colon) {
		if (num_u32(colon + 1, &gid.value) < 0 || gid.value == UINT32_MAX)
			return refuse(e, EINVAL,
				      "user '%s': the GID must be a decimal number below "
				      "4294967295",
				      text);
		gid.is_set = true;
	}
	*ret_uid = uid;
	*ret_gid = gid;
	return 0;
}
