/* The first process of the benchmark's bare guest: it ends the machine at once. */
#include <sys/reboot.h>
#include <unistd.h>

int main(void)
{
	(void)reboot(RB_AUTOBOOT);
	return 1;
}
