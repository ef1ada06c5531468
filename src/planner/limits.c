/*
 * Resource limits, whichever version of cgroups the host has, and the rules for devices.
 *
 * Hybrid hosts keep their controllers on version 1, so they count as that. Rules for devices need
 * real root: in a user namespace the kernel refuses both the file and the program, and mknod(2)
 * anyway; there they are left out. The list always starts with a rule for all devices, so that it
 * means the same on both versions: without one, version 1 starts by allowing, version 2 by denying.
 *
 * Source: runtime-spec 1.3 config-linux.md "Control groups", "Allowed Device list".
 */
#include "limits.h"

struct plan_setting *setting_add(struct limits *l, const char *controller, const char *file,
				 const char *value, const char *origin)
{
	struct plan_setting *setting = list_push(l->arena, &l->to->settings, struct plan_setting);

	setting->controller = controller;
	setting->file = file;
	setting->value = value;
	setting->origin = arena_printf(l->arena, "linux.resources.%s", origin);
	return setting;
}

const char *text_of_i64(struct limits *l, int64_t value)
{
	return arena_printf(l->arena, "%lld", (long long)value);
}

const char *text_of_u64(struct limits *l, uint64_t value)
{
	return arena_printf(l->arena, "%llu", (unsigned long long)value);
}

const char *text_of_limit(struct limits *l, int64_t value)
{
	return value < 0 ? "max" : text_of_i64(l, value);
}

static void device_rule_add(struct limits *l, bool allow, const char *type, int64_t major,
			    int64_t minor, const char *access)
{
	struct plan_device_rule *rule =
		list_push(l->arena, &l->to->devices, struct plan_device_rule);

	rule->allow = (struct opt_bool){.is_set = true, .value = allow};
	rule->type = type;
	rule->major = (struct opt_i64){.is_set = major >= 0, .value = major};
	rule->minor = (struct opt_i64){.is_set = minor >= 0, .value = minor};
	rule->access = access;
}

/* What containers could always use: making any node, and the harmless devices. */
static void default_rules_plan(struct limits *l)
{
	static const struct {
		const char *type;
		int64_t major, minor;
		const char *access;
	} rules[] = {
		{"c", -1, -1, "m"}, {"b", -1, -1, "m"},	   {"c", 1, 3, "rwm"},
		{"c", 1, 8, "rwm"}, {"c", 1, 7, "rwm"},	   {"c", 5, 0, "rwm"},
		{"c", 1, 5, "rwm"}, {"c", 1, 9, "rwm"},	   {"c", 136, -1, "rwm"},
		{"c", 5, 2, "rwm"}, {"c", 10, 200, "rwm"},
	};

	for (size_t i = 0; i < sizeof(rules) / sizeof(rules[0]); i++)
		device_rule_add(l, true, rules[i].type, rules[i].major, rules[i].minor,
				rules[i].access);
}

static bool is_for_all(const struct oci_device_rule *rule)
{
	return !rule->type || *rule->type == 'a';
}

void device_rules_plan(struct limits *l)
{
	const struct oci_device_rule *first = l->from->devices.items;

	l->to->has_devices = opt_true();
	if (l->from->devices.count == 0 || !is_for_all(first))
		device_rule_add(l, false, "a", -1, -1, "rwm");
	list_each(const struct oci_device_rule, rule, &l->from->devices)
	{
		bool all = is_for_all(rule);

		device_rule_add(l, rule->allow.value, all ? "a" : rule->type,
				!all && rule->major.is_set ? rule->major.value : -1,
				!all && rule->minor.is_set ? rule->minor.value : -1,
				rule->access && !all ? rule->access : "rwm");
	}
	default_rules_plan(l);
}

void rdma_plan(struct limits *l)
{
	list_each(const struct oci_rdma, rdma, &l->from->rdma)
	{
		auto_buf line = {0};

		buf_printf(&line, "%s", rdma->device);
		if (rdma->hca_handles.is_set)
			buf_printf(&line, " hca_handle=%u", rdma->hca_handles.value);
		if (rdma->hca_objects.is_set)
			buf_printf(&line, " hca_object=%u", rdma->hca_objects.value);
		(void)setting_add(l, "rdma", "rdma.max", arena_strdup(l->arena, buf_text(&line)),
				  arena_printf(l->arena, "rdma.%s", rdma->device));
	}
}

static int settings_of_resources(struct limits *l, struct err *e)
{
	if (l->facts->cgroup_mode == CGROUP_MODE_UNIFIED)
		return limits_v2_plan(l, e);
	return limits_v1_plan(l, e);
}

int limits_plan(struct planning *p, struct err *e)
{
	static const struct oci_resources nothing;
	struct limits l = {
		.arena = p->arena,
		.from = p->linux_->resources ? p->linux_->resources : &nothing,
		.facts = p->facts,
		.to = arena_new(p->arena, struct plan_limits),
	};
	int r;

	p->plan->limits = l.to;
	r = settings_of_resources(&l, e);
	if (r < 0)
		return r;
	if (!p->facts->is_rootless)
		device_rules_plan(&l);
	return p->options->systemd_cgroup ? unit_properties_plan(&l, &p->config->annotations, e)
					  : 0;
}

int planner_limits(struct arena *arena, const struct oci_resources *resources,
		   const struct facts *facts, bool systemd_cgroup, const struct plan_limits **ret,
		   struct err *e)
{
	struct limits l = {
		.arena = arena,
		.from = resources,
		.facts = facts,
		.is_update = true,
		.to = arena_new(arena, struct plan_limits),
	};
	int r;

	if (facts->cgroup_mode == CGROUP_MODE_NONE)
		return refuse(e, ENOENT,
			      "linux.resources: no cgroup file system is mounted on "
			      "this host");
	r = settings_of_resources(&l, e);
	if (r < 0)
		return r;
	if (systemd_cgroup) {
		r = unit_properties_plan(&l, NULL, e);
		if (r < 0)
			return r;
	}
	*ret = l.to;
	return 0;
}
