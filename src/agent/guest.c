/*
 * What CONFIGURE asks for. A guest begins with the clock of nobody and the random numbers of a
 * machine without hardware; both come from the host, and the generator is reseeded at once, so that
 * no two guests that began alike go on alike.
 */
#include "base/fd.h"
#include "kern/proc.h"
#include "worker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/random.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mount.h>
#include <sys/stat.h>
#include <sys/sysinfo.h>
#include <time.h>

#define NS_PER_SECOND	      UINT64_C(1000000000)
#define MEMORY_LEAST	      (UINT64_C(8) * 1024 * 1024)
#define CONTAINERS_MEMORY_MAX GUEST_CGROUP_ROOT "/" CONTAINERS_CGROUP "/memory.max"

static int set_clock(uint64_t realtime, struct err *e)
{
	const struct timespec now = {.tv_sec = (time_t)(realtime / NS_PER_SECOND),
				     .tv_nsec = (long)(realtime % NS_PER_SECOND)};

	if (clock_settime(CLOCK_REALTIME, &now) < 0)
		return fail(e, errno, "set the clock");
	return 0;
}

static int add_seed(const uint8_t *seed, struct err *e)
{
	struct {
		struct rand_pool_info head;
		uint8_t bytes[WIRE_SEED_SIZE];
	} pool = {.head = {.entropy_count = 8 * WIRE_SEED_SIZE, .buf_size = WIRE_SEED_SIZE}};
	auto_fd int fd = open("/dev/urandom", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		return fail(e, errno, "open '/dev/urandom'");
	memcpy(pool.bytes, seed, WIRE_SEED_SIZE);
	if (ioctl(fd, RNDADDENTROPY, &pool) < 0 || ioctl(fd, RNDRESEEDCRNG) < 0)
		return fail(e, errno, "seed the random numbers");
	return 0;
}

static int mount_share(const char *tag, struct err *e)
{
	if (mkdir(WIRE_SHARE_PATH, 0700) < 0 && errno != EEXIST)
		return fail(e, errno, "make '%s'", WIRE_SHARE_PATH);
	if (mount(tag, WIRE_SHARE_PATH, "virtiofs", 0, NULL) < 0 && errno != EBUSY)
		return fail(e, errno, "mount the shared files ('%s')", tag);
	return 0;
}

/* What all containers together can have, so that the agent never goes without. */
static int reserve_memory(uint64_t reserve, struct err *e)
{
	struct sysinfo info;
	uint64_t total;
	char text[24];

	if (reserve == 0)
		return 0;
	if (sysinfo(&info) < 0)
		return fail(e, errno, "ask for the size of memory");
	total = (uint64_t)info.totalram * info.mem_unit;
	if (total < reserve + MEMORY_LEAST)
		return refuse(e, ENOMEM, "%llu bytes of memory are too few for a guest",
			      (unsigned long long)total);
	(void)snprintf(text, sizeof(text), "%llu", (unsigned long long)(total - reserve));
	return file_write_existing(AT_FDCWD, CONTAINERS_MEMORY_MAX, text, e);
}

static int set_sysctls(const struct map *sysctls, struct err *e)
{
	auto_fd int proc = FD_NONE;

	if (sysctls->count == 0)
		return 0;
	if (proc_open(PROC_ALL, &proc, e) < 0)
		return -e->code;
	for (size_t i = 0; i < sysctls->count; i++) {
		if (proc_write_sysctl(proc, sysctls->items[i].name, sysctls->items[i].value, e) < 0)
			return -e->code;
	}
	return 0;
}

int guest_configure(const struct agent *agent, const struct wire_configure *body, struct err *e)
{
	if (!agent->is_machine)
		return 0;
	if (set_clock(body->realtime, e) < 0 || add_seed(body->seed, e) < 0 ||
	    (body->share_tag && mount_share(body->share_tag, e) < 0) ||
	    reserve_memory(body->memory_reserve, e) < 0 || set_sysctls(&body->sysctls, e) < 0)
		return -e->code;
	if (body->hostname && sethostname(body->hostname, strlen(body->hostname)) < 0)
		return fail(e, errno, "set the host name");
	return 0;
}
