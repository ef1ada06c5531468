/*
 * linux.sysctl: which kernel parameters a container may set, and their paths.
 *
 * A parameter may be written only if it belongs to a namespace that the configuration names:
 * everything else would change the host. The path is made here from the name and checked part by
 * part, because "net.//.kernel.core_pattern" and "net/../kernel/core_pattern" both start like a
 * harmless parameter and end elsewhere.
 *
 * Source: runtime-spec 1.3 config-linux.md "Sysctl"; sysctl(8); namespaces(7).
 */
#include "check.h"
#include "oci/names.h"

struct sysctl_rule {
	const char *path; /* below /proc/sys; everything below it when it ends in a slash */
	enum oci_namespace_type type;
};

static const struct sysctl_rule sysctl_rules[] = {
	{"kernel/msgmax", OCI_NS_IPC},	   {"kernel/msgmnb", OCI_NS_IPC},
	{"kernel/msgmni", OCI_NS_IPC},	   {"kernel/sem", OCI_NS_IPC},
	{"kernel/shmall", OCI_NS_IPC},	   {"kernel/shmmax", OCI_NS_IPC},
	{"kernel/shmmni", OCI_NS_IPC},	   {"kernel/shm_rmid_forced", OCI_NS_IPC},
	{"fs/mqueue/", OCI_NS_IPC},	   {"net/", OCI_NS_NETWORK},
	{"kernel/domainname", OCI_NS_UTS}, {"user/", OCI_NS_USER},
};

static bool has_only_names(const char *path)
{
	for (;;) {
		size_t length = strcspn(path, "/");

		if (length == 0 || (length == 1 && *path == '.') ||
		    (length == 2 && path[0] == '.' && path[1] == '.'))
			return false;
		if (path[length] == '\0')
			return true;
		path += length + 1;
	}
}

char *oci_sysctl_path(struct arena *arena, const char *name)
{
	char *path = arena_strdup(arena, name);
	char *separator = strpbrk(path, "./");

	if (separator && *separator == '.') {
		for (char *c = path; *c != '\0'; c++) {
			if (*c == '.')
				*c = '/';
			else if (*c == '/')
				*c = '.';
		}
	}
	return has_only_names(path) ? path : NULL;
}

static const struct sysctl_rule *rule_find(const char *path)
{
	for (size_t i = 0; i < sizeof(sysctl_rules) / sizeof(sysctl_rules[0]); i++) {
		const struct sysctl_rule *rule = &sysctl_rules[i];

		if (str_ends(rule->path, "/") ? str_starts(path, rule->path)
					      : str_is(path, rule->path))
			return rule;
	}
	return NULL;
}

int check_sysctl(struct arena *arena, const struct oci_config *config, struct err *e)
{
	const struct map *sysctl = &config->linux_->sysctl;

	for (size_t i = 0; i < sysctl->count; i++) {
		const char *name = sysctl->items[i].name;
		const char *path = oci_sysctl_path(arena, name);
		const struct sysctl_rule *rule;

		if (!path)
			return refuse(e, EINVAL, "linux.sysctl: '%s' is no parameter name", name);
		if (str_is(path, "kernel/hostname"))
			return refuse(e, EINVAL,
				      "linux.sysctl: '%s' would contradict hostname; set that",
				      name);
		rule = rule_find(path);
		if (!rule)
			return refuse(e, EINVAL,
				      "linux.sysctl: '%s' is not in a namespace: it would change "
				      "the host",
				      name);
		if (!oci_namespace_find(config, rule->type))
			return refuse(e, EINVAL,
				      "linux.sysctl: '%s' needs the %s namespace in "
				      "linux.namespaces",
				      name, enum_name_of(oci_namespace_names, rule->type));
	}
	return 0;
}
