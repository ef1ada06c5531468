/*
 * Random rules, compiled and interpreted, against a plain reading of them: a rule without
 * conditions wins, else one of the rules that hold, else the default. libseccomp cannot combine
 * all rules; those sets must be refused, never answered wrongly.
 */
#include "syscalls.h"
#include "test-planner.h"

#define KILL SECCOMP_RET_KILL_THREAD

/* libseccomp 2.5.4 leaks a little on some rules that it refuses. */
__attribute__((visibility("default"))) const char *__lsan_default_suppressions(void);
const char *__lsan_default_suppressions(void)
{
	return "leak:libseccomp";
}

static struct err error;

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
enum { NAMES = sizeof(names) / sizeof(names[0]) };

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

/* Plain: equality only, which the library nearly always gets right. Crowded: many rules for few
 * calls, all with one action. */
enum kind { PLAIN, WILD, CROWDED };

static void rule_make(struct arena *arena, struct oci_seccomp_rule *rule, enum kind kind)
{
	static const int actions[] = {OCI_SECCOMP_ERRNO, OCI_SECCOMP_ALLOW, OCI_SECCOMP_LOG,
				      OCI_SECCOMP_TRACE};
	size_t args = random_next() % 3;

	*rule = (struct oci_seccomp_rule){0};
	for (size_t i = 1 + random_next() % 3; i > 0; i--)
		strv_push(&rule->names, arena,
			  names[random_next() % (kind == CROWDED ? 2 : NAMES)]);
	rule->action.value = kind == CROWDED ? OCI_SECCOMP_LOG : actions[random_next() % 4];
	rule->args.items = arena_new_array(arena, 2, struct oci_seccomp_arg);
	rule->args.count = args;
	for (size_t i = 0; i < args; i++) {
		struct oci_seccomp_arg *arg = list_at(struct oci_seccomp_arg, &rule->args, i);

		arg->index.value = (uint32_t)(random_next() % 3);
		arg->op.value = kind != PLAIN ? (int32_t)(random_next() % 7) : OCI_SECCOMP_EQ;
		arg->value.value = random_value();
		arg->value_two.value = random_value();
	}
}

static struct oci_seccomp rules_make(struct arena *arena, enum kind kind)
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
		rule_make(arena, list_at(struct oci_seccomp_rule, &seccomp.syscalls, i), kind);
	return seccomp;
}

static struct seccomp_data data_make(size_t arch, int i)
{
	struct seccomp_data data = {.arch = archs[arch].audit, .nr = i};

	if (arch == ARCH_X32) {
		data.arch = AUDIT_ARCH_X86_64;
		data.nr = i | SYSCALLS_X32_BIT;
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

/* Two conditions on one argument are alternatives. */
static bool rule_holds(const struct oci_seccomp_rule *rule, const struct seccomp_data *data,
		       bool is_32bit)
{
	const struct oci_seccomp_arg *args = rule->args.items;
	bool any = rule->args.count == 2 && args[0].index.value == args[1].index.value;

	list_each(const struct oci_seccomp_arg, arg,
		  &rule->args) if (condition_holds(arg, data, is_32bit) == any) return any;
	return !any;
}

static bool rule_names(const struct oci_seccomp_rule *rule, const struct syscalls_arch *arch,
		       int number)
{
	for (size_t i = 0; i < rule->names.count; i++)
		if (number >= 0 && syscalls_number(arch, rule->names.items[i]) == number)
			return true;
	return false;
}

static uint32_t action_of(const struct oci_seccomp_rule *rule)
{
	uint32_t result = 0;

	if (seccomp_action_resolve(rule->action.value, &rule->errno_ret, "", &result, &error) < 0)
		tap_check(false, __FILE__, __LINE__, "%s", error.text);
	return result;
}

/* Whether the rules allow that answer. */
static bool is_allowed_answer(const struct oci_seccomp *seccomp, size_t arch,
			      const struct seccomp_data *data, uint32_t answer)
{
	struct syscalls_arch described;
	uint32_t default_action = 0;
	bool is_right = false, holds = false;

	if (arch > 0 && !strv_has(&seccomp->architectures, archs[arch].word))
		return answer == KILL;
	if (arch == 0 && (uint32_t)data->nr >= SYSCALLS_X32_BIT && data->nr != -1 &&
	    !strv_has(&seccomp->architectures, archs[ARCH_X32].word))
		return answer == KILL;
	(void)syscalls_arch_find(archs[arch].word, &described);
	if (seccomp_action_resolve(seccomp->default_action.value, &seccomp->default_errno_ret, "",
				   &default_action, &error) < 0)
		tap_check(false, __FILE__, __LINE__, "%s", error.text);

	list_each(const struct oci_seccomp_rule, rule, &seccomp->syscalls)
	{
		if (action_of(rule) == default_action || !rule_names(rule, &described, data->nr))
			continue;
		if (rule->args.count == 0)
			return answer == action_of(rule);
	}
	list_each(const struct oci_seccomp_rule, rule, &seccomp->syscalls)
	{
		if (action_of(rule) == default_action || !rule_names(rule, &described, data->nr) ||
		    !rule_holds(rule, data, archs[arch].is_32bit))
			continue;
		holds = true;
		is_right |= answer == action_of(rule);
	}
	return holds ? is_right : answer == default_action;
}

static size_t answers_compare(const struct oci_seccomp *seccomp, const struct program *program)
{
	size_t different = 0;

	for (size_t arch = 0; arch < ARCHS; arch++)
		for (int i = 0; i < 500; i++) {
			struct seccomp_data data = data_make(arch, i);
			uint32_t got =
				test_program_run(program->instructions, program->count, &data);

			if (arch == ARCH_X86 && (data.nr == 102 || data.nr == 117 ||
						 (data.nr >= 337 && data.nr <= 402)))
				continue; /* the calls that exist twice */
			if (!is_allowed_answer(seccomp, arch, &data, got) && different++ < 5)
				printf("# %s %d: %x\n", archs[arch].word, data.nr, got);
		}
	return different;
}

static void test_against_reading(enum kind kind)
{
	size_t different = 0, refused = 0, wrong = 0;

	for (int round = 0; round < 300; round++) {
		auto_arena arena = {0};
		struct oci_seccomp seccomp = rules_make(&arena, kind);
		struct program program;

		if (seccomp_compile(&arena, &seccomp, &program, &error) == 0) {
			different += answers_compare(&seccomp, &program);
			continue;
		}
		refused++;
		if (!strstr(error.text, "contradicts") &&
		    !strstr(error.text, "libseccomp in use") &&
		    !strstr(error.text, "cannot combine"))
			tap_check(false, __FILE__, __LINE__, "round %d: %s", round, error.text);
		wrong += strstr(error.text, "libseccomp in use") != NULL;
	}
	check_number(different, 0);
	tap_check(kind != PLAIN || wrong < 3, __FILE__, __LINE__,
		  "the library is wrong for %zu of 300", wrong);
	tap_check(refused < (kind == CROWDED ? 250 : 100), __FILE__, __LINE__,
		  "%zu of 300 are refused", refused);
}

int main(void)
{
	struct syscalls_arch arch;

	syscalls_arch_native(&arch);
	if (arch.audit_arch != AUDIT_ARCH_X86_64) {
		tap_skip("the architectures here are those that go with x86_64");
		return tap_done();
	}
	test_against_reading(PLAIN);
	test_against_reading(WILD);
	test_against_reading(CROWDED);
	return tap_done();
}
