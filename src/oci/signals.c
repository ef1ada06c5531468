/*
 * Signals by name or number, as `kill` takes them. Real-time signals are counted from the C
 * library's SIGRTMIN, which lies above the kernel's first one because the library keeps some for
 * itself: "RTMIN+3" must mean what it means to the program inside.
 *
 * Source: signal(7).
 */
#include "base/num.h"
#include "oci/names.h"

#include <ctype.h>
#include <errno.h>
#include <signal.h>

enum { SIGNAL_MAX = 64 }; /* the kernel's _NSIG on all but MIPS */

const struct enum_name oci_signal_names[] = {
	{"HUP", SIGHUP},   {"INT", SIGINT},	  {"QUIT", SIGQUIT}, {"ILL", SIGILL},
	{"TRAP", SIGTRAP}, {"ABRT", SIGABRT},	  {"IOT", SIGABRT},  {"BUS", SIGBUS},
	{"FPE", SIGFPE},   {"KILL", SIGKILL},	  {"USR1", SIGUSR1}, {"SEGV", SIGSEGV},
	{"USR2", SIGUSR2}, {"PIPE", SIGPIPE},	  {"ALRM", SIGALRM}, {"TERM", SIGTERM},
	{"CHLD", SIGCHLD}, {"CLD", SIGCHLD},	  {"CONT", SIGCONT}, {"STOP", SIGSTOP},
	{"TSTP", SIGTSTP}, {"TTIN", SIGTTIN},	  {"TTOU", SIGTTOU}, {"URG", SIGURG},
	{"XCPU", SIGXCPU}, {"XFSZ", SIGXFSZ},	  {"PROF", SIGPROF}, {"VTALRM", SIGVTALRM},
	{"IO", SIGIO},	   {"POLL", SIGIO},	  {"PWR", SIGPWR},   {"WINCH", SIGWINCH},
	{"SYS", SIGSYS},   {"STKFLT", SIGSTKFLT}, {NULL, 0},
};

/* What follows a name ("" or "+3") to a signal counted from `base`. */
static int realtime_parse(const char *rest, char sign, int base, int *ret)
{
	uint32_t offset = 0;

	if (*rest != '\0' && (*rest != sign || num_u32(rest + 1, &offset) < 0))
		return -EINVAL;
	if (offset > SIGNAL_MAX)
		return -EINVAL;
	base += sign == '+' ? (int)offset : -(int)offset;
	if (base < SIGRTMIN || base > SIGRTMAX)
		return -EINVAL;
	*ret = base;
	return 0;
}

int oci_signal_parse(const char *text, int *ret, struct err *e)
{
	const char *bare = strncasecmp(text, "SIG", 3) == 0 ? text + 3 : text;
	uint32_t number;

	if (num_u32(text, &number) == 0 && number <= SIGNAL_MAX) {
		*ret = (int)number;
		return 0;
	}
	for (const struct enum_name *row = oci_signal_names; row->name; row++) {
		if (strcasecmp(row->name, bare) == 0) {
			*ret = (int)row->value;
			return 0;
		}
	}
	if (strncasecmp(bare, "RTMIN", 5) == 0 && realtime_parse(bare + 5, '+', SIGRTMIN, ret) == 0)
		return 0;
	if (strncasecmp(bare, "RTMAX", 5) == 0 && realtime_parse(bare + 5, '-', SIGRTMAX, ret) == 0)
		return 0;
	return refuse(e, EINVAL, "unknown signal \"%s\"", text);
}
