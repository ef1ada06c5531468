/* Links: listing them, and what the guest of a machine makes its interfaces look like. */
#include "base/str.h"
#include "rtnl-message.h"

#include <linux/if_link.h>
#include <sys/socket.h>

struct link_list {
	struct arena *arena;
	struct rtnl_link *items;
	size_t count, capacity;
};

static int take_link(const struct nlmsghdr *header, void *data)
{
	struct link_list *list = data;
	struct rtnl_link link;
	int r;

	if (header->nlmsg_type != RTM_NEWLINK)
		return 0;
	r = rtnl_read_link(header, &link);
	if (r < 0)
		return r;
	if (list->count == list->capacity) {
		struct rtnl_link *larger;

		list->capacity = list->capacity ? list->capacity * 2 : 8;
		larger = arena_new_array(list->arena, list->capacity, struct rtnl_link);
		if (list->count > 0)
			memcpy(larger, list->items, list->count * sizeof(*larger));
		list->items = larger;
	}
	list->items[list->count++] = link;
	return 0;
}

int rtnl_links(int sock, struct arena *arena, struct rtnl_link **ret, size_t *ret_count,
	       struct err *e)
{
	struct link_list list = {.arena = arena};
	struct rtnl_request request;
	struct ifinfomsg *fixed = rtnl_start(&request, RTM_GETLINK, NLM_F_DUMP, sizeof(*fixed));
	int r;

	fixed->ifi_family = AF_UNSPEC;
	r = rtnl_call(sock, &request, take_link, &list);
	if (r < 0)
		return fail(e, -r, "list the network devices");
	*ret = list.items;
	*ret_count = list.count;
	return 0;
}

static void start_change(struct rtnl_request *request, int index)
{
	struct ifinfomsg *fixed = rtnl_start(request, RTM_NEWLINK, NLM_F_ACK, sizeof(*fixed));

	fixed->ifi_family = AF_UNSPEC;
	fixed->ifi_index = index;
}

int rtnl_link_rename(int sock, int index, const char *new_name, struct err *e)
{
	struct rtnl_request request;
	size_t length = strlen(new_name);
	int r;

	if (length == 0 || length >= IFNAMSIZ)
		return refuse(e, EINVAL, "'%s' is not the name of a network device", new_name);
	start_change(&request, index);
	rtnl_add_text(&request, IFLA_IFNAME, new_name);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "rename network device %d to '%s'", index, new_name);
	return 0;
}

int rtnl_link_set_mtu(int sock, int index, uint32_t mtu, struct err *e)
{
	struct rtnl_request request;
	int r;

	start_change(&request, index);
	rtnl_add_u32(&request, IFLA_MTU, mtu);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "set the MTU of network device %d to %u", index, mtu);
	return 0;
}

int rtnl_link_set_mac(int sock, int index, const uint8_t mac[6], struct err *e)
{
	struct rtnl_request request;
	int r;

	start_change(&request, index);
	rtnl_add(&request, IFLA_ADDRESS, mac, 6);
	r = rtnl_call(sock, &request, rtnl_ignore, NULL);
	if (r < 0)
		return fail(e, -r, "set the MAC address of network device %d", index);
	return 0;
}
