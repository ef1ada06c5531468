/* What the planner's tests share: small configurations, invented hosts, and a reader of programs.
 */
#ifndef PLANNER_TEST_PLANNER_H
#define PLANNER_TEST_PLANNER_H

#include "oci/load.h"
#include "planner/build.h"
#include "tap.h"

#include <linux/audit.h>
#include <linux/filter.h>
#include <linux/seccomp.h>
#include <stddef.h>
#include <stdlib.h>

#define TEST_PROCESS "\"process\":{\"args\":[\"sh\"],\"cwd\":\"/\",\"user\":{\"uid\":0,\"gid\":0}}"

/* A host with real root and controllers on `mode`. */
static inline struct facts test_facts(enum cgroup_mode mode)
{
	return (struct facts){
		.cgroup_mode = mode,
		.v2_controllers = mode == CGROUP_MODE_UNIFIED ? "cpuset cpu io memory hugetlb pids "
								"rdma"
							      : "",
		.cap_last_cap = 40,
		.capabilities_effective = 0x1ffffffffffULL,
		.seccomp_flags = 0x3f,
		.namespaces = 0x7e020080,
		.boot_id = "",
	};
}

static inline struct planner_options test_options(void)
{
	return (struct planner_options){.id = "c1", .bundle = "/b", .seccomp_cache_fd = -1};
}

/* The text of a whole configuration; ends the test when it cannot be parsed. */
static inline const struct oci_config *test_config(struct arena *arena, const char *text)
{
	const struct oci_config *config;
	char message[1200];
	struct err e;

	if (oci_config_parse(arena, text, strlen(text), &config, NULL, &e) < 0) {
		printf("Bail out! %s: %s\n", text, err_format(&e, message, sizeof(message)));
		exit(1);
	}
	return config;
}

/* `parts` between the braces, and all that a configuration needs besides. */
static inline const struct oci_config *test_config_with(struct arena *arena, const char *parts)
{
	return test_config(arena, arena_printf(arena,
					       "{\"ociVersion\":\"1.2.0\",\"root\":{\"path\":"
					       "\"rootfs\"},%s}",
					       parts));
}

/* What the kernel would answer: interprets a program as seccomp(2) does. */
static inline uint32_t test_program_run(const struct sock_filter *program, size_t count,
					const struct seccomp_data *data)
{
	uint32_t a = 0;

	for (size_t i = 0; i < count; i++) {
		const struct sock_filter *at = &program[i];
		bool yes = false;

		switch (at->code) {
		case BPF_LD | BPF_W | BPF_ABS:
			if (at->k % 4 != 0 || at->k >= sizeof(*data))
				return 0xdead0001;
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
			return 0xdead0002;
		}
		i += yes ? at->jt : at->jf;
	}
	return 0xdead0003;
}

#endif
