/*
 * Filters, interpreted for chosen calls; nothing is installed. What the specification says is
 * checked on Docker's own profile and on small ones; what it leaves open is checked against
 * libseccomp, which the other runtimes use: random rules, both programs, same answers.
 */
#include "base/clock.h"
#include "base/fd.h"
#include "filter.h"
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
	const struct oci_config *config;
	struct program program = {0};
	char path[4096];

	(void)snprintf(path, sizeof(path), "%s/tests/data/engines/docker-plain.json",
		       getenv("SOURCE_DIR") ? getenv("SOURCE_DIR") : ".");
	check(oci_config_load(&arena, AT_FDCWD, path, &config, NULL, &error) == 0);
	check(seccomp_compile(&arena, config->linux_->seccomp, &program, &error) == 0);
	for (size_t i = 0; i < sizeof(rows) / sizeof(rows[0]); i++) {
		uint32_t got = run(&program, rows[i].arch, rows[i].number, rows[i].a0, 0, 0);

		tap_check(got == rows[i].expected, __FILE__, __LINE__,
			  "%x: call %lld(%llx) gives %x, not %x", rows[i].arch,
			  (long long)rows[i].number, (unsigned long long)rows[i].a0, got,
			  rows[i].expected);
	}
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
		{"\"SCMP_ACT_ERRNO\",\"errnoRet\":4095", ERRNO(4095)},
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
	/* All of different arguments, one of the same; the first rule that holds. */
	program = compile(&arena,
			  "\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"dup3\"],"
			  "\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{\"index\":0,\"value\":1,\"op\":"
			  "\"SCMP_CMP_EQ\"},{\"index\":2,\"value\":5,\"op\":\"SCMP_CMP_GE\"}]},{"
			  "\"names\":[\"dup3\"],\"action\":\"SCMP_ACT_LOG\",\"args\":[{\"index\":0,"
			  "\"value\":1,\"op\":\"SCMP_CMP_EQ\"},{\"index\":0,\"value\":2,\"op\":"
			  "\"SCMP_CMP_EQ\"}]},{\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_LOG\"},{"
			  "\"names\":[\"dup2\"],\"action\":\"SCMP_ACT_ALLOW\"}]");
	check_number(native(program, 292, 1, 0, 5), ALLOW);
	check_number(native(program, 292, 1, 0, 4), SECCOMP_RET_LOG);
	check_number(native(program, 292, 2, 0, 4), SECCOMP_RET_LOG);
	check_number(native(program, 292, 3, 0, 9), SECCOMP_RET_TRAP);
	check_number(native(program, 33, 3, 0, 9), SECCOMP_RET_LOG);
	/* What has no conditions is for when no conditions hold, wherever it stands. */
	program = compile(&arena,
			  "\"defaultAction\":\"SCMP_ACT_TRAP\",\"syscalls\":[{\"names\":[\"dup3\"],"
			  "\"action\":\"SCMP_ACT_ALLOW\"},{\"names\":[\"dup3\"],\"action\":"
			  "\"SCMP_ACT_ERRNO\",\"args\":[{\"index\":0,\"value\":7,\"op\":"
			  "\"SCMP_CMP_EQ\"}]}]");
	check_number(native(program, 292, 7, 0, 0), ERRNO(EPERM));
	check_number(native(program, 292, 8, 0, 0), ALLOW);
}

/* ---- random rules, against a plain reading of them and against libseccomp ---- */

static uint64_t seed = 88172645463325252ULL;

static uint64_t random_next(void)
{
	seed ^= seed << 13;
	seed ^= seed >> 7;
	seed ^= seed << 17;
	return seed;
}

static uint64_t random_value(void)
{
	static const uint64_t values[] = {0,	       1,	    2,		 3,
					  16,	       40,	    0x7fffffff,	 0x80000000,
					  0xffffffff,  0x100000000, 0x100000001, UINT64_MAX,
					  0xff00ff00ff};

	return values[random_next() % (sizeof(values) / sizeof(values[0]))];
}

/* The last ones exist twice on 32-bit x86. */
static const char *const names[] = {
	"read",
	"write",
	"openat2",
	"clone",
	"personality",
	"mmap",
	"mmap2",
	"stat64",
	"fcntl64",
	"ptrace",
	"cacheflush",
	"set_tls",
	"arm_fadvise64_64",
	"kexec_load",
	"getpid",
	"no_such_call",
	"time",
	"rt_sigaction",
	"dup",
	"dup3",
	"socket",
	"socketpair",
	"bind",
	"accept",
	"accept4",
	"send",
	"recvmmsg",
	"sendmmsg",
	"semop",
	"semget",
	"shmat",
	"shmget",
	"msgsnd",
	"connect",
	"listen",
	"getsockopt",
	"setsockopt",
	"getsockname",
	"getpeername",
	"sendto",
	"sendmsg",
	"recvfrom",
	"recvmsg",
	"shutdown",
	"semctl",
	"shmctl",
	"shmdt",
	"msgget",
	"msgrcv",
	"msgctl",
	"semtimedop",
	"recv",
};
enum { NAMES = sizeof(names) / sizeof(names[0]), PLAIN_NAMES = 20 };

static const struct {
	const char *word;
	uint32_t audit;
	bool is_32bit;
} archs[] = {
	{"SCMP_ARCH_X86_64", AUDIT_ARCH_X86_64, false},
	{"SCMP_ARCH_X86", AUDIT_ARCH_I386, true},
	{"SCMP_ARCH_ARM", AUDIT_ARCH_ARM, true},
	{"SCMP_ARCH_AARCH64", AUDIT_ARCH_AARCH64, false},
	{"SCMP_ARCH_RISCV64", AUDIT_ARCH_RISCV64, false},
	{"SCMP_ARCH_X32", 0, true},
};
enum { ARCHS = sizeof(archs) / sizeof(archs[0]), ARCH_X86 = 1, ARCH_X32 = ARCHS - 1 };

/* `name_used` NULL: names may repeat; else each is used once, and arguments are different. */
static void rule_make(struct arena *arena, struct oci_seccomp_rule *rule, size_t *name_used)
{
	static const int actions[] = {OCI_SECCOMP_ERRNO, OCI_SECCOMP_ALLOW, OCI_SECCOMP_LOG,
				      OCI_SECCOMP_TRACE};
	size_t args = random_next() % 3;

	*rule = (struct oci_seccomp_rule){0};
	for (size_t i = 1 + random_next() % 3; i > 0; i--)
		strv_push(&rule->names, arena,
			  names[name_used ? PLAIN_NAMES + (*name_used)++ % (NAMES - PLAIN_NAMES)
					  : random_next() % PLAIN_NAMES]);
	rule->action.value = actions[random_next() % 4];
	rule->args.items = arena_new_array(arena, 2, struct oci_seccomp_arg);
	rule->args.count = args;
	for (size_t i = 0; i < args; i++) {
		struct oci_seccomp_arg *arg = list_at(struct oci_seccomp_arg, &rule->args, i);

		arg->index.value = name_used ? (uint32_t)i + 1 : (uint32_t)(random_next() % 3);
		arg->op.value = (int32_t)(random_next() % 7);
		arg->value.value = random_value();
		arg->value_two.value = random_value();
	}
}

static struct oci_seccomp rules_make(struct arena *arena, size_t *name_used)
{
	struct oci_seccomp seccomp = {.default_action = {.is_set = true}};
	size_t rules = 1 + random_next() % 12;

	seccomp.default_action.value =
		random_next() % 2 ? OCI_SECCOMP_TRAP : OCI_SECCOMP_KILL_PROCESS;
	for (size_t i = 1; i < ARCHS; i++)
		if (random_next() % 2)
			strv_push(&seccomp.architectures, arena, archs[i].word);
	seccomp.syscalls.items = arena_new_array(arena, rules, struct oci_seccomp_rule);
	seccomp.syscalls.count = rules;
	for (size_t i = 0; i < rules; i++)
		rule_make(arena, list_at(struct oci_seccomp_rule, &seccomp.syscalls, i), name_used);
	return seccomp;
}

static struct seccomp_data data_make(size_t arch, int i)
{
	struct seccomp_data data = {.arch = archs[arch].audit, .nr = i};

	if (arch == ARCH_X32) {
		data.arch = AUDIT_ARCH_X86_64;
		data.nr = i | FILTER_X32_BIT;
	} else if (i >= 470) {
		data.nr = i % 2 ? 0x0f0000 + i % 10 : -1 - (int)(random_next() % 300);
	}
	for (int j = 0; j < 6; j++)
		data.args[j] = archs[arch].is_32bit && arch != ARCH_X32 ? (uint32_t)random_value()
									: random_value();
	return data;
}

static bool condition_holds(const struct oci_seccomp_arg *arg, const struct seccomp_data *data,
			    bool is_32bit)
{
	uint64_t mask = is_32bit ? UINT32_MAX : UINT64_MAX;
	uint64_t x = data->args[arg->index.value] & mask;
	uint64_t y = arg->value.value & mask;

	switch ((enum oci_seccomp_operator)arg->op.value) {
	case OCI_SECCOMP_NE:
		return x != y;
	case OCI_SECCOMP_LT:
		return x < y;
	case OCI_SECCOMP_LE:
		return x <= y;
	case OCI_SECCOMP_EQ:
		return x == y;
	case OCI_SECCOMP_GE:
		return x >= y;
	case OCI_SECCOMP_GT:
		return x > y;
	case OCI_SECCOMP_MASKED_EQ:
		return (x & y) == (arg->value_two.value & y);
	}
	return false;
}

static bool rule_holds(const struct oci_seccomp_rule *rule, const struct seccomp_data *data,
		       bool is_32bit)
{
	bool any = seccomp_has_repeated_argument(&rule->args);

	list_each(const struct oci_seccomp_arg, arg,
		  &rule->args) if (condition_holds(arg, data, is_32bit) == any) return any;
	return !any;
}

/* What the rules say, read one after another. */
static uint32_t rules_read(const struct oci_seccomp *seccomp, size_t arch,
			   const struct seccomp_data *data)
{
	struct syscalls_arch described;
	const struct oci_seccomp_rule *found = NULL;
	const struct opt_u32 *value = &seccomp->default_errno_ret;
	int action = seccomp->default_action.value;
	uint32_t result;

	if (arch > 0 && !strv_has(&seccomp->architectures, archs[arch].word))
		return KILL;
	if (arch == 0 && (uint32_t)data->nr >= FILTER_X32_BIT && data->nr != -1 &&
	    !strv_has(&seccomp->architectures, archs[ARCH_X32].word))
		return KILL;
	(void)syscalls_arch_find(archs[arch].word, &described);
	for (int conditional = 1; conditional >= 0 && !found; conditional--)
		for (size_t i = 0; i < seccomp->syscalls.count && !found; i++) {
			const struct oci_seccomp_rule *rule =
				list_at(struct oci_seccomp_rule, &seccomp->syscalls, i);

			for (size_t j = 0; j < rule->names.count; j++)
				if ((rule->args.count > 0) == conditional &&
				    syscalls_number(&described, rule->names.items[j]) == data->nr &&
				    data->nr >= 0 && rule_holds(rule, data, archs[arch].is_32bit))
					found = rule;
		}
	if (found) {
		action = found->action.value;
		value = &found->errno_ret;
	}
	return seccomp_action_resolve(action, value, "", &result, &error) == 0 ? result : 0;
}

static void test_against_reading(void)
{
	size_t different = 0;

	for (int round = 0; round < 300; round++) {
		auto_arena arena = {0};
		struct oci_seccomp seccomp = rules_make(&arena, NULL);
		struct program program;

		if (seccomp_compile(&arena, &seccomp, &program, &error) < 0) {
			tap_check(false, __FILE__, __LINE__, "round %d: %s", round, error.text);
			continue;
		}
		for (size_t arch = 0; arch < ARCHS; arch++)
			for (int i = 0; i < 500; i++) {
				struct seccomp_data data = data_make(arch, i);
				uint32_t got = test_program_run(program.instructions, program.count,
								&data);
				uint32_t wanted = rules_read(&seccomp, arch, &data);

				if (got != wanted && different++ < 5)
					printf("# round %d %s %d: %x, not %x\n", round,
					       archs[arch].word, data.nr, got, wanted);
			}
	}
	check_number(different, 0);
}

/*
 * The calls that 32-bit x86 has twice, which a plain reading does not know. Rules do not overlap
 * here: libseccomp's answers depend on its inner order then, and sometimes fall through to the
 * default although a rule holds.
 */
static void test_against_library(void)
{
	size_t different = 0, agreed = 0, missed = 0;

	for (int round = 0; round < 300; round++) {
		auto_arena arena = {0};
		size_t used = random_next() % (NAMES - PLAIN_NAMES);
		struct oci_seccomp seccomp = rules_make(&arena, &used);
		struct program ours, library;
		uint32_t default_action = 0;

		if (seccomp_action_resolve(seccomp.default_action.value, &seccomp.default_errno_ret,
					   "", &default_action, &error) < 0 ||
		    seccomp_compile(&arena, &seccomp, &ours, &error) < 0 ||
		    syscalls_library_compile(&arena, &seccomp, &library, &error) < 0) {
			tap_check(false, __FILE__, __LINE__, "round %d: %s", round, error.text);
			continue;
		}
		for (int i = 0; i < 2000; i++) {
			struct seccomp_data data = data_make(ARCH_X86, i % 500);
			uint32_t a, b;

			if (i % 5 == 0) {
				data.nr = i % 2 ? 102 : 117;
				data.args[0] = random_next() % 26;
			}
			a = test_program_run(ours.instructions, ours.count, &data);
			b = test_program_run(library.instructions, library.count, &data);
			agreed += a == b && a != default_action;
			missed += a != b && b == default_action;
			if (a != b && b != default_action && different++ < 5)
				printf("# round %d %d(%llx): %x, library %x\n", round, data.nr,
				       (unsigned long long)data.args[0], a, b);
		}
	}
	check_number(different, 0);
	tap_check(agreed > 10000 && missed < agreed / 50, __FILE__, __LINE__,
		  "libseccomp agrees %zu times, misses a rule %zu times", agreed, missed);
}

static void test_many(void)
{
	auto_arena arena = {0};
	auto_buf text = {0};
	struct program program;
	uint64_t start;

	buf_append_str(&text, "\"defaultAction\":\"SCMP_ACT_ERRNO\",\"syscalls\":[");
	for (int i = 0; i < 20000; i++)
		buf_printf(&text,
			   "%s{\"names\":[\"read\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
			   "\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
			   i ? "," : "", i % 500);
	buf_append_str(&text, "]");
	start = clock_now();
	program = compile(&arena, buf_text(&text));
	tap_check(clock_now() - start < 2000000000, __FILE__, __LINE__,
		  "20,000 rules are compiled in less than 2 s");
	check(program.count > 0 && program.count < BPF_MAXINSNS);
	check_number(native(program, 0, 499, 0, 0), ALLOW);
	check_number(native(program, 0, 500, 0, 0), ERRNO(EPERM));
	/* Long jumps on the way to what lies behind. */
	check_number(native(program, 1, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_I386, 3, 0, 0, 0), KILL);
	text.data[text.size - 1] = '\0';
	text.size--;
	for (int i = 0; i < 3000; i++)
		buf_printf(&text,
			   ",{\"names\":[\"write\"],\"action\":\"SCMP_ACT_ALLOW\",\"args\":[{"
			   "\"index\":0,\"value\":%d,\"op\":\"SCMP_CMP_EQ\"}]}",
			   i);
	buf_append_str(&text, "]");
	program = compile(&arena, buf_text(&text));
	check_number(program.count, 0);
	check_contains(error.text, "more than 4096 instructions");
}

static void test_other_architectures(void)
{
	auto_arena arena = {0};
	struct program program;

	/* libseccomp's way: powerpc has a multiplexer of its own. */
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
	check_number(native(program, FILTER_X32_BIT, 0, 0, 0), ALLOW);
	check_number(native(program, FILTER_X32_BIT + 437, 0, 0, 0), ALLOW);
	check_number(native(program, FILTER_X32_BIT + 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 3, 0, 0, 0), ALLOW);
	check_number(run(&program, AUDIT_ARCH_PPC64LE, 438, 0, 0, 0), ERRNO(ENOSYS));
	check_number(run(&program, AUDIT_ARCH_I386, 3, 0, 0, 0), KILL);
	program = compile(
		&arena,
		"\"defaultAction\":\"SCMP_ACT_ERRNO\",\"architectures\":[\"SCMP_ARCH_SHEB\"]");
	check(program.count > 0 ||
	      strstr(error.text, "linux.seccomp.architectures[0]: the libseccomp in use") != NULL);
	check(strchr(planner_seccomp_version(), '.') != NULL);
	check(planner_seccomp_archs()[0] != NULL);
}

int main(void)
{
	struct syscalls_arch arch;

	syscalls_arch_native(&arch);
	if (!arch.is_x86_64) {
		tap_skip("the numbers here are those of x86_64");
		return tap_done();
	}
	test_docker();
	test_actions();
	test_conditions();
	test_against_reading();
	test_against_library();
	test_many();
	test_other_architectures();
	return tap_done();
}
