/*
 * Every member of config.json: a document that holds each one with a value of its own is decoded
 * and written back, and must come out the same; so each member has its own place of the right
 * width. And what checking completes.
 */
#include "base/fd.h"
#include "oci/load.h"
#include "tables.h"
#include "tap.h"

#include <fcntl.h>
#include <stdlib.h>

static bool same_tree(const struct json *a, const struct json *b, const char *path);

static bool same_members(const struct json *a, const struct json *b, const char *path)
{
	for (size_t i = 0; i < a->count; i++) {
		const struct json_member *member = &a->members[i];
		const struct json *other = json_get(b, member->name);
		char below[512];

		(void)snprintf(below, sizeof(below), "%s.%s", path, member->name);
		if (!tap_check(other && same_tree(&member->value, other, below), __FILE__, __LINE__,
			       "%s keeps its value", below))
			return false;
	}
	return true; /* the other spelling of hwConfig is written too */
}

static bool same_tree(const struct json *a, const struct json *b, const char *path)
{
	if (a->kind != b->kind)
		return false;
	switch (a->kind) {
	case JSON_NULL:
		return true;
	case JSON_BOOL:
		return a->boolean == b->boolean;
	case JSON_NUMBER:
	case JSON_STRING:
		return str_is(a->text, b->text);
	case JSON_ARRAY:
		for (size_t i = 0; i < a->count && i < b->count; i++)
			if (!same_tree(&a->items[i], &b->items[i], path))
				return false;
		return a->count == b->count;
	case JSON_OBJECT:
		return same_members(a, b, path);
	}
	return false;
}

static void read_sample(const char *name, struct buf *text)
{
	const char *source = getenv("SOURCE_DIR");
	char path[4096];
	struct err e = {0};

	(void)snprintf(path, sizeof(path), "%s/tests/corpus/fuzz-config/%s", source ? source : ".",
		       name);
	check(file_read(AT_FDCWD, path, JSON_SIZE_MAX, false, text, &e) == 0);
}

static void check_every_member(void)
{
	const struct oci_config *config = NULL;
	const struct json *before = NULL;
	const struct json *after = NULL;
	auto_arena arena = {0};
	struct json_writer w;
	auto_buf written = {0};
	auto_buf text = {0};
	struct err e = {0};
	int r;

	read_sample("every-member.json", &text);
	r = oci_config_parse(&arena, buf_text(&text), text.size, &config, &before, &e);
	tap_check(r == 0, __FILE__, __LINE__, "every member is accepted: %s", e.text);
	if (!config)
		return;
	json_writer_init(&w, &written, 0);
	fields_encode(oci_config_fields, config, &w);
	check(json_read(&arena, buf_text(&written), written.size, &after, &e) == 0);
	if (!after)
		return;
	for (size_t i = 0; i < before->count; i++)
		check(same_tree(&before->members[i].value, json_get(after, before->members[i].name),
				before->members[i].name));
}

static void check_completion(void)
{
	static const char text[] =
		"{\"ociVersion\":\"1.3.0\",\"root\":{\"path\":\"r\"},\"hostname\":\"\","
		"\"mounts\":[{\"destination\":\"a\",\"options\":[\"\",\"ro\",\"\"]}],\"process\":{"
		"\"cwd\":\"/\",\"args\":[\"x\"],"
		"\"apparmorProfile\":\"\"},\"linux\":{\"namespaces\":[{\"type\":\"network\"}],"
		"\"netDevices\":{\"eth0\":{}},\"devices\":[{\"path\":\"/x\",\"type\":\"p\","
		"\"fileMode\":8630}],\"resources\":{\"devices\":[{\"allow\":true}]}},"
		"\"vm\":{\"kernel\":{\"path\":\"/k\"},\"hypervisor\":{\"path\":\"\"},"
		"\"image\":{\"path\":\"/i\"},\"hwconfig\":{\"vcpus\":3}}}";
	const struct oci_config *config = NULL;
	const struct oci_linux *linux_;
	auto_arena arena = {0};
	struct err e = {0};

	check(oci_config_parse(&arena, text, strlen(text), &config, NULL, &e) == 0);
	if (!config)
		return;
	linux_ = config->linux_;
	check(config->hostname == NULL);
	check_text(list_at(struct oci_mount, &config->mounts, 0)->destination, "/a");
	check_number(list_at(struct oci_mount, &config->mounts, 0)->options.count, 1);
	check(config->process->user && config->process->user->uid.is_set);
	check(config->process->apparmor_profile == NULL);
	check_text(list_at(struct oci_net_device, &linux_->net_devices, 0)->name, "eth0");
	check_number(list_at(struct oci_device, &linux_->devices, 0)->file_mode.value, 0666);
	check_text(list_at(struct oci_device_rule, &linux_->resources->devices, 0)->access, "rwm");
	check(config->vm->hypervisor == NULL);
	check_text(config->vm->image->format, "raw");
	check_number(config->vm->hw_config->vcpus.value, 3);
	check(oci_namespace_find(config, OCI_NS_PID) == NULL);
	check_number(oci_hooks_of(config, OCI_HOOK_POSTSTOP)->count, 0);
}

int main(void)
{
	check_every_member();
	check_completion();
	return tap_done();
}
