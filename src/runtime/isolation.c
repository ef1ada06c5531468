/* The order of the isolation levels, and who may ask for them. */
#include "isolation.h"

#include <errno.h>

/* Weakest first. */
static const char *const levels[] = {"process", "vm"};

static int level_of(const char *word)
{
	for (size_t i = 0; i < sizeof(levels) / sizeof(levels[0]); i++) {
		if (str_is(levels[i], word))
			return (int)i;
	}
	return -ENOENT;
}

/* Raises *level to what `word` (NULL: nothing) asks for. */
static int raise_to(int *level, const char *word, const char *who, struct err *e)
{
	int wanted = word ? level_of(word) : 0;

	if (wanted < 0)
		return refuse(e, EINVAL, "%s: unknown isolation level '%s': process or vm", who,
			      word);
	if (wanted > *level)
		*level = wanted;
	return 0;
}

int isolation_choose(const char *asked, const struct oci_config *config, const char **ret,
		     struct err *e)
{
	int level = 0;

	if (raise_to(&level, asked, "--isolation", e) < 0 ||
	    raise_to(&level, map_get(&config->annotations, ISOLATION_ANNOTATION),
		     "annotations." ISOLATION_ANNOTATION, e) < 0 ||
	    raise_to(&level, config->vm ? "vm" : NULL, "vm", e) < 0)
		return -e->code;
	*ret = levels[level];
	return 0;
}
