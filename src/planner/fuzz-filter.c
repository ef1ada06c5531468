/*
 * Rules made from bytes, through the writer of filters: what comes out ends with an answer on every
 * path, jumps forwards and inside, and reads what the kernel lets it read.
 */
#include "syscalls.h"

#include <assert.h>
#include <linux/seccomp.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static const char *const names[] = {"read",    "write",	 "socket", "bind",   "accept",	"shmat",
				    "semop",   "ipc",	 "clone",  "mmap",   "openat2", "no_such",
				    "set_tls", "ptrace", "time",   "fcntl64"};
static char *const words[] = {
	(char[]){"SCMP_ARCH_X86"},     (char[]){"SCMP_ARCH_X32"},     (char[]){"SCMP_ARCH_ARM"},
	(char[]){"SCMP_ARCH_AARCH64"}, (char[]){"SCMP_ARCH_RISCV64"},
};

static void program_check(const struct program *program)
{
	const struct sock_filter *at = program->instructions;

	assert(program->count > 0 && program->count <= BPF_MAXINSNS);
	for (size_t i = 0; i < program->count; i++) {
		size_t left = program->count - i - 1;

		switch (at[i].code) {
		case BPF_RET | BPF_K:
			continue;
		case BPF_LD | BPF_W | BPF_ABS:
			assert(at[i].k % 4 == 0 && at[i].k < sizeof(struct seccomp_data));
			break;
		case BPF_ALU | BPF_AND | BPF_K:
			break;
		case BPF_JMP | BPF_JA:
			assert(at[i].k < left);
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
		case BPF_JMP | BPF_JGT | BPF_K:
		case BPF_JMP | BPF_JGE | BPF_K:
			assert(at[i].jt < left && at[i].jf < left);
			break;
		default:
			assert(!"an unknown instruction");
		}
		assert(left > 0);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	auto_arena arena = {0};
	struct oci_seccomp seccomp = {0};
	struct program program;
	struct err e;
	size_t rules;

	if (size < 2 || size > 65536)
		return 0;
	seccomp.default_action.value = data[0] % 7;
	for (size_t i = 0; i < 5; i++)
		if (data[1] >> i & 1)
			strv_push(&seccomp.architectures, &arena, words[i]);
	rules = (size - 2) / 8;
	seccomp.syscalls.items = arena_new_array(&arena, rules, struct oci_seccomp_rule);
	seccomp.syscalls.count = rules;
	for (size_t i = 0; i < rules; i++) {
		const uint8_t *from = data + 2 + 8 * i;
		struct oci_seccomp_rule *rule =
			list_at(struct oci_seccomp_rule, &seccomp.syscalls, i);
		struct oci_seccomp_arg *args = arena_new_array(&arena, 3, struct oci_seccomp_arg);

		strv_push(&rule->names, &arena, names[from[0] % 16]);
		rule->action.value = from[1] % 7;
		rule->args = (struct list){.items = args, .count = from[2] % 4};
		for (size_t j = 0; j < 3; j++) {
			args[j].index.value = from[3 + j] % 7;
			args[j].op.value = from[3 + j] / 7 % 7;
			args[j].value.value = (uint64_t)from[6] << (from[7] % 57);
			args[j].value_two.value = args[j].value.value * 3;
		}
	}
	if (seccomp_compile(&arena, &seccomp, &program, &e) < 0)
		assert(e.code > 0);
	else
		program_check(&program);
	return 0;
}
