/*
 * The only file that talks to libseccomp: it knows the system calls of each architecture by name.
 *
 * It also makes the whole filter where an architecture has multiplexed calls in its own way (s390,
 * powerpc, mips, ...). The head for newer calls, see filter-rules.c, then stands before the
 * library's program. The library exports programs to a descriptor only: a memory file.
 *
 * Source: seccomp_syscall_resolve_name(3), seccomp_rule_add(3), seccomp_export_bpf(3).
 */
#include "syscalls.h"
#include "planner/build.h"

#include "base/fd.h"
#include "base/log.h"
#include "kern/compat.h"
#include "oci/names.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <seccomp.h>
#include <stddef.h>

enum {
	ARGUMENTS = 6,
	ARCHS_MAX = 32,
	X32_BIT = 0x40000000,
};

/* The actions of rules are the kernel's numbers; the library's are the same. */
_Static_assert(SCMP_ACT_ALLOW == SECCOMP_RET_ALLOW && SCMP_ACT_LOG == SECCOMP_RET_LOG &&
		       SCMP_ACT_NOTIFY == SECCOMP_RET_USER_NOTIF &&
		       SCMP_ACT_TRAP == SECCOMP_RET_TRAP &&
		       SCMP_ACT_KILL_PROCESS == SECCOMP_RET_KILL_PROCESS &&
		       SCMP_ACT_KILL_THREAD == SECCOMP_RET_KILL_THREAD &&
		       SCMP_ACT_ERRNO(1) == (SECCOMP_RET_ERRNO | 1) &&
		       SCMP_ACT_TRACE(1) == (SECCOMP_RET_TRACE | 1) && __NR_SCMP_ERROR == -1,
	       "libseccomp's numbers are the kernel's");

struct compiler {
	const struct oci_seccomp *from;
	scmp_filter_ctx context;
	uint32_t archs[ARCHS_MAX]; /* SCMP_ARCH_* */
	int64_t last[ARCHS_MAX];   /* the highest number named, for each; -1 = none */
	size_t arch_count;
	struct err *e;
};

static void context_release(scmp_filter_ctx *context)
{
	if (*context)
		seccomp_release(*context);
}

static enum scmp_compare compare_of(int operator)
{
	switch ((enum oci_seccomp_operator) operator) {
	case OCI_SECCOMP_NE:
		return SCMP_CMP_NE;
	case OCI_SECCOMP_LT:
		return SCMP_CMP_LT;
	case OCI_SECCOMP_LE:
		return SCMP_CMP_LE;
	case OCI_SECCOMP_EQ:
		return SCMP_CMP_EQ;
	case OCI_SECCOMP_GE:
		return SCMP_CMP_GE;
	case OCI_SECCOMP_GT:
		return SCMP_CMP_GT;
	case OCI_SECCOMP_MASKED_EQ:
		return SCMP_CMP_MASKED_EQ;
	}
	return _SCMP_CMP_MAX;
}

static struct scmp_arg_cmp comparison_of(const struct oci_seccomp_arg *arg)
{
	return (struct scmp_arg_cmp){
		.arg = arg->index.value,
		.op = compare_of(arg->op.value),
		.datum_a = arg->value.value,
		.datum_b = arg->value_two.value,
	};
}

/* "SCMP_ARCH_X86_64" to the library's token: its own name is the lower-case tail. */
static uint32_t arch_of(const char *word)
{
	const char *tail = str_after(word, "SCMP_ARCH_");
	char name[32];
	size_t length;

	if (!tail || strlen(tail) >= sizeof(name))
		return 0;
	for (length = 0; tail[length] != '\0'; length++)
		name[length] = tail[length] >= 'A' && tail[length] <= 'Z'
				       ? (char)(tail[length] - 'A' + 'a')
				       : tail[length];
	name[length] = '\0';
	return seccomp_arch_resolve_name(name);
}

static int arch_add(struct compiler *c, uint32_t arch, const char *word)
{
	int r;

	for (size_t i = 0; i < c->arch_count; i++)
		if (c->archs[i] == arch)
			return 0;
	if (c->arch_count == ARCHS_MAX)
		return refuse(c->e, E2BIG, "linux.seccomp.architectures: too many");
	/* The native one is there from the start. */
	r = arch == seccomp_arch_native() ? 0 : seccomp_arch_add(c->context, arch);
	if (r < 0 && r != -EEXIST)
		return fail(c->e, -r, "linux.seccomp.architectures: add %s", word);
	c->archs[c->arch_count] = arch;
	c->last[c->arch_count] = -1;
	c->arch_count++;
	return 0;
}

static int archs_add(struct compiler *c)
{
	int r = arch_add(c, seccomp_arch_native(), "the native architecture");

	for (size_t i = 0; r == 0 && i < c->from->architectures.count; i++) {
		const char *word = c->from->architectures.items[i];
		uint32_t arch = arch_of(word);

		if (arch == 0)
			return refuse(
				c->e, ENOTSUP,
				"linux.seccomp.architectures[%zu]: the libseccomp in use does "
				"not know %s",
				i, word);
		r = arch_add(c, arch, word);
	}
	return r;
}

/* The highest numbers of the calls that the profile names, on each architecture. */
static void name_note(struct compiler *c, const char *name)
{
	for (size_t i = 0; i < c->arch_count; i++) {
		int number = seccomp_syscall_resolve_name_arch(c->archs[i], name);

		if (c->archs[i] == SCMP_ARCH_X32 && number >= 0)
			number &= ~X32_BIT;
		if (number > c->last[i])
			c->last[i] = number;
	}
}

static int rule_fail(struct compiler *c, int code, size_t index, const char *name)
{
	return fail(c->e, -code, "linux.seccomp.syscalls[%zu]: add the rule for '%s'", index, name);
}

/* 0 or the library's negative answer. What is there already, or does what would happen anyway,
 * is no failure. */
static int rule_add(struct compiler *c, uint32_t action, int number,
		    const struct scmp_arg_cmp *comparisons, unsigned count)
{
	int r = seccomp_rule_add_array(c->context, action, number, count, comparisons);

	return r == -EEXIST || r == -EACCES ? 0 : r;
}

static int call_add(struct compiler *c, const struct oci_seccomp_rule *rule, uint32_t action,
		    const char *name)
{
	struct scmp_arg_cmp comparisons[ARGUMENTS];
	unsigned count = 0;
	int number = seccomp_syscall_resolve_name(name);

	if (number == __NR_SCMP_ERROR) {
		log_debug("seccomp: this libseccomp knows no system call '%s'", name);
		return 0;
	}
	if (seccomp_has_repeated_argument(&rule->args)) {
		list_each(const struct oci_seccomp_arg, arg, &rule->args)
		{
			struct scmp_arg_cmp one = comparison_of(arg);
			int r = rule_add(c, action, number, &one, 1);

			if (r < 0)
				return r;
		}
		return 0;
	}
	list_each(const struct oci_seccomp_arg, arg, &rule->args) if (count < ARGUMENTS)
		comparisons[count++] = comparison_of(arg);
	return rule_add(c, action, number, comparisons, count);
}

static int rules_add(struct compiler *c, uint32_t default_action)
{
	for (size_t i = 0; i < c->from->syscalls.count; i++) {
		const struct oci_seccomp_rule *rule =
			list_at(struct oci_seccomp_rule, &c->from->syscalls, i);
		uint32_t action;

		if (seccomp_action_resolve(rule->action.value, &rule->errno_ret,
					   "linux.seccomp.syscalls", &action, c->e) < 0)
			return -c->e->code;
		for (size_t j = 0; j < rule->names.count; j++) {
			int r = action == default_action
					? 0
					: call_add(c, rule, action, rule->names.items[j]);

			if (r < 0)
				return rule_fail(c, r, i, rule->names.items[j]);
		}
	}
	return 0;
}

/* ---- the head: ENOSYS for what is newer than the profile ---- */

#define LOAD(field) \
	BPF_STMT(BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, field))

static int64_t last_of(const struct compiler *c, uint32_t arch)
{
	for (size_t i = 0; i < c->arch_count; i++)
		if (c->archs[i] == arch)
			return c->last[i];
	return -1;
}

/* "number > last: ENOSYS, else to the end of the head", behind the load of the number. */
static void bound_emit(struct sock_filter *head, size_t *count, int64_t last)
{
	if (last >= 0) {
		head[(*count)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGT | BPF_K,
								(uint32_t)last, 0, 1);
		head[(*count)++] =
			(struct sock_filter)BPF_STMT(BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS);
	}
	head[(*count)++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
}

static void arch_emit(const struct compiler *c, uint32_t arch, struct sock_filter *head,
		      size_t *count)
{
	size_t start = (*count)++; /* the comparison with the architecture */
	int64_t last = last_of(c, arch);

	head[(*count)++] = (struct sock_filter)LOAD(nr);
	if (arch == SCMP_ARCH_X86_64) {
		int64_t x32 = last_of(c, SCMP_ARCH_X32);

		/* Numbers with the bit are x32's; -1 is what a tracer writes to skip a call. */
		head[(*count)++] =
			(struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, UINT32_MAX, 0, 1);
		head[(*count)++] = (struct sock_filter)BPF_STMT(BPF_JMP | BPF_JA, 0);
		head[(*count)++] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JGE | BPF_K, X32_BIT,
								0, x32 >= 0 ? 3 : 1);
		bound_emit(head, count, x32 >= 0 ? x32 + X32_BIT : -1);
	}
	bound_emit(head, count, last);
	head[start] = (struct sock_filter)BPF_JUMP(BPF_JMP | BPF_JEQ | BPF_K, arch, 0,
						   (uint8_t)(*count - start - 1));
}

enum { HEAD_PER_ARCH = 12 };

static size_t head_emit(const struct compiler *c, struct sock_filter *head)
{
	size_t count = 0;

	head[count++] = (struct sock_filter)LOAD(arch);
	for (size_t i = 0; i < c->arch_count; i++)
		if (c->archs[i] != SCMP_ARCH_X32)
			arch_emit(c, c->archs[i], head, &count);
	for (size_t i = 0; i < count; i++)
		if (head[i].code == (BPF_JMP | BPF_JA))
			head[i].k = (uint32_t)(count - i - 1);
	return count;
}

/* ---- export ---- */

static int export_program(struct compiler *c, struct buf *ret)
{
	auto_fd int fd = sys_memfd_create("seccomp", MFD_CLOEXEC);
	int r;

	if (fd < 0)
		return fail(c->e, errno, "linux.seccomp: create a memory file");
	r = seccomp_export_bpf(c->context, fd);
	if (r < 0)
		return fail(c->e, -r, "linux.seccomp: export the program");
	if (lseek(fd, 0, SEEK_SET) < 0)
		return fail(c->e, errno, "linux.seccomp: read the program");
	r = fd_read_all(fd, 64UL * BPF_MAXINSNS * sizeof(struct sock_filter), ret);
	if (r < 0)
		return fail(c->e, -r, "linux.seccomp: read the program");
	return 0;
}

static int program_assemble(struct compiler *c, struct arena *arena, uint32_t default_action,
			    struct program *ret)
{
	struct sock_filter *instructions;
	auto_buf body = {0};
	size_t head = 0;
	size_t tail;
	int r;

	r = export_program(c, &body);
	if (r < 0)
		return r;
	tail = body.size / sizeof(struct sock_filter);
	instructions =
		arena_new_array(arena, HEAD_PER_ARCH * ARCHS_MAX + 1 + tail, struct sock_filter);
	if (seccomp_newer_action(c->from, default_action) != default_action) {
		list_each(const struct oci_seccomp_rule, rule,
			  &c->from->syscalls) for (size_t i = 0; i < rule->names.count; i++)
			name_note(c, rule->names.items[i]);
		head = head_emit(c, instructions);
	}
	if (tail == 0 || head + tail > BPF_MAXINSNS)
		return refuse(c->e, E2BIG,
			      "linux.seccomp: the filter has %zu instructions, the kernel takes %d "
			      "at most",
			      head + tail, BPF_MAXINSNS);
	memcpy(instructions + head, body.data, tail * sizeof(struct sock_filter));
	ret->instructions = instructions;
	ret->count = head + tail;
	return 0;
}

int syscalls_library_compile(struct arena *arena, const struct oci_seccomp *seccomp,
			     struct program *ret, struct err *e)
{
	__attribute__((cleanup(context_release))) scmp_filter_ctx context = NULL;
	struct compiler c = {.from = seccomp, .e = e};
	uint32_t action;

	if (seccomp_action_resolve(seccomp->default_action.value, &seccomp->default_errno_ret,
				   "linux.seccomp.defaultErrnoRet", &action, e) < 0)
		return -e->code;
	context = seccomp_init(action);
	if (!context)
		return refuse(e, ENOTSUP,
			      "linux.seccomp.defaultAction: libseccomp cannot make such a filter "
			      "here");
	c.context = context;
	if (archs_add(&c) < 0 || rules_add(&c, action) < 0)
		return -e->code;
	return program_assemble(&c, arena, action, ret);
}

/* ---- architectures and names ---- */

static void arch_describe(uint32_t token, struct syscalls_arch *ret)
{
	*ret = (struct syscalls_arch){
		.token = token,
		.audit_arch = token,
		.is_32bit = !(token & __AUDIT_ARCH_64BIT) && token != SCMP_ARCH_X32,
		.is_x86 = token == SCMP_ARCH_X86,
		.is_x86_64 = token == SCMP_ARCH_X86_64,
		.is_x32 = token == SCMP_ARCH_X32,
	};
	ret->is_known = ret->is_x86 || ret->is_x86_64 || ret->is_x32 || token == SCMP_ARCH_ARM ||
			token == SCMP_ARCH_AARCH64 || token == SCMP_ARCH_RISCV64;
}

bool syscalls_arch_find(const char *word, struct syscalls_arch *ret)
{
	uint32_t token = arch_of(word);

	if (token == 0)
		return false;
	arch_describe(token, ret);
	return true;
}

void syscalls_arch_native(struct syscalls_arch *ret)
{
	arch_describe(seccomp_arch_native(), ret);
}

int syscalls_number(const struct syscalls_arch *arch, const char *name)
{
	return seccomp_syscall_resolve_name_arch(arch->token, name);
}

/* ---- for features ---- */

const char *planner_seccomp_version(void)
{
	static char text[32];
	const struct scmp_version *version = seccomp_version();

	(void)snprintf(text, sizeof(text), "%u.%u.%u", version->major, version->minor,
		       version->micro);
	return text;
}

const char *const *planner_seccomp_archs(void)
{
	static const char *known[ARCHS_MAX + 1];
	size_t count = 0;

	for (const struct enum_name *row = oci_seccomp_arch_names; row->name; row++)
		if (count < ARCHS_MAX && arch_of(row->name) != 0)
			known[count++] = row->name;
	known[count] = NULL;
	return known;
}
