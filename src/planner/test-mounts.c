/* Mounts, devices and the order of operations. */
#include "test-planner.h"

#include "kern/compat.h"

static struct err error;

static const struct plan *build(struct arena *arena, const char *parts, const struct facts *facts)
{
	static struct facts usual;
	struct planner_options options = test_options();
	const struct plan *plan = NULL;

	usual = test_facts(CGROUP_MODE_HYBRID);
	error = (struct err){0};
	options.notify_directory = strstr(parts, "\"notify\"") ? "/run/b/c1/notify" : NULL;
	if (planner_build(arena, test_config_with(arena, parts), facts ? facts : &usual, &options,
			  &plan, &error) < 0)
		return NULL;
	return plan;
}

/* One mount in a configuration with all namespaces; its operation, or NULL when refused. */
static const struct plan_op *mount_of(struct arena *arena, const char *mount)
{
	const struct plan *plan = build(
		arena,
		arena_printf(arena,
			     TEST_PROCESS ",\"mounts\":[%s],\"linux\":{\"namespaces\":[{\"type\":"
					  "\"mount\"}]}",
			     mount),
		NULL);

	if (!plan)
		return NULL;
	list_each(const struct plan_op, op,
		  &plan->ops) if (op->origin && str_is(op->origin, "mounts[0]")) return op;
	return NULL;
}

static const char *order_of(struct arena *arena, const struct plan *plan)
{
	auto_buf text = {0};
	int last = -1;

	if (!plan)
		return arena_strdup(arena, error.text);
	list_each(const struct plan_op, op, &plan->ops)
	{
		if (op->kind.value != last)
			buf_printf(&text, "%s%s", text.size ? " " : "",
				   plan_op_name((enum plan_op_kind)op->kind.value));
		last = op->kind.value;
	}
	return arena_strdup(arena, buf_text(&text));
}

static void test_options_of_mounts(void)
{
	auto_arena arena = {0};
	const struct plan_op *op;

	op = mount_of(&arena, "{\"destination\":\"/a/../b//c\",\"type\":\"tmpfs\",\"options\":["
			      "\"ro\",\"nosuid\",\"suid\",\"size=1m\",\"noswap\",\"rw\",\"rslave\","
			      "\"private\"]}");
	check(op != NULL);
	check_number(op->kind.value, PLAN_OP_MOUNT);
	check_text(op->target, "/b/c");
	check_text(op->mount->data, "size=1m,noswap");
	check_text(op->mount->source, "tmpfs");
	check_number(op->mount->set.value, 0);
	check_number(op->mount->clear.value, MS_RDONLY | MS_NOSUID);
	check_number(op->mount->propagation.count, 2);
	check_number(op->mount->propagation.values[0], MS_SLAVE | MS_REC);
	check_number(op->mount->propagation.values[1], MS_PRIVATE);
	check(op->mount->keep_mode.value);
	op = mount_of(&arena,
		      "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"mode=700\","
		      "\"tmpcopyup\"]}");
	check(op && !op->mount->keep_mode.value && op->mount->copy_up.value);
	op = mount_of(&arena, "{\"destination\":\"/t\",\"source\":\"data\",\"options\":[\"rbind\","
			      "\"rro\",\"rnoatime\",\"rrelatime\",\"rnosuid\",\"rsuid\"]}");
	check_number(op->kind.value, PLAN_OP_BIND);
	check_text(op->mount->source, "/b/data");
	check(op->mount->type == NULL);
	check_number(op->mount->set.value, MS_BIND | MS_REC);
	check_number(op->mount->attr_set.value, MOUNT_ATTR_RDONLY);
	check_number(op->mount->attr_clear.value, MOUNT_ATTR__ATIME | MOUNT_ATTR_NOSUID);
	op = mount_of(&arena, "{\"destination\":\"/t\",\"source\":\"/abs\",\"type\":\"bind\"}");
	check(op && op->kind.value == PLAN_OP_BIND && op->mount->set.value == MS_BIND);
	op = mount_of(&arena, "{\"destination\":\"/t\",\"options\":[\"remount\",\"ro\"],\"type\":"
			      "\"none\"}");
	check(op && op->kind.value == PLAN_OP_REMOUNT);
	op = mount_of(&arena, "{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"bind\","
			      "\"copy-symlink\",\"src-nofollow\",\"dest-nofollow\"]}");
	check(op && op->mount->copy_symlink.value && op->mount->source_no_follow.value &&
	      op->mount->target_no_follow.value && !op->mount->data);
}

static void test_idmap(void)
{
	auto_arena arena = {0};
	const struct plan_op *op;
	const struct plan *plan;
	struct facts rootless = test_facts(CGROUP_MODE_HYBRID);

	op = mount_of(&arena,
		      "{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"rbind\",\"idmap="
		      "uids=0-1000-1#1-2000-10;gids=0-5-1\"]}");
	check(op && op->mount->idmap.value && !op->mount->idmap_recursive.value);
	check_number(op->mount->uid_map.count, 2);
	check_number(list_at(struct plan_id_map, &op->mount->uid_map, 1)->outside.value, 2000);
	op = mount_of(&arena, "{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"rbind\","
			      "\"ridmap\"],\"uidMappings\":[{\"containerID\":0,\"hostID\":7,"
			      "\"size\":1}],\"gidMappings\":[{\"containerID\":0,\"hostID\":8,"
			      "\"size\":1}]}");
	check(op && op->mount->idmap_recursive.value && op->mount->gid_map.count == 1);
	check(!mount_of(&arena, "{\"destination\":\"/t\",\"type\":\"tmpfs\",\"options\":[\"idmap="
				"uids=0-1-1;gids=0-1-1\"]}"));
	check_contains(error.text, "mounts[0].options: only bind mounts");
	static const char *const bad[] = {
		"idmap=",
		"idmap=uids=0-1-1",
		"idmap=uids=0-1;gids=0-1-1",
		"idmap=uids=a-1-1;gids=0-1-1",
		"idmap=uids=0-1-0;gids=0-1-1",
		"idmap=uids=0-4294967295-2;gids=0-1-1",
		"idmap=uids=@0-0-1;gids=@0-0-1",
		"idmap=uids=0-1-1;uids=0-1-1",
		"ridmap=x",
	};
	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
		tap_check(
			!mount_of(&arena, arena_printf(&arena,
						       "{\"destination\":\"/t\",\"source\":\"/s\","
						       "\"options\":[\"bind\",\"%s\"]}",
						       bad[i])) &&
				strstr(error.text, "mounts[0].options:"),
			__FILE__, __LINE__, "%s: %s", bad[i], error.text);
	plan = build(&arena,
		     TEST_PROCESS
		     ",\"mounts\":[{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"bind\","
		     "\"idmap=uids=@0-5-10;gids=@0-0-10\"]}],\"linux\":{\"namespaces\":[{\"type\":"
		     "\"mount\"},{\"type\":\"user\"}],\"uidMappings\":[{\"containerID\":0,"
		     "\"hostID\":100000,\"size\":100}],\"gidMappings\":[{\"containerID\":0,"
		     "\"hostID\":200000,\"size\":10}]}",
		     NULL);
	check(plan != NULL);
	op = list_at(struct plan_op, &plan->ops, 2);
	check_number(list_at(struct plan_id_map, &op->mount->uid_map, 0)->outside.value, 100005);
	rootless.is_rootless = true;
	check(!build(&arena,
		     TEST_PROCESS
		     ",\"mounts\":[{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"bind\","
		     "\"idmap=uids=0-5-10;gids=0-0-10\"]}],\"linux\":{\"namespaces\":[{\"type\":"
		     "\"mount\"}]}",
		     &rootless));
	check_contains(error.text, "id-mapped mounts need the rights");
}

static void test_refused(void)
{
	static const struct {
		const char *mount, *part;
	} rows[] = {
		{"{\"destination\":\"/t\",\"source\":\"/s\",\"options\":[\"bind\",\"size=1m\"]}",
		 "mounts[0].options: 'size=1m': bind mounts cannot have any filesystem-specific"},
		{"{\"destination\":\"/t\",\"options\":[\"bind\"]}",
		 "mounts[0].source: is required"},
		{"{\"destination\":\"/t\",\"source\":\"x\"}", "mounts[0].type: is required"},
		{"{\"destination\":\"/t\",\"type\":\"proc\",\"options\":[\"tmpcopyup\"]}",
		 "tmpcopyup is for tmpfs only"},
		{"{\"destination\":\"/proc\",\"type\":\"tmpfs\"}", "only proc can be mounted on"},
		{"{\"destination\":\"/proc/self\",\"source\":\"/s\",\"options\":[\"bind\"]}",
		 "inside /proc"},
		{"{\"destination\":\"/x/../proc//sys/kernel\",\"type\":\"tmpfs\"}", "inside /proc"},
		{"{\"destination\":\"proc/self/attr\",\"type\":\"tmpfs\"}", "inside /proc"},
		{"{\"destination\":\"/proc/cpuinfo/x\",\"type\":\"tmpfs\"}", "inside /proc"},
	};
	auto_arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++)
		tap_check(!mount_of(&arena, rows[i].mount) && strstr(error.text, rows[i].part),
			  __FILE__, __LINE__, "%s: %s", rows[i].mount, error.text);
	check(mount_of(&arena, "{\"destination\":\"/proc/meminfo\",\"source\":\"/s\",\"options\":["
			       "\"bind\"]}"));
	check(mount_of(&arena, "{\"destination\":\"/proc\",\"type\":\"proc\"}"));
	check(mount_of(&arena, "{\"destination\":\"/procfs\",\"type\":\"tmpfs\"}"));
	check(!build(&arena,
		     TEST_PROCESS ",\"mounts\":[{\"destination\":\"/t\",\"type\":\"tmpfs\"}]",
		     NULL));
	check_contains(error.text, "mounts: need a mount namespace");
	check(!build(&arena,
		     TEST_PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],"
				  "\"mountLabel\":\"a:b:c\"}",
		     NULL));
	check_contains(error.text, "linux.mountLabel: SELinux is not enabled");
	check(!build(&arena,
		     TEST_PROCESS ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"devices\":[{"
				  "\"type\":\"c\",\"path\":\"/x/../proc/kmsg\",\"major\":1,"
				  "\"minor\":1}]}",
		     NULL));
	check_contains(error.text, "linux.devices[0].path: no device can be made");
}

static void test_order(void)
{
	auto_arena arena = {0};
	struct facts facts = test_facts(CGROUP_MODE_HYBRID);
	const struct plan *plan;

	check_text(order_of(&arena, build(&arena, TEST_PROCESS, NULL)),
		   "device ptmx link join-cgroup hooks pivot");
	plan = build(&arena, TEST_PROCESS, NULL);
	list_each(const struct plan_op, op, &plan->ops) if (op->kind.value == PLAN_OP_PIVOT)
		check_number(op->flags.value, PLAN_PIVOT_CHROOT);
	check_text(
		order_of(&arena,
			 build(&arena,
			       "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/w\",\"user\":{\"uid\":0,"
			       "\"gid\":0},\"terminal\":true},\"hostname\":\"h\",\"domainname\":"
			       "\"d\","
			       "\"annotations\":{\"notify\":\"\"},\"mounts\":[{\"destination\":"
			       "\"/proc\",\"type\":\"proc\"},{\"destination\":\"/dev\",\"type\":"
			       "\"tmpfs\",\"options\":[\"ro\",\"nosuid\"]},{\"destination\":"
			       "\"/sys/fs/cgroup\",\"type\":\"cgroup\"},{\"destination\":\"/x\","
			       "\"type\":\"tmpfs\"}],\"linux\":{\"namespaces\":[{\"type\":"
			       "\"mount\"},{"
			       "\"type\":\"network\"},{\"type\":\"uts\"},{\"type\":\"ipc\"}],"
			       "\"netDevices\":{\"eth9\":{}},\"rootfsPropagation\":\"unbindable\","
			       "\"sysctl\":{\"net.ipv4.ip_forward\":\"1\",\"kernel/sem\":\"1\"},"
			       "\"maskedPaths\":[\"/m\"],\"readonlyPaths\":[\"/r\"]}",
			       NULL)),
		"loopback host-propagation root mount join-cgroup cgroup mount bind device ptmx "
		"link console net-devices hooks pivot root-propagation make-cwd readonly-mount "
		"hostname domainname sysctl readonly-path mask-path");
	/* A bound /dev is left alone. */
	plan = build(&arena,
		     "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0},"
		     "\"terminal\":true},\"mounts\":[{\"destination\":\"/dev\",\"source\":\"/dev\","
		     "\"options\":[\"rbind\",\"ro\"]}],\"linux\":{\"namespaces\":[{\"type\":"
		     "\"mount\"}]}",
		     NULL);
	check_text(order_of(&arena, plan),
		   "host-propagation root bind console join-cgroup hooks pivot");
	check_number(list_at(struct plan_op, &plan->ops, 3)->flags.value, 1);
	check_number(list_at(struct plan_op, &plan->ops, 2)->mount->set.value,
		     MS_BIND | MS_REC | MS_RDONLY);
	/* A listed device replaces the default one; in a user namespace all are bound. */
	facts.in_user_namespace = true;
	plan = build(
		&arena,
		"\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],\"devices\":[{\"type\":\"c\","
		"\"path\":\"/dev/null\",\"major\":1,\"minor\":3,\"fileMode\":8592},{\"type\":"
		"\"p\",\"path\":\"/run/f\"},{\"type\":\"c\",\"path\":\"/dev/ptmx\",\"major\":5,"
		"\"minor\":2}]}",
		&facts);
	check(plan && plan->process == NULL);
	size_t devices = 0;
	list_each(const struct plan_op, op, &plan->ops)
	{
		if (op->kind.value != PLAN_OP_DEVICE)
			continue;
		devices++;
		if (str_is(op->target, "/dev/null")) {
			check(!op->device->is_default.value && op->device->bind.value);
			check_number(op->device->mode.value, S_IFCHR | 0620);
		}
		if (str_is(op->target, "/run/f"))
			check(!op->device->bind.value &&
			      op->device->mode.value == (S_IFIFO | 0666));
	}
	check_number(devices, 7);
}

static void test_propagation(void)
{
	static const struct {
		const char *word;
		uint64_t host, root;
	} rows[] = {
		{"shared", MS_SHARED, MS_SHARED},
		{"rshared", MS_SHARED | MS_REC, MS_SHARED | MS_REC},
		{"slave", MS_SLAVE | MS_REC, MS_SLAVE},
		{"private", MS_PRIVATE | MS_REC, MS_PRIVATE},
		{"unbindable", MS_SLAVE | MS_REC, MS_UNBINDABLE},
	};
	auto_arena arena = {0};

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		const struct plan *plan =
			build(&arena,
			      arena_printf(&arena,
					   TEST_PROCESS
					   ",\"linux\":{\"namespaces\":[{\"type\":\"mount\"}],"
					   "\"rootfsPropagation\":\"%s\"}",
					   rows[i].word),
			      NULL);

		check_number(list_at(struct plan_op, &plan->ops, 0)->flags.value, rows[i].host);
		list_each(const struct plan_op, op,
			  &plan->ops) if (op->kind.value == PLAN_OP_ROOT_PROPAGATION)
			check_number(op->flags.value, rows[i].root);
	}
}

int main(void)
{
	test_options_of_mounts();
	test_idmap();
	test_refused();
	test_order();
	test_propagation();
	return tap_done();
}
