/*
 * The guest's first process. As pid 1 it makes the guest and takes what its port brings; called
 * "agent --channel-fd N --state DIR" by a test it leaves the machine alone and serves the
 * descriptor, as what it would be in a guest: the one that inherits orphans.
 */
#include "agent.h"
#include "base/fd.h"
#include "base/log.h"
#include "base/num.h"
#include "base/str.h"
#include "boot.h"

#include <errno.h>
#include <fcntl.h>
#include <sys/reboot.h>
#include <sys/stat.h>

#define STATE_DIRECTORY "/run/containers"

static int open_state(const char *path, int *ret, struct err *e)
{
	int fd;

	if (mkdir(path, 0700) < 0 && errno != EEXIST)
		return fail(e, errno, "make '%s'", path);
	fd = open(path, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
	if (fd < 0)
		return fail(e, errno, "open '%s'", path);
	*ret = fd;
	return 0;
}

static int run_machine(struct agent *agent, struct err *e)
{
	int channel;

	agent->is_machine = true;
	if (boot(e) < 0 || open_state(STATE_DIRECTORY, &agent->state_fd, e) < 0)
		return -e->code;
	if (boot_has_word("bulkhead.debug"))
		log_set_level(LOG_LEVEL_DEBUG);
	if (channel_open_port(&channel, e) < 0 || agent_init(agent, channel, e) < 0)
		return -e->code;
	return agent_run(agent, e);
}

static int run_served(struct agent *agent, char **argv, struct err *e)
{
	uint32_t channel;

	if (num_u32(argv[2], &channel) < 0 || fcntl((int)channel, F_GETFD) < 0)
		return refuse(e, EINVAL, "'%s' is no open descriptor", argv[2]);
	if (process_set_subreaper(true, e) < 0 || open_state(argv[4], &agent->state_fd, e) < 0 ||
	    agent_init(agent, (int)channel, e) < 0)
		return -e->code;
	return agent_run(agent, e);
}

int main(int argc, char **argv)
{
	static struct agent agent = {.epoll_fd = FD_NONE, .state_fd = FD_NONE};
	char text[1200];
	struct err e = {0};

	/* The kernel's helper for modules: "-q -- ALIAS". */
	if (argc == 4 && str_is(argv[1], "-q") && str_is(argv[2], "--"))
		return modules_help(argv[3]);
	if (getpid() == 1 && argc < 5) {
		(void)!run_machine(&agent, &e);
	} else if (argc == 5 && str_is(argv[1], "--channel-fd") && str_is(argv[3], "--state")) {
		(void)!run_served(&agent, argv, &e);
	} else {
		(void)fprintf(stderr, "usage: agent --channel-fd FD --state DIRECTORY\n");
		return 2;
	}
	/* The host shows the console's last lines when a guest does not come up. */
	(void)fprintf(stderr, "agent: %s\n", err_format(&e, text, sizeof(text)));
	agent_end(&agent, EXIT_FAILURE);
}
