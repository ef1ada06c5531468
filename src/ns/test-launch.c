/* The launch program as a plain process: orders in, reports out. No namespaces. */
#include "child.h"

#include "base/fd.h"
#include "base/str.h"
#include "kern/compat.h"
#include "kern/memfd.h"
#include "tap.h"

#include <dirent.h>
#include <fcntl.h>
#include <signal.h>
#include <sys/wait.h>

struct launched {
	struct arena arena;
	struct plan_process process;
	struct handshake handshake;
	struct process child;
	int result; /* read end of a pipe, in place of the FIFO */
	int start;  /* write end */
	int out;
	int proc; /* in place of a procfs */
};

static void begin(struct launched *run, const char *program)
{
	memset(run, 0, sizeof(*run));
	run->proc = -1;
	run->process.cwd = "/";
	run->process.uid = (struct opt_u32){true, 0};
	run->process.gid = (struct opt_u32){true, 0};
	strv_push(&run->process.args, &run->arena, program);
	strv_push(&run->process.env, &run->arena, "PATH=/nowhere:/bin:/usr/bin");
	strv_push(&run->process.env, &run->arena, "HOME=");
}

/* Runs it with the FIFOs (`waits`) or as exec does. */
static void launch(struct launched *run, bool waits, bool is_forked, const char *home)
{
	int start[2], result[2], out[2], image, orders;
	struct handshake inside;
	struct process_fork how = PROCESS_FORK_PLAIN;
	auto_buf blob = {0};
	struct err e;
	int r;

	check(pipe(start) == 0 && pipe(result) == 0 && pipe(out) == 0);
	check(handshake_pair(&run->handshake, &inside, &e) == 0);
	check(image_open(&image, &e) == 0);
	(void)fcntl(inside.sock, F_SETFD, 0);
	{
		struct launch_fds fds = {
			.sync = inside.sock,
			.start = waits ? start[0] : -1,
			.result = waits ? result[1] : -1,
			.proc = run->proc,
			.hook_input = -1,
			.stdio = {-1, out[1], -1},
			.is_forked = is_forked,
		};

		check(blob_build(&run->process, &fds, home, 022, &blob, &e) == 0);
	}
	check(memfd_sealed("orders", blob.data, blob.size, false, &orders, &e) == 0);
	r = process_fork(&how, &run->child, &e);
	if (r == PROCESS_CHILD) {
		char number[16];
		char *argv[] = {(char *)"launch", number, NULL};
		char *envp[] = {NULL};

		(void)close(start[1]);
		(void)close(result[0]);
		(void)close(out[0]);
		(void)fcntl(orders, F_SETFD, 0);
		(void)snprintf(number, sizeof(number), "%d", orders);
		(void)sys_execveat(image, "", argv, envp, AT_EMPTY_PATH);
		_exit(99);
	}
	check(r == PROCESS_PARENT);
	handshake_done(&inside);
	(void)close(image);
	(void)close(orders);
	(void)close(start[0]);
	(void)close(result[1]);
	(void)close(out[1]);
	run->start = start[1];
	run->result = result[0];
	run->out = out[0];
}

static int end(struct launched *run, struct buf *text)
{
	int status = -1;

	(void)!fd_read_all(run->out, 1 << 16, text);
	(void)waitpid(run->child.pid, &status, 0);
	process_done(&run->child);
	handshake_done(&run->handshake);
	(void)close(run->start);
	(void)close(run->result);
	(void)close(run->out);
	arena_done(&run->arena);
	return WIFEXITED(status) ? WEXITSTATUS(status) : 128 + WTERMSIG(status);
}

static void test_start(void)
{
	struct launched run;
	struct accepted accepted = {FD_NONE, FD_NONE};
	struct err e;
	auto_buf text = {0};
	char report[2048];

	begin(&run, "env");
	launch(&run, true, false, "/home/x");
	check(ns_accept_until_ready(&run.handshake, &run.child, &accepted, &e) == 0);
	check(handshake_send(&run.handshake, MESSAGE_COMMITTED, 0, FD_NONE, &e) == 0);
	check(write(run.start, "s", 1) == 1);
	/* The announcement, and then the end. */
	check_number(fd_read_full(run.result, report, sizeof(report)), 1024);
	check_number(end(&run, &text), 0);
	check_text(buf_text(&text), "PATH=/nowhere:/bin:/usr/bin\nHOME=/home/x\n");
}

static void test_forked(void)
{
	struct launched run;
	struct handshake_message message;
	struct accepted accepted = {FD_NONE, FD_NONE};
	struct err e;
	auto_buf text = {0};
	int status;

	begin(&run, "echo");
	strv_push(&run.process.args, &run.arena, "from a sibling");
	launch(&run, false, true, NULL);
	check(handshake_receive(&run.handshake, &run.child, 0, &message, &e) == 0);
	check_number(message.kind, MESSAGE_PID);
	check(message.number != run.child.pid);
	check(ns_accept_until_ready(&run.handshake, &PROCESS_NONE, &accepted, &e) == 0);
	check(handshake_send(&run.handshake, MESSAGE_COMMITTED, 0, FD_NONE, &e) == 0);
	check(waitpid(message.number, &status, 0) == message.number);
	check_number(WEXITSTATUS(status), 0);
	check_number(end(&run, &text), 0);
	check_text(buf_text(&text), "from a sibling\n");
}

static bool has_descriptor_of(pid_t pid, int fd)
{
	char path[64];
	struct dirent *entry;
	DIR *directory;
	struct stat wanted, st;
	bool found = false;

	(void)snprintf(path, sizeof(path), "/proc/%d/fd", (int)pid);
	directory = opendir(path);
	/* Not even its own user may look. */
	check(directory != NULL || geteuid() != 0);
	check(fstat(fd, &wanted) == 0);
	while (directory && (entry = readdir(directory)))
		found = found || (fstatat(dirfd(directory), entry->d_name, &st, 0) == 0 &&
				  st.st_dev == wanted.st_dev && st.st_ino == wanted.st_ino);
	if (directory)
		(void)closedir(directory);
	return found;
}

/* The label is set by whom nobody inside can see, through a procfs that nobody inside gets. */
static void test_label(void)
{
	char directory[] = "/tmp/launch-XXXXXX", file[64];
	struct launched run;
	struct handshake_message message;
	struct accepted accepted = {FD_NONE, FD_NONE};
	struct err e;
	auto_buf text = {0}, written = {0};
	int status;

	check(mkdtemp(directory) != NULL);
	begin(&run, "true");
	run.process.apparmor_profile = "some";
	run.proc = open(directory, O_RDONLY | O_DIRECTORY);
	check(mkdirat(run.proc, "thread-self", 0700) == 0);
	check(mkdirat(run.proc, "thread-self/attr", 0700) == 0);
	(void)snprintf(file, sizeof(file), "%s/thread-self/attr/exec", directory);
	check(close(open(file, O_WRONLY | O_CREAT, 0600)) == 0);
	launch(&run, false, true, NULL);
	check(handshake_receive(&run.handshake, &run.child, 0, &message, &e) == 0);
	check_number(message.kind, MESSAGE_PID);
	check(ns_accept_until_ready(&run.handshake, &PROCESS_NONE, &accepted, &e) == 0);
	check(!has_descriptor_of(message.number, run.proc));
	check(file_read(AT_FDCWD, file, 64, false, &written, &e) == 0);
	check_text(buf_text(&written), "exec some");
	check(handshake_send(&run.handshake, MESSAGE_COMMITTED, 0, FD_NONE, &e) == 0);
	check(waitpid(message.number, &status, 0) == message.number);
	check_number(end(&run, &text), 0);
	(void)close(run.proc);
	check(tree_remove(AT_FDCWD, directory, &e) == 0);
}

/* Whoever makes it dies before the last word: it ends, too. */
static void test_orphan(void)
{
	struct launched run;
	struct accepted accepted = {FD_NONE, FD_NONE};
	struct err e;
	auto_buf text = {0};

	begin(&run, "env");
	launch(&run, true, false, NULL);
	check(ns_accept_until_ready(&run.handshake, &run.child, &accepted, &e) == 0);
	handshake_done(&run.handshake);
	check_number(end(&run, &text), 1);
	check_text(buf_text(&text), "");
}

static void refused(struct launched *run, const char *words)
{
	struct accepted accepted = {FD_NONE, FD_NONE};
	struct err e = {0};
	auto_buf text = {0};
	char shown[1200];

	launch(run, false, false, NULL);
	check(ns_accept_until_ready(&run->handshake, &run->child, &accepted, &e) < 0);
	check_text(err_format(&e, shown, sizeof(shown)), words);
	check(end(run, &text) > 0);
}

static void test_refusals(void)
{
	struct launched run;
	struct plan_rlimit limit = {.type = {true, 7}, .soft = {true, 20}, .hard = {true, 10}};

	begin(&run, "absent");
	refused(&run, "exec: \"absent\": executable file not found in $PATH");
	begin(&run, "");
	refused(&run, "exec: \"\": executable file not found in $PATH");
	begin(&run, "/absent/x");
	refused(&run, "exec: \"/absent/x\": stat /absent/x: no such file or directory");
	begin(&run, "/usr");
	refused(&run, "exec: \"/usr\": is a directory: permission denied");
	begin(&run, "env");
	run.process.cwd = "/absent";
	refused(&run, "process.cwd: change to '/absent': no such file or directory");
	begin(&run, "env");
	run.process.rlimits = (struct list){&limit, 1};
	refused(&run, "process.rlimits: set 'RLIMIT_NOFILE': invalid argument");
	begin(&run, "env");
	run.process.apparmor_profile = "some";
	refused(&run, "apply apparmor profile 'some': bad file descriptor");
}

int main(void)
{
	test_start();
	test_forked();
	test_label();
	test_orphan();
	test_refusals();
	return tap_done();
}
