/*
 * Filters, interpreted for chosen calls; nothing is installed. What the specification says is
 * checked on Docker's own profile and on small ones. Random rules: test-seccomp-random.c.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "syscalls.h"
#include "test-planner.h"

#include <errno.h>
#include <fcntl.h>

#define ERRNO(n) (SECCOMP_RET_ERRNO | (n))
#define ALLOW	 SECCOMP_RET_ALLOW
#define KILL	 SECCOMP_RET_KILL_THREAD

static struct err error;

static const struct oci_seccomp *seccomp_of(struct arena *arena, const char *text)
{
	return test_config_with(arena, arena_printf(arena,
						    TEST_PROCESS ",\"linux\":{\"namespaces\":[{"
								 "\"type\":\"mount\"}],\"seccomp\":"
								 "{%s}}",
						    text))
		->linux_->seccomp;
}

static struct program compile(struct arena *arena, const char *text)
{
	struct program program = {0};

	error = (struct err){0};
	if (seccomp_compile(arena, seccomp_of(arena, text), &program, &error) < 0)
		program.count = 0;
	return program;
}

static uint32_t run(const struct program *program, uint32_t arch, int64_t number, uint64_t a0,
		    uint64_t a1, uint64_t a2)
{
	struct seccomp_data data = {.arch = arch, .nr = (int)number, .args = {a0, a1, a2}};

	return test_program_run(program->instructions, program->count, &data);
}

#define native(program, number, ...) run(&(program), AUDIT_ARCH_X86_64, number, __VA_ARGS__)

static struct oci_seccomp *docker(struct arena *arena)
{
	const struct oci_config *config;
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/data/engines/docker-plain.json",
		       getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".");
	if (oci_config_load(arena, AT_FDCWD, path, &config, NULL, &error) < 0) {
		printf("Bail out! %s\n", error.text);
		exit(1);
	}
	return config->linux_->seccomp;
}

static void test_docker(void)
{
	static const struct {
		uint32_t arch;
		int64_t number;
		uint64_t a0;
		uint32_t expected;
	} rows[] = {
		{AUDIT_ARCH_X86_64, 0, 0, ALLOW},	   /* read */
		{AUDIT_ARCH_X86_64, 437, 0, ALLOW},	   /* openat2 */
		{AUDIT_ARCH_X86_64, 246, 0, ERRNO(EPERM)}, /* kexec_load */
		{AUDIT_ARCH_X86_64, 135, 0, ALLOW},	   /* personality */
		{AUDIT_ARCH_X86_64, 135, 8, ALLOW},
		{AUDIT_ARCH_X86_64, 135, 0xffffffff, ALLOW},
		{AUDIT_ARCH_X86_64, 135, 0xffffffffffffffff, ERRNO(EPERM)},
		{AUDIT_ARCH_X86_64, 135, 1, ERRNO(EPERM)},
		{AUDIT_ARCH_X86_64, 56, 17, ALLOW},		   /* clone */
		{AUDIT_ARCH_X86_64, 56, 0x10000011, ERRNO(EPERM)}, /* CLONE_NEWUSER */
		{AUDIT_ARCH_X86_64, 435, 0, ERRNO(ENOSYS)},	   /* clone3 */
		{AUDIT_ARCH_X86_64, 2000, 0, ERRNO(ENOSYS)},	   /* newer than the profile */
		{AUDIT_ARCH_X86_64, -1, 0, ERRNO(EPERM)},
		{AUDIT_ARCH_X86_64, 0x40000000, 0, ALLOW}, /* x32's read */
		{AUDIT_ARCH_X86_64, 0x40000000 + 246, 0, ERRNO(EPERM)},
		{AUDIT_ARCH_X86_64, 0x40000000 + 2000, 0, ERRNO(ENOSYS)},
		{AUDIT_ARCH_I386, 3, 0, ALLOW},		 /* read */
		{AUDIT_ARCH_I386, 102, 1, ALLOW},	 /* socketcall */
		{AUDIT_ARCH_I386, 359, 2, ALLOW},	 /* socket */
		{AUDIT_ARCH_I386, 283, 0, ERRNO(EPERM)}, /* kexec_load */
		{AUDIT_ARCH_I386, 3000, 0, ERRNO(ENOSYS)},
		{AUDIT_ARCH_AARCH64, 63, 0, KILL},
		{0, 0, 0, KILL},
	};
	auto_arena arena = {0};
	struct program program = {0};

	check(seccomp_compile(&arena, docker(&arena), &program, &error) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got = run(&program, rows[i].arch, rows[i].number, rows[i].a0, 0, 0);

		tap_check(got == rows[i].expected, __FILE__, __LINE__,
			  "%x: call %lld(%llx) gives %x, not %x", rows[i].arch,
			  (long long)rows[i].number, (unsigned long long)rows[i].a0, got,
			  rows[i].expected);
	}
}

/* With so many architectures a tree of comparisons is longer than the kernel takes. */
static void test_docker_everywhere(void)
{
	static const char *const words[] = {"ARM",    "AARCH64",  "RISCV64",	"PPC64LE",
					    "MIPSEL", "MIPSEL64", "MIPSEL64N32"};
	auto_arena arena = {0};
	struct oci_seccomp *seccomp = docker(&arena);
	struct program program = {0};

	for (size_t i = 0; i < sizeof(words) / sizeof(words[0]); i++)
		strv_push(&seccomp->architectures, &arena,
			  arena_printf(&arena, "SCMP_ARCH_%s", words[i]));
	check(seccomp_compile(&arena, seccomp, &program, &error) == 0);
	printf("# %zu instructions for all of them\n", program.count);
	check_number(native(program, 0, 0, 0, 0), ALLOW);
	check_number(native(program, 246, 0, 0, 0), ERRNO(EPERM));
	check_number(native(program, 2000, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_ARM, 3, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 3, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 326, 2, 0, 0), ALLOW); /* socket */
	check_number(run(&program, AUDIT_ARCH_MIPSEL, 4003, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_MIPSEL, 4900, 0, 0, 0), ERRNO(ENOSYS));
}

static void test_actions(void)
{
	static const struct {
		const char *action;
		uint32_t expected;
	} rows[] = {
		{"\"SCMP_ACT_KILL\"", SECCOMP_RET_KILL_THREAD},
		{"\"SCMP_ACT_KILL_THREAD\"", SECCOMP_RET_KILL_THREAD},
		{"\"SCMP_ACT_KILL_PROCESS\"", SECCOMP_RET_KILL_PROCESS},
		{"\"SCMP_ACT_TRAP\"", SECCOMP_RET_TRAP},
		{"\"SCMP_ACT_ERRNO\"", ERRNO(EPERM)},
		{"\"SCMP_ACT_ERRNO\",\"errnoRet\":4094", ERRNO(4094)},
		{"\"SCMP_ACT_ERRNO\",\"errnoRet\":0", ERRNO(0)},
		{"\"SCMP_ACT_TRACE\",\"errnoRet\":77", SECCOMP_RET_TRACE | 77},
		{"\"SCMP_ACT_LOG\"", SECCOMP_RET_LOG},
		{"\"SCMP_ACT_NOTIFY\"", SECCOMP_RET_USER_NOTIF},
	};
	auto_arena arena = {0};
	struct program program;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		program = compile(
			&arena,
			arena_printf(&arena,
				     "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"listenerPath\":"
				     "\"/s\",\"syscalls\":[{\"names\":[\"getpid\"],"
				     "\"action\":%s}]",
				     rows[i].action));
		check_number(native(program, 39, 0, 0, 0), rows[i].expected);
		check_number(native(program, 40, 0, 0, 0), ALLOW);
		/* Allowing by default, newer calls are no exception. */
		check_number(native(program, 4000, 0, 0, 0), ALLOW);
	}
	program = compile(&arena, "\"defaultAction\":\"SCMP_ACT_KILL\",\"syscalls\":[{\"names\":["
				  "\"getpid\",\"no_such_call\"],\"action\":\"SCMP_ACT_ALLOW\"}]");
	check_number(native(program, 39, 0, 0, 0), ALLOW);
	check_number(native(program, 4000, 0, 0, 0), KILL);
	program = compile(&arena, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"defaultErrnoRet\":5");
	check_number(native(program, 39, 0, 0, 0), ERRNO(5));
	check_number(native(program, 4000, 0, 0, 0), ERRNO(5));
	check_number(native(program, 0x40000001, 0, 0, 0), KILL);
}

static void test_conditions(void)
{
	static const struct {
		const char *op;
		uint64_t value, two, argument;
		bool holds;
	} rows[] = {
		{"EQ", 0x100000002, 0, 0x100000002, true},
		{"EQ", 0x100000002, 0, 0x200000002, false},
		{"EQ", 0x100000002, 0, 0x100000001, false},
		{"NE", 0x100000002, 0, 0x100000002, false},
		{"NE", 0x100000002, 0, 2, true},
		{"NE", 0x100000002, 0, 0x100000003, true},
		{"GT", 0x100000002, 0, 0x100000002, false},
		{"GT", 0x100000002, 0, 0x100000003, true},
		{"GT", 0x100000002, 0, 0xffffffff, false},
		{"GT", 0x100000002, 0, 0x200000000, true},
		{"GE", 0x100000002, 0, 0x100000002, true},
		{"GE", 0x100000002, 0, 0x100000001, false},
		{"GE", 0x100000002, 0, 0xfffffffff, true},
		{"LT", 0x100000002, 0, 0x100000002, false},
		{"LT", 0x100000002, 0, 0x100000001, true},
		{"LT", 0x100000002, 0, 0xffffffff, true},
		{"LT", 0x100000002, 0, 0x200000000, false},
		{"LE", 0x100000002, 0, 0x100000002, true},
		{"LE", 0x100000002, 0, 0x100000003, false},
		{"LE", 0x100000002, 0, 5, true},
		{"MASKED_EQ", 0xff00000000ff, 0x120000000034, 0x12abcdef5634, true},
		{"MASKED_EQ", 0xff00000000ff, 0x120000000034, 0x12abcdef5635, false},
		{"MASKED_EQ", 0xff00000000ff, 0x120000000034, 0x13abcdef5634, false},
		{"MASKED_EQ", 0, 0, 77, true},
	};
	auto_arena arena = {0};
	struct program program;

	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		program = compile(
			&arena,
			arena_printf(
				&arena,
				"\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":["
				"\"dup3\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":1,"
				"\"value\":%llu,\"valueTwo\":%llu,\"op\":\"SCMP_CMP_%s\"}]}]",
				(unsigned long long)rows[i].value, (unsigned long long)rows[i].two,
				rows[i].op));
		tap_check(native(program, 292, 0, rows[i].argument, 0) ==
				  (rows[i].holds ? ALLOW : SECCOMP_RET_TRAP),
			  __FILE__, __LINE__, "%llx %s %llx: %d",
			  (unsigned long long)rows[i].argument, rows[i].op,
			  (unsigned long long)rows[i].value, rows[i].holds);
	}
	/* All of different arguments, one of the same; of two without any the first. */
	program = compile(&arena,
			  "\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"dup3\"],"
			  "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":"
			  "\"SCMP_CMP_EQ\"},{\"index\":2,\"value\":5,\"op\":\"SCMP_CMP_GE\"}]},{"
			  "\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,"
			  "\"value\":3,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":2,\"op\":"
			  "\"SCMP_CMP_EQ\"}]},{\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_LOG\"},{"
			  "\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_ALLOW\"}]");
	check_number(native(program, 292, 1, 0, 5), ALLOW);
	check_number(native(program, 292, 1, 0, 4), SECCOMP_RET_TRAP);
	check_number(native(program, 292, 2, 0, 4), SECCOMP_RET_LOG);
	check_number(native(program, 292, 3, 0, 9), SECCOMP_RET_LOG);
	check_number(native(program, 292, 4, 0, 9), SECCOMP_RET_TRAP);
	check_number(native(program, 33, 3, 0, 9), SECCOMP_RET_LOG);
	/* What has no conditions wins, wherever it stands; of several the first. */
	program = compile(
		&arena, "\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"dup3\"],"
			"\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":7,\"op\":"
			"\"SCMP_CMP_EQ\"}]},{\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_ALLOW\"},{"
			"\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_LOG\"}]");
	check_number(native(program, 292, 7, 0, 0), ALLOW);
	check_number(native(program, 292, 8, 0, 0), ALLOW);
}

/* Of a call: conditions of rules one after another, all with one action. */
static struct program combine(struct arena *arena, const char *call, const char *rules)
{
	auto_buf text = {0};

	buf_append_str(&text, "\"defaultAction\":\"SCMP_ACT_ALLOW\",\"syscalls\":[");
	for (const char *at = rules; *at != '\0'; at = strchr(at, ';') + 1)
		buf_printf(&text,
			   "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ERRNO\",\"args\":[%.*s]}",
			   at == rules ? "" : ",", call, (int)(strchr(at, ';') - at), at);
	buf_append_str(&text, "]");
	return compile(arena, buf_text(&text));
}

static void test_refused(void)
{
	auto_arena arena = {0};
	struct program program;

	/* Two answers for the same arguments: which one is meant? */
	program = compile(&arena,
			  "\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"dup3\"],"
			  "\"action\":\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":7,\"op\":"
			  "\"SCMP_CMP_EQ\"}]},{\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_ALLOW\","
			  "\"args\":[{\"index\":0,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}]}]");
	check_number(program.count, 0);
	check_contains(error.text, "linux.seccomp.syscalls[1]: contradicts");
	/* Combined rightly. */
	program = combine(&arena, "dup3",
			  "{\"index\":0,\"value\":5,\"op\":\"SCMP_CMP_GE\"};"
			  "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_LE\"};");
	check_number(native(program, 292, 5, 0, 0), ERRNO(EPERM));
	check_number(native(program, 292, 4, 0, 0), ALLOW);
	check_number(native(program, 292, 2, 0, 0), ERRNO(EPERM));
	check_number(native(program, 292, 0x100000000, 0, 0), ERRNO(EPERM));
	/* libseccomp 2.5.4 would never come back from this. */
	program = combine(
		&arena, "dup3",
		"{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_NE\"},{\"index\":1,\"value\":2,"
		"\"op\":\"SCMP_CMP_NE\"};{\"index\":0,\"value\":4294967296,\"op\":"
		"\"SCMP_CMP_NE\"},{\"index\":1,\"value\":4294967298,\"op\":\"SCMP_CMP_NE\"};");
	check_number(program.count, 0);
	check_contains(error.text, "linux.seccomp.syscalls[0].args: libseccomp cannot combine");
	/* Alone it is fine. */
	program =
		combine(&arena, "dup3",
			"{\"index\":0,\"value\":0,\"op\":\"SCMP_CMP_NE\"},{\"index\":1,\"value\":2,"
			"\"op\":\"SCMP_CMP_NE\"};");
	check_number(native(program, 292, 1, 3, 0), ERRNO(EPERM));
	check_number(native(program, 292, 1, 2, 0), ALLOW);
	check_number(native(program, 292, 0, 3, 0), ALLOW);
	/* Known to be combined wrongly by libseccomp 2.5.4; others may do better. */
	program = combine(&arena, "dup3",
			  "{\"index\":0,\"value\":4294967296,\"op\":\"SCMP_CMP_LT\"};"
			  "{\"index\":0,\"value\":2,\"op\":\"SCMP_CMP_GT\"};");
	if (program.count > 0)
		check_number(native(program, 292, 0x100000000, 0, 0), ERRNO(EPERM));
	else
		check_contains(error.text, "compiles the rules for 'dup3' wrongly");
}

/* Both ways to the calls that 32-bit x86 has twice. */
static void test_twice(void)
{
	auto_arena arena = {0};
	struct program program = compile(
		&arena,
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_X86\"],"
		"\"syscalls\":[{\"names\":[\"socket\",\"shmat\"],\"action\":"
		"\"SCMP_ACT_ALLOW\"},{\"names\":[\"bind\"],\"action\":\"SCMP_ACT_LOG\","
		"\"args\":[{\"index\":1,\"value\":7,\"op\":\"SCMP_CMP_EQ\"}]}]");

	check_number(run(&program, AUDIT_ARCH_I386, 359, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_I386, 102, 1, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_I386, 397, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_I386, 117, 21, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_I386, 361, 0, 7, 0), SECCOMP_RET_LOG);
	check_number(run(&program, AUDIT_ARCH_I386, 361, 0, 8, 0), ERRNO(EPERM));
	check_number(run(&program, AUDIT_ARCH_I386, 102, 3, 0, 0), ERRNO(EPERM));
	/* The newest one named is shmat's own. */
	check_number(run(&program, AUDIT_ARCH_I386, 396, 0, 0, 0), ERRNO(EPERM));
	check_number(run(&program, AUDIT_ARCH_I386, 398, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_I386, -1, 0, 0, 0), ERRNO(EPERM));
}

/* ARM's own calls have numbers far above all others. */
static void test_arm(void)
{
	auto_arena arena = {0};
	struct program program = compile(
		&arena,
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_ARM\",\"SCMP_"
		"ARCH_"
		"AARCH64\"],\"syscalls\":[{\"names\":[\"read\",\"openat2\",\"set_tls\"],\"action\":"
		"\"SCMP_ACT_ALLOW\"}]");

	check_number(run(&program, AUDIT_ARCH_ARM, 3, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_ARM, 437, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_ARM, 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_ARM, 0x0f0005, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_ARM, 0x0f0002, 0, 0, 0), ERRNO(EPERM));
	check_number(run(&program, AUDIT_ARCH_ARM, -1, 0, 0, 0), ERRNO(EPERM));
	check_number(run(&program, AUDIT_ARCH_AARCH64, 437, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_AARCH64, 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_AARCH64, -1, 0, 0, 0), ERRNO(EPERM));
}

/* `rules` rules for `call`, of which every `different`th comes again. */
static struct program compile_many(struct arena *arena, const char *call, int rules, int different)
{
	auto_buf text = {0};
	struct program program;
	uint64_t start;

	buf_append_str(&text, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	for (int i = 0; i < rules; i++)
		buf_printf(&text,
			   "%s{\"names\":[\"%s\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
			   "\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
			   i ? "," : "", call, i % different);
	buf_append_str(&text, "]");
	start = clock_now();
	program = compile(arena, buf_text(&text));
	tap_check(clock_now() - start < 2000000000, __FILE__, __LINE__,
		  "%d rules, %d different: compiled in %llu ms", rules, different,
		  (unsigned long long)((clock_now() - start) / 1000000));
	return program;
}

static void test_many(void)
{
	auto_arena arena = {0};
	struct program program = compile_many(&arena, "read", 20000, 500);

	check(program.count > 0 && program.count < BPF_MAXINSNS);
	check_number(native(program, 0, 499, 0, 0), ALLOW);
	check_number(native(program, 0, 500, 0, 0), ERRNO(EPERM));
	/* Long jumps on the way to what lies behind. */
	check_number(native(program, 1, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_I386, 3, 0, 0, 0), KILL);
	program = compile_many(&arena, "read", SECCOMP_CONDITIONS_MAX, SECCOMP_CONDITIONS_MAX);
	check_number(native(program, 0, SECCOMP_CONDITIONS_MAX - 1, 0, 0), ALLOW);
	check_number(native(program, 0, SECCOMP_CONDITIONS_MAX, 0, 0), ERRNO(EPERM));
	program = compile_many(&arena, "read", 20000, 20000);
	check_number(program.count, 0);
	check_contains(error.text, "20000 different rules with conditions for 1 architectures");
}

static void test_other_architectures(void)
{
	auto_arena arena = {0};
	struct program program;

	program = compile(
		&arena,
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_PPC64LE\","
		"\"SCMP_ARCH_X32\"],\"syscalls\":[{\"names\":[\"read\",\"openat2\"],\"action\":"
		"\"SCMP_ACT_ALLOW\"}]");
	check(program.count > 0);
	check_number(native(program, 0, 0, 0, 0), ALLOW);
	check_number(native(program, 1, 0, 0, 0), ERRNO(EPERM));
	check_number(native(program, 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(native(program, -1, 0, 0, 0), ERRNO(EPERM));
	check_number(native(program, SYSCALLS_X32_BIT, 0, 0, 0), ALLOW);
	check_number(native(program, SYSCALLS_X32_BIT + 437, 0, 0, 0), ALLOW);
	check_number(native(program, SYSCALLS_X32_BIT + 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 3, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_I386, 3, 0, 0, 0), KILL);
	program = compile(
		&arena,
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_SHEB\"]");
	check(program.count > 0 ||
	      strstr(error.text, "linux.seccomp.architectures[0]: the libseccomp in use") != NULL);
	/* One of them is the other order. */
	program = compile(&arena, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":["
				  "\"SCMP_ARCH_PPC64LE\",\"SCMP_ARCH_S390X\"]");
	check_number(program.count, 0);
	check_contains(error.text, "linux.seccomp.architectures[");
	check_contains(error.text, "has another byte order than this machine");
	check(strchr(planner_seccomp_version(), '.') != NULL);
	check(planner_seccomp_archs()[0] != NULL);
}

int main(void)
{
	struct syscalls_arch arch;

	syscalls_arch_native(&arch);
	if (arch.audit_arch != AUDIT_ARCH_X86_64) {
		tap_skip("the numbers here are those of x86_64");
		return tap_done();
	}
	test_docker();
	test_docker_everywhere();
	test_actions();
	test_conditions();
	test_refused();
	test_twice();
	test_arm();
	test_many();
	test_other_architectures();
	return tap_done();
}
