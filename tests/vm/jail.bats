#!/usr/bin/env bats
# What is around the hypervisor and the file server, looked at from /proc.

load vm.bash

other_namespace()
{
	[ "$(readlink "/proc/$1/ns/$2")" != "$(readlink "/proc/self/ns/$2")" ]
}

@test "the hypervisor is an unprivileged user of its own" {
	start_sleeping
	read -r real effective saved _ <<<"$(status_line "$HYPERVISOR" Uid)"
	[ "$real" -gt 1000000000 ] && [ "$real" = "$effective" ] && [ "$real" = "$saved" ]
	[ -z "$(getent passwd "$real")" ]
	[ "$(status_line "$HYPERVISOR" Groups)" = "" ]
	for set in CapInh CapPrm CapEff CapBnd CapAmb; do
		[ "$(status_line "$HYPERVISOR" "$set")" = 0000000000000000 ]
	done
}

@test "the hypervisor cannot gain privileges, and its system calls are filtered" {
	start_sleeping
	[ "$(status_line "$HYPERVISOR" NoNewPrivs)" = 1 ]
	[ "$(status_line "$HYPERVISOR" Seccomp)" = 2 ]
}

@test "the hypervisor is in namespaces of its own" {
	start_sleeping
	for kind in mnt pid ipc uts net cgroup; do
		other_namespace "$HYPERVISOR" "$kind"
	done
	[ "$(readlink "/proc/$HYPERVISOR/ns/net")" != "$(readlink "/proc/$MONITOR/ns/net")" ]
	nsenter -t "$HYPERVISOR" -n ip -o link | { ! grep -v ' lo:'; }
}

@test "the hypervisor's root is empty" {
	start_sleeping
	[ -z "$(find "/proc/$HYPERVISOR/root/" -xdev \( -type f -size +0 -o -type l -xtype f -o -type b -o -type c -o -type s -o -type p \))" ]
	! touch "/proc/$HYPERVISOR/root/x"
	[ "$(wc -l <"/proc/$HYPERVISOR/mountinfo")" = 1 ]
}

@test "the hypervisor has limits, and only the descriptors it needs" {
	start_sleeping
	grep -q '^Max core file size *0 ' "/proc/$HYPERVISOR/limits"
	! grep -q '^Max processes *unlimited' "/proc/$HYPERVISOR/limits"
	! grep -q '^Max file size *unlimited' "/proc/$HYPERVISOR/limits"
	for fd in "/proc/$HYPERVISOR/fd"/*; do
		case $(readlink "$fd") in
		/dev/null | /null | socket:* | pipe:* | anon_inode:* | /memfd:* | /dev/net/tun) ;;
		*) fail_test "descriptor: $fd is $(readlink "$fd")" ;;
		esac
	done
}

@test "the file server is sandboxed and serves only what the container sees" {
	start_sleeping
	inner=$(pgrep -P "$SERVER" virtiofsd)
	for kind in mnt pid net; do
		other_namespace "$inner" "$kind"
	done
	[ "$(status_line "$inner" NoNewPrivs)" = 1 ]
	[ "$(status_line "$inner" Seccomp)" = 2 ]
	[ "$(ls "/proc/$inner/root/")" = rootfs ]
	[[ $(tr '\0' ' ' <"/proc/$SERVER/cmdline") != *none* ]]
}

@test "all of them are in the container's cgroup" {
	start_sleeping
	for pid in "$MONITOR" "$HYPERVISOR" "$SERVER"; do
		grep -q "/$ID" "/proc/$pid/cgroup"
	done
}

@test "the monitor is small" {
	start_sleeping
	pss=$(awk '/^Pss:/ { print $2 }' "/proc/$MONITOR/smaps_rollup")
	[ "$pss" -le 4096 ]
}

@test "two machines have two users" {
	start_sleeping
	first=$(status_line "$HYPERVISOR" Uid)
	new_id
	update_config '.linux.cgroupsPath = $p' --arg p "/$NEW"
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$NEW"
	second=$(status_line "$(pgrep -P "$(bulkhead state "$NEW" | jq .pid)" qemu)" Uid)
	[ "$first" != "$second" ]
}
