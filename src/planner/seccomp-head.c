/*
 * What stands before libseccomp's program: ENOSYS for calls newer than the profile.
 *
 * A filter that denies by an errno must not deny calls that did not exist when it was written: a
 * libc that tries the newest call first falls back on ENOSYS and on nothing else. So numbers above
 * all that the profile names get ENOSYS; everything else is left to the library.
 *
 * Two kinds of numbers are high without being new: -1, which a tracer writes to skip a call, and
 * ARM's own calls, which are numbered far above the common ones. x32's numbers carry a bit and are
 * x86_64's otherwise; without x32 in the filter the library refuses them.
 *
 * Source: seccomp(2); arch/arm/include/uapi/asm/unistd.h; arch/x86/entry/syscalls/.
 */
#include "syscalls.h"

#include <errno.h>
#include <linux/audit.h>
#include <linux/seccomp.h>
#include <stddef.h>

struct head {
	struct sock_filter *at;
	size_t count;
};

static void put(struct head *head, uint16_t code, uint32_t k, uint8_t jt, uint8_t jf)
{
	head->at[head->count++] = (struct sock_filter){code, jt, jf, k};
}

/* To libseccomp's program; how far that is, is known at the end. */
static void put_leave(struct head *head)
{
	put(head, BPF_JMP | BPF_JA, 0, 0, 0);
}

/* "From `number` on (or if it is that number): leave." */
static void put_exception(struct head *head, uint16_t condition, uint32_t number)
{
	put(head, BPF_JMP | condition | BPF_K, number, 0, 1);
	put_leave(head);
}

static void put_bound(struct head *head, int64_t last)
{
	if (last >= 0) {
		put(head, BPF_JMP | BPF_JGT | BPF_K, (uint32_t)last, 0, 1);
		put(head, BPF_RET | BPF_K, SECCOMP_RET_ERRNO | ENOSYS, 0, 0);
	}
	put_leave(head);
}

static void put_arch(struct head *head, const struct syscalls_arch *arch, int64_t last_x32)
{
	size_t start = head->count;

	put(head, BPF_JMP | BPF_JEQ | BPF_K, arch->audit_arch, 0, 0);
	put(head, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, nr), 0, 0);
	if (arch->audit_arch == AUDIT_ARCH_ARM)
		put_exception(head, BPF_JGE, SYSCALLS_ARM_PRIVATE);
	else
		put_exception(head, BPF_JEQ, UINT32_MAX);
	if (arch->audit_arch == AUDIT_ARCH_X86_64) {
		size_t branch = head->count;

		put(head, BPF_JMP | BPF_JGE | BPF_K, SYSCALLS_X32_BIT, 0, 0);
		put_bound(head, last_x32);
		head->at[branch].jf = (uint8_t)(head->count - branch - 1);
	}
	put_bound(head, arch->last);
	head->at[start].jf = (uint8_t)(head->count - start - 1);
}

size_t seccomp_head_write(const struct syscalls_arch *archs, size_t count, struct sock_filter *at)
{
	struct head head = {.at = at};
	int64_t last_x32 = -1;

	for (size_t i = 0; i < count; i++)
		if (archs[i].is_x32)
			last_x32 = archs[i].last;
	put(&head, BPF_LD | BPF_W | BPF_ABS, (uint32_t)offsetof(struct seccomp_data, arch), 0, 0);
	for (size_t i = 0; i < count; i++)
		if (!archs[i].is_x32)
			put_arch(&head, &archs[i], last_x32);
	for (size_t i = 0; i < head.count; i++)
		if (at[i].code == (BPF_JMP | BPF_JA))
			at[i].k = (uint32_t)(head.count - i - 1);
	return head.count;
}
