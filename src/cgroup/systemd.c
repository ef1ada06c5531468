/*
 * The systemd driver: asks the system's or the user's systemd for a transient unit.
 *
 * libsystemd is loaded when it is first needed, so that the other driver does not pay for it.
 * A job is only queued when the call returns: its end is the signal JobRemoved, for which a match
 * is installed before the call. Surprising: JobRemoved is sent only to subscribed clients or to
 * those that queued the job, as we do; a scope without processes vanishes by itself, so a unit that
 * is not there is nothing to stop.
 */
#include "unit.h"

#include "base/clock.h"
#include "base/log.h"
#include "base/num.h"
#include "base/own.h"
#include "base/str.h"

#include <dlfcn.h>
#include <systemd/sd-bus.h>

#define SERVICE	  "org.freedesktop.systemd1"
#define PATH	  "/org/freedesktop/systemd1"
#define INTERFACE "org.freedesktop.systemd1.Manager"
#define JOB_NS	  (30ULL * 1000 * 1000 * 1000)

#define SYMBOLS(X)                        \
	X(sd_bus_open_system)             \
	X(sd_bus_open_user)               \
	X(sd_bus_flush_close_unref)       \
	X(sd_bus_slot_unref)              \
	X(sd_bus_message_unref)           \
	X(sd_bus_message_new_method_call) \
	X(sd_bus_message_append)          \
	X(sd_bus_message_append_array)    \
	X(sd_bus_message_open_container)  \
	X(sd_bus_message_close_container) \
	X(sd_bus_message_read)            \
	X(sd_bus_match_signal)            \
	X(sd_bus_call)                    \
	X(sd_bus_process)                 \
	X(sd_bus_wait)                    \
	X(sd_bus_error_free)

struct library {
	bool loaded;
#define DECLARE(name) __typeof__(&(name)) name;
	SYMBOLS(DECLARE)
#undef DECLARE
};

static struct library lib;

static int library_load(struct err *e)
{
	void *handle;

	if (lib.loaded)
		return 0;
	handle = dlopen("libsystemd.so.0", RTLD_NOW | RTLD_LOCAL);
	if (!handle)
		return refuse(e, EOPNOTSUPP, "the systemd cgroup driver needs libsystemd: %s",
			      dlerror());
#define LOAD(name)                                             \
	lib.name = (__typeof__(lib.name))dlsym(handle, #name); \
	if (!lib.name)                                         \
		return refuse(e, EOPNOTSUPP, "libsystemd has no " #name "()");
	SYMBOLS(LOAD)
#undef LOAD
	lib.loaded = true;
	return 0;
}

/* ---- a conversation ---- */

struct job {
	char path[256]; /* the one waited for; "" until the call returned */
	char result[64];
	bool done;
};

struct talk {
	sd_bus *bus;
	sd_bus_slot *slot;
	struct job job;
};

static void talk_done(struct talk *talk)
{
	if (talk->slot)
		lib.sd_bus_slot_unref(talk->slot);
	if (talk->bus)
		lib.sd_bus_flush_close_unref(talk->bus);
}

static int on_job_removed(sd_bus_message *message, void *data, sd_bus_error *error)
{
	struct job *job = data;
	const char *path, *unit, *result;
	uint32_t id;

	(void)error;
	if (lib.sd_bus_message_read(message, "uoss", &id, &path, &unit, &result) < 0)
		return 0;
	if (job->path[0] != '\0' && str_is(path, job->path)) {
		job->done = true;
		(void)snprintf(job->result, sizeof(job->result), "%s", result);
	}
	return 0;
}

static int talk_open(struct talk *talk, bool user_manager, struct err *e)
{
	int r = library_load(e);

	if (r < 0)
		return r;
	r = user_manager ? lib.sd_bus_open_user(&talk->bus) : lib.sd_bus_open_system(&talk->bus);
	if (r < 0)
		return fail(e, -r, "connect to the %s bus of systemd",
			    user_manager ? "user" : "system");
	r = lib.sd_bus_match_signal(talk->bus, &talk->slot, SERVICE, PATH, INTERFACE, "JobRemoved",
				    on_job_removed, &talk->job);
	return r < 0 ? fail(e, -r, "watch the jobs of systemd") : 0;
}

/* Calls; a reply of one object path is the job to wait for. -ENOENT: no such unit.
 * -EEXIST: there is one already. */
static int talk_call(struct talk *talk, sd_bus_message *message, const char *what, bool has_job,
		     struct err *e)
{
	sd_bus_error error = SD_BUS_ERROR_NULL;
	sd_bus_message *reply = NULL;
	const char *path = "";
	int r = lib.sd_bus_call(talk->bus, message, JOB_NS / 1000, &error, &reply);

	if (r < 0) {
		if (error.name && str_ends(error.name, ".NoSuchUnit"))
			r = -ENOENT;
		if (error.name && str_ends(error.name, ".UnitExists"))
			r = -EEXIST;
		r = refuse(e, -r, "%s: systemd says: %s", what,
			   error.message ? error.message : strerror(-r));
		lib.sd_bus_error_free(&error);
		return r;
	}
	if (has_job)
		r = lib.sd_bus_message_read(reply, "o", &path);
	(void)snprintf(talk->job.path, sizeof(talk->job.path), "%s", path);
	lib.sd_bus_message_unref(reply);
	return r < 0 ? fail(e, -r, "%s: read systemd's answer", what) : 0;
}

static int talk_wait(struct talk *talk, const char *what, struct err *e)
{
	uint64_t deadline = clock_now() + JOB_NS;

	while (!talk->job.done) {
		int r = lib.sd_bus_process(talk->bus, NULL);

		if (r == 0 && clock_left_ms(deadline) == 0)
			return refuse(e, ETIMEDOUT, "%s: systemd did not finish the job in time",
				      what);
		if (r == 0)
			r = lib.sd_bus_wait(talk->bus, (uint64_t)clock_left_ms(deadline) * 1000);
		if (r < 0 && r != -EINTR)
			return fail(e, -r, "%s: wait for systemd's job", what);
	}
	if (!str_is(talk->job.result, "done"))
		return refuse(e, EIO, "%s: systemd's job ended with '%s'", what, talk->job.result);
	return 0;
}

/* ---- properties ---- */

/* Numbers are checked here, so that a wrong one is an error and not another number. */
static int append_number(sd_bus_message *m, const char *signature, const char *value)
{
	uint64_t u = 0;
	int64_t i = 0;

	switch (signature[0]) {
	case 'b':
		if (!str_is(value, "true") && !str_is(value, "false"))
			return -EINVAL;
		return lib.sd_bus_message_append(m, "v", "b", (int)str_is(value, "true"));
	case 'd': {
		char *end;
		double d = strtod(value, &end);

		return *end ? -EINVAL : lib.sd_bus_message_append(m, "v", "d", d);
	}
	case 't':
	case 'u':
		if (num_u64(value, &u) < 0 || (signature[0] == 'u' && u > UINT32_MAX))
			return -EINVAL;
		if (signature[0] == 'u')
			return lib.sd_bus_message_append(m, "v", "u", (uint32_t)u);
		return lib.sd_bus_message_append(m, "v", "t", u);
	default:
		if (num_i64(value, &i) < 0 ||
		    (signature[0] == 'i' && (i < INT32_MIN || i > INT32_MAX)))
			return -EINVAL;
		if (signature[0] == 'i')
			return lib.sd_bus_message_append(m, "v", "i", (int32_t)i);
		return lib.sd_bus_message_append(m, "v", "x", i);
	}
}

/* One item a line; pairs are cut at the first space. */
static int append_lines(sd_bus_message *m, const char *item, const char *value)
{
	auto_arena arena = {0};
	struct strv lines = str_split(&arena, value, "\n", true);
	int r = lib.sd_bus_message_open_container(m, 'a', item);

	for (size_t i = 0; i < lines.count && r >= 0; i++) {
		char *space = strchr(lines.items[i], ' ');

		if (item[0] == 's') {
			r = lib.sd_bus_message_append(m, "s", lines.items[i]);
			continue;
		}
		if (!space)
			return -EINVAL;
		*space = '\0';
		r = lib.sd_bus_message_append(m, "(ss)", lines.items[i], space + 1);
	}
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

/* "0f" */
static int append_bytes(sd_bus_message *m, const char *value)
{
	size_t size = strlen(value) / 2;
	auto_free uint8_t *bytes = xcalloc(size + 1, 1);

	if (strlen(value) % 2 != 0)
		return -EINVAL;
	for (size_t i = 0; i < size; i++) {
		unsigned byte;

		if (strspn(value + 2 * i, "0123456789abcdefABCDEF") < 2 ||
		    sscanf(value + 2 * i, "%2x", &byte) != 1)
			return -EINVAL;
		bytes[i] = (uint8_t)byte;
	}
	return lib.sd_bus_message_append_array(m, 'y', bytes, size);
}

static int append_variant(sd_bus_message *m, const char *signature, const char *value)
{
	int r;

	if (str_is(signature, "s"))
		return lib.sd_bus_message_append(m, "v", "s", value);
	if (signature[0] != '\0' && signature[1] == '\0' && strchr("biuxtd", signature[0]))
		return append_number(m, signature, value);
	r = lib.sd_bus_message_open_container(m, 'v', signature);
	if (r < 0)
		return r;
	if (str_is(signature, "as"))
		r = append_lines(m, "s", value);
	else if (str_is(signature, "a(ss)"))
		r = append_lines(m, "(ss)", value);
	else if (str_is(signature, "ay"))
		r = append_bytes(m, value);
	else
		r = -EINVAL;
	return r < 0 ? r : lib.sd_bus_message_close_container(m);
}

static int append_property(sd_bus_message *m, const struct plan_unit_property *property,
			   struct err *e)
{
	int r = lib.sd_bus_message_open_container(m, 'r', "sv");

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "s", property->name);
	if (r >= 0)
		r = append_variant(m, property->signature, property->value);
	if (r >= 0)
		r = lib.sd_bus_message_close_container(m);
	if (r < 0)
		return fail(e, -r, "systemd property %s of type '%s': '%s'", property->name,
			    property->signature, property->value);
	return 0;
}

static int append_properties(sd_bus_message *m, const struct plan_limits *limits, struct err *e)
{
	int r = 0;

	list_each(struct plan_unit_property, property, &limits->unit_properties)
	{
		r = append_property(m, property, e);
		if (r < 0)
			return r;
	}
	return r;
}

/* ---- start ---- */

static int append_pids(sd_bus_message *m, pid_t pid)
{
	return lib.sd_bus_message_append(m, "(sv)", "PIDs", "au", 1, (uint32_t)pid);
}

/* What the runtime needs of every unit. The limits come later, so they can override. */
static int append_own(sd_bus_message *m, const struct plan_cgroup *where, pid_t pid, struct err *e)
{
	static const char *const switches[] = {"Delegate", "CPUAccounting", "MemoryAccounting",
					       "TasksAccounting", "IOAccounting"};
	bool is_slice = str_ends(where->unit, ".slice");
	int r = lib.sd_bus_message_append(m, "(sv)", "Description", "s", "bulkhead container");

	if (r >= 0 && where->slice)
		r = is_slice ? lib.sd_bus_message_append(m, "(sv)", "Wants", "as", 1, where->slice)
			     : lib.sd_bus_message_append(m, "(sv)", "Slice", "s", where->slice);
	/* A slice holds units, no processes. */
	if (r >= 0 && !is_slice)
		r = append_pids(m, pid);
	for (size_t i = is_slice ? 1 : 0; i < sizeof(switches) / sizeof(switches[0]) && r >= 0; i++)
		r = lib.sd_bus_message_append(m, "(sv)", switches[i], "b", 1);
	if (r >= 0)
		r = lib.sd_bus_message_append(m, "(sv)", "DefaultDependencies", "b", 0);
	return r < 0 ? fail(e, -r, "put together the unit '%s'", where->unit) : 0;
}

static int append_devices(sd_bus_message *m, const struct plan_limits *limits, struct err *e)
{
	auto_arena arena = {0};
	struct plan_unit_property properties[2];
	int r;

	unit_devices(limits, &arena, properties);
	r = append_property(m, &properties[0], e);
	return r < 0 ? r : append_property(m, &properties[1], e);
}

static int start_message(sd_bus *bus, const struct plan_cgroup *where,
			 const struct plan_limits *limits, bool with_devices, pid_t pid,
			 sd_bus_message **ret, struct err *e)
{
	sd_bus_message *m = NULL;
	int r = lib.sd_bus_message_new_method_call(bus, &m, SERVICE, PATH, INTERFACE,
						   "StartTransientUnit");

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "ss", where->unit, "replace");
	if (r >= 0)
		r = lib.sd_bus_message_open_container(m, 'a', "(sv)");
	if (r < 0)
		return fail(e, -r, "put together the unit '%s'", where->unit);
	*ret = m;
	r = append_own(m, where, pid, e);
	if (r == 0 && with_devices && limits->has_devices.value)
		r = append_devices(m, limits, e);
	if (r == 0)
		r = append_properties(m, limits, e);
	if (r < 0)
		return r;
	r = lib.sd_bus_message_close_container(m);
	if (r >= 0)
		r = lib.sd_bus_message_append(m, "a(sa(sv))", 0);
	return r < 0 ? fail(e, -r, "put together the unit '%s'", where->unit) : 0;
}

static int call_unit(struct talk *talk, const char *method, const char *unit, const char *mode,
		     bool has_job, struct err *e)
{
	sd_bus_message *m = NULL;
	int r = lib.sd_bus_message_new_method_call(talk->bus, &m, SERVICE, PATH, INTERFACE, method);

	if (r >= 0)
		r = lib.sd_bus_message_append(m, "s", unit);
	if (r >= 0 && mode)
		r = lib.sd_bus_message_append(m, "s", mode);
	r = r < 0 ? fail(e, -r, "put together a call") : talk_call(talk, m, method, has_job, e);
	if (m)
		lib.sd_bus_message_unref(m);
	return r;
}

static int start(struct talk *talk, const struct plan_cgroup *where,
		 const struct plan_limits *limits, bool with_devices, pid_t pid, struct err *e)
{
	sd_bus_message *m = NULL;
	int r = start_message(talk->bus, where, limits, with_devices, pid, &m, e);

	if (r == 0)
		r = talk_call(talk, m, "start", true, e);
	if (m)
		lib.sd_bus_message_unref(m);
	return r;
}

int systemd_start(const struct plan_cgroup *where, const struct plan_limits *limits,
		  bool with_devices, pid_t pid, struct err *e)
{
	struct talk talk = {0};
	struct err ignored;
	int r = talk_open(&talk, where->user_manager.value, e);

	if (r == 0)
		r = start(&talk, where, limits, with_devices, pid, e);
	/* A unit that has failed long ago keeps its name until it is reset. */
	if (r == -EEXIST &&
	    call_unit(&talk, "ResetFailedUnit", where->unit, NULL, false, &ignored) == 0)
		r = start(&talk, where, limits, with_devices, pid, e);
	if (r == 0)
		r = talk_wait(&talk, "start", e);
	talk_done(&talk);
	return r < 0 ? wrap(e, "systemd unit '%s'", where->unit) : 0;
}

/* ---- attach, update, stop ---- */

static int attach_message(sd_bus *bus, const struct plan_cgroup *where, const char *below,
			  pid_t pid, sd_bus_message **ret, struct err *e)
{
	int r = lib.sd_bus_message_new_method_call(bus, ret, SERVICE, PATH, INTERFACE,
						   "AttachProcessesToUnit");

	if (r >= 0)
		r = lib.sd_bus_message_append(*ret, "ssau", where->unit, below, 1, (uint32_t)pid);
	return r < 0 ? fail(e, -r, "put together a call") : 0;
}

int systemd_attach(const struct plan_cgroup *where, const char *below, pid_t pid, struct err *e)
{
	struct talk talk = {0};
	sd_bus_message *m = NULL;
	int r = talk_open(&talk, where->user_manager.value, e);

	if (r == 0)
		r = attach_message(talk.bus, where, below, pid, &m, e);
	if (r == 0)
		r = talk_call(&talk, m, "attach process", false, e);
	if (m)
		lib.sd_bus_message_unref(m);
	talk_done(&talk);
	return r < 0 ? wrap(e, "systemd unit '%s'", where->unit) : 0;
}

static int update_message(sd_bus *bus, const struct plan_cgroup *where,
			  const struct plan_limits *limits, sd_bus_message **ret, struct err *e)
{
	int r = lib.sd_bus_message_new_method_call(bus, ret, SERVICE, PATH, INTERFACE,
						   "SetUnitProperties");

	if (r >= 0)
		r = lib.sd_bus_message_append(*ret, "sb", where->unit, 1);
	if (r >= 0)
		r = lib.sd_bus_message_open_container(*ret, 'a', "(sv)");
	if (r < 0)
		return fail(e, -r, "put together the properties");
	r = append_properties(*ret, limits, e);
	if (r < 0)
		return r;
	r = lib.sd_bus_message_close_container(*ret);
	return r < 0 ? fail(e, -r, "put together the properties") : 0;
}

int systemd_update(const struct plan_cgroup *where, const struct plan_limits *limits, struct err *e)
{
	struct talk talk = {0};
	sd_bus_message *m = NULL;
	int r = talk_open(&talk, where->user_manager.value, e);

	if (r == 0)
		r = update_message(talk.bus, where, limits, &m, e);
	if (r == 0)
		r = talk_call(&talk, m, "change", false, e);
	if (m)
		lib.sd_bus_message_unref(m);
	talk_done(&talk);
	return r < 0 ? wrap(e, "systemd unit '%s'", where->unit) : 0;
}

int systemd_stop(const struct plan_cgroup *where, struct err *e)
{
	struct talk talk = {0};
	struct err ignored;
	int r = talk_open(&talk, where->user_manager.value, e);

	if (r == 0)
		r = call_unit(&talk, "StopUnit", where->unit, "replace", true, e);
	if (r == 0)
		r = talk_wait(&talk, "stop", e);
	/* A failed unit would keep its name. */
	if (talk.bus && call_unit(&talk, "ResetFailedUnit", where->unit, NULL, false, &ignored) < 0)
		log_debug("%s", ignored.text);
	talk_done(&talk);
	if (r == -ENOENT)
		return 0;
	return r < 0 ? wrap(e, "systemd unit '%s'", where->unit) : 0;
}
