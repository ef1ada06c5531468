/*
 * Resolves the rules of linux.seccomp: words to numbers, for each architecture.
 *
 * - Names that libseccomp does not know are left out: profiles are written for newer kernels.
 * - Rules that say what the default says anyway are left out, before any other is looked at.
 * - Conditions on one argument that occurs twice are alternatives: each becomes a rule of its own.
 * - A filter that denies by an errno must not deny calls that did not exist when it was written: a
 *   libc that tries the newest call first falls back on ENOSYS and on nothing else. So numbers
 *   above all that the profile names get ENOSYS.
 * - On 32-bit x86 socket and System V calls exist twice, as calls of their own and behind
 *   socketcall(2) and ipc(2), whose first argument chooses. Both ways are ruled. Conditions on
 *   the first argument have no place behind those and are dropped there, as libseccomp does.
 *
 * Source: runtime-spec 1.3 config-linux.md "Seccomp"; arch/x86/entry/syscalls/syscall_32.tbl.
 */
#include "filter.h"

#include "base/log.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>

enum {
	ARGUMENTS = 6,
	ARCHS_MAX = 32,
	ERRNO_MAX = 4095,
	X86_SOCKETCALL = 102,
	X86_IPC = 117,
	/* ARM's own calls are numbered from here, far above the common ones. */
	ARM_PRIVATE = 0x0f0000,
};

/* Numbers of the calls of their own, by libseccomp's number. */
static const struct {
	int16_t multiplexed, direct;
} x86_direct[] = {
	{-101, 359}, {-102, 361}, {-103, 362}, {-104, 363}, {-106, 367}, {-107, 368}, {-108, 360},
	{-111, 369}, {-112, 371}, {-113, 373}, {-114, 366}, {-115, 365}, {-116, 370}, {-117, 372},
	{-118, 364}, {-119, 337}, {-120, 345}, {-202, 393}, {-203, 394}, {-211, 400}, {-212, 401},
	{-213, 399}, {-214, 402}, {-221, 397}, {-222, 398}, {-223, 395}, {-224, 396},
};

struct resolver {
	struct arena *arena;
	const struct oci_seccomp *from;
	struct syscalls_arch archs[ARCHS_MAX];
	size_t arch_count;
	uint32_t default_action;
	struct err *e;
};

int seccomp_action_resolve(int action, const struct opt_u32 *value, const char *path, uint32_t *ret,
			   struct err *e)
{
	uint32_t number = value->is_set ? value->value : EPERM;

	switch ((enum oci_seccomp_action)action) {
	case OCI_SECCOMP_KILL_THREAD:
		*ret = SECCOMP_RET_KILL_THREAD;
		return 0;
	case OCI_SECCOMP_KILL_PROCESS:
		*ret = SECCOMP_RET_KILL_PROCESS;
		return 0;
	case OCI_SECCOMP_TRAP:
		*ret = SECCOMP_RET_TRAP;
		return 0;
	case OCI_SECCOMP_ERRNO:
		*ret = SECCOMP_RET_ERRNO | (number & SECCOMP_RET_DATA);
		return number <= ERRNO_MAX ? 0
					   : refuse(e, EINVAL, "%s: %u is no errno", path, number);
	case OCI_SECCOMP_TRACE:
		*ret = SECCOMP_RET_TRACE | (number & SECCOMP_RET_DATA);
		return number <= SECCOMP_RET_DATA
			       ? 0
			       : refuse(e, EINVAL, "%s: %u is too large", path, number);
	case OCI_SECCOMP_ALLOW:
		*ret = SECCOMP_RET_ALLOW;
		return 0;
	case OCI_SECCOMP_LOG:
		*ret = SECCOMP_RET_LOG;
		return 0;
	case OCI_SECCOMP_NOTIFY:
		*ret = SECCOMP_RET_USER_NOTIF;
		return 0;
	}
	return refuse(e, EINVAL, "%s: unknown action %d", path, action);
}

uint32_t seccomp_newer_action(const struct oci_seccomp *seccomp, uint32_t default_action)
{
	return seccomp->default_action.value == OCI_SECCOMP_ERRNO ? SECCOMP_RET_ERRNO | ENOSYS
								  : default_action;
}

bool seccomp_has_repeated_argument(const struct list *args)
{
	unsigned seen = 0;

	list_each(const struct oci_seccomp_arg, arg, args)
	{
		unsigned bit = 1U << arg->index.value % 32;

		if (seen & bit)
			return true;
		seen |= bit;
	}
	return false;
}

static int archs_resolve(struct resolver *r)
{
	syscalls_arch_native(&r->archs[0]);
	r->arch_count = 1;
	for (size_t i = 0; i < r->from->architectures.count; i++) {
		const char *word = r->from->architectures.items[i];
		struct syscalls_arch arch;
		bool is_new = true;

		if (!syscalls_arch_find(word, &arch))
			return refuse(
				r->e, ENOTSUP,
				"linux.seccomp.architectures[%zu]: the libseccomp in use does "
				"not know %s",
				i, word);
		for (size_t j = 0; j < r->arch_count; j++)
			if (r->archs[j].token == arch.token)
				is_new = false;
		if (is_new && r->arch_count < ARCHS_MAX)
			r->archs[r->arch_count++] = arch;
	}
	return 0;
}

/* Whether filter.c can do all of them; x32's numbers are part of x86_64's. */
static bool is_all_known(const struct resolver *r)
{
	bool has_x32 = false;
	bool has_x86_64 = false;

	for (size_t i = 0; i < r->arch_count; i++) {
		if (!r->archs[i].is_known)
			return false;
		has_x32 |= r->archs[i].is_x32;
		has_x86_64 |= r->archs[i].is_x86_64;
	}
	return has_x86_64 || !has_x32;
}

struct target {
	struct filter_arch *to;
	const struct syscalls_arch *arch;
};

/* Conditions in the array `args`: together one rule, or alternatives. */
static void call_add(struct resolver *r, const struct target *t, uint32_t number, int32_t selector,
		     uint32_t action, const struct list *args)
{
	bool are_alternatives = seccomp_has_repeated_argument(args);
	size_t rules = are_alternatives ? args->count : 1;

	for (size_t i = 0; i < rules; i++) {
		size_t count = t->to->calls.count;
		struct filter_call *call = NULL;

		if (count >= 8 && (count & (count - 1)) == 0) {
			struct filter_call *larger =
				arena_new_array(r->arena, 2 * count, struct filter_call);

			memcpy(larger, t->to->calls.items, count * sizeof(*larger));
			t->to->calls.items = larger;
		} else if (count == 0) {
			t->to->calls.items = arena_new_array(r->arena, 8, struct filter_call);
		}
		call = list_at(struct filter_call, &t->to->calls, count);
		t->to->calls.count++;
		*call = (struct filter_call){
			.number = number,
			.action = action,
			.args = args->items,
			.arg_count = args->count,
			.selector = selector,
		};
		if (are_alternatives) {
			call->args += i;
			call->arg_count = 1;
		}
	}
}

static int64_t x86_number(int number)
{
	for (size_t i = 0; i < sizeof(x86_direct) / sizeof(x86_direct[0]); i++)
		if (x86_direct[i].multiplexed == number)
			return x86_direct[i].direct;
	return -1;
}

static void last_note(const struct target *t, int64_t number)
{
	int64_t *last = t->arch->is_x32 ? &t->to->last_x32 : &t->to->last;

	if (number > *last && (number & ~(int64_t)FILTER_X32_BIT) < ARM_PRIVATE)
		*last = number;
}

/* One name on one architecture; known names count for `last` whatever their rule says. */
static void name_resolve(struct resolver *r, const struct target *t, const char *name,
			 uint32_t action, const struct list *args)
{
	int number = syscalls_number(t->arch, name);
	bool is_ruled = action != r->default_action;
	bool is_socket = t->arch->is_x86 && number <= -101 && number >= -120;
	bool is_ipc = t->arch->is_x86 && number <= -201 && number >= -224;

	if (number >= 0) {
		last_note(t, number);
		if (is_ruled)
			call_add(r, t, (uint32_t)number, -1, action, args);
	} else if (is_socket || is_ipc) {
		int64_t direct = x86_number(number);

		last_note(t, direct);
		if (!is_ruled)
			return;
		if (direct >= 0)
			call_add(r, t, (uint32_t)direct, -1, action, args);
		call_add(r, t, is_socket ? X86_SOCKETCALL : X86_IPC,
			 is_socket ? -number - 100 : -number - 200, action, args);
	}
}

static int rule_resolve(struct resolver *r, const struct target *targets, size_t index)
{
	const struct oci_seccomp_rule *rule =
		list_at(struct oci_seccomp_rule, &r->from->syscalls, index);
	uint32_t action;

	if (seccomp_action_resolve(
		    rule->action.value, &rule->errno_ret,
		    arena_printf(r->arena, "linux.seccomp.syscalls[%zu].errnoRet", index), &action,
		    r->e) < 0)
		return -r->e->code;
	list_each(const struct oci_seccomp_arg, arg, &rule->args) if (
		arg->index.value >=
		ARGUMENTS) return refuse(r->e, EINVAL,
					 "linux.seccomp.syscalls[%zu].args: index %u is above 5",
					 index, arg->index.value);
	for (size_t i = 0; i < rule->names.count; i++) {
		const char *name = rule->names.items[i];

		if (syscalls_number(&r->archs[0], name) == SYSCALLS_UNKNOWN)
			log_debug("seccomp: this libseccomp knows no system call '%s'", name);
		else
			for (size_t j = 0; j < r->arch_count; j++)
				name_resolve(r, &targets[j], name, action, &rule->args);
	}
	return 0;
}

/* Where the calls of each architecture go: x32's to those of x86_64. */
static void targets_set(struct resolver *r, struct filter *filter, struct target *targets)
{
	struct filter_arch *x86_64 = NULL;

	filter->archs = arena_new_array(r->arena, r->arch_count, struct filter_arch);
	for (size_t i = 0; i < r->arch_count; i++) {
		struct filter_arch *to = &filter->archs[filter->arch_count];

		targets[i].arch = &r->archs[i];
		if (r->archs[i].is_x32)
			continue;
		filter->arch_count++;
		*to = (struct filter_arch){
			.audit_arch = r->archs[i].audit_arch,
			.is_32bit = r->archs[i].is_32bit,
			.splits_x32 = r->archs[i].is_x86_64,
			.last = -1,
			.last_x32 = -1,
		};
		targets[i].to = to;
		if (r->archs[i].is_x86_64)
			x86_64 = to;
	}
	for (size_t i = 0; x86_64 && i < r->arch_count; i++)
		if (r->archs[i].is_x32) {
			targets[i].to = x86_64;
			x86_64->has_x32 = true;
		}
}

int seccomp_compile(struct arena *arena, const struct oci_seccomp *seccomp, struct program *ret,
		    struct err *e)
{
	struct resolver r = {.arena = arena, .from = seccomp, .e = e};
	struct target targets[ARCHS_MAX] = {0};
	struct filter filter = {0};

	if (seccomp_action_resolve(seccomp->default_action.value, &seccomp->default_errno_ret,
				   "linux.seccomp.defaultErrnoRet", &r.default_action, e) < 0)
		return -e->code;
	if (archs_resolve(&r) < 0)
		return -e->code;
	if (!is_all_known(&r))
		return syscalls_library_compile(arena, seccomp, ret, e);
	filter.default_action = r.default_action;
	filter.newer_action = seccomp_newer_action(seccomp, r.default_action);
	targets_set(&r, &filter, targets);
	for (size_t i = 0; i < seccomp->syscalls.count; i++)
		if (rule_resolve(&r, targets, i) < 0)
			return -e->code;
	return filter_generate(arena, &filter, ret, e);
}
