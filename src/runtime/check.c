/*
 * check: can this host run containers, at which level, and how fast? By trying it: the presence of
 * a device or a file proves nothing (there are hosts whose /dev/kvm opens and cannot boot a guest).
 *
 * A trial is a whole container, run in a process of its own: a root directory that is made for it,
 * with the host's programs bound into it read-only, which executes the host's "true".
 */
#include "base/clock.h"
#include "base/fd.h"
#include "base/log.h"
#include "container.h"
#include "kern/namespaces.h"
#include "machine.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/utsname.h>

enum { RUNS = 3 };

static const char trial_head[] =
	"{\"ociVersion\":\"1.0.2\",\"root\":{\"path\":\"root\",\"readonly\":true},"
	"\"process\":{\"args\":[\"true\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0},"
	"\"env\":[\"PATH=/usr/bin:/bin\"],\"noNewPrivileges\":true},\"linux\":{\"namespaces\":["
	"{\"type\":\"pid\"},{\"type\":\"network\"},{\"type\":\"mount\"},{\"type\":\"ipc\"},"
	"{\"type\":\"uts\"}]},\"mounts\":[{\"destination\":\"/proc\",\"type\":\"proc\"}";

struct trial {
	const struct runtime *runtime;
	const char *isolation, *accel;
	char directory[64]; /* removed afterwards */
	int report;	    /* what the process has to say */
};

/* Where programs and their libraries are; links are made again as links. */
static int root_make(const char *root, struct buf *config, struct err *e)
{
	static const char *const parts[] = {"usr", "bin", "lib", "lib64", "sbin"};
	auto_fd int fd = open(root, O_PATH | O_DIRECTORY | O_CLOEXEC);
	auto_fd int host = open("/", O_PATH | O_DIRECTORY | O_CLOEXEC);
	char text[256];
	struct stat status;

	if (fd < 0 || host < 0)
		return fail(e, errno, "open '%s'", root);
	for (size_t i = 0; i < sizeof(parts) / sizeof(parts[0]); i++) {
		ssize_t size;

		if (fstatat(host, parts[i], &status, AT_SYMLINK_NOFOLLOW) < 0)
			continue;
		if (S_ISDIR(status.st_mode)) {
			buf_printf(config,
				   ",{\"destination\":\"/%s\",\"type\":\"bind\",\"source\":\"/%s\","
				   "\"options\":[\"rbind\",\"ro\"]}",
				   parts[i], parts[i]);
			continue;
		}
		size = readlinkat(host, parts[i], text, sizeof(text) - 1);
		if (size <= 0)
			continue;
		text[size] = '\0';
		if (symlinkat(text, fd, parts[i]) < 0)
			return fail(e, errno, "make '%s/%s'", root, parts[i]);
	}
	buf_append_str(config, "]}\n");
	return 0;
}

static int bundle_make(struct trial *trial, struct err *e)
{
	auto_buf config = {0};
	char path[128];
	auto_fd int fd = FD_NONE;

	(void)snprintf(trial->directory, sizeof(trial->directory), "/tmp/bulkhead-check.XXXXXX");
	if (!mkdtemp(trial->directory))
		return fail(e, errno, "make a directory below '/tmp'");
	(void)snprintf(path, sizeof(path), "%s/root", trial->directory);
	if (mkdir(path, 0755) < 0)
		return fail(e, errno, "make '%s'", path);
	buf_append_str(&config, trial_head);
	if (root_make(path, &config, e) < 0)
		return -e->code;
	fd = open(trial->directory, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open '%s'", trial->directory);
	return file_replace(fd, "config.json", config.data, config.size, 0600, e);
}

/* ---- why a trial ended as it did: what was warned of, and what the program said ---- */

enum { WORDS_SIZE = 1024, SAID_SIZE = 512 };

/* A warning may hold a line of a log; its message is what counts. */
static void words_keep(enum log_level level, const char *text, void *data)
{
	const char *message = strstr(text, "msg=\"");
	char *words = data;
	size_t size;

	if (level > LOG_LEVEL_WARNING)
		return;
	(void)snprintf(words, WORDS_SIZE, "%s", message ? message + strlen("msg=\"") : text);
	size = strlen(words);
	if (message && size > 0 && words[size - 1] == '"')
		words[size - 1] = '\0';
}

/* The last line that was written to standard error, which is a file of ours. */
static void said_keep(char *words)
{
	char text[SAID_SIZE];
	off_t end = lseek(STDERR_FILENO, 0, SEEK_END);
	off_t from = end > SAID_SIZE - 1 ? end - (SAID_SIZE - 1) : 0;
	ssize_t size = pread(STDERR_FILENO, text, SAID_SIZE - 1, from);
	const char *line;

	while (size > 0 && text[size - 1] == '\n')
		size--;
	if (size <= 0)
		return;
	text[size] = '\0';
	line = strrchr(text, '\n');
	(void)snprintf(words, WORDS_SIZE, "%s", line ? line + 1 : text);
}

static int trial_once(const struct trial *trial, struct err *e)
{
	struct runtime runtime = *trial->runtime;
	char id[64], root[128];
	const struct runtime_create create = {.id = id, .bundle = trial->directory};
	char words[WORDS_SIZE] = "";
	int status = 0;

	/* The id names a cgroup, which others may try at the same time. */
	(void)snprintf(id, sizeof(id), "bulkhead-check-%d", (int)getpid());
	(void)snprintf(root, sizeof(root), "%s/state", trial->directory);
	runtime.root = root;
	runtime.root_is_default = false;
	runtime.isolation = trial->isolation;
	runtime.vm_accel = trial->accel;
	/* Why a machine ended is warned of where there is no log. */
	runtime.log_fd = 0;
	runtime.log_is_json = false;
	log_set_sink(words_keep, words);
	if (runtime_run(&runtime, &create, &status, e) < 0)
		return -e->code;
	if (status == 0)
		return 0;
	if (!*words)
		said_keep(words);
	return refuse(e, ECHILD, "the program 'true' ended with %d%s%s", status, *words ? ": " : "",
		      words);
}

struct outcome {
	struct err why; /* code 0: it works */
	uint64_t best;	/* ns */
};

/* A process of its own: a run changes signals, and is watched by nobody but its parent. */
static _Noreturn void trial_child(const struct trial *trial, int runs)
{
	struct outcome outcome = {.best = UINT64_MAX};
	int null = open("/dev/null", O_RDWR | O_CLOEXEC);
	int said = memfd_create("check", MFD_CLOEXEC);

	for (int i = 0; null >= 0 && i < 3; i++)
		(void)dup2(i == STDERR_FILENO && said >= 0 ? said : null, i);
	outcome.why.code = 0;
	for (int i = 0; i < runs; i++) {
		uint64_t begun = clock_now();

		if (trial_once(trial, &outcome.why) < 0)
			break;
		outcome.why.code = 0;
		if (clock_now() - begun < outcome.best)
			outcome.best = clock_now() - begun;
	}
	(void)!write(trial->report, &outcome, sizeof(outcome));
	_exit(0);
}

static int trial_fork(struct trial *trial, int runs, struct outcome *ret, struct err *e)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	auto_fd int reader = FD_NONE;
	int ends[2], status, r;

	if (pipe2(ends, O_CLOEXEC) < 0)
		return fail(e, errno, "make a pipe");
	reader = ends[0];
	trial->report = ends[1];
	r = process_fork(&how, &process, e);
	if (r == PROCESS_CHILD)
		trial_child(trial, runs);
	fd_close(&ends[1]);
	if (r < 0)
		return r;
	if (fd_read_full(reader, ret, sizeof(*ret)) != sizeof(*ret))
		(void)refuse(&ret->why, ECHILD, "the trial ended without a word");
	r = process_reap(process.pid, &status, e);
	process_done(&process);
	return r;
}

static int trial_run(const struct runtime *runtime, const char *isolation, const char *accel,
		     int runs, struct outcome *ret, struct err *e)
{
	struct trial trial = {.runtime = runtime, .isolation = isolation, .accel = accel};
	struct err ignored;
	int r = bundle_make(&trial, e);

	if (r == 0)
		r = trial_fork(&trial, runs, ret, e);
	if (*trial.directory)
		(void)!tree_remove(AT_FDCWD, trial.directory, &ignored);
	return r;
}

static int level_tell(const struct runtime *runtime, const char *label, const char *isolation,
		      const char *accel, int runs, struct buf *out, bool *ret_works, struct err *e)
{
	struct outcome outcome = {.best = 0};
	char text[2048];

	if (trial_run(runtime, isolation, accel, runs, &outcome, e) < 0)
		return -e->code;
	*ret_works = outcome.why.code == 0;
	if (*ret_works)
		buf_printf(out, "%-18s works: a container that does nothing took %llu.%llu ms\n",
			   label, (unsigned long long)(outcome.best / 1000000),
			   (unsigned long long)(outcome.best / 100000 % 10));
	else
		buf_printf(out, "%-18s does not work: %s\n", label,
			   err_format(&outcome.why, text, sizeof(text)));
	return 0;
}

/* ---- what there is ---- */

static const char *cgroup_word(enum cgroup_mode mode)
{
	static const char *const words[] = {
		[CGROUP_MODE_NONE] = "none are mounted",
		[CGROUP_MODE_LEGACY] = "version 1",
		[CGROUP_MODE_HYBRID] = "version 1, with an empty version 2 beside it",
		[CGROUP_MODE_UNIFIED] = "version 2",
	};

	return words[mode];
}

static bool can_unshare_user(void)
{
	struct process_fork how = PROCESS_FORK_PLAIN;
	struct process process = PROCESS_NONE;
	struct err ignored;
	int status = 1, r = process_fork(&how, &process, &ignored);

	if (r == PROCESS_CHILD)
		_exit(namespace_unshare(CLONE_NEWUSER, &ignored) < 0);
	if (r < 0)
		return false;
	(void)!process_reap(process.pid, &status, &ignored);
	process_done(&process);
	return status == 0;
}

static void file_tell(struct buf *out, const char *label, const char *path, int mode)
{
	buf_printf(out, "%-18s %s%s\n", label, path ? path : "none",
		   path && access(path, mode) == 0 ? ""
		   : path			   ? ": is not there"
						   : "");
}

static int host_tell(const struct runtime *runtime, struct arena *arena, struct buf *out,
		     struct err *e)
{
	const struct facts *facts;
	struct utsname name;

	if (runtime_facts(runtime, arena, &facts, e) < 0)
		return -e->code;
	if (uname(&name) < 0)
		return fail(e, errno, "uname");
	buf_printf(out, "%-18s %s %s\n", "kernel", name.release, name.machine);
	buf_printf(out, "%-18s %s\n", "cgroups", cgroup_word(facts->cgroup_mode));
	buf_printf(out, "%-18s %s\n", "seccomp",
		   facts->seccomp_flags ? "filters are supported" : "filters are not supported");
	buf_printf(out, "%-18s %s\n", "user namespaces",
		   can_unshare_user() ? "can be made" : "cannot be made");
	buf_printf(out, "%-18s %s\n", "runs as",
		   facts->is_rootless ? "an unprivileged user" : "root");
	return 0;
}

static int machine_tell(const struct runtime *runtime, struct arena *arena, struct buf *out,
			struct err *e)
{
	struct planner_machine machine;

	if (machine_defaults(runtime, arena, &machine, e) < 0)
		return -e->code;
	file_tell(out, "hypervisor", machine.hypervisor, X_OK);
	file_tell(out, "file server", machine.virtiofsd, X_OK);
	file_tell(out, "guest kernel", machine.kernel, R_OK);
	file_tell(out, "guest initramfs", machine.initramfs, R_OK);
	return 0;
}

int runtime_check(const struct runtime *runtime, struct arena *arena, struct buf *out,
		  bool *ret_works, struct err *e)
{
	const char *asked = runtime->isolation;
	const char *accel = runtime->vm_accel ? runtime->vm_accel : "kvm";
	bool process_works = true, vm_works = true;

	if (host_tell(runtime, arena, out, e) < 0)
		return -e->code;
	if ((!asked || str_is(asked, "process")) &&
	    level_tell(runtime, "level process", "process", NULL, RUNS, out, &process_works, e) < 0)
		return -e->code;
	if (!asked || str_is(asked, "vm")) {
		if (machine_tell(runtime, arena, out, e) < 0 ||
		    level_tell(runtime, arena_printf(arena, "level vm, %s", accel), "vm", accel, 1,
			       out, &vm_works, e) < 0)
			return -e->code;
		if (!vm_works && str_is(accel, "kvm") &&
		    level_tell(runtime, "level vm, tcg", "vm", "tcg", 1, out, &vm_works, e) < 0)
			return -e->code;
	}
	*ret_works = process_works && vm_works;
	return 0;
}
