#!/usr/bin/env bats
# The interfaces of the container's network namespace reach the guest as they are.

load vm.bash

setup()
{
	if [ -n "${GUEST:-}" ]; then
		GLOBALS=(--vm-guest "$GUEST")
	elif [ ! -e "${BULKHEAD%/*}/guest/guest.json" ]; then
		skip "no guest: make one with contrib/guest/build"
	fi
	command -v ip >/dev/null || skip "no ip(8)"
	setup_container
	for applet in ping nc wget; do
		ln -sf busybox "$ROOTFS/bin/$applet"
	done
	update_config '.process.capabilities |= with_entries(.value += ["CAP_NET_RAW"])'
	NETNS=bh$BASHPID
	BRIDGE=bhb$((BASHPID % 100000))
	ip netns add "$NETNS"
	ip link add "$BRIDGE" type bridge
	ip addr add 10.199.7.1/24 dev "$BRIDGE"
	ip -6 addr add fd99:7::1/64 dev "$BRIDGE" nodad
	ip link set "$BRIDGE" up
	update_config '.linux.namespaces |= map(if .type == "network" then .path = $path else . end)' \
		--arg path "/run/netns/$NETNS"
}

teardown()
{
	teardown_container
	ip netns del "$NETNS" 2>/dev/null || true
	ip link del "$BRIDGE" 2>/dev/null || true
}

# plug NAME SUFFIX: a veth pair between the bridge and the namespace, .SUFFIX there.
plug()
{
	ip link add "v$2$BRIDGE" type veth peer name "$1" netns "$NETNS"
	ip link set "v$2$BRIDGE" master "$BRIDGE" up
	ip -n "$NETNS" addr add "10.199.7.$2/24" dev "$1"
	ip -n "$NETNS" -6 addr add "fd99:7::$2/64" dev "$1" nodad
	ip -n "$NETNS" link set "$1" up
}

inside()
{
	bulkhead exec "$ID" "$@"
}

@test "an interface has its name, address, MTU and hardware address inside" {
	plug eth0 2
	ip -n "$NETNS" link set eth0 mtu 1400
	mac=$(ip -n "$NETNS" -j link show eth0 | jq -r '.[0].address')
	start_sleeping
	succeeds inside ip addr show eth0
	[[ $output == *"$mac"* && $output == *"mtu 1400"* && $output == *"10.199.7.2/24"* && \
		$output == *"fd99:7::2/64"* ]]
}

@test "the host's network is refused by whatever name" {
	update_config '.linux.namespaces |= map(if .type == "network" then .path = $p else . end)' --arg p "/proc/$$/ns/net"
	refused "the host's network"
}

@test "ping both ways, and over IPv6" {
	plug eth0 2
	start_sleeping
	wait_for inside ping -c 1 -W 2 10.199.7.1
	wait_for inside ping -c 1 -W 2 fd99:7::1
	succeeds busybox ping -c 2 -W 2 10.199.7.2
}

@test "TCP both ways" {
	plug eth0 2
	set_args sh -c 'echo from inside | nc -l -p 4000; sleep 1000'
	start_sleeping sh -c 'echo from inside | nc -l -p 4000; sleep 1000'
	wait_for inside ping -c 1 -W 2 10.199.7.1
	answer=$(bash -c 'exec 9<>/dev/tcp/10.199.7.2/4000; timeout 5 cat <&9')
	[ "$answer" = "from inside" ]
	echo from outside | busybox nc -l -p 4001 &
	helper_process $!
	wait_for inside sh -c 'nc 10.199.7.1 4001 </dev/null | grep -q "from outside"'
}

@test "routes are the namespace's" {
	plug eth0 2
	ip -n "$NETNS" route add default via 10.199.7.1
	start_sleeping
	succeeds inside ip route
	[[ $output == *"default via 10.199.7.1"* ]]
}

@test "two interfaces" {
	plug eth0 2
	plug net1 3
	start_sleeping
	succeeds inside ip -o addr
	[[ $output == *"eth0"*"10.199.7.2"* && $output == *"net1"*"10.199.7.3"* ]]
}

@test "an interface that comes between create and start is there" {
	set_args sleep 1000
	succeeds bulkhead create --bundle "$BUNDLE" "$ID"
	plug late0 4
	succeeds bulkhead start "$ID"
	succeeds inside ip addr show late0
	[[ $output == *"10.199.7.4/24"* ]]
	wait_for inside ping -c 1 -W 2 10.199.7.1
}

@test "an interface that a createRuntime hook makes is there" {
	cat >"$WORK/hook" <<-END
	#!/bin/sh
	ip link add v5$BRIDGE type veth peer name hook0 netns $NETNS
	ip link set v5$BRIDGE master $BRIDGE up
	ip -n $NETNS addr add 10.199.7.5/24 dev hook0
	ip -n $NETNS link set hook0 up
	END
	chmod +x "$WORK/hook"
	update_config '.hooks.createRuntime = [{path: $hook, env: ["PATH=/usr/sbin:/usr/bin:/sbin:/bin"]}]' --arg hook "$WORK/hook"
	start_sleeping
	succeeds inside ip addr show hook0
	[[ $output == *"10.199.7.5/24"* ]]
}

@test "a namespace without interfaces gives loopback only" {
	start_sleeping
	succeeds inside ip -o link
	[ "$(wc -l <<<"$output")" = 1 ]
	[[ $output == *": lo:"* ]]
}

@test "after the end the namespace has no tap and no redirection left" {
	plug eth0 2
	start_sleeping
	succeeds bulkhead delete --force "$ID"
	[ -z "$(ip -n "$NETNS" -o link show type tun)" ]
	[ -z "$(ip netns exec "$NETNS" tc qdisc show dev eth0 ingress 2>/dev/null)" ]
}

@test "the host's network is refused" {
	update_config 'del(.linux.namespaces[] | select(.type == "network"))'
	fails 1 "host's network" bulkhead run --bundle "$BUNDLE" "$ID"
	readlink /proc/1/ns/net >/dev/null || return 0
	update_config '.linux.namespaces += [{"type": "network", "path": "/proc/1/ns/net"}]'
	fails 1 "host's network" bulkhead run --bundle "$BUNDLE" "$ID"
	assert_nothing_left
}
