#!/usr/bin/env bats
# kill and delete.

load helpers

run_listener()
{
	set_args /bin/probe wait-signals "$@"
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/log" 2>&1
	wait_for file_has "$WORK/log" ready
}

@test "kill sends TERM by default" {
	run_listener HUP TERM
	succeeds bulkhead kill "$ID"
	wait_status stopped
}

@test "kill by name with and without SIG, in any case, and by number" {
	set_args /bin/probe wait-signals USR1 USR2 HUP INT QUIT ALRM TERM
	bulkhead run --detach --bundle "$BUNDLE" "$ID" </dev/null >"$WORK/log" 2>&1
	wait_for file_has "$WORK/log" ready
	for pair in SIGUSR1:USR1 USR2:USR2 sighup:HUP int:INT 3:QUIT ALRM:ALRM; do
		succeeds bulkhead kill "$ID" "${pair%:*}"
		wait_for file_has "$WORK/log" "${pair#*:}"
	done
	succeeds bulkhead kill "$ID" 15
	wait_status stopped
}

@test "kill with real-time signals" {
	set_args /bin/sleep 1000
	run_detached
	succeeds bulkhead kill "$ID" RTMIN+1
	succeeds bulkhead kill "$ID" SIGRTMAX-1
	succeeds bulkhead kill "$ID" 64
}

@test "kill with an unknown signal fails and sends nothing" {
	run_sleeper
	for bad in NOSIG 0x1 65 999 -1 "" 1.5 SIG; do
		try bulkhead kill "$ID" "$bad"
		[ "$status" = 1 ] || fail_test "kill '$bad' gave $status"
		[ -n "$error" ]
	done
	fails 1 'unknown signal' bulkhead kill "$ID" NOSIG
	status_is running
}

@test "signal 0 probes" {
	run_sleeper
	succeeds bulkhead kill "$ID" 0
	status_is running
}

@test "kill of a stopped container says 'container not running'" {
	create
	start
	wait_status stopped
	fails 1 "container not running" bulkhead kill "$ID" KILL
}

@test "kill --all of a stopped container is fine" {
	create
	start
	wait_status stopped
	succeeds bulkhead kill --all "$ID" KILL
}

@test "kill of an unknown container" {
	fails 1 "does not exist" bulkhead kill "$ID" KILL
}

@test "kill of a created container" {
	create
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
}

@test "kill in a paused container: KILL ends it" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	succeeds bulkhead kill "$ID" KILL
	wait_status stopped
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "KILL of a container in the host's pid namespace kills all its processes" {
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args /bin/probe fork 3
	run_detached
	wait_for file_has "$WORK/stdout" forked
	pids=$(bulkhead ps --format json "$ID" | jq '.[]')
	succeeds bulkhead kill "$ID" KILL
	for pid in $pids; do
		wait_for test ! -e "/proc/$pid/exe"
	done
}

@test "kill --all signals all processes, also when the init has gone" {
	update_config '.linux.namespaces |= map(select(.type != "pid"))'
	set_args /bin/sh -c '/bin/probe fork 2 & /bin/usleep 300000; exit 0'
	run_detached
	wait_status stopped
	succeeds bulkhead kill --all "$ID" 9
	for _ in {1..50}; do
		[ -n "$(leftovers | grep ^process)" ] || break
		sleep 0.05
	done
	equals "$(leftovers | grep ^process)" ""
	succeeds bulkhead delete "$ID"
	assert_nothing_left
}

@test "kill accepts -a" {
	run_sleeper
	succeeds bulkhead kill -a "$ID" 9
	wait_status stopped
}

@test "delete of a running container fails and changes nothing" {
	run_sleeper
	fails 1 "is not stopped: running" bulkhead delete "$ID"
	status_is running
}

@test "delete of a paused container fails" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	fails 1 "is not stopped: paused" bulkhead delete "$ID"
	status_is paused
}

@test "delete of a created container kills and removes it" {
	set_args /bin/sleep 1000
	create
	pid=$(state_field .pid)
	succeeds bulkhead delete "$ID"
	assert_nothing_left
	wait_for test ! -e "/proc/$pid/exe"
}

@test "delete --force of a running container" {
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "delete -f of a paused container" {
	requires_controller freezer
	run_sleeper
	succeeds bulkhead pause "$ID"
	succeeds bulkhead delete -f "$ID"
	assert_nothing_left
}

@test "delete of an unknown container fails; with --force it succeeds silently" {
	fails 1 "does not exist" bulkhead delete "$ID"
	succeeds bulkhead delete --force "$ID"
	equals "$output$error" ""
}

@test "delete --force before the state root exists" {
	succeeds "$BULKHEAD" "${LEVEL[@]}" --root "$WORK/never-made" delete --force "$ID"
}

@test "delete twice" {
	create
	start
	wait_status stopped
	succeeds bulkhead delete "$ID"
	fails 1 "does not exist" bulkhead delete "$ID"
}

@test "delete --force of a fork bomb" {
	set_args /bin/sh -c 'while :; do /bin/sleep 1000 & done'
	update_config '.linux.resources.pids = {limit: 50}'
	run_detached
	sleep 0.3
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "delete --force of a fork bomb in the host's pid namespace" {
	update_config '.linux.namespaces |= map(select(.type != "pid")) | .linux.resources.pids = {limit: 50}'
	set_args /bin/sh -c 'while :; do /bin/sleep 1000 & done'
	run_detached
	sleep 0.3
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "delete removes cgroups that the container's processes made below" {
	requires_cgroup_v1
	update_config '.process.capabilities.bounding += ["CAP_SYS_ADMIN"]'
	run_sleeper
	mkdir -p "$(cgroup_dir pids)/a/b" "$(cgroup_dir memory)/c"
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "delete does not remove what it did not make: a cgroup's older sibling" {
	requires_controller pids
	base=/sys/fs/cgroup/pids/$ID-base
	mkdir -p "$base/sibling"
	IDS+=("$ID-base")
	update_config '.linux.cgroupsPath = $p' --arg p "/$ID-base/mine"
	run_sleeper
	succeeds bulkhead delete --force "$ID"
	[ -d "$base/sibling" ]
	[ ! -d "$base/mine" ]
	rmdir "$base/sibling"
	find /sys/fs/cgroup -depth -type d -path "*/$ID-base" -exec rmdir {} \; 2>/dev/null || true
	[ ! -d "$base" ]
}

@test "delete while another delete is on its way: both end, nothing is left" {
	run_sleeper
	bulkhead delete --force "$ID" </dev/null >/dev/null 2>&1 &
	bulkhead delete --force "$ID" </dev/null >/dev/null 2>&1 || true
	wait $! || true
	succeeds bulkhead delete --force "$ID"
	assert_nothing_left
}

@test "state, kill, exec and list during delete do not hang" {
	run_sleeper
	for _ in 1 2 3; do
		(try bulkhead state "$ID"; try bulkhead exec "$ID" /bin/true; try bulkhead list) 3>&- >/dev/null 2>&1 &
		lookers+=($!)
	done
	succeeds bulkhead delete --force "$ID"
	wait "${lookers[@]}" || true
	assert_nothing_left
}

@test "a stopped container's state directory without a state file is removed by delete --force" {
	mkdir -p "$STATE/$ID"
	succeeds bulkhead delete --force "$ID"
	[ ! -e "$STATE/$ID" ]
}
