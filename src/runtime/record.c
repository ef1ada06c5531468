/*
 * Reading and writing the record.
 *
 * A crash of the machine, a full disk or a curious hand may leave anything here: an empty file,
 * half a file, "null", a directory. Nothing but a whole record is believed, and since `delete` must
 * clean up even then, what it needs stands in a second, small file that is written first.
 */
#include "record.h"

#include "base/fd.h"
#include "oci/names.h"
#include "phase.h"

#include <errno.h>
#include <fcntl.h>

#define RECORD_FILE "state.json"
#define COPY_FILE   "cgroup"

enum { RECORD_VERSION = 1, RECORD_SIZE_MAX = 4 * 1024 * 1024 };

static const struct enum_name phase_names[] = {
	{"creating", PHASE_CREATING},
	{"created", PHASE_CREATED},
	{NULL, 0},
};

/* What `delete` needs, in both files. */
#define RESOURCE_ROWS                                                                            \
	FIELD(FIELD_U32, struct record, version, "version", FIELD_REQUIRED),                     \
		FIELD(FIELD_STRING, struct record, id, "id", FIELD_REQUIRED),                    \
		FIELD(FIELD_STRING, struct record, isolation, "isolation", FIELD_REQUIRED),      \
		FIELD(FIELD_STRING, struct record, boot_id, "bootId", FIELD_REQUIRED),           \
		FIELD(FIELD_I32, struct record, pid, "pid", 0),                                  \
		FIELD(FIELD_U64, struct record, born, "born", 0),                                \
		FIELD(FIELD_BOOL, struct record, shares_pid_namespace, "sharesPidNamespace", 0), \
		FIELD(FIELD_BOOL, struct record, has_poststop, "hasPoststop", 0),                \
		FIELD_WITH_FIELDS(FIELD_OBJECT, struct record, cgroup, "cgroup", FIELD_REQUIRED, \
				  struct plan_cgroup, plan_cgroup_fields),                       \
		FIELD_WITH_FIELDS(FIELD_OBJECT, struct record, intel_rdt, "intelRdt", 0,         \
				  struct plan_intel_rdt, plan_intel_rdt_fields)

static const struct field copy_fields[] = {
	RESOURCE_ROWS,
	{.name = NULL},
};

static const struct field record_fields[] = {
	RESOURCE_ROWS,
	FIELD(FIELD_STRING, struct record, bundle, "bundle", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct record, rootfs, "rootfs", FIELD_REQUIRED),
	FIELD(FIELD_STRING, struct record, created, "created", FIELD_REQUIRED),
	FIELD(FIELD_U32, struct record, owner, "owner", FIELD_REQUIRED),
	FIELD_WITH_NAMES(FIELD_ENUM, struct record, phase, "phase", FIELD_REQUIRED, phase_names),
	FIELD(FIELD_BOOL, struct record, has_process, "hasProcess", 0),
	FIELD(FIELD_BOOL, struct record, has_poststart, "hasPoststart", 0),
	FIELD(FIELD_BOOL, struct record, systemd_cgroup, "systemdCgroup", 0),
	FIELD(FIELD_MAP, struct record, annotations, "annotations", 0),
	{.name = NULL},
};

static int file_save(int state_fd, const char *name, const struct field *fields,
		     const struct record *record, struct err *e)
{
	auto_buf text = {0};
	struct json_writer w;

	json_writer_init(&w, &text, 0);
	fields_encode(fields, record, &w);
	buf_append_char(&text, '\n');
	return file_replace(state_fd, name, text.data, text.size, 0600, e);
}

int record_save(int state_fd, const struct record *record, struct err *e)
{
	struct record copy = *record;

	copy.version = (struct opt_u32){true, RECORD_VERSION};
	if (file_save(state_fd, COPY_FILE, copy_fields, &copy, e) < 0 ||
	    file_save(state_fd, RECORD_FILE, record_fields, &copy, e) < 0)
		return wrap(e, "save the record of container '%s'", record->id);
	return 0;
}

static int record_check(const struct record *record, const char *id, bool is_copy, struct err *e)
{
	if (record->version.value != RECORD_VERSION)
		return refuse(e, EINVAL, "version: %u is not known, only %d", record->version.value,
			      RECORD_VERSION);
	if (!str_is(record->id, id))
		return refuse(e, EINVAL, "id: is '%s', not '%s'", record->id, id);
	if (record->pid.is_set && record->pid.value <= 1)
		return refuse(e, EINVAL, "pid: must be above 1, not %d", record->pid.value);
	if (record->pid.is_set && (!record->born.is_set || record->born.value == 0))
		return refuse(e, EINVAL, "born: is required beside 'pid'");
	if (is_copy)
		return 0;
	if (record->bundle[0] != '/' || record->rootfs[0] != '/')
		return refuse(e, EINVAL, "bundle, rootfs: must be absolute paths");
	if (record->phase.value == PHASE_CREATED && !record->pid.is_set)
		return refuse(e, EINVAL, "pid: is required of a created container");
	return 0;
}

int record_parse(struct arena *arena, const char *text, size_t size, const char *id, bool is_copy,
		 struct record *ret, struct err *e)
{
	struct record record = {0};
	const struct json *tree;

	if (json_read(arena, text, size, &tree, e) < 0)
		return -e->code;
	if (fields_decode(is_copy ? copy_fields : record_fields, arena, tree, "", &record, e) < 0 ||
	    record_check(&record, id, is_copy, e) < 0)
		return -e->code;
	*ret = record;
	return 0;
}

static int file_load(int state_fd, const char *name, const char *id, bool is_copy,
		     struct arena *arena, struct record *ret, struct err *e)
{
	auto_buf text = {0};

	if (file_read(state_fd, name, RECORD_SIZE_MAX, false, &text, e) < 0) {
		if (e->code == ENOENT)
			return RECORD_ABSENT;
		return wrap(e, "the record of container '%s'", id);
	}
	if (record_parse(arena, buf_text(&text), text.size, id, is_copy, ret, e) < 0)
		return wrap(e, "the record of container '%s' is damaged: '%s'", id, name);
	return RECORD_READ;
}

int record_load(int state_fd, const char *id, struct arena *arena, struct record *ret,
		struct err *e)
{
	return file_load(state_fd, RECORD_FILE, id, false, arena, ret, e);
}

int record_load_copy(int state_fd, const char *id, struct arena *arena, struct record *ret,
		     struct err *e)
{
	return file_load(state_fd, COPY_FILE, id, true, arena, ret, e);
}
