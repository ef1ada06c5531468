/*
 * The only file that talks to libseccomp: filters in, programs out.
 *
 * All filters are made by the library, so that a profile means here what it means to the other
 * runtimes. What is added stands in files of its own: which rules the library gets, the head for
 * newer calls, and a check of the answers, because the library does combine some rules wrongly.
 *
 * - Names the library does not know are left out: profiles are written for newer kernels.
 * - Rules that contradict each other are an error there, and so they are here.
 * - Programs are exported to a descriptor only: a memory file.
 *
 * Source: seccomp_rule_add(3), seccomp_attr_set(3), seccomp_export_bpf(3).
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
	DIRECT_NUMBERS = 1024,
	/* libseccomp's numbers for calls behind socketcall(2) and ipc(2). */
	MULTIPLEXED_FIRST = -299,
	MULTIPLEXED_LAST = -101,
	/* How programs look for the number of the call. */
	OPTIMIZE_CHAIN = 1,
	OPTIMIZE_TREE = 2,
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
	struct arena *arena;
	const struct oci_seccomp *from;
	scmp_filter_ctx context;
	uint32_t default_action;
	struct syscalls_arch archs[SYSCALLS_ARCHS_MAX];
	size_t arch_count;
	struct list calls; /* struct seccomp_call */
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

/* x32 is marked by a bit, MIPS counts from thousands; a call that all have tells. */
static int base_of(uint32_t token)
{
	int number = seccomp_syscall_resolve_name_arch(token, "read");

	return number >= SYSCALLS_X32_BIT ? SYSCALLS_X32_BIT : number / 1000 * 1000;
}

static void arch_describe(uint32_t token, struct syscalls_arch *ret)
{
	bool is_n32 = token == SCMP_ARCH_MIPS64N32 || token == SCMP_ARCH_MIPSEL64N32;

	*ret = (struct syscalls_arch){
		.token = token,
		.audit_arch = token == SCMP_ARCH_X32 ? SCMP_ARCH_X86_64 : token,
		.is_32bit = !(token & __AUDIT_ARCH_64BIT) || is_n32,
		.is_x32 = token == SCMP_ARCH_X32,
		.base = base_of(token),
		.last = -1,
	};
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

static int arch_add(struct compiler *c, uint32_t token, size_t index)
{
	int r;

	for (size_t i = 0; i < c->arch_count; i++)
		if (c->archs[i].token == token)
			return 0;
	if (c->arch_count == SYSCALLS_ARCHS_MAX)
		return refuse(c->e, E2BIG, "linux.seccomp.architectures: too many");
	/* The native one is there from the start. */
	r = token == seccomp_arch_native() ? 0 : seccomp_arch_add(c->context, token);
	if (r == -EDOM)
		return refuse(c->e, ENOTSUP,
			      "linux.seccomp.architectures[%zu]: %s has another byte order than "
			      "this machine: a filter is for one order",
			      index, c->from->architectures.items[index]);
	if (r < 0 && r != -EEXIST)
		return fail(c->e, -r, "linux.seccomp.architectures[%zu]: libseccomp cannot add %s",
			    index, c->from->architectures.items[index]);
	arch_describe(token, &c->archs[c->arch_count++]);
	return 0;
}

static int archs_add(struct compiler *c)
{
	int r = arch_add(c, seccomp_arch_native(), 0);

	for (size_t i = 0; r == 0 && i < c->from->architectures.count; i++) {
		const char *word = c->from->architectures.items[i];
		uint32_t token = arch_of(word);

		if (token == 0)
			return refuse(
				c->e, ENOTSUP,
				"linux.seccomp.architectures[%zu]: the libseccomp in use does "
				"not know %s",
				i, word);
		r = arch_add(c, token, i);
	}
	return r;
}

/* ---- numbers ---- */

static bool is_multiplexed(int number)
{
	return number >= MULTIPLEXED_FIRST && number <= MULTIPLEXED_LAST;
}

int syscalls_number(const struct syscalls_arch *arch, const char *name)
{
	int number = seccomp_syscall_resolve_name_arch(arch->token, name);

	if (is_multiplexed(number) && arch->direct)
		for (int i = 0; i < DIRECT_NUMBERS; i++)
			if (arch->direct[i] && str_is(arch->direct[i], name))
				return arch->base + i;
	return number;
}

int syscalls_multiplexer(const struct syscalls_arch *arch, const char *name)
{
	if (!is_multiplexed(seccomp_syscall_resolve_name_arch(arch->token, name)))
		return -1;
	return seccomp_syscall_resolve_name_rewrite(arch->token, name);
}

/* The library says which name a number has, but not which number of its own a name has that is
 * also multiplexed: names it only resolves to the multiplexer. For MIPS it wants the numbers
 * without their base. */
static void direct_find(struct compiler *c, struct syscalls_arch *arch)
{
	arch->direct = arena_new_array(c->arena, DIRECT_NUMBERS, const char *);
	for (int i = 0; i < DIRECT_NUMBERS; i++) {
		auto_free char *name = seccomp_syscall_resolve_num_arch(arch->token, i);

		if (name && is_multiplexed(seccomp_syscall_resolve_name_arch(arch->token, name)))
			arch->direct[i] = arena_strdup(c->arena, name);
	}
}

/* The highest number that the profile names, whatever its rule says. */
static void last_find(struct compiler *c, struct syscalls_arch *arch)
{
	list_each(const struct oci_seccomp_rule, rule, &c->from->syscalls)
	{
		for (size_t i = 0; i < rule->names.count; i++) {
			int number = seccomp_syscall_resolve_name_arch(arch->token,
								       rule->names.items[i]);

			if (is_multiplexed(number)) {
				if (!arch->direct)
					direct_find(c, arch);
				number = syscalls_number(arch, rule->names.items[i]);
			}
			if (number > arch->last &&
			    (number & ~SYSCALLS_X32_BIT) < SYSCALLS_ARM_PRIVATE)
				arch->last = number;
		}
	}
}

/* ---- rules ---- */

static int call_add(struct compiler *c, const struct seccomp_call *call)
{
	struct scmp_arg_cmp comparisons[ARGUMENTS];
	int number = seccomp_syscall_resolve_name(call->name);
	int r;

	if (number == __NR_SCMP_ERROR) {
		log_debug("seccomp: this libseccomp knows no system call '%s'", call->name);
		return 0;
	}
	for (size_t i = 0; i < call->arg_count; i++)
		comparisons[i] = comparison_of(&call->args[i]);
	r = seccomp_rule_add_array(c->context, call->action, number, (unsigned)call->arg_count,
				   comparisons);
	if (r == -EEXIST)
		return refuse(c->e, EINVAL,
			      "linux.seccomp.syscalls[%zu]: contradicts, or cannot be combined "
			      "with, an earlier rule for '%s'",
			      call->rule, call->name);
	if (r < 0)
		return fail(c->e, -r, "linux.seccomp.syscalls[%zu]: add the rule for '%s'",
			    call->rule, call->name);
	return 0;
}

static int calls_add(struct compiler *c)
{
	if (seccomp_calls_list(c->arena, c->from, c->default_action, c->arch_count, &c->calls,
			       c->e) < 0)
		return -c->e->code;
	list_each(const struct seccomp_call, call,
		  &c->calls) if (call_add(c, call) < 0) return -c->e->code;
	return 0;
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

/* Puts the head before the library's program, and proves both. */
static int program_assemble(struct compiler *c, const struct buf *body, struct program *ret)
{
	const struct seccomp_defaults defaults = {
		.old = c->default_action,
		.newer = seccomp_newer_action(c->from, c->default_action),
	};
	size_t tail = body->size / sizeof(struct sock_filter);
	struct sock_filter *instructions = arena_new_array(
		c->arena, SECCOMP_HEAD_PER_ARCH * c->arch_count + 1 + tail, struct sock_filter);
	size_t head = 0;
	int r;

	if (defaults.newer != defaults.old)
		head = seccomp_head_write(c->archs, c->arch_count, instructions);
	memcpy(instructions + head, body->data, tail * sizeof(struct sock_filter));
	ret->instructions = instructions;
	ret->count = head + tail;
	if (tail == 0 || head + tail > BPF_MAXINSNS)
		return refuse(c->e, E2BIG,
			      "linux.seccomp: the filter has %zu instructions, the kernel takes %d "
			      "at most",
			      head + tail, BPF_MAXINSNS);
	r = seccomp_rules_check(c->arena, ret, c->archs, c->arch_count, &c->calls,
				c->default_action, c->e);
	if (r < 0)
		return r;
	return seccomp_unnamed_check(ret, c->archs, c->arch_count, &c->calls, &defaults, c->e);
}

/* A tree needs a tenth of the steps and a quarter more room. Where it is too long or wrong, a chain
 * may still be right: the library's code for them differs. */
static int program_make(struct compiler *c, struct program *ret)
{
	int r = 0;

	for (size_t i = 0; i < c->arch_count; i++)
		last_find(c, &c->archs[i]);
	for (uint32_t level = OPTIMIZE_TREE; level >= OPTIMIZE_CHAIN; level--) {
		auto_buf body = {0};

		r = seccomp_attr_set(c->context, SCMP_FLTATR_CTL_OPTIMIZE, level);
		if (r < 0)
			return fail(c->e, -r, "linux.seccomp: let libseccomp optimise");
		r = export_program(c, &body);
		if (r < 0)
			return r;
		r = program_assemble(c, &body, ret);
		if (r >= 0)
			return 0;
		log_debug("seccomp: %s", c->e->text);
	}
	return r;
}

int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, struct program *ret,
		    struct err *e)
{
	__attribute__((cleanup(context_release))) scmp_filter_ctx context = NULL;
	struct compiler c = {.arena = arena, .from = seccomp, .e = e};

	if (seccomp_action_resolve(seccomp->default_action.value, &seccomp->default_errno_ret,
				   "linux.seccomp.defaultErrnoRet", &c.default_action, e) < 0)
		return -e->code;
	context = seccomp_init(c.default_action);
	if (!context)
		return refuse(e, ENOTSUP,
			      "linux.seccomp.defaultAction: libseccomp cannot make such a filter "
			      "here");
	c.context = context;
	if (archs_add(&c) < 0 || calls_add(&c) < 0 || program_make(&c, ret) < 0)
		return -e->code;
	return 0;
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
	static const char *known[SYSCALLS_ARCHS_MAX + 1];
	size_t count = 0;

	for (const struct enum_name *row = oci_seccomp_arch_names; row->name; row++)
		if (count < SYSCALLS_ARCHS_MAX && arch_of(row->name) != 0)
			known[count++] = row->name;
	known[count] = NULL;
	return known;
}
