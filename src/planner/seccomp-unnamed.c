/*
 * Proves compiled filters for all calls that no rule names: the default, ENOSYS for newer ones,
 * death for other architectures. And runs programs.
 *
 * libseccomp shares instructions between calls, so that a mistake with one call's rules can give
 * another call their answer.
 */
#include "syscalls.h"

#include <errno.h>
#include <linux/seccomp.h>

enum {
	NUMBERS = 1024, /* those of all architectures, from their base on */
	UNKNOWN_ARCH = 1,
};

/* An instruction that libseccomp does not write counts as an answer that no rule has. */
uint32_t seccomp_program_run(const struct program *program, const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t i = 0; i < program->count; i++) {
		const struct sock_filter *at = &program->instructions[i];
		bool yes;

		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (at->k > sizeof(*data) - sizeof(a))
				return UINT32_MAX;
			memcpy(&a, (const char *)data + at->k, sizeof(a));
			continue;
		case BPF_ALU | BPF_AND | BPF_K:
			a &= at->k;
			continue;
		case BPF_RET | BPF_K:
			return at->k;
		case BPF_JMP | BPF_JA:
			i += at->k;
			continue;
		case BPF_JMP | BPF_JEQ | BPF_K:
			yes = a == at->k;
			break;
		case BPF_JMP | BPF_JGT | BPF_K:
			yes = a > at->k;
			break;
		case BPF_JMP | BPF_JGE | BPF_K:
			yes = a >= at->k;
			break;
		case BPF_JMP | BPF_JSET | BPF_K:
			yes = (a & at->k) != 0;
			break;
		default:
			return UINT32_MAX;
		}
		i += yes ? at->jt : at->jf;
	}
	return UINT32_MAX;
}

static int answer_check(const struct program *program, uint32_t arch, uint32_t number,
			uint32_t expected, struct err *e)
{
	const struct seccomp_data data = {.arch = arch, .nr = (int)number};

	if (seccomp_program_run(program, &data) == expected)
		return 0;
	return refuse(e, ENOTSUP,
		      "linux.seccomp.syscalls: the libseccomp in use gives call %u of architecture "
		      "0x%x a rule that is not for it",
		      number, arch);
}

static void ruled_mark(const struct syscalls_arch *arch, const struct list *calls, bool *ruled)
{
	list_each(const struct seccomp_call, call, calls)
	{
		int numbers[] = {syscalls_number(arch, call->name),
				 syscalls_multiplexer(arch, call->name)};

		for (size_t i = 0; i < 2; i++) {
			int offset = numbers[i] - arch->base;

			if (numbers[i] >= 0 && offset >= 0 && offset < NUMBERS)
				ruled[offset] = true;
		}
	}
}

static int arch_check(const struct program *program, const struct syscalls_arch *arch,
		      const struct list *calls, const struct seccomp_defaults *defaults,
		      struct err *e)
{
	bool ruled[NUMBERS] = {false};

	ruled_mark(arch, calls, ruled);
	for (int i = 0; i < NUMBERS; i++) {
		int64_t number = (int64_t)arch->base + i;
		bool is_newer = arch->last >= 0 && number > arch->last;

		if (!ruled[i] && answer_check(program, arch->audit_arch, (uint32_t)number,
					      is_newer ? defaults->newer : defaults->old, e) < 0)
			return -e->code;
	}
	return answer_check(program, arch->audit_arch, UINT32_MAX, defaults->old, e);
}

int seccomp_unnamed_check(const struct program *program, const struct syscalls_arch *archs,
			  size_t arch_count, const struct list *calls,
			  const struct seccomp_defaults *defaults, struct err *e)
{
	for (size_t i = 0; i < arch_count; i++)
		if (arch_check(program, &archs[i], calls, defaults, e) < 0)
			return -e->code;
	return answer_check(program, UNKNOWN_ARCH, 0, SECCOMP_RET_KILL_THREAD, e);
}
