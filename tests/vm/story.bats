#!/usr/bin/env bats
# The founding story: a process that the runtime lists is on the host at the process level, and is
# not at the vm level, where only the worker is found.

load vm.bash

add_ping()
{
	ln -sf busybox "$ROOTFS/bin/ping"
	set_args ping localhost
	printf '127.0.0.1 localhost\n' >"$ROOTFS/etc/hosts"
	update_config '.process.capabilities |= with_entries(.value += ["CAP_NET_RAW"])'
}

lists_ping()
{
	bulkhead ps "$ID" | grep -q 'ping localhost'
}

@test "at the process level ps lists the ping, and the host's ps shows the same process" {
	ISOLATION=process
	add_ping
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	pid=$(state_field .pid)
	wait_for lists_ping
	succeeds ps -o pid=,args= -p "$pid"
	[[ $output == *"$pid ping localhost"* ]]
}

@test "at the vm level ps lists the ping, and the host has no ping but the worker" {
	add_ping
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	pid=$(state_field .pid)
	wait_for lists_ping
	! pgrep -x ping
	for process in $(pgrep -f 'ping localhost' || true); do
		[ "$process" = "$pid" ] || [[ $(tr '\0' ' ' <"/proc/$process/cmdline") != ping* ]]
	done
	succeeds ps -o args= -p "$pid"
	[[ $output == "bulkhead-monitor: $ID ping localhost"* ]]
	pgrep -P "$pid" qemu
	pgrep -P "$pid" virtiofsd
}

@test "ps --format json names processes of this host that stand for the container" {
	add_ping
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	succeeds bulkhead ps --format json "$ID"
	[ "$(jq -c . <<<"$output")" = "[$(state_field .pid)]" ]
}

@test "ps knows its own columns" {
	add_ping
	succeeds bulkhead run --detach --bundle "$BUNDLE" "$ID"
	wait_for lists_ping
	succeeds bulkhead ps "$ID"
	[[ $output == UID*PID*PPID*C*STIME*TTY*TIME*CMD* ]]
	succeeds bulkhead ps "$ID" -o pid,nspid,comm
	[[ $output == *"1 ping"* ]]
	succeeds bulkhead ps "$ID" aux
	fails 1 "not known" bulkhead ps "$ID" -o nonsense
}

@test "the kernel inside is another one" {
	set_args cat /proc/sys/kernel/random/boot_id
	succeeds bulkhead run --bundle "$BUNDLE" "$ID"
	[ -n "$output" ] && [ "$output" != "$(cat /proc/sys/kernel/random/boot_id)" ]
}
