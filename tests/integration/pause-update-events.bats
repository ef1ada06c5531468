#!/usr/bin/env bats
# pause, resume, update, events.

load helpers

# Reads a value of the container's cgroup: v1 name, v2 name.
limit()
{
	if has_cgroup_v2; then
		cgroup_value any "$2"
	else
		cgroup_value "${1%%.*}" "$1"
	fi
}

@test "pause stops the processes, resume lets them go on" {
	requires_controller freezer
	set_args /bin/sh -c 'i=0; while :; do i=$((i+1)); echo $i > /tmp/count; usleep 10000; done'
	run_detached
	wait_for test -s "$ROOTFS/tmp/count"
	succeeds bulkhead pause "$ID"
	status_is paused
	first=$(cat "$ROOTFS/tmp/count")
	sleep 0.2
	equals "$(cat "$ROOTFS/tmp/count")" "$first"
	succeeds bulkhead resume "$ID"
	status_is running
	moved()
	{
		[ "$(cat "$ROOTFS/tmp/count")" != "$first" ]
	}
	wait_for moved
}

@test "pause of a created container" {
	requires_controller freezer
	create
	succeeds bulkhead pause "$ID"
	status_is paused
	succeeds bulkhead resume "$ID"
	status_is created
	start
}

@test "pause twice, resume twice" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	try bulkhead pause "$ID"
	[ "$status" = 1 ]
	status_is paused
	succeeds bulkhead resume "$ID"
	fails 1 "container not paused" bulkhead resume "$ID"
	status_is running
}

@test "pause and resume of a stopped container fail" {
	create
	start
	wait_status stopped
	fails 1 "container not running" bulkhead pause "$ID"
	fails 1 "container not paused" bulkhead resume "$ID"
}

@test "pause and resume of an unknown container" {
	fails 1 "does not exist" bulkhead pause "$ID"
	fails 1 "does not exist" bulkhead resume "$ID"
}

@test "update --memory with a suffix, --memory-reservation, --memory-swap" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 67108864}'
	run_sleeper
	succeeds bulkhead update --memory 50m "$ID"
	equals "$(limit memory.limit_in_bytes memory.max)" 52428800
	succeeds bulkhead update --memory-reservation 20971520 "$ID"
	equals "$(limit memory.soft_limit_in_bytes memory.low)" 20971520
}

@test "update of memory past an existing swap limit, up and down" {
	requires_controller memory
	requires_cgroup_v1
	requires_cgroup_file memory memory.memsw.limit_in_bytes
	update_config '.linux.resources.memory = {limit: 52428800, swap: 52428800}'
	run_sleeper
	succeeds bulkhead update --memory 100m --memory-swap 200m "$ID"
	equals "$(limit memory.limit_in_bytes)" 104857600
	equals "$(limit memory.memsw.limit_in_bytes)" 209715200
	succeeds bulkhead update --memory 30m --memory-swap 30m "$ID"
	equals "$(limit memory.memsw.limit_in_bytes)" 31457280
}

@test "update --memory -1 lifts the limit" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 67108864}'
	run_sleeper
	succeeds bulkhead update --memory -1 "$ID"
	case $(limit memory.limit_in_bytes memory.max) in
	max | 9223372036854771712) ;;
	*) fail_test "still limited" ;;
	esac
}

@test "update --cpu-share, --cpu-quota and --cpu-period keep the other one" {
	requires_controller cpu
	update_config '.linux.resources.cpu = {quota: 50000, period: 100000}'
	run_sleeper
	succeeds bulkhead update --cpu-quota 30000 "$ID"
	if has_cgroup_v2; then
		equals "$(limit x cpu.max)" "30000 100000"
	else
		equals "$(limit cpu.cfs_quota_us)" 30000
		equals "$(limit cpu.cfs_period_us)" 100000
	fi
	succeeds bulkhead update --cpu-period 60000 --cpu-share 512 "$ID"
	if has_cgroup_v2; then
		equals "$(limit x cpu.max)" "30000 60000"
	else
		equals "$(limit cpu.cfs_period_us)" 60000
		equals "$(limit cpu.shares)" 512
	fi
}

@test "update --cpuset-cpus and --cpuset-mems" {
	requires_controller cpuset
	run_sleeper
	succeeds bulkhead update --cpuset-cpus 0 --cpuset-mems 0 "$ID"
	# They are the host's, and so is the cgroup around a machine.
	equals "$(cat "$(cgroup_dir cpuset)/cpuset.cpus")" 0
	exec_in /bin/probe affinity
	equals "$output" 0
}

@test "update --pids-limit" {
	requires_controller pids
	run_sleeper
	succeeds bulkhead update --pids-limit 7 "$ID"
	equals "$(limit pids.max pids.max)" 7
	succeeds bulkhead update --pids-limit -1 "$ID"
	equals "$(limit pids.max pids.max)" max
}

@test "update --cpu-burst and --cpu-idle" {
	requires_controller cpu
	requires_cgroup_file cpu cpu.cfs_burst_us cpu.max.burst
	update_config '.linux.resources.cpu = {quota: 50000, period: 100000}'
	run_sleeper
	succeeds bulkhead update --cpu-burst 20000 "$ID"
	equals "$(limit cpu.cfs_burst_us cpu.max.burst)" 20000
	succeeds bulkhead update --cpu-idle 1 "$ID"
	# An idle guest's only processor may be the emulator's last choice: nobody looks there.
	is_vm || equals "$(limit cpu.idle cpu.idle)" 1
}

@test "update --resources from a file and from stdin, in each spelling callers use" {
	requires_controller pids
	run_sleeper
	echo '{"pids": {"limit": 11}}' >"$WORK/r.json"
	succeeds bulkhead update --resources "$WORK/r.json" "$ID"
	equals "$(limit pids.max pids.max)" 11
	echo '{"pids": {"limit": 12}}' >"$WORK/r.json"
	succeeds bulkhead update --resources="$WORK/r.json" "$ID"
	equals "$(limit pids.max pids.max)" 12
	echo '{"pids": {"limit": 13}}' | bulkhead update --resources - "$ID"
	equals "$(limit pids.max pids.max)" 13
	echo '{"pids": {"limit": 14}}' | bulkhead update --resources=- "$ID"
	equals "$(limit pids.max pids.max)" 14
	echo '{"pids": {"limit": 15}}' | bulkhead update -r - "$ID"
	equals "$(limit pids.max pids.max)" 15
}

@test "update of one thing leaves the others" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 67108864} | .linux.resources.pids = {limit: 9}'
	run_sleeper
	succeeds bulkhead update --memory 50m "$ID"
	equals "$(limit pids.max pids.max)" 9
	echo '{"pids": {"limit": 21}}' | bulkhead update -r - "$ID"
	equals "$(limit memory.limit_in_bytes memory.max)" 52428800
}

@test "update leaves the device rules" {
	update_config '.process.capabilities |= map_values(. + ["CAP_MKNOD"])'
	run_sleeper
	try bulkhead exec "$ID" /bin/probe device c 1 1
	equals "$output" EPERM
	succeeds bulkhead update --pids-limit 100 "$ID"
	try bulkhead exec "$ID" /bin/probe device c 1 1
	equals "$output" EPERM
	echo '{"pids": {"limit": 50}, "devices": [{"allow": true, "access": "rwm"}]}' | bulkhead update -r - "$ID"
	try bulkhead exec "$ID" /bin/probe device c 1 1
	equals "$output" EPERM
}

@test "update keeps going when paused, and does not thaw" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	succeeds bulkhead update --pids-limit 33 "$ID"
	status_is paused
	! is_vm || succeeds bulkhead resume "$ID"
	equals "$(limit pids.max pids.max)" 33
}

@test "a failing update restores the old values" {
	requires_controller cpu
	update_config '.linux.resources.cpu = {shares: 512, quota: 50000, period: 100000}'
	run_sleeper
	try bulkhead update --cpu-share 256 --cpu-period 1 "$ID"
	[ "$status" = 1 ]
	if ! has_cgroup_v2; then
		equals "$(limit cpu.shares)" 512
		equals "$(limit cpu.cfs_period_us)" 100000
	else
		equals "$(limit x cpu.max)" "50000 100000"
	fi
}

@test "update with bad values names them" {
	run_sleeper
	fails 1 memory bulkhead update --memory 50x "$ID"
	fails 1 "" bulkhead update --pids-limit many "$ID"
	echo '{"memory": {"limit": "much"}}' >"$WORK/r.json"
	fails 1 memory.limit bulkhead update -r "$WORK/r.json" "$ID"
	echo '{"memory": ' >"$WORK/r.json"
	fails 1 "" bulkhead update -r "$WORK/r.json" "$ID"
	fails 1 "" bulkhead update -r "$WORK/nofile" "$ID"
	status_is running
}

@test "update --l3-cache-schema without intelRdt in the config fails" {
	run_sleeper
	fails 1 "" bulkhead update --l3-cache-schema "L3:0=f" "$ID"
}

@test "update --kernel-memory is only a warning" {
	run_sleeper
	succeeds bulkhead update --kernel-memory 50m --pids-limit 44 "$ID"
	equals "$(limit pids.max pids.max)" 44
}

@test "update of a stopped and of an unknown container fails" {
	create
	start
	wait_status stopped
	fails 1 "" bulkhead update --pids-limit 5 "$ID"
	fails 1 "does not exist" bulkhead update --pids-limit 5 "$ID-unknown"
}

@test "memory.checkBeforeUpdate refuses a limit below what is used" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 104857600, checkBeforeUpdate: true}'
	set_args /bin/probe hold 40 1000
	run_detached
	wait_for file_has "$WORK/stdout" holding
	echo '{"memory": {"limit": 10485760, "checkBeforeUpdate": true}}' >"$WORK/r.json"
	try bulkhead update -r "$WORK/r.json" "$ID"
	[ "$status" = 1 ]
	equals "$(limit memory.limit_in_bytes memory.max)" 104857600
	status_is running
}

@test "events --stats prints one object of the shape callers read" {
	update_config '.linux.resources.pids = {limit: 20} | .linux.resources.memory = {limit: 67108864}'
	run_sleeper
	succeeds bulkhead events --stats "$ID"
	equals "$(echo "$output" | wc -l)" 1
	echo "$output" | jq -e --arg id "$ID" '.type == "stats" and .id == $id
		and .data.pids.current == 1 and .data.pids.limit == 20
		and .data.cpu.usage.total > 0 and .data.memory.usage.usage > 0
		and .data.memory.usage.limit == 67108864
		and (.data.memory.raw | type) == "object"'
}

@test "events --stats of a container that is just ending says that it is not running" {
	local round rounds=5
	! is_vm || rounds=1
	# The first of a pid namespace has given up its files when it waits for the end of the others.
	set_args /bin/sh -c 'for i in 1 2 3 4 5 6 7 8 9 10; do (for j in 1 2 3 4 5; do sleep 1000 & done; wait) & done; sleep 0.3'
	for ((round = 0; round < rounds; round++)); do
		succeeds bulkhead create --bundle "$BUNDLE" "$ID-$round"
		succeeds bulkhead start "$ID-$round"
		while try bulkhead events --stats "$ID-$round" && [ "$status" = 0 ]; do
			:
		done
		contains "$error" "not running"
		bulkhead delete --force "$ID-$round"
	done
}

@test "events prints every interval, until the container ends" {
	run_sleeper
	bulkhead events --interval 200ms "$ID" >"$WORK/events" 2>"$WORK/events.err" </dev/null &
	events=$!
	helper_process "$events"
	told_twice()
	{
		[ "$(grep -c '"type":"stats"' "$WORK/events")" -ge 2 ]
	}
	wait_for told_twice
	succeeds bulkhead kill "$ID" KILL
	code=0
	wait "$events" || code=$?
	equals "$code" 0
	equals "$(cat "$WORK/events.err")" ""
	jq -e . "$WORK/events" >/dev/null
}

@test "events tells of an out-of-memory kill" {
	requires_controller memory
	update_config '.linux.resources.memory = {limit: 20971520}'
	if [ -e /sys/fs/cgroup/memory/memory.memsw.limit_in_bytes ]; then
		update_config '.linux.resources.memory.swap = 20971520'
	fi
	set_args /bin/sh -c 'sleep 1; /bin/probe hold 60; sleep 1'
	run_detached
	succeeds bulkhead events --interval 100ms "$ID"
	contains "$output" '"type":"oom"'
}

@test "events with a bad interval, of a stopped, of an unknown container" {
	run_sleeper
	for bad in 0 -1s x 5 1q; do
		try bulkhead events --interval "$bad" "$ID"
		[ "$status" != 0 ] || fail_test "interval $bad"
	done
	fails 1 "does not exist" bulkhead events --stats "$ID-unknown"
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	fails 1 "" bulkhead events --stats "$ID"
}
