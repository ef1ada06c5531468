/*
 * The device filter of cgroup v2, by bpf(2) itself.
 *
 * The generated program walks the rules from the last to the first and keeps the access bits that
 * are still open: an allowing rule closes its bits, a denying one ends with "no" if any of its bits
 * is open. Jumps only skip one rule, so they never get near the 16 bits they have.
 *
 * Surprising: attaching with BPF_F_ALLOW_MULTI puts the program beside those already there;
 * BPF_F_REPLACE (5.6) swaps one in place; without that, the new one is added before the old one is
 * taken away, which can only deny more meanwhile. The program's name tells ours from systemd's.
 */
#include "kern/bpf.h"

#include "base/own.h"

#include <string.h>
#include <sys/syscall.h>

/* Since 5.2 a million for the privileged, before that 4096. */
enum { PROGRAM_MAX = 1000000, RULE_INSTRUCTIONS = 10, EDGE_INSTRUCTIONS = 10, ATTACHED_MAX = 64 };

#define PROGRAM_NAME "bulkhead_dev"
#define ACCESS_ALL   (BPF_DEVCG_ACC_MKNOD | BPF_DEVCG_ACC_READ | BPF_DEVCG_ACC_WRITE)

/* Registers: R1 context, R2 type, R3 open access bits, R4 major, R5 minor. */

struct writer {
	struct bpf_insn *program;
	size_t count;
};

static void emit(struct writer *w, uint8_t code, uint8_t to, uint8_t from, int16_t offset,
		 int32_t value)
{
	w->program[w->count++] = (struct bpf_insn){
		.code = code, .dst_reg = to, .src_reg = from, .off = offset, .imm = value};
}

static void emit_return(struct writer *w, int32_t value)
{
	emit(w, BPF_ALU64 | BPF_MOV | BPF_K, BPF_REG_0, 0, 0, value);
	emit(w, BPF_JMP | BPF_EXIT, 0, 0, 0, 0);
}

/* access_type is access << 16 | type. */
static void emit_prologue(struct writer *w)
{
	const uint8_t load = BPF_LDX | BPF_MEM | BPF_W;

	emit(w, load, BPF_REG_2, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, access_type), 0);
	emit(w, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_3, BPF_REG_2, 0, 0);
	emit(w, BPF_ALU64 | BPF_RSH | BPF_K, BPF_REG_3, 0, 0, 16);
	emit(w, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_2, 0, 0, 0xffff);
	emit(w, load, BPF_REG_4, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, major), 0);
	emit(w, load, BPF_REG_5, BPF_REG_1, offsetof(struct bpf_cgroup_dev_ctx, minor), 0);
}

/* "If the register is not this, go on with the next rule." The distance is filled in later. The
 * comparison is of 64 bits with a sign-extended constant, so numbers above INT32_MAX, which no
 * device has, are refused by bpf_device_build(). */
static void emit_unless(struct writer *w, uint8_t reg, int64_t value)
{
	emit(w, BPF_JMP | BPF_JNE | BPF_K, reg, 0, 0, (int32_t)value);
}

static void emit_rule(struct writer *w, const struct bpf_device_rule *rule)
{
	size_t start = w->count;
	size_t tests;

	if (rule->type != 'a')
		emit_unless(w, BPF_REG_2,
			    rule->type == 'b' ? BPF_DEVCG_DEV_BLOCK : BPF_DEVCG_DEV_CHAR);
	if (rule->major >= 0)
		emit_unless(w, BPF_REG_4, rule->major);
	if (rule->minor >= 0)
		emit_unless(w, BPF_REG_5, rule->minor);
	tests = w->count;
	if (rule->allow) {
		emit(w, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_3, 0, 0,
		     (int32_t)(ACCESS_ALL & ~rule->access));
		emit(w, BPF_JMP | BPF_JNE | BPF_K, BPF_REG_3, 0, 2, 0);
		emit_return(w, 1);
	} else {
		emit(w, BPF_ALU64 | BPF_MOV | BPF_X, BPF_REG_0, BPF_REG_3, 0, 0);
		emit(w, BPF_ALU64 | BPF_AND | BPF_K, BPF_REG_0, 0, 0, (int32_t)rule->access);
		emit(w, BPF_JMP | BPF_JEQ | BPF_K, BPF_REG_0, 0, 2, 0);
		emit_return(w, 0);
	}
	for (size_t i = start; i < tests; i++)
		w->program[i].off = (int16_t)(w->count - i - 1);
}

static bool covers_all(const struct bpf_device_rule *rule)
{
	return rule->type == 'a' && rule->major < 0 && rule->minor < 0 &&
	       rule->access == ACCESS_ALL;
}

static bool is_sound(const struct bpf_device_rule *rule)
{
	return (rule->type == 'a' || rule->type == 'b' || rule->type == 'c') && rule->major >= -1 &&
	       rule->major <= INT32_MAX && rule->minor >= -1 && rule->minor <= INT32_MAX &&
	       (rule->access & ~ACCESS_ALL) == 0;
}

int bpf_device_build(struct arena *arena, const struct bpf_device_rule *rules, size_t count,
		     struct bpf_insn **ret, size_t *ret_count, struct err *e)
{
	struct writer w = {0};
	size_t first = 0;
	bool default_allow = false;

	if (count > (PROGRAM_MAX - EDGE_INSTRUCTIONS) / RULE_INSTRUCTIONS)
		return refuse(e, E2BIG, "%zu device rules are more than the kernel takes", count);
	for (size_t i = 0; i < count; i++) {
		if (!is_sound(&rules[i]))
			return refuse(e, EINVAL, "device rule %zu makes no sense", i);
		/* Whatever comes before a rule for everything has no say. */
		if (covers_all(&rules[i])) {
			first = i + 1;
			default_allow = rules[i].allow;
		}
	}
	w.program = arena_new_array(arena, count * RULE_INSTRUCTIONS + EDGE_INSTRUCTIONS,
				    struct bpf_insn);
	if (first < count)
		emit_prologue(&w);
	for (size_t i = count; i-- > first;) {
		if (rules[i].access != 0)
			emit_rule(&w, &rules[i]);
	}
	emit_return(&w, default_allow ? 1 : 0);
	*ret = w.program;
	*ret_count = w.count;
	return 0;
}

/* ---- the kernel ---- */

static int call_bpf(enum bpf_cmd command, union bpf_attr *attr)
{
	return (int)syscall(SYS_bpf, command, attr, sizeof(*attr));
}

int bpf_device_load(const struct bpf_insn *program, size_t count, int *ret_fd, struct err *e)
{
	union bpf_attr attr = {
		.prog_type = BPF_PROG_TYPE_CGROUP_DEVICE,
		.insns = (uint64_t)(uintptr_t)program,
		.insn_cnt = (uint32_t)count,
		.license = (uint64_t)(uintptr_t) "GPL",
		.prog_name = PROGRAM_NAME,
	};
	int fd;

	/* The verifier gives up with EAGAIN when a signal is pending. */
	for (int attempt = 0; attempt < 5; attempt++) {
		fd = call_bpf(BPF_PROG_LOAD, &attr);
		if (fd >= 0 || errno != EAGAIN)
			break;
	}
	if (fd < 0)
		return fail(e, errno, "load the device filter of %zu instructions", count);
	*ret_fd = fd;
	return 0;
}

static int query(int cgroup_fd, uint32_t *ids, size_t *ret_count, struct err *e)
{
	union bpf_attr attr = {0};

	attr.query.target_fd = (uint32_t)cgroup_fd;
	attr.query.attach_type = BPF_CGROUP_DEVICE;
	attr.query.prog_ids = (uint64_t)(uintptr_t)ids;
	attr.query.prog_cnt = ATTACHED_MAX;
	if (call_bpf(BPF_PROG_QUERY, &attr) < 0)
		return fail(e, errno, "ask for the device filters of the cgroup");
	*ret_count = attr.query.prog_cnt;
	return 0;
}

int bpf_device_count(int cgroup_fd, size_t *ret, struct err *e)
{
	uint32_t ids[ATTACHED_MAX];

	return query(cgroup_fd, ids, ret, e);
}

static bool is_ours(int fd)
{
	struct bpf_prog_info info = {0};
	union bpf_attr attr = {0};

	attr.info.bpf_fd = (uint32_t)fd;
	attr.info.info_len = sizeof(info);
	attr.info.info = (uint64_t)(uintptr_t)&info;
	return call_bpf(BPF_OBJ_GET_INFO_BY_FD, &attr) == 0 &&
	       strncmp(info.name, PROGRAM_NAME, sizeof(info.name)) == 0;
}

/* The program of ours among those attached, or FD_NONE. */
static int find_ours(int cgroup_fd)
{
	uint32_t ids[ATTACHED_MAX];
	size_t count = 0;
	struct err ignored;

	if (query(cgroup_fd, ids, &count, &ignored) < 0)
		return FD_NONE;
	for (size_t i = 0; i < count && i < ATTACHED_MAX; i++) {
		union bpf_attr attr = {.prog_id = ids[i]};
		int fd = call_bpf(BPF_PROG_GET_FD_BY_ID, &attr);

		if (fd < 0)
			continue;
		if (is_ours(fd))
			return fd;
		(void)close(fd);
	}
	return FD_NONE;
}

static int attach(int cgroup_fd, int program_fd, int replace_fd)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_fd,
		.attach_bpf_fd = (uint32_t)program_fd,
		.attach_type = BPF_CGROUP_DEVICE,
		.attach_flags = BPF_F_ALLOW_MULTI,
	};

	if (replace_fd >= 0) {
		attr.attach_flags |= BPF_F_REPLACE;
		attr.replace_bpf_fd = (uint32_t)replace_fd;
	}
	return call_bpf(BPF_PROG_ATTACH, &attr) < 0 ? -errno : 0;
}

static int detach(int cgroup_fd, int program_fd)
{
	union bpf_attr attr = {
		.target_fd = (uint32_t)cgroup_fd,
		.attach_bpf_fd = (uint32_t)program_fd,
		.attach_type = BPF_CGROUP_DEVICE,
	};

	return call_bpf(BPF_PROG_DETACH, &attr) < 0 ? -errno : 0;
}

int bpf_device_attach(int cgroup_fd, int program_fd, struct err *e)
{
	auto_fd int old = find_ours(cgroup_fd);
	int r = attach(cgroup_fd, program_fd, old);

	if (r == -EINVAL && old >= 0) {
		r = attach(cgroup_fd, program_fd, FD_NONE);
		if (r == 0)
			r = detach(cgroup_fd, old);
	}
	return r < 0 ? fail(e, -r, "attach the device filter to the cgroup") : 0;
}
