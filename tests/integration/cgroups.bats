#!/usr/bin/env bats
# Where the container's cgroup is and what limits it has, on cgroup v1 and v2.

load helpers

@test "cgroupsPath that is absolute is below the mount point of each hierarchy" {
	run_sleeper
	pid=$(state_field .pid)
	[ -d "$(cgroup_dir pids)" ]
	while IFS=: read -r _ controllers path; do
		case $controllers in
		cpu | memory | pids | devices | freezer | "") equals "$path" "/$ID" ;;
		esac
	done <"/proc/$pid/cgroup"
}

@test "no cgroupsPath: a cgroup named by the id, the same each time, removed after" {
	update_config 'del(.linux.cgroupsPath)'
	run_sleeper
	pid=$(state_field .pid)
	contains "$(cat "/proc/$pid/cgroup")" "$ID"
	first=$(sort "/proc/$pid/cgroup")
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
	run_sleeper
	equals "$(sort "/proc/$(state_field .pid)/cgroup")" "$first"
}

@test "a relative cgroupsPath is taken relative to a place of the runtime's" {
	update_config '.linux.cgroupsPath = $p' --arg p "$ID/below"
	run_sleeper
	contains "$(cat "/proc/$(state_field .pid)/cgroup")" "$ID/below"
	succeeds bulkhead delete --force "$ID"
	find /sys/fs/cgroup -depth -type d -name "$ID" -exec rmdir {} \; 2>/dev/null || true
}

@test "a nested cgroupsPath is made" {
	update_config '.linux.cgroupsPath = $p' --arg p "/$ID/a/b"
	run_sleeper
	contains "$(cat "/proc/$(state_field .pid)/cgroup")" "/$ID/a/b"
	succeeds bulkhead delete --force "$ID"
	equals "$(find /sys/fs/cgroup -type d -path "*/$ID/a/b" 2>/dev/null)" ""
	find /sys/fs/cgroup -depth -type d -path "*/$ID*" -exec rmdir {} \; 2>/dev/null || true
}

@test "cgroupsPath cannot lead out of the hierarchy" {
	mkdir "$WORK/out"
	for path in "../../../../..$WORK/out/x" "/../../../..$WORK/out/x" "/$ID/../../../../../$WORK/out/x"; do
		update_config '.linux.cgroupsPath = $p' --arg p "$path"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		equals "$(ls -A "$WORK/out")" ""
		bulkhead delete --force "$ID"
		find /sys/fs/cgroup -depth -type d -path "*/out/x" -exec rmdir -p {} \; 2>/dev/null || true
		find /sys/fs/cgroup -depth -type d -path "*bht.*" -exec rmdir {} \; 2>/dev/null || true
		find /sys/fs/cgroup -depth -type d -name tmp -exec rmdir {} \; 2>/dev/null || true
	done
}

@test "create refuses a cgroup that is not empty" {
	requires_controller pids
	dir=$(cgroup_dir pids)
	mkdir -p "$dir"
	sleep 1000 3>&- &
	helper_process $!
	echo $! >"$dir/cgroup.procs"
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	contains "$error" "cgroup is not empty"
	[ -d "$dir" ]
	kill -0 $! || fail_test "a stranger in the cgroup was killed"
	kill -KILL $!
	wait $! || true
	succeeds bulkhead delete --force "$ID"
	rmdir "$dir" 2>/dev/null || true
}

@test "create refuses a cgroup that is frozen" {
	requires_controller freezer
	dir=$(cgroup_dir freezer)
	mkdir -p "$dir"
	if [ -e "$dir/cgroup.freeze" ]; then echo 1 >"$dir/cgroup.freeze"; else echo FROZEN >"$dir/freezer.state"; fi
	try bulkhead create --bundle "$BUNDLE" "$ID"
	[ "$status" = 1 ]
	contains "$error" frozen
	if [ -e "$dir/cgroup.freeze" ]; then echo 0 >"$dir/cgroup.freeze"; else echo THAWED >"$dir/freezer.state"; fi
	rmdir "$dir" 2>/dev/null || true
}

@test "memory.limit and memory.reservation" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 33554432, reservation: 16777216}'
	run_sleeper
	if has_cgroup_v2; then
		equals "$(cgroup_value memory memory.max)" 33554432
		equals "$(cgroup_value memory memory.low)" 16777216
	else
		equals "$(cgroup_value memory memory.limit_in_bytes)" 33554432
		equals "$(cgroup_value memory memory.soft_limit_in_bytes)" 16777216
	fi
}

@test "memory.limit is enforced: the program is killed" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 20971520}'
	[ ! -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ] ||
		update_config '.linux.resources.memory.swap = 20971520'
	set_args /bin/sh -c '/bin/probe hold 100; exit $?'
	try bulkhead run --bundle "$BUNDLE" "$ID"
	equals "$status" 137
}

@test "memory.swap" {
	requires_controller memory
	if ! has_cgroup_v2; then
		requires_cgroup_file memory memory.memsw.limit_in_bytes
	fi
	update_config '.linux.resources.memory = {limit: 33554432, swap: 50331648}'
	run_sleeper
	if has_cgroup_v2; then
		equals "$(cgroup_value memory memory.swap.max)" 16777216
	else
		equals "$(cgroup_value memory memory.memsw.limit_in_bytes)" 50331648
	fi
}

@test "memory.swap without or below the limit is refused" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 33554432, swap: 1048576}'
	refused swap
}

@test "memory.swappiness and disableOOMKiller on v1" {
	requires_cgroup_v1
	requires_controller memory
	update_config '.linux.resources.memory = {swappiness: 33, disableOOMKiller: true}'
	run_sleeper
	equals "$(cgroup_value memory memory.swappiness)" 33
	contains "$(cgroup_value memory memory.oom_control)" "oom_kill_disable 1"
}

@test "settings v2 cannot have are refused, neutral ones are not" {
	requires_cgroup_v2
	for bad in '{memory: {swappiness: 10}}' '{memory: {disableOOMKiller: true}}' \
		'{memory: {useHierarchy: false}}' '{cpu: {realtimeRuntime: 1000}}' '{network: {classID: 1}}' \
		'{blockIO: {leafWeight: 100}}'; do
		# The host's cgroup around a machine has those of processors, networks and devices.
		[[ ${ISOLATION:-}$bad != vm*"cpu: {realtime"* ]] || continue
		update_config ".linux.resources += $bad"
		refused ""
		update_config 'del(.linux.resources.memory, .linux.resources.cpu, .linux.resources.network,
			.linux.resources.blockIO)'
	done
	update_config '.linux.resources.memory = {disableOOMKiller: false, useHierarchy: true}
		| .linux.resources.cpu = {shares: 0} | .linux.resources.blockIO = {weight: 0}'
	in_container /bin/true
}

@test "cpu shares, quota, period" {
	requires_controller cpu
	update_config '.linux.resources.cpu = {shares: 512, quota: 20000, period: 50000}'
	run_sleeper
	if has_cgroup_v2; then
		equals "$(cgroup_value cpu cpu.max)" "20000 50000"
		[ "$(cgroup_value cpu cpu.weight)" -lt 100 ]
	else
		equals "$(cgroup_value cpu cpu.shares)" 512
		equals "$(cgroup_value cpu cpu.cfs_quota_us)" 20000
		equals "$(cgroup_value cpu cpu.cfs_period_us)" 50000
	fi
}

@test "cpu.shares 1024 is weight 100 on v2" {
	requires_cgroup_v2
	update_config '.linux.resources.cpu = {shares: 1024}'
	run_sleeper
	equals "$(cgroup_value cpu cpu.weight)" 100
}

@test "cpu.burst above the quota is refused" {
	requires_controller cpu
	requires_cgroup_file cpu cpu.cfs_burst_us cpu.max.burst
	update_config '.linux.resources.cpu = {quota: 20000, period: 50000, burst: 30000}'
	refused burst
}

@test "cpuset cpus and mems" {
	requires_controller cpuset
	update_config '.linux.resources.cpu = {cpus: "0", mems: "0"}'
	in_container /bin/probe affinity
	equals "$output" 0
}

@test "cpuset with a processor that does not exist is refused" {
	requires_controller cpuset
	update_config '.linux.resources.cpu = {cpus: "9999"}'
	refused cpus
}

@test "pids.limit is enforced, 0 is a real limit, -1 is none" {
	requires_controller pids
	update_config '.linux.resources.pids = {limit: 20}'
	run_sleeper
	equals "$(cgroup_value pids pids.max)" 20
	try bulkhead exec "$ID" /bin/probe fork 25 1
	contains "$output" "fork: EAGAIN"
	succeeds bulkhead delete --force "$ID"
	rm -rf "$ROOTFS/tmp/.cgroup"
	update_config '.linux.resources.pids = {limit: -1}'
	run_sleeper
	equals "$(cgroup_value pids pids.max)" max
	succeeds bulkhead delete --force "$ID"
	rm -rf "$ROOTFS/tmp/.cgroup"
	update_config '.linux.resources.pids = {limit: 0}'
	run_sleeper
	# In the guest somebody would have to be there to read it.
	if is_vm; then
		fails 255 "resource temporarily unavailable" bulkhead exec "$ID" /bin/true
	else
		equals "$(cgroup_value pids pids.max)" 0
	fi
}

@test "no resources: the limits are left as they are" {
	update_config 'del(.linux.resources)'
	run_sleeper
	equals "$(cgroup_value pids pids.max)" max
}

@test "blockIO weight and throttling" {
	requires_cgroup_v1
	requires_controller blkio
	requires_cgroup_file blkio blkio.throttle.read_bps_device
	device=$(lsblk -dno MAJ:MIN 2>/dev/null | head -n 1 | tr -d ' ')
	[ -n "$device" ] || skip "no block device"
	update_config '.linux.resources.blockIO = {throttleReadBpsDevice:
		[{major: ($d | split(":")[0] | tonumber), minor: ($d | split(":")[1] | tonumber), rate: 1048576}]}' \
		--arg d "$device"
	run_sleeper
	equals "$(cgroup_value blkio blkio.throttle.read_bps_device)" "$device 1048576"
}

@test "a weightDevice without any weight is refused" {
	update_config '.linux.resources.blockIO = {weightDevice: [{major: 8, minor: 0}]}'
	refused weightDevice
}

@test "hugepageLimits: a size that does not exist, and one that is no size" {
	for size in 3MB 64kB 2M ../../x "2MB/../x"; do
		update_config '.linux.resources.hugepageLimits = [{pageSize: $s, limit: 0}]' --arg s "$size"
		refused hugepageLimits
	done
}

@test "hugepageLimits" {
	requires_controller hugetlb
	update_config '.linux.resources.hugepageLimits = [{pageSize: "2MB", limit: 4194304}]'
	run_sleeper
	if has_cgroup_v2; then
		equals "$(cgroup_value hugetlb hugetlb.2MB.rsvd.max)" 4194304
	else
		equals "$(cgroup_value hugetlb hugetlb.2MB.rsvd.limit_in_bytes)" 4194304
	fi
}

@test "unified is refused on v1" {
	requires_cgroup_v1
	update_config '.linux.resources.unified = {"pids.max": "5"}'
	refused unified
}

@test "unified writes each file, several lines one by one" {
	requires_cgroup_v2
	update_config '.linux.resources.unified = {"pids.max": "17", "memory.high": "100000000"}'
	run_sleeper
	equals "$(cgroup_value pids pids.max)" 17
	equals "$(cgroup_value memory memory.high)" 99999744
}

@test "unified: a file that does not exist, a key with a slash" {
	requires_cgroup_v2
	for key in nosuch.controller ../x/cgroup.procs "memory.max/" "pids.nosuch"; do
		update_config '.linux.resources.unified = {($k): "1"}' --arg k "$key"
		refused unified
	done
}

@test "rdma without a value is refused" {
	update_config '.linux.resources.rdma = {"mlx5_1": {}}'
	refused rdma
}

@test "network classID and priorities on v1" {
	requires_cgroup_v1
	requires_controller net_cls
	update_config '.linux.resources.network = {classID: 1048577}'
	run_sleeper
	equals "$(cgroup_value net_cls net_cls.classid)" 1048577
}

@test "a controller that is not there but is asked for is an error" {
	requires_cgroup_v1
	[ ! -d /sys/fs/cgroup/net_cls ] || skip "the host has net_cls"
	update_config '.linux.resources.network = {classID: 1048577}'
	refused network
}

@test "the cgroup namespace shows the container's cgroup as the root" {
	update_config '.linux.namespaces += [{type: "cgroup"}]'
	in_container /bin/cat /proc/self/cgroup
	lacks "$output" "$ID"
	contains "$output" ":/"
}

@test "a cgroup mount on v1: one directory a controller, read-only when asked" {
	requires_cgroup_v1
	update_config '.linux.namespaces += [{type: "cgroup"}] | .mounts += [{destination: "/sys/fs/cgroup",
		type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "relatime", "ro"]}]'
	in_container /bin/sh -c 'ls /sys/fs/cgroup; cat /sys/fs/cgroup/pids/pids.max; mkdir /sys/fs/cgroup/pids/x'\
' 2>&1; echo > /sys/fs/cgroup/pids/pids.max; true'
	for name in cpu memory pids devices; do
		contains "$output" "$name"
	done
	contains "$output" max
	contains "$output$error" "Read-only file system"
}

@test "a cgroup mount on v1 without a cgroup namespace shows only the container's own part" {
	requires_cgroup_v1
	update_config '.mounts += [{destination: "/sys/fs/cgroup", type: "cgroup", source: "cgroup",
		options: ["nosuid", "noexec", "nodev", "ro"]}]'
	in_container /bin/sh -c 'cat /sys/fs/cgroup/pids/cgroup.procs'
	equals "$(echo "$output" | head -n 1)" 1
	[ "$(echo "$output" | wc -l)" -le 2 ]
}

@test "a cgroup mount on v2" {
	requires_cgroup_v2
	update_config '.linux.namespaces += [{type: "cgroup"}] | .mounts += [{destination: "/sys/fs/cgroup",
		type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev", "ro"]}]'
	in_container /bin/sh -c 'cat /sys/fs/cgroup/cgroup.procs'
	contains "$output" 1
}

@test "a writable cgroup mount in an own cgroup namespace lets the container make cgroups" {
	requires_controller pids
	update_config '.linux.namespaces += [{type: "cgroup"}] | .mounts += [{destination: "/sys/fs/cgroup",
		type: "cgroup", source: "cgroup", options: ["nosuid", "noexec", "nodev"]}]'
	if has_cgroup_v2; then dir=/sys/fs/cgroup; else dir=/sys/fs/cgroup/pids; fi
	in_container /bin/sh -c "mkdir $dir/sub && echo made"
	equals "$output" made
}

@test "device rules: the last match wins" {
	update_config '.process.capabilities |= map_values(. + ["CAP_MKNOD"]) | .linux.resources.devices = [
		{allow: false, access: "rwm"},
		{allow: true, type: "c", major: 10, minor: 229, access: "rwm"},
		{allow: true, type: "c", major: 4, minor: 1, access: "rwm"},
		{allow: false, type: "c", major: 4, minor: 1, access: "rwm"}]'
	run_sleeper
	try bulkhead exec "$ID" /bin/probe device c 1 1
	equals "$output" EPERM
	if [ -e /dev/fuse ]; then
		exec_in /bin/probe device c 10 229 w
		equals "$output" ok
	fi
	try bulkhead exec "$ID" /bin/probe device c 4 1
	equals "$output" EPERM
	# The default devices are always usable.
	for pair in "1 3" "1 5" "1 7" "1 8" "1 9" "5 0"; do
		# shellcheck disable=SC2086
		try bulkhead exec "$ID" /bin/probe device c $pair
		lacks "$output" EPERM
	done
}

@test "device rules: bad access and type are refused" {
	for rule in '{allow: true, access: "x"}' '{allow: true, access: ""}' '{allow: true, type: "z", access: "r"}' \
		'{allow: true, type: "c", major: -2, access: "r"}'; do
		update_config ".linux.resources.devices = [$rule]"
		try bulkhead run --bundle "$BUNDLE" "$ID"
		[ "$status" = 1 ] || fail_test "$rule was accepted"
		contains "$error" devices
		assert_nothing_left
	done
}

@test "all devices allowed" {
	[ -e /dev/fuse ] || skip "no /dev/fuse"
	update_config '.process.capabilities |= map_values(. + ["CAP_MKNOD"]) | .linux.resources.devices =
		[{allow: true, access: "rwm"}]'
	in_container /bin/probe device c 10 229 w
	equals "$output" ok
}

@test "--systemd-cgroup wants slice:prefix:name" {
	requires_systemd
	GLOBALS=(--systemd-cgroup)
	refused cgroupsPath
}

@test "--systemd-cgroup without systemd says so" {
	[ ! -d /run/systemd/system ] || skip "systemd runs here"
	GLOBALS=(--systemd-cgroup)
	update_config '.linux.cgroupsPath = $p' --arg p "system.slice:bulkhead:$ID"
	refused systemd
}

@test "--systemd-cgroup: the unit is in its slice with its limits" {
	requires_systemd
	GLOBALS=(--systemd-cgroup)
	update_config '.linux.cgroupsPath = $p | .linux.resources.pids = {limit: 20}' --arg p "system.slice:bht:$ID"
	run_sleeper
	contains "$(cat "/proc/$(state_field .pid)/cgroup")" "/system.slice/bht-$ID.scope"
	equals "$(systemctl show -p TasksMax --value "bht-$ID.scope")" 20
}

# Podman passes it for --cgroups=disabled to runtimes it knows to have it.
@test "--cgroup-manager disabled: no cgroup is made" {
	GLOBALS=(--cgroup-manager disabled)
	update_config 'del(.linux.resources, .linux.cgroupsPath)'
	set_args /bin/sleep 1000
	try bulkhead run --detach --bundle "$BUNDLE" "$ID"
	[ "$status" = 0 ] || fail_test "podman passes this to crun"
	lacks "$(cat "/proc/$(state_field .pid)/cgroup")" "$ID"
}

@test "a hundred devices, mounts and limits at once" {
	update_config '.mounts += [range(50) | {destination: "/mnt/m\(.)", type: "tmpfs", source: "tmpfs"}]
		| .linux.resources.devices += [range(50) | {allow: true, type: "c", major: 200, minor: ., access: "r"}]'
	in_container /bin/sh -c 'grep -c /mnt/m /proc/self/mountinfo'
	equals "$output" 50
}
