/* Datagrams of rtnetlink out of bytes. */
#include "rtnl-message.h"

#include <stdlib.h>
#include <string.h>

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static int take(const struct nlmsghdr *header, void *data)
{
	struct rtnl_address address;
	struct rtnl_neighbour neighbour;
	struct rtnl_route route;
	struct rtnl_link link;
	int index;

	(void)data;
	if (rtnl_read_link(header, &link) == 0 && strnlen(link.name, IFNAMSIZ) == IFNAMSIZ)
		abort();
	if (rtnl_read_address(header, &index, &address) == 0 &&
	    strnlen(address.label, IFNAMSIZ) == IFNAMSIZ)
		abort();
	(void)!rtnl_read_route(header, &index, &route);
	(void)!rtnl_read_neighbour(header, &index, &neighbour);
	return 0;
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	/* A copy: aligned, and its end is where a sanitizer watches. */
	char *copy = malloc(size ? size : 1);

	if (!copy)
		abort();
	memcpy(copy, data, size);
	for (uint32_t sequence = 0; sequence < 2; sequence++)
		(void)!rtnl_read(copy, size, sequence, take, NULL);
	free(copy);
	return 0;
}
