#!/usr/bin/env bats
# The machine is as big as the limits need it, and they hold inside.

load vm.bash

@test "vcpus come from the quota, and from the list of CPUs" {
	update_config '.linux.resources.cpu = {quota: 150000, period: 100000}'
	start_sleeping
	tr '\0' ' ' <"/proc/$HYPERVISOR/cmdline" | grep -q -- '-smp 2 '
	succeeds bulkhead exec "$ID" grep -c '^processor' /proc/cpuinfo
	[ "$output" = 2 ]
}

@test "memory comes from the limit, and what the guest needs" {
	update_config '.linux.resources.memory = {limit: 134217728}'
	start_sleeping
	size=$(tr '\0' ' ' <"/proc/$HYPERVISOR/cmdline" | sed -n 's/.*-m \([0-9]*\)M .*/\1/p')
	[ "$size" -gt 128 ] && [ "$size" -lt 400 ]
}

@test "the memory policy is the machine's" {
	[ -e /sys/devices/system/node/node0 ] || skip "no NUMA"
	update_config '.linux.memoryPolicy = {mode: "MPOL_BIND", nodes: "0", flags: ["MPOL_F_STATIC_NODES"]}'
	start_sleeping
	grep -q ' bind' "/proc/$HYPERVISOR/numa_maps"
}

@test "the vm object has the last word" {
	update_config '.vm = {kernel: {path: $kernel, initrd: $initramfs}, hwConfig: {vcpus: 2, memory: 419430400}}' \
		--arg kernel "${BULKHEAD%/*}/guest/$(jq -r .kernel "${BULKHEAD%/*}/guest/guest.json")" \
		--arg initramfs "${BULKHEAD%/*}/guest/$(jq -r .initramfs "${BULKHEAD%/*}/guest/guest.json")"
	start_sleeping
	tr '\0' ' ' <"/proc/$HYPERVISOR/cmdline" | grep -q -- '-smp 2 -m 400M'
}

@test "the configuration file has defaults, and its mistakes are errors" {
	echo '{"memory": 335544320, "vcpus": 2, "bootSeconds": 100}' >"$WORK/vm.json"
	GLOBALS+=(--config "$WORK/vm.json")
	start_sleeping
	tr '\0' ' ' <"/proc/$HYPERVISOR/cmdline" | grep -q -- '-smp 2 -m 320M'
	echo '{"memry": 1}' >"$WORK/vm.json"
	new_id
	fails 1 "unknown member 'memry'" bulkhead run --bundle "$BUNDLE" "$NEW"
}

@test "a container over its memory is killed inside: 137, and an OOM event" {
	update_config '.linux.resources.memory = {limit: 67108864, swap: 67108864}'
	set_args sh -c 'sleep 3; tail /dev/zero'
	ln -sf busybox "$ROOTFS/bin/tail"
	bulkhead run --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/out" 2>&1 &
	running=$!
	wait_status running
	bulkhead events "$ID" >"$WORK/events" 2>&1 &
	helper_process $!
	status=0
	wait "$running" || status=$?
	[ "$status" = 137 ]
	wait_for grep -q '"type":"oom"' "$WORK/events"
}

@test "update changes the limit inside and outside" {
	update_config '.linux.resources.memory = {limit: 134217728} | .linux.resources.pids = {limit: 50}'
	start_sleeping
	succeeds bulkhead update --pids-limit 77 --cpu-share 512 "$ID"
	succeeds bulkhead events --stats "$ID"
	[ "$(jq .data.pids.limit <<<"$output")" = 77 ]
}

@test "statistics are the guest's" {
	start_sleeping
	succeeds bulkhead events --stats "$ID"
	[ "$(jq .data.pids.current <<<"$output")" -ge 1 ]
	[ "$(jq .data.memory.usage.usage <<<"$output")" -gt 0 ]
	[ "$(jq .data.memory.usage.usage <<<"$output")" -lt 100000000 ]
}

@test "a character device of the host is refused by name" {
	update_config '.linux.devices = [{path: "/dev/thing", type: "c", major: 10, minor: 232}]'
	fails 1 "/dev/thing" bulkhead run --bundle "$BUNDLE" "$ID"
}

@test "a block device of the host is a disk inside" {
	truncate -s 8M "$WORK/disk"
	printf 'sector' >"$WORK/sector"
	dd if="$WORK/sector" of="$WORK/disk" conv=notrunc 2>/dev/null
	loop=$(losetup --find --show "$WORK/disk") || skip "no loop device"
	read -r major minor <<<"$(stat -c '%Hr %Lr' "$loop")"
	update_config '.linux.devices = [{path: "/dev/disk", type: "b", major: ($major | tonumber), minor: ($minor | tonumber), fileMode: 432}]
		| .linux.resources.devices = [{allow: false, access: "rwm"}, {allow: true, type: "b", major: ($major | tonumber), minor: ($minor | tonumber), access: "rw"}]' \
		--arg major "$major" --arg minor "$minor"
	set_args sh -c 'dd if=/dev/disk bs=6 count=1 2>/dev/null; printf W | dd of=/dev/disk bs=1 seek=512 2>/dev/null; sync'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	losetup -d "$loop"
	[ "$output" = sector ] || fail_test "the disk's first bytes"
	[ "$(dd if="$WORK/disk" bs=1 skip=512 count=1 2>/dev/null)" = W ]
}
