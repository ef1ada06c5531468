/*
 * The device filter against a model: random rule lists, every request judged by a small
 * interpreter of the program and by the definition in kern/bpf.h. Where the kernel lets us, some
 * are loaded and attached too.
 */
#include "base/own.h"
#include "base/str.h"
#include "kern/bpf.h"
#include "tap.h"

#include <fcntl.h>
#include <sys/stat.h>

struct request {
	uint32_t type, access, major, minor;
};

/* The few instructions that the generator uses; -1 for any other, or a run off the end. */
static int interpret(const struct bpf_insn *program, size_t count, const struct request *request)
{
	uint64_t reg[11] = {0};
	struct bpf_cgroup_dev_ctx context = {
		.access_type = request->access << 16 | request->type,
		.major = request->major,
		.minor = request->minor,
	};

	for (size_t pc = 0; pc < count; pc++) {
		const struct bpf_insn *in = &program[pc];
		uint64_t constant = (uint64_t)(int64_t)in->imm;
		uint32_t word;

		switch (in->code) {
		case BPF_LDX | BPF_MEM | BPF_W:
			memcpy(&word, (const char *)&context + in->off, sizeof(word));
			reg[in->dst_reg] = word;
			break;
		case BPF_ALU64 | BPF_MOV | BPF_X:
			reg[in->dst_reg] = reg[in->src_reg];
			break;
		case BPF_ALU64 | BPF_MOV | BPF_K:
			reg[in->dst_reg] = constant;
			break;
		case BPF_ALU64 | BPF_AND | BPF_K:
			reg[in->dst_reg] &= constant;
			break;
		case BPF_ALU64 | BPF_RSH | BPF_K:
			reg[in->dst_reg] >>= constant;
			break;
		case BPF_JMP | BPF_JNE | BPF_K:
			pc += reg[in->dst_reg] != constant ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_JEQ | BPF_K:
			pc += reg[in->dst_reg] == constant ? (size_t)in->off : 0;
			break;
		case BPF_JMP | BPF_EXIT:
			return (int)reg[0];
		default:
			return -1;
		}
	}
	return -1;
}

static bool covers(const struct bpf_device_rule *rule, const struct request *request)
{
	return (rule->type == 'a' ||
		(rule->type == 'b') == (request->type == BPF_DEVCG_DEV_BLOCK)) &&
	       (rule->major < 0 || rule->major == request->major) &&
	       (rule->minor < 0 || rule->minor == request->minor);
}

static int model(const struct bpf_device_rule *rules, size_t count, const struct request *request)
{
	for (uint32_t bit = 1; bit <= 4; bit <<= 1) {
		bool allow = false;

		if (!(request->access & bit))
			continue;
		for (size_t i = 0; i < count; i++) {
			if (covers(&rules[i], request) && (rules[i].access & bit))
				allow = rules[i].allow;
		}
		if (!allow)
			return 0;
	}
	return 1;
}

static uint32_t seed = 12345;

static uint32_t draw(uint32_t below)
{
	seed = seed * 1664525 + 1013904223;
	return (seed >> 8) % below;
}

static struct bpf_device_rule draw_rule(void)
{
	struct bpf_device_rule rule = {
		.allow = draw(2),
		.type = "abc"[draw(3)],
		.major = (int64_t)draw(4) - 1,
		.minor = (int64_t)draw(4) - 1,
		.access = draw(8),
	};

	if (draw(8) == 0)
		rule = (struct bpf_device_rule){-1, -1, 7, 'a', rule.allow};
	return rule;
}

static bool agrees(const struct bpf_device_rule *rules, size_t count)
{
	auto_arena arena = {0};
	struct bpf_insn *program;
	size_t size;
	struct err e;

	if (bpf_device_build(&arena, rules, count, &program, &size, &e) < 0)
		return false;
	for (uint32_t i = 0; i < 2 * 7 * 4 * 4; i++) {
		struct request request = {
			.type = i % 2 ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR,
			.access = i / 2 % 7 + 1,
			.major = i / 14 % 4,
			.minor = i / 56,
		};

		if (interpret(program, size, &request) != model(rules, count, &request))
			return false;
	}
	return true;
}

static void test_model(void)
{
	struct bpf_device_rule rules[12];
	size_t wrong = 0;

	for (int round = 0; round < 3000; round++) {
		size_t count = draw(13);

		for (size_t i = 0; i < count; i++)
			rules[i] = draw_rule();
		wrong += !agrees(rules, count);
	}
	check_number(wrong, 0);
}

static void test_refused(struct arena *arena)
{
	struct bpf_device_rule rule = {-1, -1, 7, 'x', true};
	struct bpf_insn *program;
	size_t size;
	struct err e;

	check_number(bpf_device_build(arena, &rule, 1, &program, &size, &e), -EINVAL);
	rule = (struct bpf_device_rule){1LL << 40, -1, 7, 'c', true};
	check_number(bpf_device_build(arena, &rule, 1, &program, &size, &e), -EINVAL);
	rule = (struct bpf_device_rule){1, 3, 8, 'c', true};
	check_number(bpf_device_build(arena, &rule, 1, &program, &size, &e), -EINVAL);
	check_number(bpf_device_build(arena, &rule, SIZE_MAX / 64, &program, &size, &e), -E2BIG);
}

static int load(struct arena *arena, const struct bpf_device_rule *rules, size_t count, int *ret_fd,
		struct err *e)
{
	struct bpf_insn *program;
	size_t size;
	int r = bpf_device_build(arena, rules, count, &program, &size, e);

	return r < 0 ? r : bpf_device_load(program, size, ret_fd, e);
}

static void test_kernel(struct arena *arena)
{
	static const char *const trees[] = {"/sys/fs/cgroup/unified", "/sys/fs/cgroup"};
	struct bpf_device_rule rules[] = {
		{-1, -1, 7, 'a', false}, {-1, -1, BPF_DEVCG_ACC_MKNOD, 'c', true},
		{1, 3, 7, 'c', true},	 {1, 3, BPF_DEVCG_ACC_WRITE, 'c', false},
		{8, -1, 3, 'b', true},
	};
	auto_fd int first = FD_NONE, second = FD_NONE, tree = FD_NONE, cgroup = FD_NONE;
	size_t count = 0;
	struct err e;

	for (size_t i = 0; i < 2 && tree < 0; i++) {
		tree = open(trees[i], O_RDONLY | O_DIRECTORY | O_CLOEXEC);
		if (tree >= 0 && faccessat(tree, "cgroup.controllers", F_OK, 0) < 0)
			fd_close(&tree);
	}
	if (tree < 0 || load(arena, rules, 5, &first, &e) < 0) {
		tap_skip("no cgroup v2 tree, or bpf(2) is not permitted");
		return;
	}
	check(load(arena, rules, 0, &second, &e) == 0);
	fd_close(&second);
	check(load(arena, rules, 3, &second, &e) == 0);
	(void)unlinkat(tree, "bulkhead-test-bpf", AT_REMOVEDIR);
	if (!check(mkdirat(tree, "bulkhead-test-bpf", 0755) == 0))
		return;
	cgroup = openat(tree, "bulkhead-test-bpf", O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	check(bpf_device_attach(cgroup, first, &e) == 0);
	check(bpf_device_count(cgroup, &count, &e) == 0);
	check_number(count, 1);
	/* Ours is replaced, not doubled. */
	check(bpf_device_attach(cgroup, second, &e) == 0);
	check(bpf_device_count(cgroup, &count, &e) == 0);
	check_number(count, 1);
	check(unlinkat(tree, "bulkhead-test-bpf", AT_REMOVEDIR) == 0);
}

int main(void)
{
	auto_arena arena = {0};

	test_model();
	test_refused(&arena);
	test_kernel(&arena);
	return tap_done();
}
