/*
 * Processor, I/O and memory placement: see kern/scheduler.h.
 *
 * None of these calls has a libc wrapper everywhere. sched_setattr(2) of an old kernel takes a
 * larger structure as long as the tail is zero. Masks are arrays of longs of the machine; numbers
 * beyond those the kernel was built for are ignored in masks of CPUs and refused in those of nodes.
 */
#include "kern/scheduler.h"

#include "base/num.h"
#include "base/str.h"
#include "kern/compat.h"

#include <ctype.h>
#include <errno.h>

#define WORD_BITS	   (8 * sizeof(unsigned long))
#define IOPRIO_WHO_PROCESS 1

int scheduler_set(const struct scheduler *scheduler, struct err *e)
{
	struct kern_sched_attr attributes = {
		.size = sizeof(attributes),
		.policy = scheduler->policy,
		.flags = scheduler->flags,
		.nice = scheduler->nice,
		.priority = scheduler->priority,
		.runtime = scheduler->runtime,
		.deadline = scheduler->deadline,
		.period = scheduler->period,
	};

	if (sys_sched_setattr(0, &attributes) < 0)
		return fail(e, errno, "set scheduling policy %u", scheduler->policy);
	return 0;
}

int io_priority_set(int priority, struct err *e)
{
	if (sys_ioprio_set(IOPRIO_WHO_PROCESS, 0, priority) < 0)
		return fail(e, errno, "set I/O priority to class %d, level %d", priority >> 13,
			    priority & 0x1fff);
	return 0;
}

/* A number at *text, which is moved behind it; -1 when there is none or it is too large. */
static int take_number(const char **text)
{
	int number = 0;

	if (!isdigit((unsigned char)**text))
		return -1;
	while (isdigit((unsigned char)**text)) {
		number = number * 10 + (*(*text)++ - '0');
		if (number >= NUMBER_SET_BITS)
			return -1;
	}
	return number;
}

static int take_range(const char **text, struct number_set *set)
{
	int first = take_number(text);
	int last = first;

	if (first < 0)
		return -EINVAL;
	if (**text == '-') {
		(*text)++;
		last = take_number(text);
	}
	if (last < first)
		return -EINVAL;
	for (int i = first; i <= last; i++)
		set->words[(unsigned int)i / WORD_BITS] |= 1UL << ((unsigned int)i % WORD_BITS);
	if (last > set->last)
		set->last = last;
	return 0;
}

int number_set_parse(const char *list, struct number_set *ret, struct err *e)
{
	const char *text = list + strspn(list, " ");
	struct number_set set = {.last = -1};

	for (;;) {
		if (take_range(&text, &set) < 0)
			return refuse(e, EINVAL, "'%s' is not a list like \"0-3,7\" below %d", list,
				      NUMBER_SET_BITS);
		if (*text != ',')
			break;
		text++;
	}
	text += strspn(text, " \n");
	if (*text != '\0')
		return refuse(e, EINVAL, "'%s' is not a list like \"0-3,7\"", list);
	*ret = set;
	return 0;
}

bool number_set_has(const struct number_set *set, unsigned int number)
{
	return number < NUMBER_SET_BITS &&
	       (set->words[number / WORD_BITS] & (1UL << (number % WORD_BITS)));
}

int affinity_set(pid_t pid, const char *cpu_list, struct err *e)
{
	struct number_set set;
	int r = number_set_parse(cpu_list, &set, e);

	if (r < 0)
		return wrap(e, "CPU affinity");
	if (syscall(SYS_sched_setaffinity, pid, sizeof(set.words), set.words) < 0)
		return fail(e, errno, "set CPU affinity to '%s'", cpu_list);
	return 0;
}

int affinity_reset(pid_t pid, struct err *e)
{
	struct number_set set;

	memset(set.words, 0xff, sizeof(set.words));
	if (syscall(SYS_sched_setaffinity, pid, sizeof(set.words), set.words) < 0)
		return fail(e, errno, "reset CPU affinity");
	return 0;
}

int memory_policy_set(int mode, const char *nodes, struct err *e)
{
	struct number_set set = {.last = -1};
	/* The kernel reads one bit less than it is told. */
	unsigned long bits = 0;
	int r = nodes ? number_set_parse(nodes, &set, e) : 0;

	if (r < 0)
		return wrap(e, "memory policy");
	if (set.last >= 0)
		bits = (unsigned long)set.last + 2;
	if (sys_set_mempolicy(mode, set.last >= 0 ? set.words : NULL, bits) < 0)
		return fail(e, errno, "set memory policy %d on nodes '%s'", mode,
			    nodes ? nodes : "");
	return 0;
}
